// RUN: reckon-opt --rec-raise-l2-norm %s | FileCheck %s
// RUN: reckon-opt --rec-raise-l2-norm --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

!x = tensor<8x16xf32>
!m = tensor<8x1xf32>

// CHECK-LABEL: func.func @normalize
// CHECK: %[[N:.*]] = rec.reduce l2 %arg0 axes [1] {keepdims}
// CHECK: rec.binary max %[[N]]
func.func @normalize(%x: !x) -> !x {
  %eps = rec.constant dense<1.0e-6> : tensor<f32>
  %0 = rec.binary mul %x, %x : (!x, !x) -> !x
  %1 = rec.reduce sum %0 axes [1] {keepdims} : (!x) -> !m
  %2 = rec.unary sqrt %1 : (!m) -> !m
  %3 = rec.binary max %2, %eps : (!m, tensor<f32>) -> !m
  %4 = rec.binary div %x, %3 : (!x, !m) -> !x
  return %4 : !x
}

// STATS: (S) 2 norms-raised
