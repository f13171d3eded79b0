// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// CHECK-LABEL: func.func @nll(
// CHECK: %[[V0:.*]] = rec.reshape %arg1 : (tensor<?xi64, #rec.dims<"batch">>) -> tensor<?x1xi64, #rec.dims<"batch", 1>>
// CHECK-NEXT: %[[V1:.*]] = rec.gather_elements %arg0, %[[V0]] axis 1 : (tensor<?x5xf32, #rec.dims<"batch", 5>>, tensor<?x1xi64, #rec.dims<"batch", 1>>) -> tensor<?x1xf32, #rec.dims<"batch", 1>>
// CHECK-NEXT: %[[V2:.*]] = rec.reshape %[[V1]] : (tensor<?x1xf32, #rec.dims<"batch", 1>>) -> tensor<?xf32, #rec.dims<"batch">>
// CHECK-NEXT: %[[V3:.*]] = rec.unary neg %[[V2]] : (tensor<?xf32, #rec.dims<"batch">>) -> tensor<?xf32, #rec.dims<"batch">>
// CHECK-NEXT: %[[V4:.*]] = rec.reduce mean %[[V3]] axes [0] : (tensor<?xf32, #rec.dims<"batch">>) -> tensor<f32>
// CHECK-NEXT: return %[[V4]] : tensor<f32>
func.func @nll(%arg0: tensor<?x5xf32, #rec.dims<"batch", 5>>, %arg1: tensor<?xi64, #rec.dims<"batch">>) -> (tensor<*xf32>) {
  %r = rec.onnx "NegativeLogLikelihoodLoss"(%arg0, %arg1) {opset = 17 : i64} : (tensor<?x5xf32, #rec.dims<"batch", 5>>, tensor<?xi64, #rec.dims<"batch">>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @nll_weighted(
// CHECK: %[[V0:.*]] = rec.constant dense<1> : tensor<i64>
// CHECK-NEXT: %[[V1:.*]] = rec.compare eq %arg1, %[[V0]] : (tensor<3x2xi64>, tensor<i64>) -> tensor<3x2xi1>
// CHECK-NEXT: %[[V2:.*]] = rec.constant dense<0> : tensor<i64>
// CHECK-NEXT: %[[V3:.*]] = rec.select %[[V1]], %[[V2]], %arg1 : (tensor<3x2xi1>, tensor<i64>, tensor<3x2xi64>) -> tensor<3x2xi64>
// CHECK-NEXT: %[[V4:.*]] = rec.gather %arg2, %[[V3]] axis 0 : (tensor<5xf32>, tensor<3x2xi64>) -> tensor<3x2xf32>
// CHECK-NEXT: %[[V5:.*]] = rec.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V6:.*]] = rec.select %[[V1]], %[[V5]], %[[V4]] : (tensor<3x2xi1>, tensor<f32>, tensor<3x2xf32>) -> tensor<3x2xf32>
// CHECK-NEXT: %[[V7:.*]] = rec.reshape %[[V3]] : (tensor<3x2xi64>) -> tensor<3x1x2xi64>
// CHECK-NEXT: %[[V8:.*]] = rec.gather_elements %arg0, %[[V7]] axis 1 : (tensor<3x5x2xf32>, tensor<3x1x2xi64>) -> tensor<3x1x2xf32>
// CHECK-NEXT: %[[V9:.*]] = rec.reshape %[[V8]] : (tensor<3x1x2xf32>) -> tensor<3x2xf32>
// CHECK-NEXT: %[[V10:.*]] = rec.unary neg %[[V9]] : (tensor<3x2xf32>) -> tensor<3x2xf32>
// CHECK-NEXT: %[[V11:.*]] = rec.binary mul %[[V10]], %[[V6]] : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
// CHECK-NEXT: %[[V12:.*]] = rec.reduce sum %[[V11]] axes [0, 1] : (tensor<3x2xf32>) -> tensor<f32>
// CHECK-NEXT: return %[[V12]] : tensor<f32>
func.func @nll_weighted(%arg0: tensor<3x5x2xf32>, %arg1: tensor<3x2xi64>, %arg2: tensor<5xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "NegativeLogLikelihoodLoss"(%arg0, %arg1, %arg2) {attrs = {ignore_index = 1 : i64, reduction = "sum"}, opset = 17 : i64} : (tensor<3x5x2xf32>, tensor<3x2xi64>, tensor<5xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @cross_entropy(
// CHECK: %[[V0:.*]] = rec.softmax %arg0 axis 1 {log} : (tensor<3x5xf32>) -> tensor<3x5xf32>
// CHECK-NEXT: %[[V1:.*]] = rec.reshape %arg1 : (tensor<3xi64>) -> tensor<3x1xi64>
// CHECK-NEXT: %[[V2:.*]] = rec.gather_elements %[[V0]], %[[V1]] axis 1 : (tensor<3x5xf32>, tensor<3x1xi64>) -> tensor<3x1xf32>
// CHECK-NEXT: %[[V3:.*]] = rec.reshape %[[V2]] : (tensor<3x1xf32>) -> tensor<3xf32>
// CHECK-NEXT: %[[V4:.*]] = rec.unary neg %[[V3]] : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: return %[[V4]], %[[V0]] : tensor<3xf32>, tensor<3x5xf32>
func.func @cross_entropy(%arg0: tensor<3x5xf32>, %arg1: tensor<3xi64>) -> (tensor<*xf32>, tensor<*xf32>) {
  %r:2 = rec.onnx "SoftmaxCrossEntropyLoss"(%arg0, %arg1) {attrs = {reduction = "none"}, opset = 17 : i64} : (tensor<3x5xf32>, tensor<3xi64>) -> (tensor<*xf32>, tensor<*xf32>)
  return %r#0, %r#1 : tensor<*xf32>, tensor<*xf32>
}
