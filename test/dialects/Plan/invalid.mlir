// RUN: reckon-opt %s --split-input-file --verify-diagnostics

plan.program @main dims [] {
  // expected-error @+1 {{[C1] holds a value of type 'tensor<2x2xf32>', expected that of '!plan.buffer<f32, <2, 3>>'}}
  %w = plan.weight "w" dense<1.0> : tensor<2x2xf32> : !plan.buffer<f32, <2, 3>>
}

// -----

plan.program @main dims [] {
  // expected-error @+1 {{[C2] is packed as 'columns', expected a matrix, not 'tensor<2xf32>'}}
  %w = plan.weight "w" packing <columns> dense<1.0> : tensor<2xf32> : !plan.buffer<f32, <2>>
}

// -----

plan.program @main dims ["rows:t"] {
  // expected-error @+1 {{[C1] holds a value of type 'tensor<4x16xf32>', expected rows of}}
  %t = plan.table "t" dense<0.0> : tensor<4x16xf32> : !plan.buffer<f32, <"rows:t", 8>>
}

// -----

plan.program @main dims [] {
  %0 = plan.alloc : !plan.buffer<f32, <4, 8>>
  // expected-error @+1 {{[C1] has axis 0, expected one from 1 to 1}}
  %1 = plan.slice %0 axis 0 offset 0 : !plan.buffer<f32, <4, 8>> -> !plan.buffer<f32, <2, 8>>
}

// -----

plan.program @main dims ["n"] {
  %0 = plan.alloc : !plan.buffer<f32, <4, "n">>
  // expected-error @+1 {{[C1] slices a buffer whose size 1 is 'n', expected a constant}}
  %1 = plan.slice %0 axis 1 offset 0 : !plan.buffer<f32, <4, "n">> -> !plan.buffer<f32, <4, 2>>
}

// -----

plan.program @main dims [] {
  %0 = plan.alloc : !plan.buffer<f32, <4, 8>>
  // expected-error @+1 {{[C2] has size '3' in dimension 0, expected '4'}}
  %1 = plan.slice %0 axis 1 offset 0 : !plan.buffer<f32, <4, 8>> -> !plan.buffer<f32, <3, 2>>
}

// -----

plan.program @main dims [] {
  %0 = plan.alloc : !plan.buffer<f32, <4, 8>>
  // expected-error @+1 {{[C2] takes elements from 6 on into '4', expected them inside the 8}}
  %1 = plan.slice %0 axis 1 offset 6 : !plan.buffer<f32, <4, 8>> -> !plan.buffer<f32, <4, 4>>
}

// -----

plan.program @main dims [] {
  %0 = plan.alloc : !plan.buffer<f32, <4, 8>>
  %1 = plan.slice %0 axis 1 offset 0 : !plan.buffer<f32, <4, 8>> -> !plan.buffer<f32, <4, 4>>
  // expected-error @+1 {{[C3] slices a slice}}
  %2 = plan.slice %1 axis 1 offset 0 : !plan.buffer<f32, <4, 4>> -> !plan.buffer<f32, <4, 2>>
}

// -----

plan.program @main dims ["n"] {
  %0 = plan.alloc : !plan.buffer<f32, <"n", 8>>
  // expected-error @+1 {{[C1] shows '!plan.buffer<f32, <"n", 8>>' as '!plan.buffer<f32, <"n", 9>>'}}
  %1 = plan.view %0 : !plan.buffer<f32, <"n", 8>> -> !plan.buffer<f32, <"n", 9>>
}

// -----

plan.program @main dims [] {
  // expected-error @+1 {{[C1] holds 'plan.alloc', expected dispatches only}}
  plan.chain rows <4> block 1 {
    %0 = plan.alloc : !plan.buffer<f32, <4>>
  }
}

// -----

plan.program @main dims [] {
  %0 = plan.alloc : !plan.buffer<f32, <4>>
  // expected-error @+1 {{launches @k, which is no kernel}}
  plan.dispatch @k(%0) : !plan.buffer<f32, <4>>
}

// -----

// expected-note @+1 {{the kernel is here}}
plan.kernel @k rows dims [] operands [<strides = <1>, row = true>, <strides = <1>>] {
^bb0(%x: tensor<4xf32>):
  %0 = rec.unary relu %x : (tensor<4xf32>) -> tensor<4xf32>
  rec.yield %0 : tensor<4xf32>
}
plan.program @main dims [] {
  %0 = plan.alloc : !plan.buffer<f32, <4>>
  %1 = plan.alloc : !plan.buffer<f32, <5>>
  // expected-error @+1 {{[C1] operand 1 is '!plan.buffer<f32, <5>>', expected 'tensor<4xf32>'}}
  plan.dispatch @k(%0, %1) : !plan.buffer<f32, <4>>, !plan.buffer<f32, <5>>
}

// -----

// expected-error @+1 {{[C1] has 1 layouts, expected 2}}
plan.kernel @k rows dims [] operands [<strides = <1>, row = true>] {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{[C1] has 2 strides for operand 0, expected 1}}
plan.kernel @k rows dims [] operands [<strides = <4, 1>, row = true>, <strides = <1>>] {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{[C2] has rows_dim 3 for operand 0, expected -1, as the last of the 0 dims are the row counts of the tables}}
plan.kernel @k rows dims [] operands [<strides = <1>, row = true, rows_dim = 3>, <strides = <1>>] {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{[C3] has no output}}
plan.kernel @k rows dims [] operands [<strides = <1>, row = true>] {
^bb0(%x: tensor<4xf32>):
  rec.yield
}

