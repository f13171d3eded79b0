// RUN: reckon-opt --rec-merge-linears %s | FileCheck %s
// RUN: reckon-opt --rec-merge-linears --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// RUN: reckon-opt --rec-merge-linears --remarks-filter-missed=.* %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: remark: {{.*}}not merged with the other layers of its input: 2 inputs, 3 outputs, whose copies would cost more
// REMARK: remark: {{.*}}not merged with the other layers of its input: 2 inputs, 2 outputs, and no other one with its activation gains

// Columns side by side; the missing bias is zero.
// CHECK-LABEL: func.func @merge
// CHECK-DAG: %[[W:.*]] = rec.constant dense<{{\[\[}}1.000000e+00, 2.000000e+00, 5.000000e+00], [3.000000e+00, 4.000000e+00, 6.000000e+00]]> : tensor<2x3xf32>
// CHECK-DAG: %[[B:.*]] = rec.constant dense<[7.000000e+00, 7.000000e+00, 0.000000e+00]> : tensor<3xf32>
// CHECK: %[[L:.*]] = rec.linear %arg0, %[[W]], %[[B]]
// CHECK: rec.slice %[[L]] starts <0, 0> sizes <8, 2>
// CHECK: rec.slice %[[L]] starts <0, 2> sizes <8, 1>
func.func @merge(%x: tensor<8x2xf32>) -> (tensor<8x2xf32>, tensor<8x1xf32>) {
  %w0 = rec.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b0 = rec.constant dense<7.0> : tensor<2xf32>
  %w1 = rec.constant dense<[[5.0], [6.0]]> : tensor<2x1xf32>
  %0 = rec.linear %x, %w0, %b0 : (tensor<8x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<8x2xf32>
  %1 = rec.linear %x, %w1 : (tensor<8x2xf32>, tensor<2x1xf32>) -> tensor<8x1xf32>
  return %0, %1 : tensor<8x2xf32>, tensor<8x1xf32>
}

// The function both are followed by is applied once.
// CHECK-LABEL: func.func @activation
// CHECK: %[[L:.*]] = rec.linear
// CHECK: %[[R:.*]] = rec.unary relu %[[L]]
// CHECK-COUNT-2: rec.slice %[[R]]
// CHECK-NOT: rec.unary
// CHECK: return
func.func @activation(%x: tensor<8x2xf32>) -> (tensor<8x2xf32>, tensor<8x2xf32>) {
  %w0 = rec.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %w1 = rec.constant dense<[[5.0, 6.0], [7.0, 8.0]]> : tensor<2x2xf32>
  %0 = rec.linear %x, %w0 : (tensor<8x2xf32>, tensor<2x2xf32>) -> tensor<8x2xf32>
  %1 = rec.linear %x, %w1 : (tensor<8x2xf32>, tensor<2x2xf32>) -> tensor<8x2xf32>
  %2 = rec.unary relu %0 : (tensor<8x2xf32>) -> tensor<8x2xf32>
  %3 = rec.unary relu %1 : (tensor<8x2xf32>) -> tensor<8x2xf32>
  return %2, %3 : tensor<8x2xf32>, tensor<8x2xf32>
}

// More outputs than inputs; functions that differ.
// CHECK-LABEL: func.func @keep
// CHECK-COUNT-4: rec.linear
func.func @keep(%x: tensor<8x2xf32>, %y: tensor<8x2xf32>) -> (tensor<8x3xf32>, tensor<8x3xf32>, tensor<8x2xf32>, tensor<8x2xf32>) {
  %wide = rec.constant dense<1.0> : tensor<2x3xf32>
  %other = rec.constant dense<2.0> : tensor<2x3xf32>
  %w = rec.constant dense<1.0> : tensor<2x2xf32>
  %v = rec.constant dense<2.0> : tensor<2x2xf32>
  %0 = rec.linear %x, %wide : (tensor<8x2xf32>, tensor<2x3xf32>) -> tensor<8x3xf32>
  %1 = rec.linear %x, %other : (tensor<8x2xf32>, tensor<2x3xf32>) -> tensor<8x3xf32>
  %2 = rec.linear %y, %w : (tensor<8x2xf32>, tensor<2x2xf32>) -> tensor<8x2xf32>
  %3 = rec.linear %y, %v : (tensor<8x2xf32>, tensor<2x2xf32>) -> tensor<8x2xf32>
  %4 = rec.unary relu %2 : (tensor<8x2xf32>) -> tensor<8x2xf32>
  %5 = rec.unary tanh %3 : (tensor<8x2xf32>) -> tensor<8x2xf32>
  return %0, %1, %4, %5 : tensor<8x3xf32>, tensor<8x3xf32>, tensor<8x2xf32>, tensor<8x2xf32>
}

// The input of one group is a layer that another group merges: both groups are merged, in either order.
// CHECK-LABEL: func.func @levels
// CHECK: %[[L:.*]] = rec.linear %arg0
// CHECK: %[[P:.*]] = rec.slice %[[L]] starts <0, 0>
// CHECK: rec.slice %[[L]] starts <0, 2>
// CHECK: %[[M:.*]] = rec.linear %[[P]]
// CHECK-COUNT-2: rec.slice %[[M]]
func.func @levels(%x: tensor<8x2xf32>) -> (tensor<8x2xf32>, tensor<8x2xf32>, tensor<8x2xf32>) {
  %w0 = rec.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %w1 = rec.constant dense<[[5.0, 6.0], [7.0, 8.0]]> : tensor<2x2xf32>
  %0 = rec.linear %x, %w0 : (tensor<8x2xf32>, tensor<2x2xf32>) -> tensor<8x2xf32>
  %1 = rec.linear %x, %w1 : (tensor<8x2xf32>, tensor<2x2xf32>) -> tensor<8x2xf32>
  %2 = rec.linear %0, %w0 : (tensor<8x2xf32>, tensor<2x2xf32>) -> tensor<8x2xf32>
  %3 = rec.linear %0, %w1 : (tensor<8x2xf32>, tensor<2x2xf32>) -> tensor<8x2xf32>
  return %1, %2, %3 : tensor<8x2xf32>, tensor<8x2xf32>, tensor<8x2xf32>
}

// STATS: (S) 8 linears-merged
