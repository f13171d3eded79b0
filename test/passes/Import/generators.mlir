// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// CHECK-LABEL: func.func @constant_of_shape(
// CHECK: %[[V0:.*]] = rec.constant dense<7> : tensor<2x3xi64>
// CHECK-NEXT: return %[[V0]] : tensor<2x3xi64>
func.func @constant_of_shape() -> (tensor<*xi64>) {
  %c0 = rec.constant dense<[2, 3]> : tensor<2xi64>
  %r = rec.onnx "ConstantOfShape"(%c0) {attrs = {value = dense<7> : tensor<1xi64>}, opset = 17 : i64} : (tensor<2xi64>) -> (tensor<*xi64>)
  return %r : tensor<*xi64>
}

// CHECK-LABEL: func.func @range(
// CHECK: %[[V0:.*]] = rec.constant dense<[0, 3, 6, 9]> : tensor<4xi64>
// CHECK-NEXT: return %[[V0]] : tensor<4xi64>
func.func @range() -> (tensor<*xi64>) {
  %c0 = rec.constant dense<0> : tensor<i64>
  %c1 = rec.constant dense<10> : tensor<i64>
  %c2 = rec.constant dense<3> : tensor<i64>
  %r = rec.onnx "Range"(%c0, %c1, %c2) {opset = 17 : i64} : (tensor<i64>, tensor<i64>, tensor<i64>) -> (tensor<*xi64>)
  return %r : tensor<*xi64>
}

