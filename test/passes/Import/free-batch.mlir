// RUN: reckon-opt --rec-free-batch --rec-convert-onnx --split-input-file --verify-diagnostics %s | FileCheck %s

// CHECK-LABEL: func.func @shapes(
// CHECK-SAME: %arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK: rec.reshape %arg0 : {{.*}} -> tensor<?x2x2xf32, #rec.dims<"batch", 2, 2>>
// CHECK: rec.broadcast %{{.*}} -> tensor<?x2x2xf32, #rec.dims<"batch", 2, 2>>
func.func @shapes(%x: tensor<5x4xf32> {rec.name = "x"}) -> tensor<*xf32> {
  %s = rec.constant dense<[5, 2, 2]> : tensor<3xi64>
  %z = rec.constant dense<0.5> : tensor<5x2x2xf32>
  %0 = rec.onnx "Reshape"(%x, %s) {opset = 17 : i64} : (tensor<5x4xf32>, tensor<3xi64>) -> tensor<*xf32>
  %1 = rec.onnx "Concat"(%0, %z) {attrs = {axis = 2 : i64}, opset = 17 : i64} : (tensor<*xf32>, tensor<5x2x2xf32>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// -----

// What fixes the batch all the same is named.
func.func @fixed(%x: tensor<5x4xf32> {rec.name = "x"}) -> tensor<*xf32> {
  %w = rec.constant dense<[[1.0], [2.0], [3.0], [4.0], [5.0]]> : tensor<5x1xf32>
  // expected-warning @below {{needs the dimension 'batch' to be 5 or 1: the engine takes no other size}}
  %0 = rec.onnx "Add"(%x, %w) {opset = 17 : i64} : (tensor<5x4xf32>, tensor<5x1xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// expected-error @below {{inputs 'x' and 'y' have 5 and 7 in dimension 0: there is no one batch to free}}
func.func @two(%x: tensor<5x4xf32> {rec.name = "x"}, %y: tensor<7xf32> {rec.name = "y"}) -> tensor<5x4xf32> {
  return %x : tensor<5x4xf32>
}

// -----

// expected-error @below {{no input has a fixed size in dimension 0: there is no batch to free}}
func.func @open(%x: tensor<?x4xf32, #rec.dims<"n", 4>> {rec.name = "x"}) -> tensor<?x4xf32, #rec.dims<"n", 4>> {
  return %x : tensor<?x4xf32, #rec.dims<"n", 4>>
}
