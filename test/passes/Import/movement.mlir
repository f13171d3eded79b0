// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// CHECK-LABEL: func.func @concat(
// CHECK: %[[V0:.*]] = rec.concat %arg0, %arg1 axis 1 : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x8xf32, #rec.dims<"batch", 8>>
// CHECK-NEXT: return %[[V0]] : tensor<?x8xf32, #rec.dims<"batch", 8>>
func.func @concat(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>, %arg1: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "Concat"(%arg0, %arg1) {attrs = {axis = -1 : i64}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @tile(
// CHECK: %[[V0:.*]] = rec.reshape %arg0 : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<1x?x1x4xf32, #rec.dims<1, "batch", 1, 4>>
// CHECK-NEXT: %[[V1:.*]] = rec.broadcast %[[V0]] : (tensor<1x?x1x4xf32, #rec.dims<1, "batch", 1, 4>>) -> tensor<1x?x3x4xf32, #rec.dims<1, "batch", 3, 4>>
// CHECK-NEXT: %[[V2:.*]] = rec.reshape %[[V1]] : (tensor<1x?x3x4xf32, #rec.dims<1, "batch", 3, 4>>) -> tensor<?x12xf32, #rec.dims<"batch", 12>>
// CHECK-NEXT: return %[[V2]] : tensor<?x12xf32, #rec.dims<"batch", 12>>
func.func @tile(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<[1, 3]> : tensor<2xi64>
  %r = rec.onnx "Tile"(%arg0, %c1) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<2xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @pad(
// CHECK: %[[V0:.*]] = rec.constant dense<1.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V1:.*]] = rec.pad %arg0, %[[V0]] low [0, 1] high [0, 2] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x7xf32, #rec.dims<"batch", 7>>
// CHECK-NEXT: return %[[V1]] : tensor<?x7xf32, #rec.dims<"batch", 7>>
func.func @pad(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<[0, 1, 0, 2]> : tensor<4xi64>
  %c2 = rec.constant dense<1.0> : tensor<f32>
  %r = rec.onnx "Pad"(%arg0, %c1, %c2) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4xi64>, tensor<f32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @pad_some_axes(
// CHECK: %[[V0:.*]] = rec.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V1:.*]] = rec.pad %arg0, %[[V0]] low [0, 1] high [0, 2] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x7xf32, #rec.dims<"batch", 7>>
// CHECK-NEXT: return %[[V1]] : tensor<?x7xf32, #rec.dims<"batch", 7>>
func.func @pad_some_axes(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<[1, 2]> : tensor<2xi64>
  %n2 = rec.none
  %c3 = rec.constant dense<[-1]> : tensor<1xi64>
  %r = rec.onnx "Pad"(%arg0, %c1, %n2, %c3) {opset = 18 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<2xi64>, none, tensor<1xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @pad_removes(
// CHECK: %[[V0:.*]] = rec.slice %arg0 starts <0, 1> sizes <"batch", 3> steps [1, 1] : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x3xf32, #rec.dims<"batch", 3>>
// CHECK-NEXT: return %[[V0]] : tensor<?x3xf32, #rec.dims<"batch", 3>>
func.func @pad_removes(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<[0, -1, 0, 0]> : tensor<4xi64>
  %r = rec.onnx "Pad"(%arg0, %c1) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @pad_reflects(
// CHECK: %[[V0:.*]] = rec.constant dense<[2, 1, 0, 1, 2, 3, 2]> : tensor<7xi64>
// CHECK-NEXT: %[[V1:.*]] = rec.gather %arg0, %[[V0]] axis 1 : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<7xi64>) -> tensor<?x7xf32, #rec.dims<"batch", 7>>
// CHECK-NEXT: return %[[V1]] : tensor<?x7xf32, #rec.dims<"batch", 7>>
func.func @pad_reflects(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<[0, 2, 0, 1]> : tensor<4xi64>
  %r = rec.onnx "Pad"(%arg0, %c1) {attrs = {mode = "reflect"}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @depth_to_space(
// CHECK: %[[V0:.*]] = rec.reshape %arg0 : (tensor<1x8x2x3xf32>) -> tensor<1x2x2x2x2x3xf32>
// CHECK-NEXT: %[[V1:.*]] = rec.transpose %[[V0]] perm [0, 3, 4, 1, 5, 2] : (tensor<1x2x2x2x2x3xf32>) -> tensor<1x2x2x2x3x2xf32>
// CHECK-NEXT: %[[V2:.*]] = rec.reshape %[[V1]] : (tensor<1x2x2x2x3x2xf32>) -> tensor<1x2x4x6xf32>
// CHECK-NEXT: return %[[V2]] : tensor<1x2x4x6xf32>
func.func @depth_to_space(%arg0: tensor<1x8x2x3xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "DepthToSpace"(%arg0) {attrs = {blocksize = 2 : i64}, opset = 17 : i64} : (tensor<1x8x2x3xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @space_to_depth(
// CHECK: %[[V0:.*]] = rec.reshape %arg0 : (tensor<1x2x4x6xf32>) -> tensor<1x2x2x2x3x2xf32>
// CHECK-NEXT: %[[V1:.*]] = rec.transpose %[[V0]] perm [0, 3, 5, 1, 2, 4] : (tensor<1x2x2x2x3x2xf32>) -> tensor<1x2x2x2x2x3xf32>
// CHECK-NEXT: %[[V2:.*]] = rec.reshape %[[V1]] : (tensor<1x2x2x2x2x3xf32>) -> tensor<1x8x2x3xf32>
// CHECK-NEXT: return %[[V2]] : tensor<1x8x2x3xf32>
func.func @space_to_depth(%arg0: tensor<1x2x4x6xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "SpaceToDepth"(%arg0) {attrs = {blocksize = 2 : i64}, opset = 17 : i64} : (tensor<1x2x4x6xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @trilu(
// CHECK: %[[V0:.*]] = rec.iota axis 0 start 1.000000e+00 step 1.000000e+00 : tensor<4x1xi64>
// CHECK-NEXT: %[[V1:.*]] = rec.iota axis 1 start 0.000000e+00 step 1.000000e+00 : tensor<1x5xi64>
// CHECK-NEXT: %[[V2:.*]] = rec.compare le %[[V1]], %[[V0]] : (tensor<1x5xi64>, tensor<4x1xi64>) -> tensor<4x5xi1>
// CHECK-NEXT: %[[V3:.*]] = rec.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V4:.*]] = rec.select %[[V2]], %arg0, %[[V3]] : (tensor<4x5xi1>, tensor<4x5xf32>, tensor<f32>) -> tensor<4x5xf32>
// CHECK-NEXT: return %[[V4]] : tensor<4x5xf32>
func.func @trilu(%arg0: tensor<4x5xf32>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<1> : tensor<i64>
  %r = rec.onnx "Trilu"(%arg0, %c1) {attrs = {upper = 0 : i64}, opset = 17 : i64} : (tensor<4x5xf32>, tensor<i64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}
