// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// CHECK-LABEL: func.func @split_and_pick(
// CHECK: %[[V0:.*]] = rec.slice %arg0 starts <0, 1> sizes <"batch", 3> steps [1, 1] : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x3xf32, #rec.dims<"batch", 3>>
// CHECK-NEXT: return %[[V0]] : tensor<?x3xf32, #rec.dims<"batch", 3>>
func.func @split_and_pick(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %n = rec.constant dense<[1, 3]> : tensor<2xi64>
  %s = rec.onnx "SplitToSequence"(%arg0, %n) {attrs = {axis = 1 : i64}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<2xi64>) -> (!rec.sequence<tensor<*xf32>>)
  %i = rec.constant dense<-1> : tensor<i64>
  %r = rec.onnx "SequenceAt"(%s, %i) {opset = 17 : i64} : (!rec.sequence<tensor<*xf32>>, tensor<i64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @stack(
// CHECK: %[[V0:.*]] = rec.reshape %arg0 : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x1x4xf32, #rec.dims<"batch", 1, 4>>
// CHECK-NEXT: %[[V1:.*]] = rec.reshape %arg0 : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x1x4xf32, #rec.dims<"batch", 1, 4>>
// CHECK-NEXT: %[[V2:.*]] = rec.concat %[[V0]], %[[V1]] axis 1 : (tensor<?x1x4xf32, #rec.dims<"batch", 1, 4>>, tensor<?x1x4xf32, #rec.dims<"batch", 1, 4>>) -> tensor<?x2x4xf32, #rec.dims<"batch", 2, 4>>
// CHECK-NEXT: return %[[V2]] : tensor<?x2x4xf32, #rec.dims<"batch", 2, 4>>
func.func @stack(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %s = rec.onnx "SequenceEmpty"() {opset = 17 : i64} : () -> (!rec.sequence<tensor<*xf32>>)
  %t = rec.onnx "SequenceInsert"(%s, %arg0) {opset = 17 : i64} : (!rec.sequence<tensor<*xf32>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (!rec.sequence<tensor<*xf32>>)
  %u = rec.onnx "SequenceInsert"(%t, %arg0) {opset = 17 : i64} : (!rec.sequence<tensor<*xf32>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (!rec.sequence<tensor<*xf32>>)
  %r = rec.onnx "ConcatFromSequence"(%u) {attrs = {axis = 1 : i64, new_axis = 1 : i64}, opset = 17 : i64} : (!rec.sequence<tensor<*xf32>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}
