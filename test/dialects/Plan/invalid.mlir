// RUN: reckon-opt %s --split-input-file --verify-diagnostics

plan.program @main dims [] {
  // expected-error @+1 {{[C1] holds a value of type 'tensor<2x2xf32>', expected that of '!plan.buffer<f32, <2, 3>>'}}
  %w = plan.weight "w" packing "" dense<1.0> : tensor<2x2xf32> : !plan.buffer<f32, <2, 3>>
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
plan.kernel @k rows rows [true] attributes {strides = [array<i64: 1>, array<i64: 1>], packings = [""], dims = [],
                                            table_rows = array<i64: -1>} {
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

// expected-error @+1 {{[C1] has 1 entries in strides, expected 2}}
plan.kernel @k rows rows [true] attributes {strides = [array<i64: 1>], packings = [""], dims = [], table_rows = array<i64: -1>} {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{[C2] has table_rows entry 3, expected -1 or an index into the 0 dims}}
plan.kernel @k rows rows [true] attributes {strides = [array<i64: 1>, array<i64: 1>], packings = [""], dims = [],
                                            table_rows = array<i64: 3>} {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{[C3] has no output}}
plan.kernel @k rows rows [true] attributes {strides = [array<i64: 1>], packings = [""], dims = [], table_rows = array<i64: -1>} {
^bb0(%x: tensor<4xf32>):
  rec.yield
}

// -----

// expected-error @+1 {{[C3] operand 2 is 'tensor<5xf32>', expected '4' rows}}
plan.kernel @k rows rows [true, false] attributes {strides = [array<i64: 1>, array<i64: 1>, array<i64: 1>], packings = ["", ""],
                                                   dims = [], table_rows = array<i64: -1, -1>} {
^bb0(%x: tensor<4xf32>, %y: tensor<5xf32>):
  rec.yield %y : tensor<5xf32>
}

// -----

plan.program @main dims [] {
  // expected-error @+1 {{a buffer cannot hold elements of type 'index'}}
  %0 = plan.alloc : !plan.buffer<index, <4>>
}

// -----

// expected-error @+1 {{[C4] has 1 entries in aligned, expected 2}}
plan.kernel @k rows rows [true] attributes {strides = [array<i64: 1>, array<i64: 1>], packings = [""], dims = [],
                                            table_rows = array<i64: -1>, aligned = array<i1: true>} {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}


// -----

// expected-error @+1 {{[C4] has 3 entries in constant, expected 2}}
plan.kernel @k rows rows [true] attributes {strides = [array<i64: 1>, array<i64: 1>], packings = [""], dims = [],
                                            table_rows = array<i64: -1>, constant = array<i1: true, true, true>} {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}


// -----

// expected-error @+1 {{[C5] expected 'name', 'min_rows' and 'max_rows' in entry 0 of choices}}
plan.kernel @k rows rows [true] attributes {strides = [array<i64: 1>, array<i64: 1>], packings = [""], dims = [],
                                            table_rows = array<i64: -1>, choices = [{min_rows = 0, max_rows = 1}]} {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}


// -----

// expected-error @+1 {{[C5] has no rows between 'min_rows' and 'max_rows' in entry 1 of choices}}
plan.kernel @k rows rows [true] attributes {strides = [array<i64: 1>, array<i64: 1>], packings = [""], dims = [],
                                            table_rows = array<i64: -1>, choices = [{name = "", min_rows = 0, max_rows = -1}, {name = "", min_rows = -1, max_rows = 0}]} {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}


// -----

// expected-error @+1 {{[C5] expected 'function', 'min_rows' and 'max_rows' in entry 0 of launches}}
plan.kernel @k rows rows [true] attributes {strides = [array<i64: 1>, array<i64: 1>], packings = [""], dims = [],
                                            table_rows = array<i64: -1>, launches = [{name = "k", min_rows = 0, max_rows = -1}]} {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}


// -----

// expected-error @+1 {{[C6] needs 'batch *' bytes of scratch, expected a size expression}}
plan.kernel @k rows rows [true] attributes {strides = [array<i64: 1>, array<i64: 1>], packings = [""], dims = [],
                                            table_rows = array<i64: -1>, scratch_bytes = "batch *"} {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}


// -----

// expected-error @+1 {{[C7] has both chain_rows and stack_rows}}
plan.kernel @k rows rows [true] attributes {strides = [array<i64: 1>, array<i64: 1>], packings = [""], dims = [],
                                            table_rows = array<i64: -1>, chain_rows = 8, stack_rows = 64} {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}


// -----

// expected-error @+1 {{attribute 'chain_rows' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
plan.kernel @k rows rows [true] attributes {strides = [array<i64: 1>, array<i64: 1>], packings = [""], dims = [],
                                            table_rows = array<i64: -1>, chain_rows = 0} {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}


// -----

// expected-error @+1 {{attribute 'launches' failed to satisfy constraint}}
plan.kernel @k rows rows [true] attributes {strides = [array<i64: 1>, array<i64: 1>], packings = [""], dims = [],
                                            table_rows = array<i64: -1>, launches = ["k"]} {
^bb0(%x: tensor<4xf32>):
  rec.yield %x : tensor<4xf32>
}
