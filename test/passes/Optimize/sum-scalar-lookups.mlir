// RUN: reckon-opt --rec-sum-scalar-lookups %s | FileCheck %s
// RUN: reckon-opt --rec-sum-scalar-lookups --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

!one = tensor<8x1xf32>

// CHECK-LABEL: func.func @wide
// CHECK: %[[C:.*]] = rec.concat %[[A:.*]], %[[B:.*]] axis 1 : (tensor<8x1xf32>, tensor<8x1xf32>) -> tensor<8x2xf32>
// CHECK: %[[S:.*]] = rec.reduce sum %[[C]] axes [1] {keepdims}
// CHECK: rec.binary add %arg0, %[[S]]
func.func @wide(%x: !one, %i: tensor<8xi64>, %j: tensor<8x3xi64>) -> !one {
  %t0 = rec.constant dense<1.0> : tensor<200x1xf32>
  %t1 = rec.constant dense<2.0> : tensor<50x1xf32>
  %0 = rec.embedding %t0, %i : (tensor<200x1xf32>, tensor<8xi64>) -> !one
  %1 = rec.embedding_bag sum %t1, %j : (tensor<50x1xf32>, tensor<8x3xi64>) -> !one
  %2 = rec.binary add %x, %0 : (!one, !one) -> !one
  %3 = rec.binary add %2, %1 : (!one, !one) -> !one
  return %3 : !one
}

// One lookup, and wider tables.
// CHECK-LABEL: func.func @keep
// CHECK-NOT: rec.reduce
// CHECK: return
func.func @keep(%x: !one, %i: tensor<8xi64>) -> (!one, tensor<8x4xf32>) {
  %t0 = rec.constant dense<1.0> : tensor<200x1xf32>
  %t1 = rec.constant dense<2.0> : tensor<50x4xf32>
  %0 = rec.embedding %t0, %i : (tensor<200x1xf32>, tensor<8xi64>) -> !one
  %1 = rec.binary add %x, %0 : (!one, !one) -> !one
  %2 = rec.embedding %t1, %i : (tensor<50x4xf32>, tensor<8xi64>) -> tensor<8x4xf32>
  %3 = rec.embedding %t1, %i : (tensor<50x4xf32>, tensor<8xi64>) -> tensor<8x4xf32>
  %4 = rec.binary add %2, %3 : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  return %1, %4 : !one, tensor<8x4xf32>
}

// STATS: (S) 1 sums-made
