// RUN: reckon-opt --plan-verify-scheduled --split-input-file --verify-diagnostics %s

// expected-error @+1 {{expected one program, found 0}}
module {}

// -----

module {
  // expected-error @+1 {{expected programs and kernels only, found 'func.func'}}
  func.func @f() { return }
}

// -----

plan.program @main dims [] {
  // expected-error @+1 {{expected a slot}}
  %0 = plan.alloc : !plan.buffer<f32, <4>>
}

// -----

plan.program @main dims [] slots <16> {
  // expected-error @+1 {{lies in slot 1, and there are 1}}
  %0 = plan.alloc slot 1 : !plan.buffer<f32, <4>>
}

// -----

plan.program @main dims ["batch"] {
  // expected-error @+1 {{has the size 'n', expected it in the program's dimensions}}
  %0 = plan.input "x" : !plan.buffer<f32, <"n">>
}

// -----

// expected-error @+1 {{has 0 dims before the row counts of its tables, expected the 1 named dims of the program}}
plan.kernel @lookup lookup dims ["%rows:0"] operands [<strides = <4, 1>, rows_dim = 0>, <strides = <1>, row = true>, <strides = <4, 1>>] {
^bb0(%t: tensor<?x4xf32, #rec.dims<"%rows:0", 4>>, %i: tensor<8xi64>):
  %0 = rec.embedding %t, %i : (tensor<?x4xf32, #rec.dims<"%rows:0", 4>>, tensor<8xi64>) -> tensor<8x4xf32>
  rec.yield %0 : tensor<8x4xf32>
}
plan.program @main dims ["batch", "rows:t"] {
  %t = plan.table "t" dense<0.0> : tensor<9x4xf32> : !plan.buffer<f32, <"rows:t", 4>>
}

// -----

plan.kernel @copy rows dims [] operands [<strides = <1>, row = true>, <strides = <1>>] {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}
plan.program @main dims [] slots <16> {
  %0 = plan.alloc slot 0 : !plan.buffer<f32, <4>>
  %y = plan.output "y" : !plan.buffer<f32, <4>>
  plan.chain rows <4> block 16 {
    // expected-error @+1 {{reads operand 0 before anything wrote it}}
    plan.dispatch @copy(%0, %y) : !plan.buffer<f32, <4>>, !plan.buffer<f32, <4>>
  }
}

// -----

plan.kernel @copy rows dims [] operands [<strides = <1>, row = true>, <strides = <1>>] {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}
plan.program @main dims [] {
  %x = plan.input "x" : !plan.buffer<f32, <4>>
  %y = plan.output "y" : !plan.buffer<f32, <4>>
  plan.chain rows <5> block 16 {
    // expected-error @+1 {{runs over '4' rows in a chain of '5'}}
    plan.dispatch @copy(%x, %y) : !plan.buffer<f32, <4>>, !plan.buffer<f32, <4>>
  }
}

// -----

plan.kernel @all rows dims [] operands [<strides = <1>>, <strides = <1>>] {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}
plan.program @main dims [] slots <16> {
  %x = plan.input "x" : !plan.buffer<f32, <4>>
  %0 = plan.alloc slot 0 : !plan.buffer<f32, <4>>
  %y = plan.output "y" : !plan.buffer<f32, <4>>
  plan.chain rows <4> block 16 {
    plan.dispatch @all(%x, %0) : !plan.buffer<f32, <4>>, !plan.buffer<f32, <4>>
    // expected-error @+1 {{reads all rows of operand 0, which its own chain writes: expected a barrier between them}}
    plan.dispatch @all(%0, %y) : !plan.buffer<f32, <4>>, !plan.buffer<f32, <4>>
  }
}

// -----

plan.program @main dims [] {
  // expected-error @+1 {{expected buffers and chains only, found 'rec.constant'}}
  %0 = rec.constant dense<1.0> : tensor<f32>
}

// -----

// What runs needs nothing that the program does not require: layers, buffers and views.
plan.kernel @topk whole dims ["n"] operands [<strides = <1>>, <strides = <1>>, <strides = <1>>] {
^bb0(%x: tensor<?xf32, #rec.dims<"n">>):
  // expected-error @+1 {{needs 'n' >= '4' (the 4 greatest elements of dimension 0), which the program does not require}}
  %v, %i = rec.topk %x k 4 axis 0 : (tensor<?xf32, #rec.dims<"n">>) -> (tensor<4xf32>, tensor<4xi64>)
  rec.yield %v, %i : tensor<4xf32>, tensor<4xi64>
}
plan.program @main dims ["n"] attributes {requirements = [#rec.requirement<at_least <"n", 3>, "y", "less than it takes">]} {
}

// -----

plan.program @main dims ["n"] {
  // expected-error @+1 {{needs '-n+4' >= '0' (a size of a buffer), which the program does not require}}
  %0 = plan.output "y" : !plan.buffer<f32, <"-n+4">>
}

// -----

plan.program @main dims ["n"] {
  %x = plan.input "x" : !plan.buffer<f32, <"n">>
  // expected-error @+1 {{needs '4*floordiv(n, 4)' = 'n' (as many elements in a view), which the program does not require}}
  %0 = plan.view %x : !plan.buffer<f32, <"n">> -> !plan.buffer<f32, <"floordiv(n, 4)", 4>>
}

// -----

plan.program @main dims ["n"] attributes {requirements = [#rec.requirement<equal <"n", "4*floordiv(n, 4)">, "y", "in either order">]} {
  %x = plan.input "x" : !plan.buffer<f32, <"n">>
  %0 = plan.view %x : !plan.buffer<f32, <"n">> -> !plan.buffer<f32, <"floordiv(n, 4)", 4>>
}
