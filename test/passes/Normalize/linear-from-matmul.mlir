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

// The constant on the left of a transpose: a linear layer of the rows, and its transpose.
// CHECK-LABEL: func.func @left
// CHECK: %[[W:.*]] = rec.constant "w" = dense<{{\[\[}}1.000000e+00, 3.000000e+00, 5.000000e+00], [2.000000e+00, 4.000000e+00, 6.000000e+00]]>
// CHECK: %[[L:.*]] = rec.linear %arg0, %[[W]], %{{.*}} : (tensor<?x2xf32, #rec.dims<"batch", 2>>, tensor<2x3xf32>, tensor<3xf32>)
// CHECK: rec.transpose %[[L]] perm [1, 0]
func.func @left(%x: tensor<?x2xf32, #rec.dims<"batch", 2>>) -> tensor<3x?xf32, #rec.dims<3, "batch">> {
  %w = rec.constant "w" = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %b = rec.constant "b" = dense<[[5.0], [6.0], [7.0]]> : tensor<3x1xf32>
  %t = rec.transpose %x perm [1, 0] : (tensor<?x2xf32, #rec.dims<"batch", 2>>) -> tensor<2x?xf32, #rec.dims<2, "batch">>
  %0 = rec.matmul %w, %t : (tensor<3x2xf32>, tensor<2x?xf32, #rec.dims<2, "batch">>) -> tensor<3x?xf32, #rec.dims<3, "batch">>
  %1 = rec.binary add %0, %b : (tensor<3x?xf32, #rec.dims<3, "batch">>, tensor<3x1xf32>) -> tensor<3x?xf32, #rec.dims<3, "batch">>
  return %1 : tensor<3x?xf32, #rec.dims<3, "batch">>
}

// The product transposes for itself, both operands.
// CHECK-LABEL: func.func @left_flags
// CHECK: %[[W:.*]] = rec.constant "w" = dense<{{\[\[}}1.000000e+00, 2.000000e+00, 3.000000e+00]]>
// CHECK: rec.linear %arg0, %[[W]] :
func.func @left_flags(%x: tensor<8x1xf32>) -> tensor<3x8xf32> {
  %w = rec.constant "w" = dense<[[1.0, 2.0, 3.0]]> : tensor<1x3xf32>
  %0 = rec.matmul %w, %x {transpose_a, transpose_b} : (tensor<1x3xf32>, tensor<8x1xf32>) -> tensor<3x8xf32>
  return %0 : tensor<3x8xf32>
}

// On the left of what is no transpose, and a sum with one number a row of the batch: left as they are.
// CHECK-LABEL: func.func @not_left
// CHECK: rec.matmul %{{.*}}, %arg0
// CHECK: rec.linear
// CHECK: rec.transpose
// CHECK: rec.binary add
func.func @not_left(%x: tensor<2x8xf32>, %y: tensor<3x2xf32>) -> (tensor<3x8xf32>, tensor<3x3xf32>) {
  %w = rec.constant "w" = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %b = rec.constant "b" = dense<[[5.0, 6.0, 7.0]]> : tensor<1x3xf32>
  %0 = rec.matmul %w, %x : (tensor<3x2xf32>, tensor<2x8xf32>) -> tensor<3x8xf32>
  %1 = rec.matmul %w, %y {transpose_b} : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x3xf32>
  %2 = rec.binary add %1, %b : (tensor<3x3xf32>, tensor<1x3xf32>) -> tensor<3x3xf32>
  return %0, %2 : tensor<3x8xf32>, tensor<3x3xf32>
}

// STATS: (S) 5 linears-made
// STATS: (S) 3 biases-absorbed
