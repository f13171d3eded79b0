// RUN: reckon-opt --rec-convert-onnx --split-input-file --verify-diagnostics %s | FileCheck %s

// CHECK-LABEL: func.func @activation(
// CHECK: rec.reason = "activation 'Softsign2'"
func.func @activation(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>) -> tensor<*xf32> {
  %0 = rec.onnx "FusedGemm"(%x, %w) {attrs = {activation = "Softsign2"}, domain = "com.microsoft", opset = 1 : i64} : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @misspelt(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>) -> tensor<*xf32> {
  // expected-error @below {{(com.microsoft.FusedGemm): there is no attribute 'transb' in opset 1}}
  %0 = rec.onnx "FusedGemm"(%x, %w) {attrs = {transb = 1 : i64}, domain = "com.microsoft", opset = 1 : i64} : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @heads(%x: tensor<2x5x6xf32>) -> tensor<*xf32> {
  // expected-error @below {{(Attention): 4 heads do not divide a width of 6}}
  %0 = rec.onnx "Attention"(%x, %x, %x) {attrs = {q_num_heads = 4 : i64, kv_num_heads = 4 : i64}, opset = 23 : i64} : (tensor<2x5x6xf32>, tensor<2x5x6xf32>, tensor<2x5x6xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @grouped(%q: tensor<2x3x5x6xf32>, %k: tensor<2x2x5x6xf32>) -> tensor<*xf32> {
  // expected-error @below {{(Attention): 2 heads of keys do not divide 3 of queries}}
  %0 = rec.onnx "Attention"(%q, %k, %k) {opset = 23 : i64} : (tensor<2x3x5x6xf32>, tensor<2x2x5x6xf32>, tensor<2x2x5x6xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @rotary(%x: tensor<2x3x5x6xf32>, %c: tensor<2x5x4xf32>) -> tensor<*xf32> {
  // expected-error @below {{(RotaryEmbedding): rotary_embedding_dim 8 is no even number of columns of a head}}
  %0 = rec.onnx "RotaryEmbedding"(%x, %c, %c) {attrs = {rotary_embedding_dim = 8 : i64}, opset = 23 : i64} : (tensor<2x3x5x6xf32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @branches(
// CHECK: rec.onnx "If"{{.*}}rec.reason = "the shapes of its branches differ, [2, 3] and [3, 2], and its condition depends on data"
func.func @branches(%x: tensor<2x3xf32>, %c: tensor<i1>) -> tensor<*xf32> {
  %0 = rec.onnx "If"(%c) {opset = 17 : i64} : (tensor<i1>) -> tensor<*xf32> {
    %1 = rec.onnx "Neg"(%x) {opset = 17 : i64} : (tensor<2x3xf32>) -> tensor<*xf32>
    rec.yield %1 : tensor<*xf32>
  }, {
    %1 = rec.onnx "Transpose"(%x) {opset = 17 : i64} : (tensor<2x3xf32>) -> tensor<*xf32>
    rec.yield %1 : tensor<*xf32>
  }
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @integers(
// CHECK: rec.reason = "random numbers that are no floats"
func.func @integers(%x: tensor<2x3xi64>) -> tensor<*xi64> {
  %0 = rec.onnx "RandomNormalLike"(%x) {opset = 17 : i64} : (tensor<2x3xi64>) -> tensor<*xi64>
  return %0 : tensor<*xi64>
}

// -----

// CHECK-LABEL: func.func @wide_rows(
// CHECK: rec.reason = "rows of a dynamic size or of more than 64 elements"
func.func @wide_rows(%x: tensor<2x65xi64>) -> tensor<*xi64> {
  %0 = rec.onnx "Unique"(%x) {attrs = {axis = 0 : i64}, opset = 17 : i64} : (tensor<2x65xi64>) -> tensor<*xi64>
  return %0 : tensor<*xi64>
}
