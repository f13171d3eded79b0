// RUN: reckon-opt --rec-raise-softmax %s | FileCheck %s
// RUN: reckon-opt --rec-raise-softmax --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

!x = tensor<8x16xf32>
!m = tensor<8x1xf32>

// CHECK-LABEL: func.func @stable
// CHECK: rec.softmax %arg0 axis 1 {log} :
func.func @stable(%x: !x) -> !x {
  %0 = rec.reduce max %x axes [1] {keepdims} : (!x) -> !m
  %1 = rec.binary sub %x, %0 : (!x, !m) -> !x
  %2 = rec.unary exp %1 : (!x) -> !x
  %3 = rec.reduce sum %2 axes [1] {keepdims} : (!x) -> !m
  %4 = rec.binary div %2, %3 : (!x, !m) -> !x
  %5 = rec.unary log %4 : (!x) -> !x
  return %5 : !x
}

// CHECK-LABEL: func.func @plain
// CHECK: rec.softmax %arg0 axis 0 :
func.func @plain(%x: !x) -> !x {
  %0 = rec.unary exp %x : (!x) -> !x
  %1 = rec.reduce sum %0 axes [0] {keepdims} : (!x) -> tensor<1x16xf32>
  %2 = rec.binary div %0, %1 : (!x, tensor<1x16xf32>) -> !x
  return %2 : !x
}

// The sum is of something else.
// CHECK-LABEL: func.func @keep
// CHECK-NOT: softmax
// CHECK: return
func.func @keep(%x: !x, %y: !x) -> !x {
  %0 = rec.unary exp %x : (!x) -> !x
  %1 = rec.reduce sum %y axes [1] {keepdims} : (!x) -> !m
  %2 = rec.binary div %0, %1 : (!x, !m) -> !x
  return %2 : !x
}

// STATS: (S) 3 softmaxes-raised
