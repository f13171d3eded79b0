// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// CHECK-LABEL: func.func @columns(
// CHECK: %[[V0:.*]] = rec.slice %arg0 starts <0, 3> sizes <"batch", 2> steps [1, 1] : (tensor<?x26xf32, #rec.dims<"batch", 26>>) -> tensor<?x2xf32, #rec.dims<"batch", 2>>
// CHECK-NEXT: return %[[V0]] : tensor<?x2xf32, #rec.dims<"batch", 2>>
func.func @columns(%arg0: tensor<?x26xf32, #rec.dims<"batch", 26>>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<[3]> : tensor<1xi64>
  %c2 = rec.constant dense<[5]> : tensor<1xi64>
  %c3 = rec.constant dense<[1]> : tensor<1xi64>
  %r = rec.onnx "Slice"(%arg0, %c1, %c2, %c3) {opset = 17 : i64} : (tensor<?x26xf32, #rec.dims<"batch", 26>>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @to_the_end(
// CHECK: %[[V0:.*]] = rec.slice %arg0 starts <1, 0> sizes <"max(0, batch-1)", 4> steps [1, 1] : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"max(0, batch-1)", 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x4xf32, #rec.dims<"max(0, batch-1)", 4>>
func.func @to_the_end(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<[1]> : tensor<1xi64>
  %c2 = rec.constant dense<[9223372036854775807]> : tensor<1xi64>
  %c3 = rec.constant dense<[0]> : tensor<1xi64>
  %r = rec.onnx "Slice"(%arg0, %c1, %c2, %c3) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @last_row(
// CHECK: %[[V0:.*]] = rec.slice %arg0 starts <"max(0, batch-1)", 0> sizes <"min(batch, 1)", 4> steps [1, 1] : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"min(batch, 1)", 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x4xf32, #rec.dims<"min(batch, 1)", 4>>
func.func @last_row(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<[-1]> : tensor<1xi64>
  %c2 = rec.constant dense<[2147483647]> : tensor<1xi64>
  %c3 = rec.constant dense<[0]> : tensor<1xi64>
  %r = rec.onnx "Slice"(%arg0, %c1, %c2, %c3) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @clamped(
// CHECK: %[[V0:.*]] = rec.slice %arg0 starts <0, 2> sizes <4, 3> steps [1, 1] : (tensor<4x5xf32>) -> tensor<4x3xf32>
// CHECK-NEXT: return %[[V0]] : tensor<4x3xf32>
func.func @clamped(%arg0: tensor<4x5xf32>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<[-100, 2]> : tensor<2xi64>
  %c2 = rec.constant dense<[100, 100]> : tensor<2xi64>
  %r = rec.onnx "Slice"(%arg0, %c1, %c2) {opset = 17 : i64} : (tensor<4x5xf32>, tensor<2xi64>, tensor<2xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @reversed(
// CHECK: %[[V0:.*]] = rec.slice %arg0 starts <4> sizes <3> steps [-2] : (tensor<5xf32>) -> tensor<3xf32>
// CHECK-NEXT: return %[[V0]] : tensor<3xf32>
func.func @reversed(%arg0: tensor<5xf32>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<[-1]> : tensor<1xi64>
  %c2 = rec.constant dense<[-9223372036854775807]> : tensor<1xi64>
  %c3 = rec.constant dense<[0]> : tensor<1xi64>
  %c4 = rec.constant dense<[-2]> : tensor<1xi64>
  %r = rec.onnx "Slice"(%arg0, %c1, %c2, %c3, %c4) {opset = 17 : i64} : (tensor<5xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @attributes(
// CHECK: %[[V0:.*]] = rec.slice %arg0 starts <0, 0> sizes <4, 4> steps [1, 1] : (tensor<4x5xf32>) -> tensor<4x4xf32>
// CHECK-NEXT: return %[[V0]] : tensor<4x4xf32>
func.func @attributes(%arg0: tensor<4x5xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "Slice"(%arg0) {attrs = {axes = array<i64: 1>, ends = array<i64: -1>, starts = array<i64: 0>}, opset = 9 : i64} : (tensor<4x5xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @split(
// CHECK: %[[V0:.*]] = rec.slice %arg0 starts <0, 0> sizes <"batch", 2> steps [1, 1] : (tensor<?x6xf32, #rec.dims<"batch", 6>>) -> tensor<?x2xf32, #rec.dims<"batch", 2>>
// CHECK-NEXT: %[[V1:.*]] = rec.slice %arg0 starts <0, 2> sizes <"batch", 4> steps [1, 1] : (tensor<?x6xf32, #rec.dims<"batch", 6>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V0]], %[[V1]] : tensor<?x2xf32, #rec.dims<"batch", 2>>, tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @split(%arg0: tensor<?x6xf32, #rec.dims<"batch", 6>>) -> (tensor<*xf32>, tensor<*xf32>) {
  %c1 = rec.constant dense<[2, 4]> : tensor<2xi64>
  %r:2 = rec.onnx "Split"(%arg0, %c1) {attrs = {axis = 1 : i64}, opset = 17 : i64} : (tensor<?x6xf32, #rec.dims<"batch", 6>>, tensor<2xi64>) -> (tensor<*xf32>, tensor<*xf32>)
  return %r#0, %r#1 : tensor<*xf32>, tensor<*xf32>
}

// CHECK-LABEL: func.func @uneven_split(
// CHECK: %[[V0:.*]] = rec.slice %arg0 starts <0, 0> sizes <"batch", 3> steps [1, 1] : (tensor<?x5xf32, #rec.dims<"batch", 5>>) -> tensor<?x3xf32, #rec.dims<"batch", 3>>
// CHECK-NEXT: %[[V1:.*]] = rec.slice %arg0 starts <0, 3> sizes <"batch", 2> steps [1, 1] : (tensor<?x5xf32, #rec.dims<"batch", 5>>) -> tensor<?x2xf32, #rec.dims<"batch", 2>>
// CHECK-NEXT: return %[[V0]], %[[V1]] : tensor<?x3xf32, #rec.dims<"batch", 3>>, tensor<?x2xf32, #rec.dims<"batch", 2>>
func.func @uneven_split(%arg0: tensor<?x5xf32, #rec.dims<"batch", 5>>) -> (tensor<*xf32>, tensor<*xf32>) {
  %r:2 = rec.onnx "Split"(%arg0) {attrs = {axis = 1 : i64, num_outputs = 2 : i64}, opset = 18 : i64} : (tensor<?x5xf32, #rec.dims<"batch", 5>>) -> (tensor<*xf32>, tensor<*xf32>)
  return %r#0, %r#1 : tensor<*xf32>, tensor<*xf32>
}
