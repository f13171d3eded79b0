// RUN: reckon-opt --rec-verify-imported --split-input-file --verify-diagnostics %s

// Layers and nodes that wait or say why they are left are what import guarantees.
func.func @main(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>, %s: tensor<8x4xf32>) -> tensor<*xf32> {
  %0 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  %1 = rec.onnx "NoSuchOperator"(%0) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  %2 = rec.onnx "Relu"(%1) {opset = 17 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %3 = rec.onnx "Relu"(%s) {opset = 17 : i64, rec.reason = "for a test"} : (tensor<8x4xf32>) -> tensor<*xf32>
  return %2 : tensor<*xf32>
}

// -----

// expected-error @below {{expected one function with one block, found 2 functions}}
module {
  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
  func.func @other(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
}

// -----

// expected-error @below {{dimension 1 of argument 0 of type 'tensor<4x?xf32>' has no name}}
func.func @main(%x: tensor<4x?xf32>) -> tensor<4x?xf32> {
  return %x : tensor<4x?xf32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{the import phase left 'arith.addf', expected layers and ONNX nodes}}
  %0 = arith.addf %x, %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @main(%x: tensor<8x4xf32>) -> tensor<*xf32> {
  // expected-error @below {{the import phase left a node of the operator Relu, which it can convert, without a reason}}
  %0 = rec.onnx "Relu"(%x) {opset = 17 : i64} : (tensor<8x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
