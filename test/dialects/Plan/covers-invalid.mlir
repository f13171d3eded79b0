// RUN: reckon-opt %s -split-input-file -verify-diagnostics

// What a dispatch that stands in for others may claim.

plan.kernel @k rows dims ["batch"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  %0 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  rec.yield %0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}
plan.program @absent dims ["batch"] {
  %0 = plan.input "x" : <f32, <"batch", 4>>
  %1 = plan.output "y" : <f32, <"batch", 4>>
  // expected-error @+1 {{[C2] covers @first, which is no dispatch of the program}}
  plan.dispatch @k(%0, %1) covers [@first] : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
}

// -----

plan.kernel @k rows dims ["batch"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  %0 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  rec.yield %0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}
plan.program @later dims ["batch"] {
  %0 = plan.input "x" : <f32, <"batch", 4>>
  %1 = plan.output "y" : <f32, <"batch", 4>>
  // expected-error @+1 {{[C2] covers @first, expected earlier dispatches in order}}
  plan.dispatch @k(%0, %1) covers [@first] : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%0, %1) as @first : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
}

// -----

plan.kernel @k rows dims ["batch"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  %0 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  rec.yield %0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}
plan.program @itself dims ["batch"] {
  %0 = plan.input "x" : <f32, <"batch", 4>>
  %1 = plan.output "y" : <f32, <"batch", 4>>
  // expected-error @+1 {{[C2] covers @first, expected earlier dispatches in order}}
  plan.dispatch @k(%0, %1) as @first covers [@first] : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
}

// -----

plan.kernel @k rows dims ["batch"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  %0 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  rec.yield %0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}
plan.program @order dims ["batch"] {
  %0 = plan.input "x" : <f32, <"batch", 4>>
  %1 = plan.output "y" : <f32, <"batch", 4>>
  plan.dispatch @k(%0, %1) as @first : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%0, %1) as @second : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // expected-error @+1 {{[C2] covers @first, expected earlier dispatches in order}}
  plan.dispatch @k(%0, %1) covers [@second, @first] : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
}

// -----

plan.kernel @k rows dims ["batch"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  %0 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  rec.yield %0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}
plan.program @cover dims ["batch"] {
  %0 = plan.input "x" : <f32, <"batch", 4>>
  %1 = plan.output "y" : <f32, <"batch", 4>>
  plan.dispatch @k(%0, %1) as @first : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%0, %1) as @cover covers [@first] : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // expected-error @+1 {{[C2] covers @cover, which covers others}}
  plan.dispatch @k(%0, %1) covers [@first, @cover] : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
}

// -----

plan.kernel @k rows dims ["batch", "n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"batch", 4>>
}
plan.kernel @other rows dims ["batch", "n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  rec.yield %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
plan.program @rows dims ["batch", "n"] {
  %0 = plan.input "x" : <f32, <"batch", 4>>
  %1 = plan.output "y" : <f32, <"batch", 4>>
  %2 = plan.input "u" : <f32, <"n", 4>>
  %3 = plan.output "v" : <f32, <"n", 4>>
  plan.dispatch @other(%2, %3) as @first : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <"n", 4>>
  // expected-error @+1 {{[C2] covers @first of 'n' rows, expected 'batch'}}
  plan.dispatch @k(%0, %1) covers [@first] : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
}

// -----

plan.kernel @k rows dims ["batch"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  %0 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  rec.yield %0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}
plan.program @elsewhere dims ["batch"] {
  %0 = plan.input "x" : <f32, <"batch", 4>>
  %1 = plan.output "y" : <f32, <"batch", 4>>
  %2 = plan.output "z" : <f32, <"batch", 4>>
  plan.dispatch @k(%0, %1) as @first : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // expected-error @+1 {{[C3] does not write what @first writes}}
  plan.dispatch @k(%0, %2) covers [@first] : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
}

// -----

plan.kernel @k rows dims ["batch"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  %0 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  rec.yield %0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}
plan.program @read dims ["batch"] {
  %0 = plan.input "x" : <f32, <"batch", 4>>
  %1 = plan.alloc : <f32, <"batch", 4>>
  %2 = plan.output "y" : <f32, <"batch", 4>>
  %3 = plan.output "z" : <f32, <"batch", 4>>
  plan.dispatch @k(%0, %1) as @first : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%1, %2) as @second : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // expected-error @+1 {{[C3] leaves a buffer unwritten that @k uses}}
  plan.dispatch @k(%0, %2) covers [@first, @second] : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%1, %3) : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
}

// -----

plan.kernel @k rows dims ["batch"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  %0 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  rec.yield %0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}
plan.program @output dims ["batch"] {
  %0 = plan.input "x" : <f32, <"batch", 4>>
  %1 = plan.output "y" : <f32, <"batch", 4>>
  %2 = plan.output "z" : <f32, <"batch", 4>>
  plan.dispatch @k(%0, %1) as @first : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%1, %2) as @second : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // expected-error @+1 {{[C3] leaves an output of the model unwritten}}
  plan.dispatch @k(%0, %2) covers [@first, @second] : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
}

// -----

// Another cover reads inside, which has no dispatch in common with the first.
plan.kernel @k rows dims ["batch"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  %0 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  rec.yield %0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}
plan.program @apart dims ["batch"] {
  %0 = plan.input "x" : <f32, <"batch", 4>>
  %1 = plan.alloc : <f32, <"batch", 4>>
  %2 = plan.alloc : <f32, <"batch", 4>>
  %3 = plan.output "y" : <f32, <"batch", 4>>
  plan.dispatch @k(%0, %1) as @first : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%1, %2) as @second : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // expected-error @+1 {{[C3] leaves a buffer unwritten that @k uses}}
  plan.dispatch @k(%0, %2) covers [@first, @second] : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%2, %3) as @third : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  plan.dispatch @k(%1, %3) covers [@third] : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
}

// -----

plan.kernel @k rows dims ["batch"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  %0 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  rec.yield %0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}
plan.program @twice dims ["batch"] {
  %0 = plan.input "x" : <f32, <"batch", 4>>
  %1 = plan.output "y" : <f32, <"batch", 4>>
  // expected-note @+1 {{that is here}}
  plan.dispatch @k(%0, %1) as @first : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
  // expected-error @+1 {{[C1] has the name @first of another dispatch}}
  plan.dispatch @k(%0, %1) as @first : !plan.buffer<f32, <"batch", 4>>, !plan.buffer<f32, <"batch", 4>>
}
