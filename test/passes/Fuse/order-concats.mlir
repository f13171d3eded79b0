// RUN: reckon-opt --rec-order-concats %s | FileCheck %s
// RUN: reckon-opt --rec-order-concats --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// RUN: reckon-opt --rec-order-concats="row-alignment=8" %s | FileCheck %s --check-prefix=EIGHT

// STATS: 2 ordered

// Four columns of f32 are a vector of 16 bytes: they go first, and so do their rows of both weights.
// CHECK-LABEL: func.func @dense_first
// CHECK: %[[C:.*]] = rec.concat %arg1, %arg0 axis 1 : (tensor<8x4xf32>, tensor<8x1xf32>) -> tensor<8x5xf32>
// CHECK: %[[W:.*]] = rec.constant dense<{{\[\[}}2.000000e+00], [3.000000e+00], [4.000000e+00], [5.000000e+00], [1.000000e+00]]> : tensor<5x1xf32>
// CHECK: rec.linear %[[C]], %[[W]]
// CHECK: %[[V:.*]] = rec.constant dense<{{\[\[}}7.000000e+00], [8.000000e+00], [9.000000e+00], [1.000000e+01], [6.000000e+00]]> : tensor<5x1xf32>
// CHECK: rec.linear %[[C]], %[[V]]
// EIGHT-LABEL: func.func @dense_first
// EIGHT: rec.concat %arg1, %arg0
func.func @dense_first(%dense: tensor<8x1xf32>, %rows: tensor<8x4xf32>) -> (tensor<8x1xf32>, tensor<8x1xf32>) {
  %w = rec.constant "w" = dense<[[1.0], [2.0], [3.0], [4.0], [5.0]]> : tensor<5x1xf32>
  %v = rec.constant "v" = dense<[[6.0], [7.0], [8.0], [9.0], [10.0]]> : tensor<5x1xf32>
  %0 = rec.concat %dense, %rows axis 1 : (tensor<8x1xf32>, tensor<8x4xf32>) -> tensor<8x5xf32>
  %1 = rec.linear %0, %w : (tensor<8x5xf32>, tensor<5x1xf32>) -> tensor<8x1xf32>
  %2 = rec.linear %0, %v : (tensor<8x5xf32>, tensor<5x1xf32>) -> tensor<8x1xf32>
  return %1, %2 : tensor<8x1xf32>, tensor<8x1xf32>
}

// Half floats take eight columns; a splat weight stays what it is.
// CHECK-LABEL: func.func @halves
// CHECK: rec.concat %arg1, %arg0, %arg2
// EIGHT-LABEL: func.func @halves
// EIGHT: rec.concat %arg1, %arg2, %arg0
func.func @halves(%dense: tensor<8x3xf16>, %rows: tensor<8x8xf16>, %more: tensor<8x4xf16>) -> tensor<8x2xf16> {
  %w = rec.constant "w" = dense<1.0> : tensor<15x2xf16>
  %0 = rec.concat %dense, %rows, %more axis 1
    : (tensor<8x3xf16>, tensor<8x8xf16>, tensor<8x4xf16>) -> tensor<8x15xf16>
  %1 = rec.linear %0, %w : (tensor<8x15xf16>, tensor<15x2xf16>) -> tensor<8x2xf16>
  return %1 : tensor<8x2xf16>
}

// In place already; read by another layer or the caller; a weight that is no constant; another axis.
// CHECK-LABEL: func.func @keep
// CHECK: rec.concat %arg1, %arg0 axis 1
// CHECK: rec.concat %arg0, %arg1 axis 1
// CHECK: rec.concat %arg0, %arg1 axis 1
// CHECK: rec.concat %arg1, %arg1 axis 0
func.func @keep(%dense: tensor<8x1xf32>, %rows: tensor<8x4xf32>, %x: tensor<5x2xf32>)
    -> (tensor<8x2xf32>, tensor<8x5xf32>, tensor<8x2xf32>, tensor<16x4xf32>) {
  %w = rec.constant "w" = dense<1.0> : tensor<5x2xf32>
  %0 = rec.concat %rows, %dense axis 1 : (tensor<8x4xf32>, tensor<8x1xf32>) -> tensor<8x5xf32>
  %1 = rec.linear %0, %w : (tensor<8x5xf32>, tensor<5x2xf32>) -> tensor<8x2xf32>
  %2 = rec.concat %dense, %rows axis 1 : (tensor<8x1xf32>, tensor<8x4xf32>) -> tensor<8x5xf32>
  %3 = rec.concat %dense, %rows axis 1 : (tensor<8x1xf32>, tensor<8x4xf32>) -> tensor<8x5xf32>
  %4 = rec.linear %3, %x : (tensor<8x5xf32>, tensor<5x2xf32>) -> tensor<8x2xf32>
  %5 = rec.concat %rows, %rows axis 0 : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<16x4xf32>
  return %1, %2, %4, %5 : tensor<8x2xf32>, tensor<8x5xf32>, tensor<8x2xf32>, tensor<16x4xf32>
}
