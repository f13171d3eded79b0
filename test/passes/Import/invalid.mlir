// RUN: reckon-opt --rec-convert-onnx --split-input-file --verify-diagnostics %s

// What is wrong in a model is an error; sizes that do not fit are found by the layers themselves.

func.func @sizes(%a: tensor<2x3xf32>, %b: tensor<2x4xf32>) -> tensor<*xf32> {
  // expected-error @below {{(Add): }}
  %0 = rec.onnx "Add"(%a, %b) {opset = 17 : i64} : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @axis(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @below {{(ReduceMax): axis 2 is outside rank 2}}
  %0 = rec.onnx "ReduceMax"(%x) {attrs = {axes = array<i64: 2>}, opset = 17 : i64} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @repeated_axis(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @below {{an axis is given twice}}
  %0 = rec.onnx "ReduceMax"(%x) {attrs = {axes = array<i64: 1, -1>}, opset = 17 : i64} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @reshape(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %s = rec.constant dense<[4, -1]> : tensor<2xi64>
  // expected-error @below {{shape [4, -1] does not fit a tensor of shape [2, 3]}}
  %0 = rec.onnx "Reshape"(%x, %s) {opset = 17 : i64} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @reshape_to_another_count(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %s = rec.constant dense<[4, 2]> : tensor<2xi64>
  // expected-error @below {{(Reshape): }}
  %0 = rec.onnx "Reshape"(%x, %s) {opset = 17 : i64} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @two_unknown_sizes(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %s = rec.constant dense<-1> : tensor<2xi64>
  // expected-error @below {{shape [-1, -1] has more than one -1}}
  %0 = rec.onnx "Reshape"(%x, %s) {opset = 17 : i64} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @absurd(%x: tensor<1xf32>) -> tensor<*xf32> {
  %s = rec.constant dense<4611686018427387904> : tensor<2xi64>
  // expected-error @below {{(Expand): a result would have more than 2^48 elements}}
  %0 = rec.onnx "Expand"(%x, %s) {opset = 17 : i64} : (tensor<1xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @missing() -> tensor<*xf32> {
  // expected-error @below {{(Relu): the operand is missing}}
  %0 = rec.onnx "Relu"() {opset = 17 : i64} : () -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @too_many(%x: tensor<2x3xf32>) -> (tensor<*xf32>, tensor<*xi64>) {
  %k = rec.constant dense<4> : tensor<1xi64>
  // expected-error @below {{(TopK): }}
  %0:2 = rec.onnx "TopK"(%x, %k) {opset = 17 : i64} : (tensor<2x3xf32>, tensor<1xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xi64>
}

// -----

func.func @step(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %c = rec.constant dense<0> : tensor<1xi64>
  // expected-error @below {{(Slice): step 0 is no step}}
  %0 = rec.onnx "Slice"(%x, %c, %c, %c, %c) {opset = 17 : i64}
    : (tensor<2x3xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @split(%x: tensor<5xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  // expected-error @below {{a size of 5 does not split into 2 equal parts}}
  %0:2 = rec.onnx "Split"(%x) {opset = 13 : i64} : (tensor<5xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xf32>
}

// -----

func.func @equation(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @below {{term 'ijk' of the equation does not fit a tensor of rank 2}}
  %0 = rec.onnx "Einsum"(%x) {attrs = {equation = "ijk->i"}, opset = 17 : i64} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @window(%x: tensor<1x1x4xf32>, %w: tensor<1x1x3xf32>) -> tensor<*xf32> {
  // expected-error @below {{attribute 'strides' must have 1 numbers of 1 to 2^30}}
  %0 = rec.onnx "Conv"(%x, %w) {attrs = {strides = array<i64: 0>}, opset = 17 : i64}
    : (tensor<1x1x4xf32>, tensor<1x1x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// No size of x makes x and x+1 equal.
func.func @impossible(%arg0: tensor<?xf32, #rec.dims<"x.0">> {rec.name = "x"}, %arg1: tensor<1xf32> {rec.name = "y"}) -> (tensor<*xf32>) {
  %c = rec.onnx "Concat"(%arg0, %arg1) {attrs = {axis = 0 : i64}, opset = 17 : i64} : (tensor<?xf32, #rec.dims<"x.0">>, tensor<1xf32>) -> tensor<*xf32>
  // expected-error @+1 {{node '' (Add):}}
  %r = rec.onnx "Add"(%arg0, %c) {opset = 17 : i64} : (tensor<?xf32, #rec.dims<"x.0">>, tensor<*xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// -----

func.func @hiddenSize(%x: tensor<7x5x4xf32>, %w: tensor<1x3x4xf32>, %r: tensor<1x3x3xf32>) -> tensor<*xf32> {
  // expected-error @below {{hidden_size is 4 and R has 3}}
  %0 = rec.onnx "RNN"(%x, %w, %r) {attrs = {hidden_size = 4 : i64}, opset = 17 : i64}
    : (tensor<7x5x4xf32>, tensor<1x3x4xf32>, tensor<1x3x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @layout(%x: tensor<7x5x4xf32>, %w: tensor<1x3x4xf32>, %r: tensor<1x3x3xf32>) -> tensor<*xf32> {
  // expected-error @below {{an unknown direction or layout}}
  %0 = rec.onnx "RNN"(%x, %w, %r) {attrs = {layout = 2 : i64}, opset = 17 : i64}
    : (tensor<7x5x4xf32>, tensor<1x3x4xf32>, tensor<1x3x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
