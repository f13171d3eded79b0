// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// CHECK-LABEL: func.func @conv(
// CHECK: %[[V0:.*]] = rec.conv %arg0, %arg1, %arg2 strides [1] pads [1, 1] dilations [1] groups 1 : (tensor<?x4x10xf32, #rec.dims<"batch", 4, 10>>, tensor<6x4x3xf32>, tensor<6xf32>) -> tensor<?x6x10xf32, #rec.dims<"batch", 6, 10>>
// CHECK-NEXT: return %[[V0]] : tensor<?x6x10xf32, #rec.dims<"batch", 6, 10>>
func.func @conv(%arg0: tensor<?x4x10xf32, #rec.dims<"batch", 4, 10>>, %arg1: tensor<6x4x3xf32>, %arg2: tensor<6xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "Conv"(%arg0, %arg1, %arg2) {attrs = {pads = array<i64: 1, 1>}, opset = 17 : i64} : (tensor<?x4x10xf32, #rec.dims<"batch", 4, 10>>, tensor<6x4x3xf32>, tensor<6xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @same(
// CHECK: %[[V0:.*]] = rec.conv %arg0, %arg1 strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] groups 1 : (tensor<1x1x5x5xf32>, tensor<1x1x3x3xf32>) -> tensor<1x1x3x3xf32>
// CHECK-NEXT: return %[[V0]] : tensor<1x1x3x3xf32>
func.func @same(%arg0: tensor<1x1x5x5xf32>, %arg1: tensor<1x1x3x3xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "Conv"(%arg0, %arg1) {attrs = {auto_pad = "SAME_LOWER", strides = array<i64: 2, 2>}, opset = 17 : i64} : (tensor<1x1x5x5xf32>, tensor<1x1x3x3xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @transposed(
// CHECK: %[[V0:.*]] = rec.reshape %arg1 : (tensor<1x2x3xf32>) -> tensor<1x1x2x3xf32>
// CHECK-NEXT: %[[V1:.*]] = rec.transpose %[[V0]] perm [0, 2, 1, 3] : (tensor<1x1x2x3xf32>) -> tensor<1x2x1x3xf32>
// CHECK-NEXT: %[[V2:.*]] = rec.reshape %[[V1]] : (tensor<1x2x1x3xf32>) -> tensor<2x1x3xf32>
// CHECK-NEXT: %[[V3:.*]] = rec.reshape %arg0 : (tensor<1x1x3xf32>) -> tensor<1x1x3x1xf32>
// CHECK-NEXT: %[[V4:.*]] = rec.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V5:.*]] = rec.pad %[[V3]], %[[V4]] low [0, 0, 0, 0] high [0, 0, 0, 1] : (tensor<1x1x3x1xf32>, tensor<f32>) -> tensor<1x1x3x2xf32>
// CHECK-NEXT: %[[V6:.*]] = rec.reshape %[[V5]] : (tensor<1x1x3x2xf32>) -> tensor<1x1x6xf32>
// CHECK-NEXT: %[[V7:.*]] = rec.slice %[[V6]] starts <0, 0, 0> sizes <1, 1, 5> steps [1, 1, 1] : (tensor<1x1x6xf32>) -> tensor<1x1x5xf32>
// CHECK-NEXT: %[[V8:.*]] = rec.slice %[[V2]] starts <0, 0, 2> sizes <2, 1, 3> steps [1, 1, -1] : (tensor<2x1x3xf32>) -> tensor<2x1x3xf32>
// CHECK-NEXT: %[[V9:.*]] = rec.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V10:.*]] = rec.pad %[[V7]], %[[V9]] low [0, 0, 2] high [0, 0, 2] : (tensor<1x1x5xf32>, tensor<f32>) -> tensor<1x1x9xf32>
// CHECK-NEXT: %[[V11:.*]] = rec.conv %[[V10]], %[[V8]] strides [1] pads [0, 0] dilations [1] groups 1 : (tensor<1x1x9xf32>, tensor<2x1x3xf32>) -> tensor<1x2x7xf32>
// CHECK-NEXT: return %[[V11]] : tensor<1x2x7xf32>
func.func @transposed(%arg0: tensor<1x1x3xf32>, %arg1: tensor<1x2x3xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "ConvTranspose"(%arg0, %arg1) {attrs = {strides = array<i64: 2>}, opset = 17 : i64} : (tensor<1x1x3xf32>, tensor<1x2x3xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @integers(
// CHECK: %[[V0:.*]] = rec.cast %arg0 : (tensor<1x1x3x3xui8>) -> tensor<1x1x3x3xf64>
// CHECK-NEXT: %[[V1:.*]] = rec.cast %arg1 : (tensor<1x1x2x2xui8>) -> tensor<1x1x2x2xf64>
// CHECK-NEXT: %[[V2:.*]] = rec.cast %arg2 : (tensor<ui8>) -> tensor<f64>
// CHECK-NEXT: %[[V3:.*]] = rec.binary sub %[[V0]], %[[V2]] : (tensor<1x1x3x3xf64>, tensor<f64>) -> tensor<1x1x3x3xf64>
// CHECK-NEXT: %[[V4:.*]] = rec.conv %[[V3]], %[[V1]] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 : (tensor<1x1x3x3xf64>, tensor<1x1x2x2xf64>) -> tensor<1x1x2x2xf64>
// CHECK-NEXT: %[[V5:.*]] = rec.cast %[[V4]] : (tensor<1x1x2x2xf64>) -> tensor<1x1x2x2xi32>
// CHECK-NEXT: return %[[V5]] : tensor<1x1x2x2xi32>
func.func @integers(%arg0: tensor<1x1x3x3xui8>, %arg1: tensor<1x1x2x2xui8>, %arg2: tensor<ui8>) -> (tensor<*xi32>) {
  %r = rec.onnx "ConvInteger"(%arg0, %arg1, %arg2) {opset = 17 : i64} : (tensor<1x1x3x3xui8>, tensor<1x1x2x2xui8>, tensor<ui8>) -> (tensor<*xi32>)
  return %r : tensor<*xi32>
}
