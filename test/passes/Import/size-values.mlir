// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// Shape arithmetic leaves nothing to run: targets become types.

// CHECK-LABEL: func.func @flatten_by_shape(
// CHECK: %[[V0:.*]] = rec.reshape %arg0 : (tensor<?x26x16xf32, #rec.dims<"batch", 26, 16>>) -> tensor<?x416xf32, #rec.dims<"batch", 416>>
// CHECK-NEXT: return %[[V0]] : tensor<?x416xf32, #rec.dims<"batch", 416>>
func.func @flatten_by_shape(%arg0: tensor<?x26x16xf32, #rec.dims<"batch", 26, 16>>) -> (tensor<*xf32>) {
  %s = rec.onnx "Shape"(%arg0) {opset = 17 : i64} : (tensor<?x26x16xf32, #rec.dims<"batch", 26, 16>>) -> (tensor<*xi64>)
  %z = rec.constant dense<0> : tensor<i64>
  %b = rec.onnx "Gather"(%s, %z) {opset = 17 : i64} : (tensor<*xi64>, tensor<i64>) -> (tensor<*xi64>)
  %a = rec.constant dense<0> : tensor<1xi64>
  %u = rec.onnx "Unsqueeze"(%b, %a) {opset = 17 : i64} : (tensor<*xi64>, tensor<1xi64>) -> (tensor<*xi64>)
  %m = rec.constant dense<-1> : tensor<1xi64>
  %t = rec.onnx "Concat"(%u, %m) {attrs = {axis = 0 : i64}, opset = 17 : i64} : (tensor<*xi64>, tensor<1xi64>) -> (tensor<*xi64>)
  %r = rec.onnx "Reshape"(%arg0, %t) {opset = 17 : i64} : (tensor<?x26x16xf32, #rec.dims<"batch", 26, 16>>, tensor<*xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @expand_idiom(
// CHECK: %[[V0:.*]] = rec.broadcast %arg0 : (tensor<1x4xf32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @expand_idiom(%arg0: tensor<1x4xf32>, %arg1: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %s = rec.onnx "Shape"(%arg1) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xi64>)
  %m = rec.constant dense<-1> : tensor<i64>
  %e = rec.onnx "Equal"(%s, %m) {opset = 17 : i64} : (tensor<*xi64>, tensor<i64>) -> (tensor<*xi1>)
  %o = rec.constant dense<1> : tensor<2xi64>
  %w = rec.onnx "Where"(%e, %o, %s) {opset = 17 : i64} : (tensor<*xi1>, tensor<2xi64>, tensor<*xi64>) -> (tensor<*xi64>)
  %r = rec.onnx "Expand"(%arg0, %w) {opset = 17 : i64} : (tensor<1x4xf32>, tensor<*xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @counting(
// CHECK: %[[V0:.*]] = rec.iota axis 0 start 0.000000e+00 step 1.000000e+00 : tensor<?xi64, #rec.dims<"max(0, batch-1)">>
// CHECK-NEXT: return %[[V0]] : tensor<?xi64, #rec.dims<"max(0, batch-1)">>
func.func @counting(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xi64>) {
  %z = rec.constant dense<0> : tensor<i64>
  %o = rec.constant dense<1> : tensor<i64>
  %f = rec.constant dense<4> : tensor<i64>
  %s = rec.onnx "Size"(%arg0) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xi64>)
  %d = rec.onnx "Div"(%s, %f) {opset = 17 : i64} : (tensor<*xi64>, tensor<i64>) -> (tensor<*xi64>)
  %p = rec.onnx "Sub"(%d, %o) {opset = 17 : i64} : (tensor<*xi64>, tensor<i64>) -> (tensor<*xi64>)
  %r = rec.onnx "Range"(%z, %p, %o) {opset = 17 : i64} : (tensor<i64>, tensor<*xi64>, tensor<i64>) -> (tensor<*xi64>)
  return %r : tensor<*xi64>
}

// CHECK-LABEL: func.func @given_to_the_outside(
// CHECK: %[[V0:.*]] = rec.dims <"batch", 26> : tensor<2xi64>
// CHECK-NEXT: return %[[V0]] : tensor<2xi64>
func.func @given_to_the_outside(%arg0: tensor<?x26x16xf32, #rec.dims<"batch", 26, 16>>) -> (tensor<*xi64>) {
  %s = rec.onnx "Shape"(%arg0) {attrs = {end = 2 : i64}, opset = 17 : i64} : (tensor<?x26x16xf32, #rec.dims<"batch", 26, 16>>) -> (tensor<*xi64>)
  return %s : tensor<*xi64>
}

// Repeats of one axis, as an exporter places them: 1 in the others.
// CHECK-LABEL: func.func @one_hot(
// CHECK: rec.dims <1, "batch"> : tensor<2xi64>
func.func @one_hot(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xi64> {
  %s = rec.onnx "Shape"(%arg0) {attrs = {end = 1 : i64}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xi64>
  %one = rec.constant dense<1> : tensor<1xi64>
  %two = rec.constant dense<2> : tensor<1xi64>
  %last = rec.constant dense<-1> : tensor<1xi64>
  %values = rec.onnx "Concat"(%one, %s) {attrs = {axis = 0 : i64}, opset = 17 : i64} : (tensor<1xi64>, tensor<*xi64>) -> tensor<*xi64>
  %h = rec.onnx "OneHot"(%last, %two, %values) {opset = 17 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<*xi64>) -> tensor<*xi64>
  %r = rec.onnx "Reshape"(%h, %last) {opset = 17 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  return %r : tensor<*xi64>
}

// Pads of one axis among those of all, as they are put together for a dilated convolution.
// CHECK-LABEL: func.func @padded(
// CHECK: rec.dims <0, "batch", 0, 0, "batch", 0> : tensor<6xi64>
func.func @padded(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xi64> {
  %s = rec.onnx "Shape"(%arg0) {attrs = {end = 1 : i64}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xi64>
  %both = rec.onnx "Concat"(%s, %s) {attrs = {axis = 0 : i64}, opset = 17 : i64} : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %two = rec.constant dense<[2, 1]> : tensor<2xi64>
  %matrix = rec.onnx "Reshape"(%both, %two) {opset = 17 : i64} : (tensor<*xi64>, tensor<2xi64>) -> tensor<*xi64>
  %pads = rec.constant dense<[0, 1, 0, 1]> : tensor<4xi64>
  %p = rec.onnx "Pad"(%matrix, %pads) {opset = 17 : i64} : (tensor<*xi64>, tensor<4xi64>) -> tensor<*xi64>
  %flat = rec.constant dense<-1> : tensor<1xi64>
  %r = rec.onnx "Reshape"(%p, %flat) {opset = 17 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  return %r : tensor<*xi64>
}
