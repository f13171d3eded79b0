// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// CHECK-LABEL: func.func @unary(
// CHECK: %[[V0:.*]] = rec.unary exp %arg0 : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @unary(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "Exp"(%arg0) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @binary_broadcasts(
// CHECK: %[[V0:.*]] = rec.binary add %arg0, %arg1 : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4xf32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @binary_broadcasts(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>, %arg1: tensor<4xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "Add"(%arg0, %arg1) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @variadic(
// CHECK: %[[V0:.*]] = rec.binary max %arg0, %arg1 : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V1:.*]] = rec.binary max %[[V0]], %arg2 : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V1]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @variadic(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>, %arg1: tensor<?x4xf32, #rec.dims<"batch", 4>>, %arg2: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "Max"(%arg0, %arg1, %arg2) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @mean(
// CHECK: %[[V0:.*]] = rec.binary add %arg0, %arg1 : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V1:.*]] = rec.constant dense<2.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V2:.*]] = rec.binary div %[[V0]], %[[V1]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V2]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @mean(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>, %arg1: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "Mean"(%arg0, %arg1) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @fmod(
// CHECK: %[[V0:.*]] = rec.binary fmod %arg0, %arg1 : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @fmod(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>, %arg1: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "Mod"(%arg0, %arg1) {attrs = {fmod = 1 : i64}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @shift(
// CHECK: %[[V0:.*]] = rec.binary shift_right %arg0, %arg1 : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xui8>
// CHECK-NEXT: return %[[V0]] : tensor<4xui8>
func.func @shift(%arg0: tensor<4xui8>, %arg1: tensor<4xui8>) -> (tensor<*xui8>) {
  %r = rec.onnx "BitShift"(%arg0, %arg1) {attrs = {direction = "RIGHT"}, opset = 17 : i64} : (tensor<4xui8>, tensor<4xui8>) -> (tensor<*xui8>)
  return %r : tensor<*xui8>
}

// CHECK-LABEL: func.func @compare(
// CHECK: %[[V0:.*]] = rec.compare ge %arg0, %arg1 : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xi1, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x4xi1, #rec.dims<"batch", 4>>
func.func @compare(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>, %arg1: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xi1>) {
  %r = rec.onnx "GreaterOrEqual"(%arg0, %arg1) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xi1>)
  return %r : tensor<*xi1>
}

// CHECK-LABEL: func.func @negative_infinity(
// CHECK: %[[V0:.*]] = rec.constant dense<0xFF800000> : tensor<f32>
// CHECK-NEXT: %[[V1:.*]] = rec.compare eq %arg0, %[[V0]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xi1, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V1]] : tensor<?x4xi1, #rec.dims<"batch", 4>>
func.func @negative_infinity(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xi1>) {
  %r = rec.onnx "IsInf"(%arg0) {attrs = {detect_positive = 0 : i64}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xi1>)
  return %r : tensor<*xi1>
}

// CHECK-LABEL: func.func @where(
// CHECK: %[[V0:.*]] = rec.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V1:.*]] = rec.select %arg0, %arg1, %[[V0]] : (tensor<?x1xi1, #rec.dims<"batch", 1>>, tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V1]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @where(%arg0: tensor<?x1xi1, #rec.dims<"batch", 1>>, %arg1: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %c2 = rec.constant dense<0.0> : tensor<f32>
  %r = rec.onnx "Where"(%arg0, %arg1, %c2) {opset = 17 : i64} : (tensor<?x1xi1, #rec.dims<"batch", 1>>, tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @cast(
// CHECK: %[[V0:.*]] = rec.cast %arg0 : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf16, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x4xf16, #rec.dims<"batch", 4>>
func.func @cast(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf16>) {
  %r = rec.onnx "Cast"(%arg0) {attrs = {to = 10 : i64}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf16>)
  return %r : tensor<*xf16>
}

// CHECK-LABEL: func.func @cast_like(
// CHECK: %[[V0:.*]] = rec.cast %arg0 : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xi64, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x4xi64, #rec.dims<"batch", 4>>
func.func @cast_like(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>, %arg1: tensor<1xi64>) -> (tensor<*xi64>) {
  %r = rec.onnx "CastLike"(%arg0, %arg1) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<1xi64>) -> (tensor<*xi64>)
  return %r : tensor<*xi64>
}

// CHECK-LABEL: func.func @pow_of_other_type(
// CHECK: %[[V0:.*]] = rec.binary pow %arg0, %arg1 : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<i64>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @pow_of_other_type(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>, %arg1: tensor<i64>) -> (tensor<*xf32>) {
  %r = rec.onnx "Pow"(%arg0, %arg1) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<i64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}
