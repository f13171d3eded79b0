// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// A transform is a product with a constant matrix, in which an element's parts lie side by side.

// CHECK-LABEL: func.func @real_one_sided(
// CHECK: %[[ROWS:.*]] = rec.transpose %arg0 perm [0, 2, 1, 3]
// CHECK: %[[X:.*]] = rec.reshape %[[ROWS]] {{.*}} -> tensor<?x3x4xf32, #rec.dims<"b", 3, 4>>
// CHECK: rec.linear %[[X]], {{.*}} -> tensor<?x3x6xf32, #rec.dims<"b", 3, 6>>
// CHECK: rec.transpose {{.*}} perm [0, 2, 1, 3]
// CHECK-SAME: tensor<?x3x3x2xf32, #rec.dims<"b", 3, 3, 2>>
func.func @real_one_sided(%x: tensor<?x4x3x1xf32, #rec.dims<"b", 4, 3, 1>>) -> tensor<*xf32> {
  %r = rec.onnx "DFT"(%x) {attrs = {onesided = 1 : i64}, opset = 17 : i64}
    : (tensor<?x4x3x1xf32, #rec.dims<"b", 4, 3, 1>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// Back from one side of the frequencies; the axis is an operand.
// CHECK-LABEL: func.func @real_inverse(
// CHECK: rec.linear {{.*}} : (tensor<2x6xf32>, tensor<6x5xf32>) -> tensor<2x5xf32>
// CHECK: rec.reshape {{.*}} -> tensor<2x5x1xf32>
func.func @real_inverse(%x: tensor<2x3x2xf32>) -> tensor<*xf32> {
  %n = rec.constant dense<5> : tensor<i64>
  %axis = rec.constant dense<1> : tensor<i64>
  %r = rec.onnx "DFT"(%x, %n, %axis) {attrs = {inverse = 1 : i64, onesided = 1 : i64}, opset = 20 : i64}
    : (tensor<2x3x2xf32>, tensor<i64>, tensor<i64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// A longer transform takes zeros behind the sequence, a shorter one less of it.
// CHECK-LABEL: func.func @lengths(
// CHECK: rec.linear {{.*}} : (tensor<2x4xf32>, tensor<4x16xf32>)
// CHECK: %[[CUT:.*]] = rec.slice
// CHECK: rec.linear {{.*}} : (tensor<2x3xf32>, tensor<3x6xf32>)
func.func @lengths(%x: tensor<2x4x1xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %long = rec.constant dense<8> : tensor<i64>
  %0 = rec.onnx "DFT"(%x, %long) {opset = 17 : i64} : (tensor<2x4x1xf32>, tensor<i64>) -> tensor<*xf32>
  %short = rec.constant dense<3> : tensor<i64>
  %1 = rec.onnx "DFT"(%x, %short) {opset = 17 : i64} : (tensor<2x4x1xf32>, tensor<i64>) -> tensor<*xf32>
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}

// CHECK-LABEL: func.func @unsupported(
func.func @unsupported(%x: tensor<?x3x2xf32, #rec.dims<"t", 3, 2>>) -> (tensor<*xf32>, tensor<*xf32>) {
  // CHECK: rec.reason = "one side of the frequencies of complex numbers"
  %0 = rec.onnx "DFT"(%x) {attrs = {onesided = 1 : i64}, opset = 17 : i64}
    : (tensor<?x3x2xf32, #rec.dims<"t", 3, 2>>) -> tensor<*xf32>
  // CHECK: rec.reason = "a transform over the dimension t, which is not a constant"
  %1 = rec.onnx "DFT"(%x) {attrs = {axis = 0 : i64}, opset = 17 : i64}
    : (tensor<?x3x2xf32, #rec.dims<"t", 3, 2>>) -> tensor<*xf32>
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}
