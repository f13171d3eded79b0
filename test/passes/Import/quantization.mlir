// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// CHECK-LABEL: func.func @quantize(
// CHECK: %[[V0:.*]] = rec.binary div %arg0, %arg1 : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
// CHECK-NEXT: %[[V1:.*]] = rec.unary round %[[V0]] : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT: %[[V2:.*]] = rec.cast %arg2 : (tensor<i8>) -> tensor<f32>
// CHECK-NEXT: %[[V3:.*]] = rec.binary add %[[V1]], %[[V2]] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
// CHECK-NEXT: %[[V4:.*]] = rec.constant dense<-1.280000e+02> : tensor<f32>
// CHECK-NEXT: %[[V5:.*]] = rec.binary max %[[V3]], %[[V4]] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
// CHECK-NEXT: %[[V6:.*]] = rec.constant dense<1.270000e+02> : tensor<f32>
// CHECK-NEXT: %[[V7:.*]] = rec.binary min %[[V5]], %[[V6]] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
// CHECK-NEXT: %[[V8:.*]] = rec.cast %[[V7]] : (tensor<2x3xf32>) -> tensor<2x3xi8>
// CHECK-NEXT: return %[[V8]] : tensor<2x3xi8>
func.func @quantize(%arg0: tensor<2x3xf32>, %arg1: tensor<f32>, %arg2: tensor<i8>) -> (tensor<*xi8>) {
  %r = rec.onnx "QuantizeLinear"(%arg0, %arg1, %arg2) {opset = 17 : i64} : (tensor<2x3xf32>, tensor<f32>, tensor<i8>) -> (tensor<*xi8>)
  return %r : tensor<*xi8>
}

// CHECK-LABEL: func.func @dequantize_per_axis(
// CHECK: %[[V0:.*]] = rec.reshape %arg1 : (tensor<3xf32>) -> tensor<1x3xf32>
// CHECK-NEXT: %[[V1:.*]] = rec.reshape %arg2 : (tensor<3xui8>) -> tensor<1x3xui8>
// CHECK-NEXT: %[[V2:.*]] = rec.cast %arg0 : (tensor<2x3xui8>) -> tensor<2x3xf32>
// CHECK-NEXT: %[[V3:.*]] = rec.cast %[[V1]] : (tensor<1x3xui8>) -> tensor<1x3xf32>
// CHECK-NEXT: %[[V4:.*]] = rec.binary sub %[[V2]], %[[V3]] : (tensor<2x3xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT: %[[V5:.*]] = rec.binary mul %[[V4]], %[[V0]] : (tensor<2x3xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT: return %[[V5]] : tensor<2x3xf32>
func.func @dequantize_per_axis(%arg0: tensor<2x3xui8>, %arg1: tensor<3xf32>, %arg2: tensor<3xui8>) -> (tensor<*xf32>) {
  %r = rec.onnx "DequantizeLinear"(%arg0, %arg1, %arg2) {opset = 17 : i64} : (tensor<2x3xui8>, tensor<3xf32>, tensor<3xui8>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @matmul_integer(
// CHECK: %[[V0:.*]] = rec.cast %arg0 : (tensor<2x3xui8>) -> tensor<2x3xi32>
// CHECK-NEXT: %[[V1:.*]] = rec.cast %arg2 : (tensor<ui8>) -> tensor<i32>
// CHECK-NEXT: %[[V2:.*]] = rec.binary sub %[[V0]], %[[V1]] : (tensor<2x3xi32>, tensor<i32>) -> tensor<2x3xi32>
// CHECK-NEXT: %[[V3:.*]] = rec.cast %arg1 : (tensor<3x4xui8>) -> tensor<3x4xi32>
// CHECK-NEXT: %[[V4:.*]] = rec.matmul %[[V2]], %[[V3]] : (tensor<2x3xi32>, tensor<3x4xi32>) -> tensor<2x4xi32>
// CHECK-NEXT: return %[[V4]] : tensor<2x4xi32>
func.func @matmul_integer(%arg0: tensor<2x3xui8>, %arg1: tensor<3x4xui8>, %arg2: tensor<ui8>) -> (tensor<*xi32>) {
  %r = rec.onnx "MatMulInteger"(%arg0, %arg1, %arg2) {opset = 17 : i64} : (tensor<2x3xui8>, tensor<3x4xui8>, tensor<ui8>) -> (tensor<*xi32>)
  return %r : tensor<*xi32>
}

// A probability is a whole number of steps of the result, whatever their size.
// CHECK-LABEL: func.func @qlinear_softmax(
// CHECK: %[[P:.*]] = rec.softmax
// CHECK: %[[MOST:.*]] = rec.unary reciprocal
// CHECK: %[[STEPS:.*]] = rec.unary floor %[[MOST]]
// CHECK: %[[COUNT:.*]] = rec.binary mul %[[P]], %[[STEPS]]
// CHECK: rec.unary round %[[COUNT]]
func.func @qlinear_softmax(%arg0: tensor<2x3xui8>) -> (tensor<*xui8>) {
  %s = rec.constant dense<0.1> : tensor<f32>
  %t = rec.constant dense<0.00392156886> : tensor<f32>
  %z = rec.constant dense<0> : tensor<ui8>
  %r = rec.onnx "QLinearSoftmax"(%arg0, %s, %z, %t, %z) {attrs = {axis = 1 : i64, opset = 13 : i64}, domain = "com.microsoft", opset = 1 : i64} : (tensor<2x3xui8>, tensor<f32>, tensor<ui8>, tensor<f32>, tensor<ui8>) -> (tensor<*xui8>)
  return %r : tensor<*xui8>
}
