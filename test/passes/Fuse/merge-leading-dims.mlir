// RUN: reckon-opt --rec-merge-leading-dims %s | FileCheck %s
// RUN: reckon-opt --rec-merge-leading-dims --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// STATS: (S) 4 layers

!q = tensor<4x?x6x2xf32, #rec.dims<4, "batch", 6, 2>>
!w = tensor<4x?x6x6xf32, #rec.dims<4, "batch", 6, 6>>

// Attention over heads before samples: one reshape an operand, and one back.
// CHECK-LABEL: func.func @attention
// CHECK-SAME: %[[Q:.*]]: tensor<4x?x6x2xf32{{.*}}, %[[K:.*]]: tensor<4x?x6x2xf32{{.*}}, %[[V:.*]]: tensor<4x?x6x2xf32
// CHECK-DAG: %[[Q1:.*]] = rec.reshape %[[Q]] : {{.*}} -> tensor<?x6x2xf32, #rec.dims<"4*batch", 6, 2>>
// CHECK-DAG: %[[K1:.*]] = rec.reshape %[[K]]
// CHECK: %[[P:.*]] = rec.matmul %[[Q1]], %[[K1]] {transpose_b} : {{.*}} -> tensor<?x6x6xf32, #rec.dims<"4*batch", 6, 6>>
// CHECK: %[[S:.*]] = rec.binary mul %[[P]], %{{.*}} -> tensor<?x6x6xf32
// CHECK: %[[W:.*]] = rec.softmax %[[S]] axis 2
// CHECK: %[[V1:.*]] = rec.reshape %[[V]]
// CHECK: %[[Y:.*]] = rec.matmul %[[W]], %[[V1]]
// CHECK: %[[R:.*]] = rec.reshape %[[Y]] : {{.*}} -> tensor<4x?x6x2xf32
// CHECK: return %[[R]]
func.func @attention(%q: !q, %k: !q, %v: !q) -> !q {
  %scale = rec.constant dense<0.5> : tensor<f32>
  %0 = rec.matmul %q, %k {transpose_b} : (!q, !q) -> !w
  %1 = rec.binary mul %0, %scale : (!w, tensor<f32>) -> !w
  %2 = rec.softmax %1 axis 3 : (!w) -> !w
  %3 = rec.matmul %2, %v : (!w, !q) -> !q
  return %3 : !q
}

// A row for each sample already; a product with one matrix for all; a softmax over heads; layers without a product.
// CHECK-LABEL: func.func @others
// CHECK-NOT: rec.reshape
func.func @others(%x: tensor<?x4x6x2xf32, #rec.dims<"batch", 4, 6, 2>>, %q: !q, %m: tensor<2x3xf32>) -> (tensor<?x4x6x6xf32, #rec.dims<"batch", 4, 6, 6>>, tensor<4x?x6x3xf32, #rec.dims<4, "batch", 6, 3>>, !q, !q) {
  %0 = rec.matmul %x, %x {transpose_b} : (tensor<?x4x6x2xf32, #rec.dims<"batch", 4, 6, 2>>, tensor<?x4x6x2xf32, #rec.dims<"batch", 4, 6, 2>>) -> tensor<?x4x6x6xf32, #rec.dims<"batch", 4, 6, 6>>
  %1 = rec.matmul %q, %m : (!q, tensor<2x3xf32>) -> tensor<4x?x6x3xf32, #rec.dims<4, "batch", 6, 3>>
  %2 = rec.softmax %q axis 0 : (!q) -> !q
  %3 = rec.unary relu %q : (!q) -> !q
  return %0, %1, %2, %3 : tensor<?x4x6x6xf32, #rec.dims<"batch", 4, 6, 6>>, tensor<4x?x6x3xf32, #rec.dims<4, "batch", 6, 3>>, !q, !q
}
