// RUN: reckon-opt --rec-raise-layer-norm %s | FileCheck %s
// RUN: reckon-opt --rec-raise-layer-norm --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

!x = tensor<8x16xf32>
!m = tensor<8x1xf32>

// CHECK-LABEL: func.func @norm
// CHECK: %[[N:.*]] = rec.layer_norm %arg0 scale %{{.*}} bias %{{.*}} axis 1 epsilon 9.99{{.*}}E-6 :
// CHECK: return %[[N]]
func.func @norm(%x: !x) -> !x {
  %two = rec.constant dense<2.0> : tensor<f32>
  %eps = rec.constant dense<1.0e-5> : tensor<f32>
  %scale = rec.constant "s" = dense<2.0> : tensor<16xf32>
  %bias = rec.constant "b" = dense<3.0> : tensor<16xf32>
  %0 = rec.reduce mean %x axes [1] {keepdims} : (!x) -> !m
  %1 = rec.binary sub %x, %0 : (!x, !m) -> !x
  %2 = rec.binary pow %1, %two : (!x, tensor<f32>) -> !x
  %3 = rec.reduce mean %2 axes [1] {keepdims} : (!x) -> !m
  %4 = rec.binary add %3, %eps : (!m, tensor<f32>) -> !m
  %5 = rec.unary sqrt %4 : (!m) -> !m
  %6 = rec.binary div %1, %5 : (!x, !m) -> !x
  %7 = rec.binary mul %6, %scale : (!x, tensor<16xf32>) -> !x
  %8 = rec.binary add %bias, %7 : (tensor<16xf32>, !x) -> !x
  return %8 : !x
}

// Times the reciprocal, the difference computed twice.
// CHECK-LABEL: func.func @reciprocal
// CHECK: rec.layer_norm %arg0 axis 1 epsilon
func.func @reciprocal(%x: !x) -> !x {
  %eps = rec.constant dense<1.0e-5> : tensor<f32>
  %0 = rec.reduce mean %x axes [1] {keepdims} : (!x) -> !m
  %1 = rec.binary sub %x, %0 : (!x, !m) -> !x
  %2 = rec.binary sub %x, %0 : (!x, !m) -> !x
  %3 = rec.binary mul %1, %1 : (!x, !x) -> !x
  %4 = rec.reduce mean %3 axes [1] {keepdims} : (!x) -> !m
  %5 = rec.binary add %4, %eps : (!m, tensor<f32>) -> !m
  %6 = rec.unary sqrt %5 : (!m) -> !m
  %7 = rec.unary reciprocal %6 : (!m) -> !m
  %8 = rec.binary mul %2, %7 : (!x, !m) -> !x
  return %8 : !x
}

// The variance is over the batch.
// CHECK-LABEL: func.func @keep
// CHECK-NOT: layer_norm
// CHECK: return
func.func @keep(%x: !x) -> !x {
  %eps = rec.constant dense<1.0e-5> : tensor<f32>
  %0 = rec.reduce mean %x axes [0] {keepdims} : (!x) -> tensor<1x16xf32>
  %1 = rec.binary sub %x, %0 : (!x, tensor<1x16xf32>) -> !x
  %2 = rec.binary mul %1, %1 : (!x, !x) -> !x
  %3 = rec.reduce mean %2 axes [0] {keepdims} : (!x) -> tensor<1x16xf32>
  %4 = rec.binary add %3, %eps : (tensor<1x16xf32>, tensor<f32>) -> tensor<1x16xf32>
  %5 = rec.unary sqrt %4 : (tensor<1x16xf32>) -> tensor<1x16xf32>
  %6 = rec.binary div %1, %5 : (!x, tensor<1x16xf32>) -> !x
  return %6 : !x
}

// STATS: (S) 2 norms-raised
// STATS: (S) 2 affine-absorbed
