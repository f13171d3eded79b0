// RUN: reckon-opt --split-input-file --verify-diagnostics=only-expected %s

// linear C1
func.func @f(%x: tensor<?x13xf32, #rec.dims<"batch", 13>>, %w: tensor<12x64xf32>) {
  // expected-error @below {{'rec.linear' op [C1] the last size of x is '13', the first of the weight '12'}}
  %0 = rec.linear %x, %w : (tensor<?x13xf32, #rec.dims<"batch", 13>>, tensor<12x64xf32>)
    -> tensor<?x64xf32, #rec.dims<"batch", 64>>
  return
}

// -----

// linear C1: rank
func.func @f(%x: tensor<f32>, %w: tensor<12x64xf32>) {
  // expected-error @below {{'rec.linear' op [C1] x is a scalar, expected rank 1 or more}}
  %0 = rec.linear %x, %w : (tensor<f32>, tensor<12x64xf32>) -> tensor<64xf32>
  return
}

// -----

// linear C2
func.func @f(%x: tensor<8x13xf32>, %w: tensor<13xf32>) {
  // expected-error @below {{'rec.linear' op [C2] the weight has rank 1, expected 2: inputs x outputs}}
  %0 = rec.linear %x, %w : (tensor<8x13xf32>, tensor<13xf32>) -> tensor<8x1xf32>
  return
}

// -----

// linear C2: bias
func.func @f(%x: tensor<8x13xf32>, %w: tensor<13x64xf32>, %b: tensor<1x64xf32>) {
  // expected-error @below {{'rec.linear' op [C2] the bias has shape [1, 64], expected [64]}}
  %0 = rec.linear %x, %w, %b : (tensor<8x13xf32>, tensor<13x64xf32>, tensor<1x64xf32>) -> tensor<8x64xf32>
  return
}

// -----

// linear C3
func.func @f(%x: tensor<8x13xf32>, %w: tensor<13x64xf16>) {
  // expected-error @below {{'rec.linear' op [C3] the operands differ in element type}}
  %0 = rec.linear %x, %w : (tensor<8x13xf32>, tensor<13x64xf16>) -> tensor<8x64xf32>
  return
}

// -----

// matmul C1
func.func @f(%a: tensor<8x4xf32>, %b: tensor<3x5xf32>) {
  // expected-error @below {{'rec.matmul' op [C1] the inner sizes '4' and '3' differ}}
  %0 = rec.matmul %a, %b : (tensor<8x4xf32>, tensor<3x5xf32>) -> tensor<8x5xf32>
  return
}

// -----

// matmul C1: rank
func.func @f(%a: tensor<8x4xf32>, %b: tensor<f32>) {
  // expected-error @below {{'rec.matmul' op [C1] an operand is a scalar, expected rank 1 or more}}
  %0 = rec.matmul %a, %b : (tensor<8x4xf32>, tensor<f32>) -> tensor<8x4xf32>
  return
}

// -----

// matmul C2
func.func @f(%a: tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>, %b: tensor<?x4x5xf32, #rec.dims<"seq", 4, 5>>) {
  // expected-error @below {{'rec.matmul' op [C2] leading shapes [batch] and [seq] do not broadcast}}
  %0 = rec.matmul %a, %b
    : (tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>, tensor<?x4x5xf32, #rec.dims<"seq", 4, 5>>)
    -> tensor<?x3x5xf32, #rec.dims<"batch", 3, 5>>
  return
}

// -----

// matmul C3
func.func @f(%a: tensor<8x4xf32>, %b: tensor<4x5xf16>) {
  // expected-error @below {{'rec.matmul' op [C3] element types 'f32' and 'f16' differ}}
  %0 = rec.matmul %a, %b : (tensor<8x4xf32>, tensor<4x5xf16>) -> tensor<8x5xf32>
  return
}

// -----

// matmul C4
func.func @f(%a: tensor<4xf32>, %b: tensor<4x5xf32>) {
  // expected-error @below {{'rec.matmul' op [C4] a transposed operand has rank 1, expected 2 or more}}
  %0 = rec.matmul %a, %b {transpose_a} : (tensor<4xf32>, tensor<4x5xf32>) -> tensor<5xf32>
  return
}

// -----

// dot_interaction C1
func.func @f(%x: tensor<8x?x16xf32, #rec.dims<8, "features", 16>>) {
  // expected-error @below {{'rec.dot_interaction' op [C1] x has shape [8, features, 16], expected rank 3 with a static number of features}}
  %0 = rec.dot_interaction lower %x : (tensor<8x?x16xf32, #rec.dims<8, "features", 16>>) -> tensor<8x?xf32>
  return
}

// -----

// cross_layer C1
func.func @f(%x0: tensor<8x4xf32>, %x: tensor<8x5xf32>, %w: tensor<4x4xf32>) {
  // expected-error @below {{'rec.cross_layer' op [C1] x0 has shape [8, 4], x [8, 5], expected one shape batch x width}}
  %0 = rec.cross_layer %x0, %x weight %w : (tensor<8x4xf32>, tensor<8x5xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
  return
}

// -----

// cross_layer C2
func.func @f(%x: tensor<8x4xf32>, %w: tensor<4x5xf32>) {
  // expected-error @below {{'rec.cross_layer' op [C2] the weight has shape [4, 5], expected [4, 4]}}
  %0 = rec.cross_layer %x, %x weight %w : (tensor<8x4xf32>, tensor<8x4xf32>, tensor<4x5xf32>) -> tensor<8x4xf32>
  return
}

// -----

// cross_layer C2: low rank
func.func @f(%x: tensor<8x4xf32>, %v: tensor<3x2xf32>, %w: tensor<2x4xf32>) {
  // expected-error @below {{'rec.cross_layer' op [C2] down has shape [3, 2], expected 4 x rank}}
  %0 = rec.cross_layer %x, %x down %v weight %w
    : (tensor<8x4xf32>, tensor<8x4xf32>, tensor<3x2xf32>, tensor<2x4xf32>) -> tensor<8x4xf32>
  return
}

// -----

// cross_layer C3
func.func @f(%x: tensor<8x4xf32>, %w: tensor<4x4xf32>, %b: tensor<1xf32>) {
  // expected-error @below {{'rec.cross_layer' op [C3] the bias has shape [1], expected [4]}}
  %0 = rec.cross_layer %x, %x weight %w bias %b
    : (tensor<8x4xf32>, tensor<8x4xf32>, tensor<4x4xf32>, tensor<1xf32>) -> tensor<8x4xf32>
  return
}

// -----

// cross_layer C4
func.func @f(%x: tensor<8x4xf32>, %w: tensor<4x4xf16>) {
  // expected-error @below {{'rec.cross_layer' op [C4] the operands differ in element type}}
  %0 = rec.cross_layer %x, %x weight %w : (tensor<8x4xf32>, tensor<8x4xf32>, tensor<4x4xf16>) -> tensor<8x4xf32>
  return
}

// -----

// fm_term C1
func.func @f(%x: tensor<8x16xf32>) {
  // expected-error @below {{'rec.fm_term' op [C1] x has rank 2, expected 3: batch x features x dim}}
  %0 = rec.fm_term %x : (tensor<8x16xf32>) -> tensor<8x16xf32>
  return
}

// -----

// fm_term C2
func.func @f(%x: tensor<8x26x16xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<8x1xf32>' are incompatible with return type(s) of operation 'tensor<8xf32>'}}
  %0 = rec.fm_term %x {sum_dim} : (tensor<8x26x16xf32>) -> tensor<8xf32>
  return
}

// -----

// einsum C1
func.func @f(%a: tensor<8x3xf32>) {
  // expected-error @below {{'rec.einsum' op [C1] the equation 'bi' has no arrow}}
  %0 = rec.einsum "bi"(%a) : (tensor<8x3xf32>) -> tensor<8x3xf32>
  return
}

// -----

// einsum C1: terms
func.func @f(%a: tensor<8x3xf32>) {
  // expected-error @below {{'rec.einsum' op [C1] the equation has 2 terms for 1 operands}}
  %0 = rec.einsum "bi,bj->bij"(%a) : (tensor<8x3xf32>) -> tensor<8x3x3xf32>
  return
}

// -----

// einsum C1: rank
func.func @f(%a: tensor<8x3xf32>) {
  // expected-error @below {{'rec.einsum' op [C1] term 'bij' for operand 0 of rank 2}}
  %0 = rec.einsum "bij->b"(%a) : (tensor<8x3xf32>) -> tensor<8xf32>
  return
}

// -----

// einsum C1: labels
func.func @f(%a: tensor<8x3xf32>) {
  // expected-error @below {{'rec.einsum' op [C1] '.' is not a label}}
  %0 = rec.einsum "b.->b"(%a) : (tensor<8x3xf32>) -> tensor<8xf32>
  return
}

// -----

// einsum C1: sizes
func.func @f(%a: tensor<8x3xf32>, %b: tensor<7x4xf32>) {
  // expected-error @below {{'rec.einsum' op [C1] label 'b' has sizes '8' and '7'}}
  %0 = rec.einsum "bi,bj->bij"(%a, %b) : (tensor<8x3xf32>, tensor<7x4xf32>) -> tensor<8x3x4xf32>
  return
}

// -----

// einsum C1: output labels
func.func @f(%a: tensor<8x3xf32>) {
  // expected-error @below {{'rec.einsum' op [C1] the output label 'k' is in no operand}}
  %0 = rec.einsum "bi->bk"(%a) : (tensor<8x3xf32>) -> tensor<8x3xf32>
  return
}

// -----

// einsum C1: output labels that are none
func.func @f(%a: tensor<8x3xf32>) {
  // expected-error @below {{'rec.einsum' op [C1] the output label '.' is in no operand}}
  %0 = rec.einsum "bi->.i"(%a) : (tensor<8x3xf32>) -> tensor<8x3xf32>
  return
}

// -----

// einsum C2
func.func @f(%a: tensor<8x3xf32>) {
  // expected-error @below {{'rec.einsum' op [C2] the result has shape [8, 3], expected [3, 8]}}
  %0 = rec.einsum "bi->ib"(%a) : (tensor<8x3xf32>) -> tensor<8x3xf32>
  return
}

// -----

// einsum C2: element types
func.func @f(%a: tensor<8x3xf32>) {
  // expected-error @below {{'rec.einsum' op [C2] operands and result differ in element type}}
  %0 = rec.einsum "bi->ib"(%a) : (tensor<8x3xf32>) -> tensor<3x8xf64>
  return
}
