// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// CHECK-LABEL: func.func @identity(
// CHECK: return %arg0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @identity(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "Identity"(%arg0) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @dropout(
// CHECK: %[[V0:.*]] = rec.constant dense<true> : tensor<i1>
// CHECK-NEXT: %[[V1:.*]] = rec.broadcast %[[V0]] : (tensor<i1>) -> tensor<?x4xi1, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %arg0, %[[V1]] : tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xi1, #rec.dims<"batch", 4>>
func.func @dropout(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>, tensor<*xi1>) {
  %r:2 = rec.onnx "Dropout"(%arg0) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>, tensor<*xi1>)
  return %r#0, %r#1 : tensor<*xf32>, tensor<*xi1>
}

// CHECK-LABEL: func.func @if(
// CHECK: %[[V0:.*]] = rec.unary neg %arg0 : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: %[[V1:.*]] = rec.unary exp %[[V0]] : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: return %[[V1]] : tensor<4xf32>
func.func @if(%arg0: tensor<4xf32>) -> tensor<*xf32> {
  %c = rec.constant dense<false> : tensor<i1>
  %r = rec.onnx "If"(%c) {opset = 17 : i64} : (tensor<i1>) -> tensor<*xf32> {
    rec.yield %arg0 : tensor<4xf32>
  }, {
    %0 = rec.onnx "Neg"(%arg0) {opset = 17 : i64} : (tensor<4xf32>) -> tensor<*xf32>
    %1 = rec.onnx "Exp"(%0) {opset = 17 : i64} : (tensor<*xf32>) -> tensor<*xf32>
    rec.yield %1 : tensor<*xf32>
  }
  return %r : tensor<*xf32>
}
