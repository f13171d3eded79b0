// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// Parts of a shape are sizes, too.

// CHECK-LABEL: func.func @split
// CHECK: %[[V0:.*]] = rec.reshape %arg0 : {{.*}} -> tensor<4x?xf32, #rec.dims<4, "batch">>
// CHECK: return %[[V0]]
func.func @split(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32> {
  %s = rec.onnx "Shape"(%x) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xi64>
  %0:2 = rec.onnx "Split"(%s) {opset = 17 : i64} : (tensor<*xi64>) -> (tensor<*xi64>, tensor<*xi64>)
  %t = rec.onnx "Concat"(%0#1, %0#0) {attrs = {axis = 0 : i64}, opset = 17 : i64} : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %1 = rec.onnx "Reshape"(%x, %t) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<*xi64>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}