// CHECK-LABEL: func.func @range_of_floats(
// CHECK: %[[V0:.*]] = rec.constant dense<[1.000000e+00, 1.250000e+00, 1.500000e+00, 1.750000e+00]> : tensor<4xf32>
// CHECK-NEXT: return %[[V0]] : tensor<4xf32>
func.func @range_of_floats() -> (tensor<*xf32>) {
  %c0 = rec.constant dense<1.0> : tensor<f32>
  %c1 = rec.constant dense<2.0> : tensor<f32>
  %c2 = rec.constant dense<0.25> : tensor<f32>
  %r = rec.onnx "Range"(%c0, %c1, %c2) {opset = 17 : i64} : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @eye_like(
// CHECK: %[[V0:.*]] = rec.iota axis 0 start -1.000000e+00 step 1.000000e+00 : tensor<?x1xi64, #rec.dims<"batch", 1>>
// CHECK-NEXT: %[[V1:.*]] = rec.iota axis 1 start 0.000000e+00 step 1.000000e+00 : tensor<1x4xi64>
// CHECK-NEXT: %[[V2:.*]] = rec.compare eq %[[V0]], %[[V1]] : (tensor<?x1xi64, #rec.dims<"batch", 1>>, tensor<1x4xi64>) -> tensor<?x4xi1, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V3:.*]] = rec.cast %[[V2]] : (tensor<?x4xi1, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V3]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @eye_like(%arg0: tensor<?x4xi32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "EyeLike"(%arg0) {attrs = {dtype = 1 : i64, k = -1 : i64}, opset = 17 : i64} : (tensor<?x4xi32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @one_hot(
// CHECK: %[[V0:.*]] = rec.constant dense<0> : tensor<i64>
// CHECK-NEXT: %[[V1:.*]] = rec.compare lt %arg0, %[[V0]] : (tensor<?xi64, #rec.dims<"batch">>, tensor<i64>) -> tensor<?xi1, #rec.dims<"batch">>
// CHECK-NEXT: %[[V2:.*]] = rec.constant dense<3> : tensor<i64>
// CHECK-NEXT: %[[V3:.*]] = rec.binary add %arg0, %[[V2]] : (tensor<?xi64, #rec.dims<"batch">>, tensor<i64>) -> tensor<?xi64, #rec.dims<"batch">>
// CHECK-NEXT: %[[V4:.*]] = rec.select %[[V1]], %[[V3]], %arg0 : (tensor<?xi1, #rec.dims<"batch">>, tensor<?xi64, #rec.dims<"batch">>, tensor<?xi64, #rec.dims<"batch">>) -> tensor<?xi64, #rec.dims<"batch">>
// CHECK-NEXT: %[[V5:.*]] = rec.reshape %[[V4]] : (tensor<?xi64, #rec.dims<"batch">>) -> tensor<?x1xi64, #rec.dims<"batch", 1>>
// CHECK-NEXT: %[[V6:.*]] = rec.iota axis 1 start 0.000000e+00 step 1.000000e+00 : tensor<1x3xi64>
// CHECK-NEXT: %[[V7:.*]] = rec.compare eq %[[V5]], %[[V6]] : (tensor<?x1xi64, #rec.dims<"batch", 1>>, tensor<1x3xi64>) -> tensor<?x3xi1, #rec.dims<"batch", 3>>
// CHECK-NEXT: %[[V8:.*]] = rec.slice %arg1 starts <0> sizes <1> steps [1] : (tensor<2xf32>) -> tensor<1xf32>
// CHECK-NEXT: %[[V9:.*]] = rec.reshape %[[V8]] : (tensor<1xf32>) -> tensor<f32>
// CHECK-NEXT: %[[V10:.*]] = rec.slice %arg1 starts <1> sizes <1> steps [1] : (tensor<2xf32>) -> tensor<1xf32>
// CHECK-NEXT: %[[V11:.*]] = rec.reshape %[[V10]] : (tensor<1xf32>) -> tensor<f32>
// CHECK-NEXT: %[[V12:.*]] = rec.select %[[V7]], %[[V11]], %[[V9]] : (tensor<?x3xi1, #rec.dims<"batch", 3>>, tensor<f32>, tensor<f32>) -> tensor<?x3xf32, #rec.dims<"batch", 3>>
// CHECK-NEXT: return %[[V12]] : tensor<?x3xf32, #rec.dims<"batch", 3>>
func.func @one_hot(%arg0: tensor<?xi64, #rec.dims<"batch">>, %arg1: tensor<2xf32>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<3> : tensor<i64>
  %r = rec.onnx "OneHot"(%arg0, %c1, %arg1) {opset = 17 : i64} : (tensor<?xi64, #rec.dims<"batch">>, tensor<i64>, tensor<2xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @hann_window(
// CHECK: %[[V0:.*]] = rec.constant dense<[0.000000e+00, 5.000000e-01, 1.000000e+00, 5.000000e-01]> : tensor<4xf32>
// CHECK-NEXT: return %[[V0]] : tensor<4xf32>
func.func @hann_window() -> (tensor<*xf32>) {
  %c0 = rec.constant dense<4> : tensor<i64>
  %r = rec.onnx "HannWindow"(%c0) {opset = 17 : i64} : (tensor<i64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// The offsets of rows of T elements: as many as there are rows, if a row has any.
// CHECK-LABEL: func.func @range_by_a_size(
// CHECK-SAME: rec.requirements = [#rec.requirement<at_least <"T", 1>, "", "a range that proceeds">]
// CHECK-DAG: %[[T:.*]] = rec.dims <"T"> : tensor<i64>
// CHECK-DAG: %[[ROW:.*]] = rec.iota axis 0 start 0.000000e+00 step 1.000000e+00 : tensor<?xi64, #rec.dims<"b">>
// CHECK: rec.binary mul %[[ROW]], %[[T]]
func.func @range_by_a_size(%x: tensor<?x?xf32, #rec.dims<"b", "T">>) -> tensor<*xi64> {
  %shape = rec.onnx "Shape"(%x) {opset = 17 : i64} : (tensor<?x?xf32, #rec.dims<"b", "T">>) -> tensor<*xi64>
  %zero = rec.constant dense<0> : tensor<i64>
  %one = rec.constant dense<1> : tensor<i64>
  %t = rec.onnx "Gather"(%shape, %one) {opset = 17 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %n = rec.onnx "Size"(%x) {opset = 17 : i64} : (tensor<?x?xf32, #rec.dims<"b", "T">>) -> tensor<*xi64>
  %r = rec.onnx "Range"(%zero, %n, %t) {opset = 17 : i64} : (tensor<i64>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  return %r : tensor<*xi64>
}

// CHECK-LABEL: func.func @range_by_a_difference(
// CHECK: rec.reason = "a delta of T-3, whose sign is not known"
func.func @range_by_a_difference(%x: tensor<?xf32, #rec.dims<"T">>) -> tensor<*xi64> {
  %n = rec.onnx "Size"(%x) {opset = 17 : i64} : (tensor<?xf32, #rec.dims<"T">>) -> tensor<*xi64>
  %zero = rec.constant dense<0> : tensor<i64>
  %three = rec.constant dense<3> : tensor<i64>
  %d = rec.onnx "Sub"(%n, %three) {opset = 17 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %r = rec.onnx "Range"(%zero, %n, %d) {opset = 17 : i64} : (tensor<i64>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  return %r : tensor<*xi64>
}

// CHECK-LABEL: func.func @one_hot_of_a_size(
// CHECK: %[[DEPTH:.*]] = rec.dims <"b"> : tensor<i64>
// CHECK: rec.binary add %arg0, %[[DEPTH]]
// CHECK: rec.select {{.*}} -> tensor<?x?xf32, #rec.dims<"b", "b">>
func.func @one_hot_of_a_size(%ids: tensor<?xi64, #rec.dims<"b">>, %values: tensor<2xf32>) -> tensor<*xf32> {
  %depth = rec.onnx "Size"(%ids) {opset = 17 : i64} : (tensor<?xi64, #rec.dims<"b">>) -> tensor<*xi64>
  %r = rec.onnx "OneHot"(%ids, %depth, %values) {opset = 17 : i64} : (tensor<?xi64, #rec.dims<"b">>, tensor<*xi64>, tensor<2xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}
