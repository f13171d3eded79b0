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

// -----

// What says yes or no is 1 or 0.
func.func @flag(%x: tensor<2x2xf32>) -> tensor<2x1xf32> {
  // expected-error@+1 {{(ReduceMax): attribute 'keepdims' is 2, neither 0 nor 1}}
  %0 = rec.onnx "ReduceMax"(%x) {attrs = {axes = array<i64: 1>, keepdims = 2 : i64}, domain = "", opset = 17 : i64} : (tensor<2x2xf32>) -> tensor<2x1xf32>
  return %0 : tensor<2x1xf32>
}

// -----

func.func @operands(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 {{(Relu): it has 2 operands, in opset 17 at most 1}}
  %0 = rec.onnx "Relu"(%x, %x) {attrs = {}, domain = "", opset = 17 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

// An operand that a later version has; those that are left out at the end do not count.
func.func @version_of_operands(%x: tensor<2x2xf32>, %r: tensor<f32>) -> (tensor<2x2xf32>, tensor<2x2xf32>) {
  %none = rec.none
  %0 = rec.onnx "Dropout"(%x, %none, %none) {attrs = {}, domain = "", opset = 10 : i64} : (tensor<2x2xf32>, none, none) -> tensor<2x2xf32>
  // expected-error@+1 {{(Dropout): it has 2 operands, in opset 10 at most 1}}
  %1 = rec.onnx "Dropout"(%x, %r) {attrs = {}, domain = "", opset = 10 : i64} : (tensor<2x2xf32>, tensor<f32>) -> tensor<2x2xf32>
  return %0, %1 : tensor<2x2xf32>, tensor<2x2xf32>
}