// -----

// expected-error @+1 {{[C3] operand 2 is 'tensor<5xf32>', expected '4' rows}}
plan.kernel @k rows dims [] operands [<strides = <1>, row = true>, <strides = <1>>, <strides = <1>>] {
^bb0(%x: tensor<4xf32>, %y: tensor<5xf32>):
  rec.yield %y : tensor<5xf32>
}

// -----

plan.program @main dims [] {
  // expected-error @+1 {{a buffer cannot hold elements of type 'index'}}
  %0 = plan.alloc : !plan.buffer<index, <4>>
}

// -----

// expected-error @+1 {{[C4] operand 1 is an output with the layout #plan.operand<strides = <1>, row = true>, expected strides alone}}
plan.kernel @k rows dims [] operands [<strides = <1>, row = true>, <strides = <1>, row = true>] {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{[C4] operand 1 is an output whose elements along axis 0 share a place}}
plan.kernel @k rows dims [] operands [<strides = <1>, row = true>, <strides = <0>>] {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{[C5] operand 2 is an alternative to operand 3, expected an input that is none itself}}
plan.kernel @k rows dims [] operands [<strides = <8, 1>, row = true>, <strides = <8, 1>>, <strides = <8, 1>, packing = <mma>, alternative_to = 3>, <strides = <8, 1>>] {
^bb0(%x: tensor<4x8xf32>, %w: tensor<8x8xf32>, %v: tensor<8x8xf32>):
  %0 = rec.linear %x, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
  rec.yield %0 : tensor<4x8xf32>
}

// -----

// expected-error @+1 {{[C5] operand 1 is an alternative to operand 2, expected an input that is none itself}}
plan.kernel @k rows dims [] operands [<strides = <8, 1>, row = true>, <strides = <8, 1>, packing = <dot>, alternative_to = 2>, <strides = <8, 1>, packing = <mma>, alternative_to = 1>, <strides = <8, 1>>] {
^bb0(%x: tensor<4x8xf32>, %w: tensor<8x8xf32>, %v: tensor<8x8xf32>):
  %0 = rec.linear %x, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
  rec.yield %0 : tensor<4x8xf32>
}

// -----

// expected-error @+1 {{[C5] operand 2 is 'tensor<8x4xf32>', an alternative to 'tensor<8x8xf32>'}}
plan.kernel @k rows dims [] operands [<strides = <8, 1>, row = true>, <strides = <8, 1>>, <strides = <4, 1>, packing = <mma>, alternative_to = 1>, <strides = <8, 1>>] {
^bb0(%x: tensor<4x8xf32>, %w: tensor<8x8xf32>, %v: tensor<8x4xf32>):
  %0 = rec.linear %x, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
  rec.yield %0 : tensor<4x8xf32>
}

// -----

// expected-error @+1 {{[C5] operand 2 has the packing of operand 1}}
plan.kernel @k rows dims [] operands [<strides = <8, 1>, row = true>, <strides = <8, 1>>, <strides = <8, 1>, alternative_to = 1>, <strides = <8, 1>>] {
^bb0(%x: tensor<4x8xf32>, %w: tensor<8x8xf32>, %v: tensor<8x8xf32>):
  %0 = rec.linear %x, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
  rec.yield %0 : tensor<4x8xf32>
}

// -----

// expected-error @+1 {{[C5] the body reads operand 2, an alternative to operand 1}}
plan.kernel @k rows dims [] operands [<strides = <8, 1>, row = true>, <strides = <8, 1>>, <strides = <8, 1>, packing = <mma>, alternative_to = 1>, <strides = <8, 1>>] {
^bb0(%x: tensor<4x8xf32>, %w: tensor<8x8xf32>, %v: tensor<8x8xf32>):
  %0 = rec.linear %x, %v : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
  rec.yield %0 : tensor<4x8xf32>
}

// -----

// expected-error @+1 {{[C6] needs 2 sizes of scratch memory, expected one}}
plan.kernel @k rows dims [] operands [<strides = <1>, row = true>, <strides = <1>>] attributes {scratch_bytes = #rec.dims<1, 2>} {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{[C7] has both chain_rows and stack_rows}}
plan.kernel @k rows dims [] operands [<strides = <1>, row = true>, <strides = <1>>] attributes {chain_rows = 8 : i64, stack_rows = 64 : i64} {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{attribute 'chain_rows' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
plan.kernel @k rows dims [] operands [<strides = <1>, row = true>, <strides = <1>>] attributes {chain_rows = 0 : i64} {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{attribute 'launches' failed to satisfy constraint}}
plan.kernel @k rows dims [] operands [<strides = <1>, row = true>, <strides = <1>>] attributes {launches = ["k"]} {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{attribute 'choices' failed to satisfy constraint}}
plan.kernel @k rows dims [] operands [<strides = <1>, row = true>, <strides = <1>>] attributes {choices = [{name = "k"}]} {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}
