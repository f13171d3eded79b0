// RUN: reckon-opt --rec-convert-onnx --split-input-file --verify-diagnostics %s

// A misspelt attribute does not count as absent.
func.func @misspelt(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  // expected-error@+1 {{(Gemm): there is no attribute 'transb' in opset 17; it has alpha, beta, transA, transB}}
  %0 = rec.onnx "Gemm"(%x, %x) {attrs = {transb = 1 : i64}, domain = "", opset = 17 : i64} : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

func.func @type(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  // expected-error@+1 {{(Gemm): attribute 'alpha' has the type int, not float}}
  %0 = rec.onnx "Gemm"(%x, %x) {attrs = {alpha = 2 : i64}, domain = "", opset = 17 : i64} : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

// An attribute of a later version.
func.func @version(%x: tensor<2x3xf32>) -> tensor<2xi64> {
  // expected-error@+1 {{(Shape): there is no attribute 'start' in opset 13; it has none}}
  %0 = rec.onnx "Shape"(%x) {attrs = {start = 0 : i64}, domain = "", opset = 13 : i64} : (tensor<2x3xf32>) -> tensor<2xi64>
  return %0 : tensor<2xi64>
}

// -----

func.func @missing(%x: tensor<2xf32>) -> tensor<2xi64> {
  // expected-error@+1 {{(Cast): attribute 'to' is missing}}
  %0 = rec.onnx "Cast"(%x) {attrs = {}, domain = "", opset = 17 : i64} : (tensor<2xf32>) -> tensor<2xi64>
  return %0 : tensor<2xi64>
}
