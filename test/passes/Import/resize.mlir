// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// CHECK-LABEL: func.func @nearest(
// CHECK: %[[AT:.*]] = rec.constant dense<[0, 0, 1, 1, 2, 2]> : tensor<6xi64>
// CHECK: rec.gather %arg0, %[[AT]] axis 2
func.func @nearest(%x: tensor<?x4x3xf32, #rec.dims<"b", 4, 3>>) -> tensor<*xf32> {
  %none = rec.none
  %s = rec.constant dense<[1.0, 1.0, 2.0]> : tensor<3xf32>
  %r = rec.onnx "Resize"(%x, %none, %s)
    {attrs = {coordinate_transformation_mode = "asymmetric", mode = "nearest", nearest_mode = "floor"}, opset = 13 : i64}
    : (tensor<?x4x3xf32, #rec.dims<"b", 4, 3>>, none, tensor<3xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// By sizes, of the axes that are named; the weights are those of the place between two elements.
// CHECK-LABEL: func.func @linear(
// CHECK-DAG: %[[WEIGHT:.*]] = rec.constant dense<[0.000000e+00, 5.000000e-01, 0.000000e+00]> : tensor<3xf32>
// CHECK-DAG: %[[LOW:.*]] = rec.constant dense<[0, 0, 1]> : tensor<3xi64>
// CHECK-DAG: %[[HIGH:.*]] = rec.constant dense<1> : tensor<3xi64>
// CHECK-DAG: %[[BELOW:.*]] = rec.gather %arg0, %[[LOW]] axis 1
// CHECK-DAG: %[[ABOVE:.*]] = rec.gather %arg0, %[[HIGH]] axis 1
// CHECK: %[[MORE:.*]] = rec.binary sub %[[ABOVE]], %[[BELOW]]
// CHECK: %[[PART:.*]] = rec.binary mul %[[MORE]], %[[WEIGHT]]
// CHECK: rec.binary add %[[BELOW]], %[[PART]]
func.func @linear(%x: tensor<?x2xf32, #rec.dims<"b", 2>>) -> tensor<*xf32> {
  %none = rec.none
  %s = rec.constant dense<3> : tensor<1xi64>
  %r = rec.onnx "Resize"(%x, %none, %none, %s)
    {attrs = {axes = array<i64: 1>, coordinate_transformation_mode = "align_corners", mode = "linear"}, opset = 18 : i64}
    : (tensor<?x2xf32, #rec.dims<"b", 2>>, none, none, tensor<1xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @older(
// CHECK-COUNT-2: rec.gather
func.func @older(%x: tensor<2x3xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %s = rec.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = rec.onnx "Upsample"(%x, %s) {attrs = {mode = "nearest"}, opset = 9 : i64} : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<*xf32>
  %1 = rec.onnx "Upsample"(%x) {attrs = {mode = "nearest", scales = array<f32: 2.0, 1.0>}, opset = 7 : i64} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}

// CHECK-LABEL: func.func @unsupported(
func.func @unsupported(%x: tensor<?x4xf32, #rec.dims<"t", 4>>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %none = rec.none
  %s = rec.constant dense<[1.0, 2.0]> : tensor<2xf32>
  // CHECK: rec.reason = "mode 'cubic' with 'half_pixel' and 'round_prefer_floor'"
  %0 = rec.onnx "Resize"(%x, %none, %s) {attrs = {mode = "cubic"}, opset = 13 : i64}
    : (tensor<?x4xf32, #rec.dims<"t", 4>>, none, tensor<2xf32>) -> tensor<*xf32>
  %t = rec.constant dense<[2.0, 1.0]> : tensor<2xf32>
  // CHECK: rec.reason = "the dimension t changes, which is not a constant"
  %1 = rec.onnx "Resize"(%x, %none, %t) {attrs = {mode = "linear"}, opset = 13 : i64}
    : (tensor<?x4xf32, #rec.dims<"t", 4>>, none, tensor<2xf32>) -> tensor<*xf32>
  %u = rec.constant dense<[1.0, 0.5]> : tensor<2xf32>
  // CHECK: rec.reason = "attribute 'antialias' of sizes that become less"
  %2 = rec.onnx "Resize"(%x, %none, %u) {attrs = {antialias = 1 : i64, mode = "linear"}, opset = 18 : i64}
    : (tensor<?x4xf32, #rec.dims<"t", 4>>, none, tensor<2xf32>) -> tensor<*xf32>
  return %0, %1, %2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}
