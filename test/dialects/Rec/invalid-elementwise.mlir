// RUN: reckon-opt --split-input-file --verify-diagnostics=only-expected %s

// unary C1
func.func @f(%x: tensor<8xi64>) {
  // expected-error @below {{'rec.unary' op [C1] 'exp' takes floats, not 'i64'}}
  %0 = rec.unary exp %x : (tensor<8xi64>) -> tensor<8xi64>
  return
}

// -----

// unary C1: booleans
func.func @f(%x: tensor<8xf32>) {
  // expected-error @below {{'rec.unary' op [C1] 'logical_not' takes booleans, not 'f32'}}
  %0 = rec.unary logical_not %x : (tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

// unary C1: integers
func.func @f(%x: tensor<8xi1>) {
  // expected-error @below {{'rec.unary' op [C1] 'bitwise_not' takes integers, not 'i1'}}
  %0 = rec.unary bitwise_not %x : (tensor<8xi1>) -> tensor<8xi1>
  return
}

// -----

// unary C1: numbers
func.func @f(%x: tensor<8xi1>) {
  // expected-error @below {{'rec.unary' op [C1] 'neg' takes numbers, not 'i1'}}
  %0 = rec.unary neg %x : (tensor<8xi1>) -> tensor<8xi1>
  return
}

// -----

// unary C2
func.func @f(%x: tensor<8xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<8xi1>' are incompatible with return type(s) of operation 'tensor<8xf32>'}}
  %0 = rec.unary is_nan %x : (tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

// binary C1
func.func @f(%a: tensor<?x4xf32, #rec.dims<"batch", 4>>, %b: tensor<?x4xf32, #rec.dims<"seq", 4>>) {
  // expected-error @below {{'rec.binary' op [C1] shapes [batch, 4] and [seq, 4] do not broadcast: sizes must be equal or 1}}
  %0 = rec.binary add %a, %b : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"seq", 4>>)
    -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  return
}

// -----

// binary C2
func.func @f(%a: tensor<8xf32>, %b: tensor<8xf16>) {
  // expected-error @below {{'rec.binary' op [C2] element types 'f32' and 'f16' differ}}
  %0 = rec.binary add %a, %b : (tensor<8xf32>, tensor<8xf16>) -> tensor<8xf32>
  return
}

// -----

// binary C3
func.func @f(%a: tensor<8xi1>) {
  // expected-error @below {{'rec.binary' op [C3] 'add' takes numbers, not 'i1' and 'i1'}}
  %0 = rec.binary add %a, %a : (tensor<8xi1>, tensor<8xi1>) -> tensor<8xi1>
  return
}

// -----

// binary C3: integers
func.func @f(%a: tensor<8xf32>) {
  // expected-error @below {{'rec.binary' op [C3] 'shift_left' takes integers, not 'f32' and 'f32'}}
  %0 = rec.binary shift_left %a, %a : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

// binary C3: booleans
func.func @f(%a: tensor<8xi64>) {
  // expected-error @below {{'rec.binary' op [C3] 'logical_and' takes booleans, not 'i64' and 'i64'}}
  %0 = rec.binary logical_and %a, %a : (tensor<8xi64>, tensor<8xi64>) -> tensor<8xi64>
  return
}

// -----

// compare C1
func.func @f(%a: tensor<8xf32>, %b: tensor<4xf32>) {
  // expected-error @below {{'rec.compare' op [C1] shapes [8] and [4] do not broadcast}}
  %0 = rec.compare lt %a, %b : (tensor<8xf32>, tensor<4xf32>) -> tensor<8xi1>
  return
}

// -----

// compare C2
func.func @f(%a: tensor<8xf32>, %b: tensor<8xf64>) {
  // expected-error @below {{'rec.compare' op [C2] element types 'f32' and 'f64' differ}}
  %0 = rec.compare lt %a, %b : (tensor<8xf32>, tensor<8xf64>) -> tensor<8xi1>
  return
}

// -----

// compare C2: booleans
func.func @f(%a: tensor<8xi1>) {
  // expected-error @below {{'rec.compare' op [C2] 'lt' does not order booleans}}
  %0 = rec.compare lt %a, %a : (tensor<8xi1>, tensor<8xi1>) -> tensor<8xi1>
  return
}

// -----

// select C1
func.func @f(%c: tensor<3xi1>, %a: tensor<8xf32>, %b: tensor<f32>) {
  // expected-error @below {{'rec.select' op [C1] shapes [3] and [8] do not broadcast}}
  %0 = rec.select %c, %a, %b : (tensor<3xi1>, tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  return
}

// -----

// select C2
func.func @f(%c: tensor<8xi1>, %a: tensor<8xf32>, %b: tensor<8xi64>) {
  // expected-error @below {{'rec.select' op [C2] element types 'f32' and 'i64' differ}}
  %0 = rec.select %c, %a, %b : (tensor<8xi1>, tensor<8xf32>, tensor<8xi64>) -> tensor<8xf32>
  return
}

// -----

// cast C1
func.func @f(%x: tensor<?xi64, #rec.dims<"batch">>) {
  // expected-error @below {{'rec.cast' op [C1] the operand has shape [batch], the result [seq]}}
  %0 = rec.cast %x : (tensor<?xi64, #rec.dims<"batch">>) -> tensor<?xf32, #rec.dims<"seq">>
  return
}
