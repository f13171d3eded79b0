// RUN: reckon-opt %s -split-input-file -verify-diagnostics

// What a dispatch that stands in for others may claim.

plan.kernel @k rows rows [true] attributes {strides = [array<i64: 4, 1>, array<i64: 4, 1>], packings = [""], dims = ["batch"],
                                            table_rows = array<i64: -1>} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  %0 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  rec.yield %0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}
plan.program @later dims ["batch"] {
  %0 = plan.input "x" : <f32, <"batch", 4>>
  %1 = plan.output "y" : <f32, <"batch", 4>>
  // expected-error @+1 {{[C2] covers dispatch 0, expected earlier ones in order}}
  plan.dispatch @k(%0, %1) {covers = array<i64: 0>} : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
}

// -----

plan.kernel @k rows rows [true] attributes {strides = [array<i64: 4, 1>, array<i64: 4, 1>], packings = [""], dims = ["batch"],
                                            table_rows = array<i64: -1>} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  %0 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  rec.yield %0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}
plan.program @cover dims ["batch"] {
  %0 = plan.input "x" : <f32, <"batch", 4>>
  %1 = plan.output "y" : <f32, <"batch", 4>>
  plan.dispatch @k(%0, %1) : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%0, %1) {covers = array<i64: 0>} : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // expected-error @+1 {{[C2] covers dispatch 1, which covers others}}
  plan.dispatch @k(%0, %1) {covers = array<i64: 0, 1>} : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
}

// -----

plan.kernel @k rows rows [true] attributes {strides = [array<i64: 4, 1>, array<i64: 4, 1>], packings = [""], dims = ["batch"],
                                            table_rows = array<i64: -1>} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  %0 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  rec.yield %0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}
plan.program @elsewhere dims ["batch"] {
  %0 = plan.input "x" : <f32, <"batch", 4>>
  %1 = plan.output "y" : <f32, <"batch", 4>>
  %2 = plan.output "z" : <f32, <"batch", 4>>
  plan.dispatch @k(%0, %1) : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // expected-error @+1 {{[C3] does not write what dispatch 0 writes}}
  plan.dispatch @k(%0, %2) {covers = array<i64: 0>} : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
}

// -----

plan.kernel @k rows rows [true] attributes {strides = [array<i64: 4, 1>, array<i64: 4, 1>], packings = [""], dims = ["batch"],
                                            table_rows = array<i64: -1>} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  %0 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  rec.yield %0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}
plan.program @read dims ["batch"] {
  %0 = plan.input "x" : <f32, <"batch", 4>>
  %1 = plan.alloc : <f32, <"batch", 4>>
  %2 = plan.output "y" : <f32, <"batch", 4>>
  %3 = plan.output "z" : <f32, <"batch", 4>>
  plan.dispatch @k(%0, %1) : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%1, %2) : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // expected-error @+1 {{[C3] leaves a buffer unwritten that @k uses}}
  plan.dispatch @k(%0, %2) {covers = array<i64: 0, 1>} : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%1, %3) : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
}

// -----

plan.kernel @k rows rows [true] attributes {strides = [array<i64: 4, 1>, array<i64: 4, 1>], packings = [""], dims = ["batch"],
                                            table_rows = array<i64: -1>} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  %0 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  rec.yield %0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}
plan.program @output dims ["batch"] {
  %0 = plan.input "x" : <f32, <"batch", 4>>
  %1 = plan.output "y" : <f32, <"batch", 4>>
  %2 = plan.output "z" : <f32, <"batch", 4>>
  plan.dispatch @k(%0, %1) : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%1, %2) : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // expected-error @+1 {{[C3] leaves an output of the model unwritten}}
  plan.dispatch @k(%0, %2) {covers = array<i64: 0, 1>} : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
}

// -----

plan.kernel @k rows rows [true] attributes {strides = [array<i64: 4, 1>, array<i64: 4, 1>], packings = [""], dims = ["batch"],
                                            table_rows = array<i64: -1>} {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  %0 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  rec.yield %0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}
// Another cover reads inside, which has no dispatch in common with the first.
plan.program @apart dims ["batch"] {
  %0 = plan.input "x" : <f32, <"batch", 4>>
  %1 = plan.alloc : <f32, <"batch", 4>>
  %2 = plan.alloc : <f32, <"batch", 4>>
  %3 = plan.output "y" : <f32, <"batch", 4>>
  plan.dispatch @k(%0, %1) : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%1, %2) : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // expected-error @+1 {{[C3] leaves a buffer unwritten that @k uses}}
  plan.dispatch @k(%0, %2) {covers = array<i64: 0, 1>} : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%2, %3) : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%1, %3) {covers = array<i64: 3>} : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
}
