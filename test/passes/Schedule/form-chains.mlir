// RUN: reckon-opt '--pass-pipeline=builtin.module(plan.program(plan-form-chains))' %s | FileCheck %s
// RUN: reckon-opt '--pass-pipeline=builtin.module(plan.program(plan-form-chains))' --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// RUN: reckon-opt '--pass-pipeline=builtin.module(plan.program(plan-form-chains{single=true}))' --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=ONE
// RUN: reckon-opt '--pass-pipeline=builtin.module(plan.program(plan-form-chains))' --remarks-filter-missed=.* %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK-DAG: remark: {{.*}}sum waits for the dispatches before it: they have another number of rows
// REMARK-DAG: remark: {{.*}}with_all waits for the dispatches before it: it reads more than its own row of what they write

// STATS: 9 chains
// STATS: 3 following

// Launched one after another, every dispatch is a chain.
// ONE: {{[0-9]+}} chains
// ONE: 0 following

plan.kernel @row rows dims ["n", "m"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
plan.kernel @with_all rows dims ["n", "m"] operands [
    <strides = <4, 1>, row = true>, <strides = <4, 1>>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>, %all: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
plan.kernel @sum whole dims ["n", "m"] operands [<strides = <4, 1>>, <strides = <1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  %0 = rec.reduce sum %x axes [0] : (tensor<?x4xf32, #rec.dims<"n", 4>>) -> tensor<4xf32>
  rec.yield %0 : tensor<4xf32>
}
plan.kernel @other rows dims ["n", "m"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"m", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"m", 4>>
}

// What does not run over the most frequent rows goes first, and the rest is one chain.
// CHECK-LABEL: plan.program @reordered
// CHECK: plan.chain rows <"m">
// CHECK-NEXT: plan.dispatch @other
// CHECK-NEXT: }
// CHECK-NEXT: plan.chain rows <"n">
// CHECK-NEXT: plan.dispatch @row
// CHECK-NEXT: plan.dispatch @row
// CHECK-NEXT: plan.dispatch @row
plan.program @reordered dims ["n", "m"] {
  %x = plan.input "x" : !plan.buffer<f32, <"n", 4>>
  %z = plan.input "z" : !plan.buffer<f32, <"m", 4>>
  %0 = plan.alloc : !plan.buffer<f32, <"n", 4>>
  %1 = plan.alloc : !plan.buffer<f32, <"n", 4>>
  %y = plan.output "y" : !plan.buffer<f32, <"n", 4>>
  %u = plan.output "u" : !plan.buffer<f32, <"m", 4>>
  plan.dispatch @row(%x, %0) : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>
  plan.dispatch @row(%0, %1) : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>
  plan.dispatch @other(%z, %u) : !plan.buffer<f32, <"m", 4>>, !plan.buffer<f32, <"m", 4>>
  plan.dispatch @row(%1, %y) : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>
}

// A read of all rows needs a barrier; so does a kernel without rows.
// CHECK-LABEL: plan.program @barriers
// CHECK: plan.chain rows <"n">
// CHECK-NEXT: plan.dispatch @row
// CHECK-NEXT: }
// CHECK-NEXT: plan.chain rows <1>
// CHECK-NEXT: plan.dispatch @sum
// CHECK-NEXT: }
// CHECK-NEXT: plan.chain rows <"n">
// CHECK-NEXT: plan.dispatch @with_all
plan.program @barriers dims ["n", "m"] {
  %x = plan.input "x" : !plan.buffer<f32, <"n", 4>>
  %0 = plan.alloc : !plan.buffer<f32, <"n", 4>>
  %y = plan.output "y" : !plan.buffer<f32, <"n", 4>>
  %s = plan.output "s" : !plan.buffer<f32, <4>>
  plan.dispatch @row(%x, %0) : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>
  plan.dispatch @with_all(%x, %0, %y) : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>
  plan.dispatch @sum(%0, %s) : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <4>>
}

// CHECK-LABEL: plan.program @across
// CHECK-COUNT-2: plan.chain rows <"n">
plan.program @across dims ["n", "m"] {
  %x = plan.input "x" : !plan.buffer<f32, <"n", 4>>
  %0 = plan.alloc : !plan.buffer<f32, <"n", 4>>
  %y = plan.output "y" : !plan.buffer<f32, <"n", 4>>
  plan.dispatch @row(%x, %0) : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>
  plan.dispatch @with_all(%x, %0, %y) : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>
}

// Two slices of one buffer are written side by side; all of it is read by row.
// CHECK-LABEL: plan.program @slices
// CHECK: plan.chain rows <"n">
// CHECK-COUNT-2: plan.dispatch @row
plan.program @slices dims ["n", "m"] {
  %x = plan.input "x" : !plan.buffer<f32, <"n", 4>>
  %y = plan.output "y" : !plan.buffer<f32, <"n", 8>>
  %0 = plan.slice %y axis 1 offset 0 : !plan.buffer<f32, <"n", 8>> -> !plan.buffer<f32, <"n", 4>>
  %1 = plan.slice %y axis 1 offset 4 : !plan.buffer<f32, <"n", 8>> -> !plan.buffer<f32, <"n", 4>>
  plan.dispatch @row(%x, %0) : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>
  plan.dispatch @row(%0, %1) : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>
}

// CHECK-LABEL: plan.program @single
plan.program @single dims ["n", "m"] {
  %x = plan.input "x" : !plan.buffer<f32, <"n", 4>>
  %y = plan.output "y" : !plan.buffer<f32, <"n", 4>>
  plan.dispatch @row(%x, %y) : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>
}
