// RUN: reckon-opt %s | reckon-opt | FileCheck %s
// RUN: reckon-opt %s --mlir-print-op-generic | reckon-opt | FileCheck %s

// CHECK-LABEL: func.func @shape
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x26x16xf32, #rec.dims<"batch", 26, 16>>
// CHECK-SAME: %[[Y:[a-z0-9]+]]: tensor<?x1x16xf32, #rec.dims<"seq", 1, 16>>
// CHECK-SAME: %[[V:[a-z0-9]+]]: tensor<f32>
func.func @shape(
    %x: tensor<?x26x16xf32, #rec.dims<"batch", 26, 16>>,
    %y: tensor<?x1x16xf32, #rec.dims<"seq", 1, 16>>,
    %v: tensor<f32>) {
  // CHECK: rec.concat %[[X]], %[[X]] axis 0 : (tensor<?x26x16xf32, #rec.dims<"batch", 26, 16>>, tensor<?x26x16xf32, #rec.dims<"batch", 26, 16>>) -> tensor<?x26x16xf32, #rec.dims<"2*batch", 26, 16>>
  %0 = rec.concat %x, %x axis 0
    : (tensor<?x26x16xf32, #rec.dims<"batch", 26, 16>>, tensor<?x26x16xf32, #rec.dims<"batch", 26, 16>>)
    -> tensor<?x26x16xf32, #rec.dims<"2*batch", 26, 16>>
  // CHECK: rec.slice %[[X]] starts <0, 25, 1> sizes <"batch", 13, 5> steps [1, -2, 3] : (tensor<?x26x16xf32, #rec.dims<"batch", 26, 16>>) -> tensor<?x13x5xf32, #rec.dims<"batch", 13, 5>>
  %1 = rec.slice %x starts <0, 25, 1> sizes <"batch", 13, 5> steps [1, -2, 3]
    : (tensor<?x26x16xf32, #rec.dims<"batch", 26, 16>>) -> tensor<?x13x5xf32, #rec.dims<"batch", 13, 5>>
  // CHECK: rec.reshape %[[X]] : (tensor<?x26x16xf32, #rec.dims<"batch", 26, 16>>) -> tensor<?x16xf32, #rec.dims<"26*batch", 16>>
  %2 = rec.reshape %x
    : (tensor<?x26x16xf32, #rec.dims<"batch", 26, 16>>) -> tensor<?x16xf32, #rec.dims<"26*batch", 16>>
  // CHECK: rec.transpose %[[X]] perm [2, 0, 1] : (tensor<?x26x16xf32, #rec.dims<"batch", 26, 16>>) -> tensor<16x?x26xf32, #rec.dims<16, "batch", 26>>
  %3 = rec.transpose %x perm [2, 0, 1]
    : (tensor<?x26x16xf32, #rec.dims<"batch", 26, 16>>) -> tensor<16x?x26xf32, #rec.dims<16, "batch", 26>>
  // CHECK: rec.broadcast %[[Y]] : (tensor<?x1x16xf32, #rec.dims<"seq", 1, 16>>) -> tensor<?x?x100x16xf32, #rec.dims<"batch", "seq", 100, 16>>
  %4 = rec.broadcast %y
    : (tensor<?x1x16xf32, #rec.dims<"seq", 1, 16>>) -> tensor<?x?x100x16xf32, #rec.dims<"batch", "seq", 100, 16>>
  // CHECK: rec.pad %[[Y]], %[[V]] low [0, 1, 0] high [1, 2, 0] : (tensor<?x1x16xf32, #rec.dims<"seq", 1, 16>>, tensor<f32>) -> tensor<?x4x16xf32, #rec.dims<"seq+1", 4, 16>>
  %5 = rec.pad %y, %v low [0, 1, 0] high [1, 2, 0]
    : (tensor<?x1x16xf32, #rec.dims<"seq", 1, 16>>, tensor<f32>) -> tensor<?x4x16xf32, #rec.dims<"seq+1", 4, 16>>
  // CHECK: rec.iota axis 1 start -1.000000e+00 step 5.000000e-01 : tensor<?x8xf32, #rec.dims<"batch", 8>>
  %6 = rec.iota axis 1 start -1.000000e+00 step 5.000000e-01 : tensor<?x8xf32, #rec.dims<"batch", 8>>
  return
}

// CHECK-LABEL: func.func @gathers
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x26xi64, #rec.dims<"batch", 26>>
// CHECK-SAME: %[[I:[a-z0-9]+]]: tensor<i64>
// CHECK-SAME: %[[J:[a-z0-9]+]]: tensor<?x3xi32, #rec.dims<"batch", 3>>
// CHECK-SAME: %[[K:[a-z0-9]+]]: tensor<?x1xi64, #rec.dims<"batch", 1>>
func.func @gathers(
    %x: tensor<?x26xi64, #rec.dims<"batch", 26>>,
    %i: tensor<i64>,
    %j: tensor<?x3xi32, #rec.dims<"batch", 3>>,
    %k: tensor<?x1xi64, #rec.dims<"batch", 1>>) {
  // CHECK: rec.gather %[[X]], %[[I]] axis 1 : (tensor<?x26xi64, #rec.dims<"batch", 26>>, tensor<i64>) -> tensor<?xi64, #rec.dims<"batch">>
  %0 = rec.gather %x, %i axis 1
    : (tensor<?x26xi64, #rec.dims<"batch", 26>>, tensor<i64>) -> tensor<?xi64, #rec.dims<"batch">>
  // CHECK: rec.gather_elements %[[X]], %[[J]] axis 1 : (tensor<?x26xi64, #rec.dims<"batch", 26>>, tensor<?x3xi32, #rec.dims<"batch", 3>>) -> tensor<?x3xi64, #rec.dims<"batch", 3>>
  %1 = rec.gather_elements %x, %j axis 1
    : (tensor<?x26xi64, #rec.dims<"batch", 26>>, tensor<?x3xi32, #rec.dims<"batch", 3>>)
    -> tensor<?x3xi64, #rec.dims<"batch", 3>>
  // CHECK: rec.gather_nd %[[X]], %[[K]] batch_dims 1 : (tensor<?x26xi64, #rec.dims<"batch", 26>>, tensor<?x1xi64, #rec.dims<"batch", 1>>) -> tensor<?xi64, #rec.dims<"batch">>
  %2 = rec.gather_nd %x, %k batch_dims 1
    : (tensor<?x26xi64, #rec.dims<"batch", 26>>, tensor<?x1xi64, #rec.dims<"batch", 1>>)
    -> tensor<?xi64, #rec.dims<"batch">>
  return
}

// CHECK-LABEL: func.func @scatters
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<8x3xf32>
// CHECK-SAME: %[[I:[a-z0-9]+]]: tensor<4x1xi64>
// CHECK-SAME: %[[U:[a-z0-9]+]]: tensor<4x3xf32>
// CHECK-SAME: %[[J:[a-z0-9]+]]: tensor<2x3xi64>
// CHECK-SAME: %[[V:[a-z0-9]+]]: tensor<2x3xf32>
func.func @scatters(
    %x: tensor<8x3xf32>,
    %i: tensor<4x1xi64>,
    %u: tensor<4x3xf32>,
    %j: tensor<2x3xi64>,
    %v: tensor<2x3xf32>) {
  // CHECK: rec.scatter_nd %[[X]], %[[I]], %[[U]] : (tensor<8x3xf32>, tensor<4x1xi64>, tensor<4x3xf32>) -> tensor<8x3xf32>
  %0 = rec.scatter_nd %x, %i, %u : (tensor<8x3xf32>, tensor<4x1xi64>, tensor<4x3xf32>) -> tensor<8x3xf32>
  // CHECK: rec.scatter_nd %[[X]], %[[I]], %[[U]] {reduction = #rec<reduce_kind sum>} : (tensor<8x3xf32>, tensor<4x1xi64>, tensor<4x3xf32>) -> tensor<8x3xf32>
  %1 = rec.scatter_nd %x, %i, %u {reduction = #rec<reduce_kind sum>}
    : (tensor<8x3xf32>, tensor<4x1xi64>, tensor<4x3xf32>) -> tensor<8x3xf32>
  // CHECK: rec.scatter_elements %[[X]], %[[J]], %[[V]] axis 0 {reduction = #rec<reduce_kind max>} : (tensor<8x3xf32>, tensor<2x3xi64>, tensor<2x3xf32>) -> tensor<8x3xf32>
  %2 = rec.scatter_elements %x, %j, %v axis 0 {reduction = #rec<reduce_kind max>}
    : (tensor<8x3xf32>, tensor<2x3xi64>, tensor<2x3xf32>) -> tensor<8x3xf32>
  return
}
