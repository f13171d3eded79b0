// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// CHECK-LABEL: func.func @gather(
// CHECK: %[[V0:.*]] = rec.constant dense<3> : tensor<i64>
// CHECK-NEXT: %[[V1:.*]] = rec.gather %arg0, %[[V0]] axis 1 : (tensor<?x26xi64, #rec.dims<"batch", 26>>, tensor<i64>) -> tensor<?xi64, #rec.dims<"batch">>
// CHECK-NEXT: return %[[V1]] : tensor<?xi64, #rec.dims<"batch">>
func.func @gather(%arg0: tensor<?x26xi64, #rec.dims<"batch", 26>>) -> (tensor<*xi64>) {
  %c1 = rec.constant dense<3> : tensor<i64>
  %r = rec.onnx "Gather"(%arg0, %c1) {attrs = {axis = 1 : i64}, opset = 17 : i64} : (tensor<?x26xi64, #rec.dims<"batch", 26>>, tensor<i64>) -> (tensor<*xi64>)
  return %r : tensor<*xi64>
}

// CHECK-LABEL: func.func @gather_elements(
// CHECK: %[[V0:.*]] = rec.gather_elements %arg0, %arg1 axis 1 : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x2xi64, #rec.dims<"batch", 2>>) -> tensor<?x2xf32, #rec.dims<"batch", 2>>
// CHECK-NEXT: return %[[V0]] : tensor<?x2xf32, #rec.dims<"batch", 2>>
func.func @gather_elements(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>, %arg1: tensor<?x2xi64, #rec.dims<"batch", 2>>) -> (tensor<*xf32>) {
  %r = rec.onnx "GatherElements"(%arg0, %arg1) {attrs = {axis = 1 : i64}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x2xi64, #rec.dims<"batch", 2>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @gather_nd(
// CHECK: %[[V0:.*]] = rec.gather_nd %arg0, %arg1 batch_dims 1 : (tensor<?x27x27xf32, #rec.dims<"batch", 27, 27>>, tensor<?x5x2xi64, #rec.dims<"batch", 5, 2>>) -> tensor<?x5xf32, #rec.dims<"batch", 5>>
// CHECK-NEXT: return %[[V0]] : tensor<?x5xf32, #rec.dims<"batch", 5>>
func.func @gather_nd(%arg0: tensor<?x27x27xf32, #rec.dims<"batch", 27, 27>>, %arg1: tensor<?x5x2xi64, #rec.dims<"batch", 5, 2>>) -> (tensor<*xf32>) {
  %r = rec.onnx "GatherND"(%arg0, %arg1) {attrs = {batch_dims = 1 : i64}, opset = 17 : i64} : (tensor<?x27x27xf32, #rec.dims<"batch", 27, 27>>, tensor<?x5x2xi64, #rec.dims<"batch", 5, 2>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @scatter_nd(
// CHECK: %[[V0:.*]] = rec.scatter_nd %arg0, %arg1, %arg2 {reduction = #rec<reduce_kind sum>} : (tensor<8xf32>, tensor<4x1xi64>, tensor<4xf32>) -> tensor<8xf32>
// CHECK-NEXT: return %[[V0]] : tensor<8xf32>
func.func @scatter_nd(%arg0: tensor<8xf32>, %arg1: tensor<4x1xi64>, %arg2: tensor<4xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "ScatterND"(%arg0, %arg1, %arg2) {attrs = {reduction = "add"}, opset = 17 : i64} : (tensor<8xf32>, tensor<4x1xi64>, tensor<4xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @scatter_elements(
// CHECK: %[[V0:.*]] = rec.scatter_elements %arg0, %arg1, %arg2 axis 0 : (tensor<3x3xf32>, tensor<2x3xi64>, tensor<2x3xf32>) -> tensor<3x3xf32>
// CHECK-NEXT: return %[[V0]] : tensor<3x3xf32>
func.func @scatter_elements(%arg0: tensor<3x3xf32>, %arg1: tensor<2x3xi64>, %arg2: tensor<2x3xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "ScatterElements"(%arg0, %arg1, %arg2) {attrs = {axis = 0 : i64}, opset = 17 : i64} : (tensor<3x3xf32>, tensor<2x3xi64>, tensor<2x3xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @compress(
// CHECK: %[[V0:.*]] = rec.constant dense<[1, 2]> : tensor<2xi64>
// CHECK-NEXT: %[[V1:.*]] = rec.gather %arg0, %[[V0]] axis 0 : (tensor<3x2xf32>, tensor<2xi64>) -> tensor<2x2xf32>
// CHECK-NEXT: return %[[V1]] : tensor<2x2xf32>
func.func @compress(%arg0: tensor<3x2xf32>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<[false, true, true]> : tensor<3xi1>
  %r = rec.onnx "Compress"(%arg0, %c1) {attrs = {axis = 0 : i64}, opset = 17 : i64} : (tensor<3x2xf32>, tensor<3xi1>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @reverse_sequence(
// CHECK: %[[V0:.*]] = rec.iota axis 0 start 0.000000e+00 step 1.000000e+00 : tensor<4x?xi64, #rec.dims<4, "batch">>
// CHECK-NEXT: %[[V1:.*]] = rec.reshape %arg1 : (tensor<?xi64, #rec.dims<"batch">>) -> tensor<1x?xi64, #rec.dims<1, "batch">>
// CHECK-NEXT: %[[V2:.*]] = rec.binary sub %[[V1]], %[[V0]] : (tensor<1x?xi64, #rec.dims<1, "batch">>, tensor<4x?xi64, #rec.dims<4, "batch">>) -> tensor<4x?xi64, #rec.dims<4, "batch">>
// CHECK-NEXT: %[[V3:.*]] = rec.constant dense<-1> : tensor<i64>
// CHECK-NEXT: %[[V4:.*]] = rec.binary add %[[V2]], %[[V3]] : (tensor<4x?xi64, #rec.dims<4, "batch">>, tensor<i64>) -> tensor<4x?xi64, #rec.dims<4, "batch">>
// CHECK-NEXT: %[[V5:.*]] = rec.compare lt %[[V0]], %[[V1]] : (tensor<4x?xi64, #rec.dims<4, "batch">>, tensor<1x?xi64, #rec.dims<1, "batch">>) -> tensor<4x?xi1, #rec.dims<4, "batch">>
// CHECK-NEXT: %[[V6:.*]] = rec.select %[[V5]], %[[V4]], %[[V0]] : (tensor<4x?xi1, #rec.dims<4, "batch">>, tensor<4x?xi64, #rec.dims<4, "batch">>, tensor<4x?xi64, #rec.dims<4, "batch">>) -> tensor<4x?xi64, #rec.dims<4, "batch">>
// CHECK-NEXT: %[[V7:.*]] = rec.iota axis 1 start 0.000000e+00 step 1.000000e+00 : tensor<4x?xi64, #rec.dims<4, "batch">>
// CHECK-NEXT: %[[V8:.*]] = rec.reshape %[[V6]] : (tensor<4x?xi64, #rec.dims<4, "batch">>) -> tensor<4x?x1xi64, #rec.dims<4, "batch", 1>>
// CHECK-NEXT: %[[V9:.*]] = rec.reshape %[[V7]] : (tensor<4x?xi64, #rec.dims<4, "batch">>) -> tensor<4x?x1xi64, #rec.dims<4, "batch", 1>>
// CHECK-NEXT: %[[V10:.*]] = rec.concat %[[V8]], %[[V9]] axis 2 : (tensor<4x?x1xi64, #rec.dims<4, "batch", 1>>, tensor<4x?x1xi64, #rec.dims<4, "batch", 1>>) -> tensor<4x?x2xi64, #rec.dims<4, "batch", 2>>
// CHECK-NEXT: %[[V11:.*]] = rec.gather_nd %arg0, %[[V10]] batch_dims 0 : (tensor<4x?xf32, #rec.dims<4, "batch">>, tensor<4x?x2xi64, #rec.dims<4, "batch", 2>>) -> tensor<4x?xf32, #rec.dims<4, "batch">>
// CHECK-NEXT: return %[[V11]] : tensor<4x?xf32, #rec.dims<4, "batch">>
func.func @reverse_sequence(%arg0: tensor<4x?xf32, #rec.dims<4, "batch">>, %arg1: tensor<?xi64, #rec.dims<"batch">>) -> (tensor<*xf32>) {
  %r = rec.onnx "ReverseSequence"(%arg0, %arg1) {opset = 17 : i64} : (tensor<4x?xf32, #rec.dims<4, "batch">>, tensor<?xi64, #rec.dims<"batch">>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}
