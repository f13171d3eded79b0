// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// CHECK-LABEL: func.func @reshape(
// CHECK: %[[V0:.*]] = rec.reshape %arg0 : (tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>) -> tensor<?x12xf32, #rec.dims<"batch", 12>>
// CHECK-NEXT: return %[[V0]] : tensor<?x12xf32, #rec.dims<"batch", 12>>
func.func @reshape(%arg0: tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<[0, -1]> : tensor<2xi64>
  %r = rec.onnx "Reshape"(%arg0, %c1) {opset = 17 : i64} : (tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>, tensor<2xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @reshape_infers_the_batch(
// CHECK: %[[V0:.*]] = rec.reshape %arg0 : (tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>) -> tensor<?x6xf32, #rec.dims<"2*batch", 6>>
// CHECK-NEXT: return %[[V0]] : tensor<?x6xf32, #rec.dims<"2*batch", 6>>
func.func @reshape_infers_the_batch(%arg0: tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<[-1, 6]> : tensor<2xi64>
  %r = rec.onnx "Reshape"(%arg0, %c1) {opset = 17 : i64} : (tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>, tensor<2xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @reshape_allows_zero(
// CHECK: %[[V0:.*]] = rec.reshape %arg0 : (tensor<0x3xf32>) -> tensor<3x0xf32>
// CHECK-NEXT: return %[[V0]] : tensor<3x0xf32>
func.func @reshape_allows_zero(%arg0: tensor<0x3xf32>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<[3, 0]> : tensor<2xi64>
  %r = rec.onnx "Reshape"(%arg0, %c1) {attrs = {allowzero = 1 : i64}, opset = 17 : i64} : (tensor<0x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @flatten(
// CHECK: %[[V0:.*]] = rec.reshape %arg0 : (tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>) -> tensor<?x12xf32, #rec.dims<"batch", 12>>
// CHECK-NEXT: return %[[V0]] : tensor<?x12xf32, #rec.dims<"batch", 12>>
func.func @flatten(%arg0: tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "Flatten"(%arg0) {opset = 17 : i64} : (tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @squeeze_attribute(
// CHECK: %[[V0:.*]] = rec.reshape %arg0 : (tensor<?x1x4xf32, #rec.dims<"batch", 1, 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @squeeze_attribute(%arg0: tensor<?x1x4xf32, #rec.dims<"batch", 1, 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "Squeeze"(%arg0) {attrs = {axes = array<i64: 1>}, opset = 11 : i64} : (tensor<?x1x4xf32, #rec.dims<"batch", 1, 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @squeeze_all(
// CHECK: %[[V0:.*]] = rec.reshape %arg0 : (tensor<?x1x4xf32, #rec.dims<"batch", 1, 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @squeeze_all(%arg0: tensor<?x1x4xf32, #rec.dims<"batch", 1, 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "Squeeze"(%arg0) {opset = 17 : i64} : (tensor<?x1x4xf32, #rec.dims<"batch", 1, 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @unsqueeze(
// CHECK: %[[V0:.*]] = rec.reshape %arg0 : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<1x?x4x1xf32, #rec.dims<1, "batch", 4, 1>>
// CHECK-NEXT: return %[[V0]] : tensor<1x?x4x1xf32, #rec.dims<1, "batch", 4, 1>>
func.func @unsqueeze(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<[0, -1]> : tensor<2xi64>
  %r = rec.onnx "Unsqueeze"(%arg0, %c1) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<2xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @transpose_default(
// CHECK: %[[V0:.*]] = rec.transpose %arg0 perm [1, 0] : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<4x?xf32, #rec.dims<4, "batch">>
// CHECK-NEXT: return %[[V0]] : tensor<4x?xf32, #rec.dims<4, "batch">>
func.func @transpose_default(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "Transpose"(%arg0) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @expand(
// CHECK: %[[V0:.*]] = rec.broadcast %arg0 : (tensor<?x1xf32, #rec.dims<"batch", 1>>) -> tensor<3x?x4xf32, #rec.dims<3, "batch", 4>>
// CHECK-NEXT: return %[[V0]] : tensor<3x?x4xf32, #rec.dims<3, "batch", 4>>
func.func @expand(%arg0: tensor<?x1xf32, #rec.dims<"batch", 1>>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<[3, 1, 4]> : tensor<3xi64>
  %r = rec.onnx "Expand"(%arg0, %c1) {opset = 17 : i64} : (tensor<?x1xf32, #rec.dims<"batch", 1>>, tensor<3xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// A count of a mask is the size of what the mask chooses.
// CHECK-LABEL: func.func @expand_to_count(
// CHECK: rec.data_size "[[N:.*]]" %arg0
// CHECK-NOT: rec.data_size
// CHECK: return {{.*}} : tensor<1x?xi64, #rec.dims<1, "[[N]]">>, tensor<?xf32, #rec.dims<"[[N]]">>
func.func @expand_to_count(%mask: tensor<?xi1, #rec.dims<"b">>, %x: tensor<1xf32>) -> (tensor<*xi64>, tensor<*xf32>) {
  %at = rec.onnx "NonZero"(%mask) {opset = 17 : i64} : (tensor<?xi1, #rec.dims<"b">>) -> tensor<*xi64>
  %i = rec.onnx "Cast"(%mask) {attrs = {to = 7 : i64}, opset = 17 : i64} : (tensor<?xi1, #rec.dims<"b">>) -> tensor<*xi64>
  %n = rec.onnx "ReduceSum"(%i) {opset = 17 : i64} : (tensor<*xi64>) -> tensor<*xi64>
  %r = rec.onnx "Expand"(%x, %n) {opset = 17 : i64} : (tensor<1xf32>, tensor<*xi64>) -> tensor<*xf32>
  return %at, %r : tensor<*xi64>, tensor<*xf32>
}
