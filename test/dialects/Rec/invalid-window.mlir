// RUN: reckon-opt --split-input-file --verify-diagnostics=only-expected %s

// conv C1
func.func @f(%x: tensor<8x4x10xf32>, %w: tensor<6x4x3x3xf32>) {
  // expected-error @below {{'rec.conv' op [C1] x has rank 3, the weight 4, expected 3 or 4 for both}}
  %0 = rec.conv %x, %w strides [1] pads [1, 1] dilations [1] groups 1
    : (tensor<8x4x10xf32>, tensor<6x4x3x3xf32>) -> tensor<8x6x10xf32>
  return
}

// -----

// conv C1: attributes
func.func @f(%x: tensor<8x4x10xf32>, %w: tensor<6x4x3xf32>) {
  // expected-error @below {{'rec.conv' op [C1] expected 1 positive strides and dilations and 2 pads, none negative}}
  %0 = rec.conv %x, %w strides [1] pads [-1, 1] dilations [1] groups 1
    : (tensor<8x4x10xf32>, tensor<6x4x3xf32>) -> tensor<8x6x8xf32>
  return
}

// -----

// conv C2
func.func @f(%x: tensor<8x4x10xf32>, %w: tensor<6x4x3xf32>) {
  // expected-error @below {{'rec.conv' op [C2] 4 groups do not divide 6 outputs}}
  %0 = rec.conv %x, %w strides [1] pads [1, 1] dilations [1] groups 4
    : (tensor<8x4x10xf32>, tensor<6x4x3xf32>) -> tensor<8x6x10xf32>
  return
}

// -----

// conv C2: channels of the weight
func.func @f(%x: tensor<8x4x10xf32>, %w: tensor<6x4x3xf32>) {
  // expected-error @below {{'rec.conv' op [C2] the weight's second size is '4' for '4' channels in 2 groups}}
  %0 = rec.conv %x, %w strides [1] pads [1, 1] dilations [1] groups 2
    : (tensor<8x4x10xf32>, tensor<6x4x3xf32>) -> tensor<8x6x10xf32>
  return
}

// -----

// conv C2: no group
func.func @f(%x: tensor<8x4x10xf32>, %w: tensor<6x4x3xf32>) {
  // expected-error @below {{'rec.conv' op [C2] 'groups' is 0, expected 1 or more}}
  %0 = rec.conv %x, %w strides [1] pads [1, 1] dilations [1] groups 0
    : (tensor<8x4x10xf32>, tensor<6x4x3xf32>) -> tensor<8x6x10xf32>
  return
}

// -----

// conv C3
func.func @f(%x: tensor<8x4x10xf32>, %w: tensor<6x4x3xf32>, %b: tensor<4xf32>) {
  // expected-error @below {{'rec.conv' op [C3] the bias has shape [4], expected [6]}}
  %0 = rec.conv %x, %w, %b strides [1] pads [1, 1] dilations [1] groups 1
    : (tensor<8x4x10xf32>, tensor<6x4x3xf32>, tensor<4xf32>) -> tensor<8x6x10xf32>
  return
}

// -----

// conv C4
func.func @f(%x: tensor<8x4x10xf32>, %w: tensor<6x4x6xf32>) {
  // expected-error @below {{'rec.conv' op [C4] the dilated window does not fit the padded input in dimension 2}}
  %0 = rec.conv %x, %w strides [1] pads [0, 0] dilations [2] groups 1
    : (tensor<8x4x10xf32>, tensor<6x4x6xf32>) -> tensor<8x6x1xf32>
  return
}

// -----

// conv C4: static window
func.func @f(%x: tensor<8x4x10xf32>, %w: tensor<6x4x?xf32>) {
  // expected-error @below {{'rec.conv' op [C4] the window has size '?', expected a static one above 0}}
  %0 = rec.conv %x, %w strides [1] pads [0, 0] dilations [1] groups 1
    : (tensor<8x4x10xf32>, tensor<6x4x?xf32>) -> tensor<8x6x?xf32>
  return
}

// -----

// conv C5
func.func @f(%x: tensor<8x4x10xf32>, %w: tensor<6x4x3xf64>) {
  // expected-error @below {{'rec.conv' op [C5] the operands differ in element type}}
  %0 = rec.conv %x, %w strides [1] pads [1, 1] dilations [1] groups 1
    : (tensor<8x4x10xf32>, tensor<6x4x3xf64>) -> tensor<8x6x10xf32>
  return
}

// -----

// pool_window C1
func.func @f(%x: tensor<3x8xf32>) {
  // expected-error @below {{'rec.pool_window' op [C1] x has rank 2, expected 3 to 5}}
  %0 = rec.pool_window max %x window [] strides [] pads [] dilations [] : (tensor<3x8xf32>) -> tensor<3x8xf32>
  return
}

// -----

// pool_window C1: attributes
func.func @f(%x: tensor<1x3x8xf32>) {
  // expected-error @below {{'rec.pool_window' op [C1] expected 1 positive window sizes, strides and dilations and 2 pads, none negative}}
  %0 = rec.pool_window max %x window [2] strides [0] pads [0, 0] dilations [1]
    : (tensor<1x3x8xf32>) -> tensor<1x3x4xf32>
  return
}

// -----

// pool_window C2
func.func @f(%x: tensor<1x3x8xf32>) {
  // expected-error @below {{'rec.pool_window' op [C2] the dilated window does not fit the padded input in dimension 2}}
  %0 = rec.pool_window max %x window [9] strides [1] pads [0, 0] dilations [1]
    : (tensor<1x3x8xf32>) -> tensor<1x3x1xf32>
  return
}
