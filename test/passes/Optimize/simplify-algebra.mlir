// RUN: reckon-opt --rec-simplify-algebra %s | FileCheck %s
// RUN: reckon-opt --rec-simplify-algebra --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// CHECK-LABEL: func.func @transposes
// CHECK: rec.matmul %arg0, %arg1 {transpose_a, transpose_b} :
func.func @transposes(%a: tensor<8x3x4xf32>, %b: tensor<8x5x3xf32>) -> tensor<8x4x5xf32> {
  %0 = rec.transpose %a perm [0, 2, 1] : (tensor<8x3x4xf32>) -> tensor<8x4x3xf32>
  %1 = rec.transpose %b perm [0, 2, 1] : (tensor<8x5x3xf32>) -> tensor<8x3x5xf32>
  %2 = rec.matmul %0, %1 : (tensor<8x4x3xf32>, tensor<8x3x5xf32>) -> tensor<8x4x5xf32>
  return %2 : tensor<8x4x5xf32>
}

// CHECK-LABEL: func.func @idempotent
// CHECK: %[[R:.*]] = rec.unary relu %arg0
// CHECK-NEXT: return %[[R]]
func.func @idempotent(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = rec.unary relu %x : (tensor<8xf32>) -> tensor<8xf32>
  %1 = rec.unary relu %0 : (tensor<8xf32>) -> tensor<8xf32>
  return %1 : tensor<8xf32>
}

// CHECK-LABEL: func.func @maximum
// CHECK: %[[R:.*]] = rec.unary relu %arg0
// CHECK-NEXT: %[[F:.*]] = rec.unary round %[[R]]
// CHECK-NEXT: return %[[F]]
func.func @maximum(%x: tensor<8xf32>) -> tensor<8xf32> {
  %zero = rec.constant dense<0.0> : tensor<f32>
  %0 = rec.binary max %zero, %x : (tensor<f32>, tensor<8xf32>) -> tensor<8xf32>
  %1 = rec.unary relu %0 : (tensor<8xf32>) -> tensor<8xf32>
  %2 = rec.unary round %1 : (tensor<8xf32>) -> tensor<8xf32>
  %3 = rec.unary floor %2 : (tensor<8xf32>) -> tensor<8xf32>
  %4 = rec.unary ceil %3 : (tensor<8xf32>) -> tensor<8xf32>
  return %4 : tensor<8xf32>
}

// A permutation of other dimensions; a maximum with one; relu of a sine.
// CHECK-LABEL: func.func @keep
// CHECK: rec.transpose
// CHECK: rec.binary max
// CHECK: rec.unary relu
func.func @keep(%a: tensor<3x8x4xf32>, %b: tensor<8x4x5xf32>) -> tensor<8x3x5xf32> {
  %one = rec.constant dense<1.0> : tensor<f32>
  %0 = rec.transpose %a perm [1, 0, 2] : (tensor<3x8x4xf32>) -> tensor<8x3x4xf32>
  %1 = rec.matmul %0, %b : (tensor<8x3x4xf32>, tensor<8x4x5xf32>) -> tensor<8x3x5xf32>
  %2 = rec.binary max %1, %one : (tensor<8x3x5xf32>, tensor<f32>) -> tensor<8x3x5xf32>
  %3 = rec.unary sin %2 : (tensor<8x3x5xf32>) -> tensor<8x3x5xf32>
  %4 = rec.unary relu %3 : (tensor<8x3x5xf32>) -> tensor<8x3x5xf32>
  return %4 : tensor<8x3x5xf32>
}

// STATS: (S) 6 simplified
