// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// CHECK-LABEL: func.func @linear(
// CHECK: %[[V0:.*]] = rec.constant dense<{{\[\[}}1.000000e+00, 2.000000e+00, 3.000000e+00], [4.000000e+00, 5.000000e+00, 6.000000e+00]]> : tensor<2x3xf32>
// CHECK-NEXT: %[[V1:.*]] = rec.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK-NEXT: %[[V2:.*]] = rec.transpose %[[V0]] perm [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
// CHECK-NEXT: %[[V3:.*]] = rec.linear %arg0, %[[V2]], %[[V1]] : (tensor<?x3xf32, #rec.dims<"batch", 3>>, tensor<3x2xf32>, tensor<2xf32>) -> tensor<?x2xf32, #rec.dims<"batch", 2>>
// CHECK-NEXT: return %[[V3]] : tensor<?x2xf32, #rec.dims<"batch", 2>>
func.func @linear(%arg0: tensor<?x3xf32, #rec.dims<"batch", 3>>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %c2 = rec.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %r = rec.onnx "Gemm"(%arg0, %c1, %c2) {attrs = {transB = 1 : i64}, opset = 17 : i64} : (tensor<?x3xf32, #rec.dims<"batch", 3>>, tensor<2x3xf32>, tensor<2xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @factors(
// CHECK: %[[V0:.*]] = rec.constant dense<1.000000e+00> : tensor<2x2xf32>
// CHECK-NEXT: %[[V1:.*]] = rec.constant dense<3.000000e+00> : tensor<1xf32>
// CHECK-NEXT: %[[V2:.*]] = rec.constant dense<2.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V3:.*]] = rec.binary mul %[[V1]], %[[V2]] : (tensor<1xf32>, tensor<f32>) -> tensor<1xf32>
// CHECK-NEXT: %[[V4:.*]] = rec.constant dense<5.000000e-01> : tensor<f32>
// CHECK-NEXT: %[[V5:.*]] = rec.binary mul %[[V0]], %[[V4]] : (tensor<2x2xf32>, tensor<f32>) -> tensor<2x2xf32>
// CHECK-NEXT: %[[V6:.*]] = rec.broadcast %[[V3]] : (tensor<1xf32>) -> tensor<2xf32>
// CHECK-NEXT: %[[V7:.*]] = rec.linear %arg0, %[[V5]], %[[V6]] : (tensor<?x2xf32, #rec.dims<"batch", 2>>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<?x2xf32, #rec.dims<"batch", 2>>
// CHECK-NEXT: return %[[V7]] : tensor<?x2xf32, #rec.dims<"batch", 2>>
func.func @factors(%arg0: tensor<?x2xf32, #rec.dims<"batch", 2>>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<1.0> : tensor<2x2xf32>
  %c2 = rec.constant dense<3.0> : tensor<1xf32>
  %r = rec.onnx "Gemm"(%arg0, %c1, %c2) {attrs = {alpha = 0.5 : f32, beta = 2.0 : f32}, opset = 17 : i64} : (tensor<?x2xf32, #rec.dims<"batch", 2>>, tensor<2x2xf32>, tensor<1xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @matrix_addend(
// CHECK: %[[V0:.*]] = rec.constant dense<1.000000e+00> : tensor<3x2xf32>
// CHECK-NEXT: %[[V1:.*]] = rec.linear %arg0, %[[V0]] : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
// CHECK-NEXT: %[[V2:.*]] = rec.binary add %[[V1]], %arg1 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
// CHECK-NEXT: return %[[V2]] : tensor<2x2xf32>
func.func @matrix_addend(%arg0: tensor<2x3xf32>, %arg1: tensor<2x2xf32>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<1.0> : tensor<3x2xf32>
  %r = rec.onnx "Gemm"(%arg0, %c1, %arg1) {opset = 17 : i64} : (tensor<2x3xf32>, tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @products(
// CHECK: %[[V0:.*]] = rec.matmul %arg0, %arg1 {transpose_a} : (tensor<3x2xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
// CHECK-NEXT: return %[[V0]] : tensor<2x4xf32>
func.func @products(%arg0: tensor<3x2xf32>, %arg1: tensor<3x4xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "Gemm"(%arg0, %arg1) {attrs = {transA = 1 : i64}, opset = 17 : i64} : (tensor<3x2xf32>, tensor<3x4xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @weight(
// CHECK: %[[V0:.*]] = rec.constant dense<1.000000e+00> : tensor<3x2xf32>
// CHECK-NEXT: %[[V1:.*]] = rec.linear %arg0, %[[V0]] : (tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>>, tensor<3x2xf32>) -> tensor<?x5x2xf32, #rec.dims<"batch", 5, 2>>
// CHECK-NEXT: return %[[V1]] : tensor<?x5x2xf32, #rec.dims<"batch", 5, 2>>
func.func @weight(%arg0: tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>>) -> (tensor<*xf32>) {
  %c1 = rec.constant dense<1.0> : tensor<3x2xf32>
  %r = rec.onnx "MatMul"(%arg0, %c1) {opset = 17 : i64} : (tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>>, tensor<3x2xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @matmul(
// CHECK: %[[V0:.*]] = rec.matmul %arg0, %arg1 : (tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>>, tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>) -> tensor<?x5x4xf32, #rec.dims<"batch", 5, 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x5x4xf32, #rec.dims<"batch", 5, 4>>
func.func @matmul(%arg0: tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>>, %arg1: tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "MatMul"(%arg0, %arg1) {opset = 17 : i64} : (tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>>, tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @einsum(
// CHECK: %[[V0:.*]] = rec.einsum "bi,bj->bij"(%arg0, %arg1) : (tensor<?x3xf32, #rec.dims<"batch", 3>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>
func.func @einsum(%arg0: tensor<?x3xf32, #rec.dims<"batch", 3>>, %arg1: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "Einsum"(%arg0, %arg1) {attrs = {equation = "b i, b j -> b i j"}, opset = 17 : i64} : (tensor<?x3xf32, #rec.dims<"batch", 3>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @einsum_implicit(
// CHECK: %[[V0:.*]] = rec.einsum "ij,jk->ik"(%arg0, %arg1) : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
// CHECK-NEXT: return %[[V0]] : tensor<2x4xf32>
func.func @einsum_implicit(%arg0: tensor<2x3xf32>, %arg1: tensor<3x4xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "Einsum"(%arg0, %arg1) {attrs = {equation = "ij,jk"}, opset = 17 : i64} : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @einsum_ellipsis(
// CHECK: %[[V0:.*]] = rec.einsum "Zij,jk->Zik"(%arg0, %arg1) : (tensor<?x2x3xf32, #rec.dims<"batch", 2, 3>>, tensor<3x4xf32>) -> tensor<?x2x4xf32, #rec.dims<"batch", 2, 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x2x4xf32, #rec.dims<"batch", 2, 4>>
func.func @einsum_ellipsis(%arg0: tensor<?x2x3xf32, #rec.dims<"batch", 2, 3>>, %arg1: tensor<3x4xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "Einsum"(%arg0, %arg1) {attrs = {equation = "...ij,jk->...ik"}, opset = 17 : i64} : (tensor<?x2x3xf32, #rec.dims<"batch", 2, 3>>, tensor<3x4xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}
