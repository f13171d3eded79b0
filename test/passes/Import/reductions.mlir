// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// CHECK-LABEL: func.func @axes_attribute(
// CHECK: %[[V0:.*]] = rec.reduce mean %arg0 axes [1] : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?xf32, #rec.dims<"batch">>
// CHECK-NEXT: return %[[V0]] : tensor<?xf32, #rec.dims<"batch">>
func.func @axes_attribute(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "ReduceMean"(%arg0) {attrs = {axes = array<i64: -1>, keepdims = 0 : i64}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @axes_operand(
// CHECK: %[[V0:.*]] = rec.reduce sum %arg0 axes [0] {keepdims} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<1x4xf32>
// CHECK-NEXT: return %[[V0]] : tensor<1x4xf32>
func.func @axes_operand(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<[0]> : tensor<1xi64>
  %r = rec.onnx "ReduceSum"(%arg0, %c1) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<1xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @all_axes(
// CHECK: %[[V0:.*]] = rec.reduce l2 %arg0 axes [0, 1] {keepdims} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<1x1xf32>
// CHECK-NEXT: return %[[V0]] : tensor<1x1xf32>
func.func @all_axes(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "ReduceL2"(%arg0) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @no_axes(
// CHECK: return %arg0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @no_axes(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "ReduceSum"(%arg0) {attrs = {noop_with_empty_axes = 1 : i64}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @arg_max(
// CHECK: %[[V0:.*]] = rec.arg_reduce max %arg0 axis 1 {select_last} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?xi64, #rec.dims<"batch">>
// CHECK-NEXT: return %[[V0]] : tensor<?xi64, #rec.dims<"batch">>
func.func @arg_max(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xi64>) {
  %r = rec.onnx "ArgMax"(%arg0) {attrs = {axis = 1 : i64, keepdims = 0 : i64, select_last_index = 1 : i64}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xi64>)
  return %r : tensor<*xi64>
}

// CHECK-LABEL: func.func @top_k(
// CHECK: %[[V0:.*]], %[[V1:.*]] = rec.topk %arg0 k 2 axis 1 {smallest} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<?x2xf32, #rec.dims<"batch", 2>>, tensor<?x2xi64, #rec.dims<"batch", 2>>)
// CHECK-NEXT: return %[[V0]], %[[V1]] : tensor<?x2xf32, #rec.dims<"batch", 2>>, tensor<?x2xi64, #rec.dims<"batch", 2>>
func.func @top_k(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>, tensor<*xi64>) {
  %c1 = rec.constant dense<[2]> : tensor<1xi64>
  %r:2 = rec.onnx "TopK"(%arg0, %c1) {attrs = {largest = 0 : i64}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<1xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  return %r#0, %r#1 : tensor<*xf32>, tensor<*xi64>
}

// CHECK-LABEL: func.func @top_k_attribute(
// CHECK: %[[V0:.*]], %[[V1:.*]] = rec.topk %arg0 k 3 axis 1 : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<?x3xf32, #rec.dims<"batch", 3>>, tensor<?x3xi64, #rec.dims<"batch", 3>>)
// CHECK-NEXT: return %[[V0]], %[[V1]] : tensor<?x3xf32, #rec.dims<"batch", 3>>, tensor<?x3xi64, #rec.dims<"batch", 3>>
func.func @top_k_attribute(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>, tensor<*xi64>) {
  %r:2 = rec.onnx "TopK"(%arg0) {attrs = {k = 3 : i64}, opset = 9 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>, tensor<*xi64>)
  return %r#0, %r#1 : tensor<*xf32>, tensor<*xi64>
}

// CHECK-LABEL: func.func @cumsum(
// CHECK: %[[V0:.*]] = rec.cumsum %arg0 axis 1 {exclusive} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @cumsum(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<-1> : tensor<i64>
  %r = rec.onnx "CumSum"(%arg0, %c1) {attrs = {exclusive = 1 : i64}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<i64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}
