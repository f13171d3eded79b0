// RUN: reckon-opt %s | reckon-opt | FileCheck %s

// Several may stand in for the same dispatches: for all of them, for some, and for some and others.

plan.kernel @k rows rows [true] attributes {strides = [array<i64: 4, 1>, array<i64: 4, 1>], packings = [""], dims = ["batch"],
                                            table_rows = array<i64: -1>} {
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
  plan.dispatch @k(%0, %1) : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%1, %2) : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // CHECK: covers = array<i64: 0, 1>
  plan.dispatch @k(%0, %2) {covers = array<i64: 0, 1>} : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%2, %3) : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // CHECK: covers = array<i64: 0, 1, 3>
  plan.dispatch @k(%0, %3) {covers = array<i64: 0, 1, 3>} : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // CHECK: covers = array<i64: 0, 1, 3>
  plan.dispatch @k(%0, %3) {covers = array<i64: 0, 1, 3>} : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // CHECK: covers = array<i64: 1, 3>
  plan.dispatch @k(%1, %3) {covers = array<i64: 1, 3>} : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
}
