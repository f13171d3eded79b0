// RUN: reckon-opt --rec-raise-fm-term %s | FileCheck %s
// RUN: reckon-opt --rec-raise-fm-term --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

!x = tensor<8x26x16xf32>

// Halved after the sum over dim.
// CHECK-LABEL: func.func @half_of_sum
// CHECK: %[[T:.*]] = rec.fm_term %arg0 {sum_dim} : (tensor<8x26x16xf32>) -> tensor<8x1xf32>
// CHECK: return %[[T]]
func.func @half_of_sum(%x: !x) -> tensor<8x1xf32> {
  %half = rec.constant dense<0.5> : tensor<f32>
  %0 = rec.reduce sum %x axes [1] : (!x) -> tensor<8x16xf32>
  %1 = rec.binary mul %0, %0 : (tensor<8x16xf32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  %2 = rec.binary mul %x, %x : (!x, !x) -> !x
  %3 = rec.reduce sum %2 axes [1] : (!x) -> tensor<8x16xf32>
  %4 = rec.binary sub %1, %3 : (tensor<8x16xf32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  %5 = rec.reduce sum %4 axes [1] {keepdims} : (tensor<8x16xf32>) -> tensor<8x1xf32>
  %6 = rec.binary mul %5, %half : (tensor<8x1xf32>, tensor<f32>) -> tensor<8x1xf32>
  return %6 : tensor<8x1xf32>
}

// Halved before, with powers, kept dimensions and one reduction for the squares.
// CHECK-LABEL: func.func @sum_of_half
// CHECK: %[[T:.*]] = rec.fm_term %arg0 {sum_dim} : (tensor<8x26x16xf32>) -> tensor<8x1xf32>
// CHECK: rec.reshape %[[T]] : (tensor<8x1xf32>) -> tensor<8xf32>
func.func @sum_of_half(%x: !x) -> tensor<8xf32> {
  %two = rec.constant dense<2.0> : tensor<f32>
  %0 = rec.reduce sum %x axes [1] {keepdims} : (!x) -> tensor<8x1x16xf32>
  %1 = rec.binary pow %0, %two : (tensor<8x1x16xf32>, tensor<f32>) -> tensor<8x1x16xf32>
  %2 = rec.reduce sum_square %x axes [1] {keepdims} : (!x) -> tensor<8x1x16xf32>
  %3 = rec.binary sub %1, %2 : (tensor<8x1x16xf32>, tensor<8x1x16xf32>) -> tensor<8x1x16xf32>
  %4 = rec.binary div %3, %two : (tensor<8x1x16xf32>, tensor<f32>) -> tensor<8x1x16xf32>
  %5 = rec.reduce sum %4 axes [1, 2] : (tensor<8x1x16xf32>) -> tensor<8xf32>
  return %5 : tensor<8xf32>
}

// CHECK-LABEL: func.func @per_dim
// CHECK: rec.fm_term %arg0 : (tensor<8x26x16xf32>) -> tensor<8x16xf32>
func.func @per_dim(%x: !x) -> tensor<8x16xf32> {
  %half = rec.constant dense<0.5> : tensor<f32>
  %0 = rec.reduce sum %x axes [1] : (!x) -> tensor<8x16xf32>
  %1 = rec.binary mul %0, %0 : (tensor<8x16xf32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  %2 = rec.binary mul %x, %x : (!x, !x) -> !x
  %3 = rec.reduce sum %2 axes [1] : (!x) -> tensor<8x16xf32>
  %4 = rec.binary sub %1, %3 : (tensor<8x16xf32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  %5 = rec.binary mul %half, %4 : (tensor<f32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  return %5 : tensor<8x16xf32>
}

// Squares of another tensor.
// CHECK-LABEL: func.func @keep
// CHECK-NOT: fm_term
// CHECK: return
func.func @keep(%x: !x, %y: !x) -> tensor<8x16xf32> {
  %half = rec.constant dense<0.5> : tensor<f32>
  %0 = rec.reduce sum %x axes [1] : (!x) -> tensor<8x16xf32>
  %1 = rec.binary mul %0, %0 : (tensor<8x16xf32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  %2 = rec.reduce sum_square %y axes [1] : (!x) -> tensor<8x16xf32>
  %3 = rec.binary sub %1, %2 : (tensor<8x16xf32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  %4 = rec.binary mul %3, %half : (tensor<8x16xf32>, tensor<f32>) -> tensor<8x16xf32>
  return %4 : tensor<8x16xf32>
}

// STATS: (S) 3 terms-raised
