// RUN: reckon-opt --rec-linear-from-conv %s | FileCheck %s
// RUN: reckon-opt --rec-linear-from-conv --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// STATS: 3 convs

!x = tensor<?x3x5xf32, #rec.dims<"batch", 3, 5>>
!y = tensor<?x2x5xf32, #rec.dims<"batch", 2, 5>>
!z = tensor<?x2x3xf32, #rec.dims<"batch", 2, 3>>

// Channels are last for the layer and for what takes its elements one by one.
// CHECK-LABEL: func.func @one_position
// CHECK-DAG: %[[W:.*]] = rec.constant "w" = dense<{{\[\[}}1.000000e+00, 4.000000e+00], [2.000000e+00, 5.000000e+00], [3.000000e+00, 6.000000e+00]]> : tensor<3x2xf32>
// CHECK-DAG: %[[B:.*]] = rec.constant dense<[7.000000e+00, 8.000000e+00]>
// CHECK: %[[X:.*]] = rec.transpose %arg0 perm [0, 2, 1]
// CHECK: %[[L:.*]] = rec.linear %[[X]], %[[W]], %[[B]] {{.*}} -> tensor<?x5x2xf32, #rec.dims<"batch", 5, 2>>
// CHECK: %[[R:.*]] = rec.unary relu %[[L]] : (tensor<?x5x2xf32
// CHECK: %[[Y:.*]] = rec.transpose %[[R]] perm [0, 2, 1]
// CHECK: return %[[Y]], %[[Y]]
func.func @one_position(%x: !x) -> (!y, !y) {
  %w = rec.constant "w" = dense<[[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]]> : tensor<2x3x1xf32>
  %b = rec.constant dense<[7.0, 8.0]> : tensor<2xf32>
  %0 = rec.conv %x, %w, %b strides [1] pads [0, 0] dilations [1] groups 1 : (!x, tensor<2x3x1xf32>, tensor<2xf32>) -> !y
  %1 = rec.unary relu %0 : (!y) -> !y
  return %1, %1 : !y, !y
}

// What others read too stays behind the transpose.
// CHECK-LABEL: func.func @read_twice
// CHECK: %[[L:.*]] = rec.linear
// CHECK: %[[Y:.*]] = rec.transpose %[[L]] perm [0, 2, 1]
// CHECK: rec.unary relu %[[Y]]
func.func @read_twice(%x: !x) -> (!y, !y) {
  %w = rec.constant dense<1.0> : tensor<2x3x1xf32>
  %0 = rec.conv %x, %w strides [1] pads [0, 0] dilations [1] groups 1 : (!x, tensor<2x3x1xf32>) -> !y
  %1 = rec.unary relu %0 : (!y) -> !y
  return %0, %1 : !y, !y
}

// Few channels in windows, steps and padding stay, and computed weights.
// CHECK-LABEL: func.func @others
// CHECK-NOT: rec.linear
// CHECK-COUNT-4: rec.conv
func.func @others(%x: !x, %w: tensor<2x3x1xf32>) -> (!z, !z, tensor<?x2x7xf32, #rec.dims<"batch", 2, 7>>, !y) {
  %w3 = rec.constant dense<1.0> : tensor<2x3x3xf32>
  %w1 = rec.constant dense<1.0> : tensor<2x3x1xf32>
  %0 = rec.conv %x, %w3 strides [1] pads [0, 0] dilations [1] groups 1 : (!x, tensor<2x3x3xf32>) -> !z
  %1 = rec.conv %x, %w1 strides [2] pads [0, 0] dilations [1] groups 1 : (!x, tensor<2x3x1xf32>) -> !z
  %2 = rec.conv %x, %w1 strides [1] pads [1, 1] dilations [1] groups 1 : (!x, tensor<2x3x1xf32>) -> tensor<?x2x7xf32, #rec.dims<"batch", 2, 7>>
  %3 = rec.conv %x, %w strides [1] pads [0, 0] dilations [1] groups 1 : (!x, tensor<2x3x1xf32>) -> !y
  return %0, %1, %2, %3 : !z, !z, tensor<?x2x7xf32, #rec.dims<"batch", 2, 7>>, !y
}

// Windows side by side: two places of a window of 3 x 2, steps of 2 and 1, a border below.
// CHECK-LABEL: func.func @windows
// CHECK-DAG: %[[W:.*]] = rec.constant {{.*}} : tensor<48x32xf32>
// CHECK: %[[X:.*]] = rec.transpose %arg0 perm [0, 2, 3, 1]
// CHECK: %[[P:.*]] = rec.pad %[[X]], %{{.*}} low [0, 0, 0, 0] high [0, 1, 0, 0]
// CHECK: rec.slice %[[P]] starts <0, 0, 0, 0> sizes <"batch", 3, 4, 8> steps [1, 2, 1, 1]
// CHECK: rec.slice %[[P]] starts <0, 0, 1, 0>
// CHECK: rec.slice %[[P]] starts <0, 1, 0, 0>
// CHECK-COUNT-3: rec.slice
// CHECK: %[[C:.*]] = rec.concat {{.*}} axis 3
// CHECK: %[[L:.*]] = rec.linear %[[C]], %[[W]] : {{.*}} -> tensor<?x3x4x32xf32
// CHECK: rec.transpose %[[L]] perm [0, 3, 1, 2]
func.func @windows(%x: tensor<?x8x6x5xf32, #rec.dims<"batch", 8, 6, 5>>) -> tensor<?x32x3x4xf32, #rec.dims<"batch", 32, 3, 4>> {
  %w = rec.constant dense<1.0> : tensor<32x8x3x2xf32>
  %0 = rec.conv %x, %w strides [2, 1] pads [0, 0, 1, 0] dilations [1, 1] groups 1 : (tensor<?x8x6x5xf32, #rec.dims<"batch", 8, 6, 5>>, tensor<32x8x3x2xf32>) -> tensor<?x32x3x4xf32, #rec.dims<"batch", 32, 3, 4>>
  return %0 : tensor<?x32x3x4xf32, #rec.dims<"batch", 32, 3, 4>>
}
