// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// CHECK-LABEL: func.func @max(
// CHECK: %[[V0:.*]] = rec.pool_window max %arg0 window [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<?x3x8x8xf32, #rec.dims<"batch", 3, 8, 8>>) -> tensor<?x3x4x4xf32, #rec.dims<"batch", 3, 4, 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x3x4x4xf32, #rec.dims<"batch", 3, 4, 4>>
func.func @max(%arg0: tensor<?x3x8x8xf32, #rec.dims<"batch", 3, 8, 8>>) -> (tensor<*xf32>) {
  %r = rec.onnx "MaxPool"(%arg0) {attrs = {kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>}, opset = 17 : i64} : (tensor<?x3x8x8xf32, #rec.dims<"batch", 3, 8, 8>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @average(
// CHECK: %[[V0:.*]] = rec.pool_window average %arg0 window [2] strides [1] pads [0, 1] dilations [1] {count_include_pad} : (tensor<1x3x8xf32>) -> tensor<1x3x8xf32>
// CHECK-NEXT: return %[[V0]] : tensor<1x3x8xf32>
func.func @average(%arg0: tensor<1x3x8xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "AveragePool"(%arg0) {attrs = {auto_pad = "SAME_UPPER", count_include_pad = 1 : i64, kernel_shape = array<i64: 2>}, opset = 17 : i64} : (tensor<1x3x8xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @globally(
// CHECK: %[[V0:.*]] = rec.reduce mean %arg0 axes [2, 3] {keepdims} : (tensor<?x3x8x8xf32, #rec.dims<"batch", 3, 8, 8>>) -> tensor<?x3x1x1xf32, #rec.dims<"batch", 3, 1, 1>>
// CHECK-NEXT: return %[[V0]] : tensor<?x3x1x1xf32, #rec.dims<"batch", 3, 1, 1>>
func.func @globally(%arg0: tensor<?x3x8x8xf32, #rec.dims<"batch", 3, 8, 8>>) -> (tensor<*xf32>) {
  %r = rec.onnx "GlobalAveragePool"(%arg0) {opset = 17 : i64} : (tensor<?x3x8x8xf32, #rec.dims<"batch", 3, 8, 8>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}
