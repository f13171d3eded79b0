// RUN: reckon-opt --rec-linear-from-matmul %s | FileCheck %s
// RUN: reckon-opt --rec-linear-from-matmul --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// CHECK-LABEL: func.func @dense
// CHECK: %[[L:.*]] = rec.linear %arg0, %{{.*}}, %{{.*}} : (tensor<8x3x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<8x3x2xf32>
// CHECK: return %[[L]]
func.func @dense(%x: tensor<8x3x2xf32>) -> tensor<8x3x2xf32> {
  %w = rec.constant "w" = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = rec.constant "b" = dense<[5.0, 6.0]> : tensor<2xf32>
  %0 = rec.matmul %x, %w : (tensor<8x3x2xf32>, tensor<2x2xf32>) -> tensor<8x3x2xf32>
  %1 = rec.binary add %b, %0 : (tensor<2xf32>, tensor<8x3x2xf32>) -> tensor<8x3x2xf32>
  return %1 : tensor<8x3x2xf32>
}

// The weight is outputs x inputs; the bias has a leading 1.
// CHECK-LABEL: func.func @transposed
// CHECK: %[[W:.*]] = rec.constant "w" = dense<{{\[\[}}1.000000e+00, 3.000000e+00], [2.000000e+00, 4.000000e+00]]> : tensor<2x2xf32>
// CHECK: %[[B:.*]] = rec.reshape %{{.*}} : (tensor<1x2xf32>) -> tensor<2xf32>
// CHECK: rec.linear %arg0, %[[W]], %[[B]] :
func.func @transposed(%x: tensor<8x2xf32>) -> tensor<8x2xf32> {
  %w = rec.constant "w" = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = rec.constant "b" = dense<[[5.0, 6.0]]> : tensor<1x2xf32>
  %0 = rec.matmul %x, %w {transpose_b} : (tensor<8x2xf32>, tensor<2x2xf32>) -> tensor<8x2xf32>
  %1 = rec.binary add %0, %b : (tensor<8x2xf32>, tensor<1x2xf32>) -> tensor<8x2xf32>
  return %1 : tensor<8x2xf32>
}

// A product of two computed matrices; a sum with a constant for each row.
// CHECK-LABEL: func.func @keep
// CHECK: rec.matmul
// CHECK: rec.binary add
func.func @keep(%x: tensor<2x2xf32>, %y: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>) {
  %w = rec.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = rec.constant dense<[[5.0], [6.0]]> : tensor<2x1xf32>
  %0 = rec.matmul %x, %y : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = rec.linear %x, %w : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %2 = rec.binary add %1, %b : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
  return %0, %2 : tensor<2x2xf32>, tensor<2x2xf32>
}

// STATS: (S) 2 linears-made
// STATS: (S) 2 biases-absorbed
