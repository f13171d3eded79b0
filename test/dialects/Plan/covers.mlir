// RUN: reckon-opt %s | reckon-opt | FileCheck %s

// Several may stand in for the same dispatches: for all of them, for some, and for some and others.

plan.kernel @k rows dims ["batch"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  %0 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  rec.yield %0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}
// CHECK-LABEL: plan.program @several
plan.program @several dims ["batch"] {
  %0 = plan.input "x" : <f32, <"batch", 4>>
  %1 = plan.alloc : <f32, <"batch", 4>>
  %2 = plan.alloc : <f32, <"batch", 4>>
  %3 = plan.output "y" : <f32, <"batch", 4>>
  // CHECK: plan.dispatch @k({{.*}}) as @first :
  plan.dispatch @k(%0, %1) as @first : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%1, %2) as @second : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // CHECK: plan.dispatch @k({{.*}}) covers [@first, @second] :
  plan.dispatch @k(%0, %2) covers [@first, @second] : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%2, %3) as @third : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // CHECK: covers [@first, @second, @third]
  plan.dispatch @k(%0, %3) covers [@first, @second, @third] : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // CHECK: covers [@first, @second, @third]
  plan.dispatch @k(%0, %3) covers [@first, @second, @third] : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // CHECK: covers [@second, @third]
  plan.dispatch @k(%1, %3) covers [@second, @third] : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
}
