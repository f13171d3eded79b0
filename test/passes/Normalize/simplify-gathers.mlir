// RUN: reckon-opt --rec-simplify-gathers --canonicalize %s | FileCheck %s
// RUN: reckon-opt --rec-simplify-gathers --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// x[:, indices], as the exporters write it.
// CHECK-LABEL: func.func @advanced
// CHECK: %[[I:.*]] = rec.constant {{.*}} : tensor<3xi64>
// CHECK: %[[G:.*]] = rec.gather %arg0, %[[I]] axis 1 : (tensor<8x4x5xf32>, tensor<3xi64>) -> tensor<8x3x5xf32>
// CHECK: return %[[G]]
func.func @advanced(%x: tensor<8x4x5xf32>) -> tensor<8x3x5xf32> {
  %i = rec.constant dense<[[0], [3], [1]]> : tensor<3x1xi64>
  %0 = rec.transpose %x perm [1, 0, 2] : (tensor<8x4x5xf32>) -> tensor<4x8x5xf32>
  %1 = rec.gather_nd %0, %i batch_dims 0 : (tensor<4x8x5xf32>, tensor<3x1xi64>) -> tensor<3x8x5xf32>
  %2 = rec.transpose %1 perm [1, 0, 2] : (tensor<3x8x5xf32>) -> tensor<8x3x5xf32>
  return %2 : tensor<8x3x5xf32>
}

// Tuples of two, and a gather that nothing transposes back.
// CHECK-LABEL: func.func @keep
// CHECK: rec.gather_nd
// CHECK: %[[T:.*]] = rec.transpose %arg0
// CHECK: rec.gather %[[T]]
func.func @keep(%x: tensor<8x4xf32>, %i: tensor<3x2xi64>, %j: tensor<3xi64>) -> (tensor<3xf32>, tensor<3x8xf32>) {
  %0 = rec.gather_nd %x, %i batch_dims 0 : (tensor<8x4xf32>, tensor<3x2xi64>) -> tensor<3xf32>
  %1 = rec.transpose %x perm [1, 0] : (tensor<8x4xf32>) -> tensor<4x8xf32>
  %2 = rec.gather %1, %j axis 0 : (tensor<4x8xf32>, tensor<3xi64>) -> tensor<3x8xf32>
  return %0, %2 : tensor<3xf32>, tensor<3x8xf32>
}

// STATS: (S) 2 gathers-simplified
