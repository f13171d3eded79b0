// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// CHECK-LABEL: func.func @elu(
// CHECK: %[[V0:.*]] = rec.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V1:.*]] = rec.binary min %arg0, %[[V0]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V2:.*]] = rec.unary exp %[[V1]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V3:.*]] = rec.constant dense<-1.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V4:.*]] = rec.binary add %[[V2]], %[[V3]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V5:.*]] = rec.constant dense<2.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V6:.*]] = rec.binary mul %[[V4]], %[[V5]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V7:.*]] = rec.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V8:.*]] = rec.binary max %arg0, %[[V7]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V9:.*]] = rec.binary add %[[V8]], %[[V6]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V9]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @elu(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "Elu"(%arg0) {attrs = {alpha = 2.0 : f32}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @celu(
// CHECK: %[[V0:.*]] = rec.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V1:.*]] = rec.binary min %arg0, %[[V0]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V2:.*]] = rec.constant dense<5.000000e-01> : tensor<f32>
// CHECK-NEXT: %[[V3:.*]] = rec.binary mul %[[V1]], %[[V2]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V4:.*]] = rec.unary exp %[[V3]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V5:.*]] = rec.constant dense<-1.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V6:.*]] = rec.binary add %[[V4]], %[[V5]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V7:.*]] = rec.constant dense<2.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V8:.*]] = rec.binary mul %[[V6]], %[[V7]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V9:.*]] = rec.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V10:.*]] = rec.binary max %arg0, %[[V9]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V11:.*]] = rec.binary add %[[V10]], %[[V8]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V11]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @celu(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "Celu"(%arg0) {attrs = {alpha = 2.0 : f32}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @leaky_relu(
// CHECK: %[[V0:.*]] = rec.constant dense<5.000000e-01> : tensor<f32>
// CHECK-NEXT: %[[V1:.*]] = rec.binary mul %arg0, %[[V0]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V2:.*]] = rec.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V3:.*]] = rec.compare lt %arg0, %[[V2]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xi1, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V4:.*]] = rec.select %[[V3]], %[[V1]], %arg0 : (tensor<?x4xi1, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V4]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @leaky_relu(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "LeakyRelu"(%arg0) {attrs = {alpha = 0.5 : f32}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @prelu(
// CHECK: %[[V0:.*]] = rec.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V1:.*]] = rec.compare lt %arg0, %[[V0]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xi1, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V2:.*]] = rec.binary mul %arg0, %arg1 : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4xf32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V3:.*]] = rec.select %[[V1]], %[[V2]], %arg0 : (tensor<?x4xi1, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V3]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @prelu(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>, %arg1: tensor<4xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "PRelu"(%arg0, %arg1) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @clip_with_attributes(
// CHECK: %[[V0:.*]] = rec.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V1:.*]] = rec.constant dense<6.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V2:.*]] = rec.binary max %arg0, %[[V0]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V3:.*]] = rec.binary min %[[V2]], %[[V1]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V3]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @clip_with_attributes(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "Clip"(%arg0) {attrs = {max = 6.0 : f32, min = 0.0 : f32}, opset = 10 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @clip_below(
// CHECK: %[[V0:.*]] = rec.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V1:.*]] = rec.binary max %arg0, %[[V0]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V1]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @clip_below(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<0.0> : tensor<f32>
  %r = rec.onnx "Clip"(%arg0, %c1) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @clip_above(
// CHECK: %[[V0:.*]] = rec.constant dense<6.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V1:.*]] = rec.binary min %arg0, %[[V0]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V1]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @clip_above(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %n1 = rec.none
  %c2 = rec.constant dense<6.0> : tensor<f32>
  %r = rec.onnx "Clip"(%arg0, %n1, %c2) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, none, tensor<f32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @hard_sigmoid(
// CHECK: %[[V0:.*]] = rec.constant dense<2.000000e-01> : tensor<f32>
// CHECK-NEXT: %[[V1:.*]] = rec.binary mul %arg0, %[[V0]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V2:.*]] = rec.constant dense<5.000000e-01> : tensor<f32>
// CHECK-NEXT: %[[V3:.*]] = rec.binary add %[[V1]], %[[V2]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V4:.*]] = rec.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V5:.*]] = rec.binary max %[[V3]], %[[V4]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V6:.*]] = rec.constant dense<1.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V7:.*]] = rec.binary min %[[V5]], %[[V6]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V7]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @hard_sigmoid(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "HardSigmoid"(%arg0) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @gelu(
// CHECK: %[[V0:.*]] = rec.unary gelu_tanh %arg0 : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @gelu(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "Gelu"(%arg0) {attrs = {approximate = "tanh"}, opset = 20 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @shrink(
// CHECK: %[[V0:.*]] = rec.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V1:.*]] = rec.constant dense<1.500000e+00> : tensor<f32>
// CHECK-NEXT: %[[V2:.*]] = rec.compare gt %arg0, %[[V1]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xi1, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V3:.*]] = rec.constant dense<-1.500000e+00> : tensor<f32>
// CHECK-NEXT: %[[V4:.*]] = rec.binary add %arg0, %[[V3]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V5:.*]] = rec.select %[[V2]], %[[V4]], %[[V0]] : (tensor<?x4xi1, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V6:.*]] = rec.constant dense<-1.500000e+00> : tensor<f32>
// CHECK-NEXT: %[[V7:.*]] = rec.compare lt %arg0, %[[V6]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xi1, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V8:.*]] = rec.constant dense<1.500000e+00> : tensor<f32>
// CHECK-NEXT: %[[V9:.*]] = rec.binary add %arg0, %[[V8]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<f32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V10:.*]] = rec.select %[[V7]], %[[V9]], %[[V5]] : (tensor<?x4xi1, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V10]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @shrink(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "Shrink"(%arg0) {attrs = {bias = 1.5 : f32, lambd = 1.5 : f32}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @softmax(
// CHECK: %[[V0:.*]] = rec.softmax %arg0 axis 1 : (tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>) -> tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>
func.func @softmax(%arg0: tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "Softmax"(%arg0) {attrs = {axis = 1 : i64}, opset = 17 : i64} : (tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @softmax_flattens(
// CHECK: %[[V0:.*]] = rec.reshape %arg0 : (tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>) -> tensor<?x12xf32, #rec.dims<"batch", 12>>
// CHECK-NEXT: %[[V1:.*]] = rec.softmax %[[V0]] axis 1 : (tensor<?x12xf32, #rec.dims<"batch", 12>>) -> tensor<?x12xf32, #rec.dims<"batch", 12>>
// CHECK-NEXT: %[[V2:.*]] = rec.reshape %[[V1]] : (tensor<?x12xf32, #rec.dims<"batch", 12>>) -> tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>
// CHECK-NEXT: return %[[V2]] : tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>
func.func @softmax_flattens(%arg0: tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "Softmax"(%arg0) {opset = 11 : i64} : (tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @log_softmax(
// CHECK: %[[V0:.*]] = rec.softmax %arg0 axis 1 {log} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @log_softmax(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "LogSoftmax"(%arg0) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @hardmax(
// CHECK: %[[V0:.*]] = rec.arg_reduce max %arg0 axis 1 {keepdims} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x1xi64, #rec.dims<"batch", 1>>
// CHECK-NEXT: %[[V1:.*]] = rec.iota axis 1 start 0.000000e+00 step 1.000000e+00 : tensor<1x4xi64>
// CHECK-NEXT: %[[V2:.*]] = rec.compare eq %[[V1]], %[[V0]] : (tensor<1x4xi64>, tensor<?x1xi64, #rec.dims<"batch", 1>>) -> tensor<?x4xi1, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V3:.*]] = rec.cast %[[V2]] : (tensor<?x4xi1, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V3]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @hardmax(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "Hardmax"(%arg0) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}
