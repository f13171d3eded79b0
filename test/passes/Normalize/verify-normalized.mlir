// RUN: reckon-opt --rec-verify-normalized --split-input-file --verify-diagnostics %s

func.func @good(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = rec.unary relu %x : (tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

// expected-error@+1 {{the model has operators that Reckon does not support}}
func.func @unsupported(%x: tensor<8xf32>) -> tensor<*xf32> {
  %0 = rec.onnx "Nonesuch"(%x) {opset = 17 : i64} : (tensor<8xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @diagonal(%x: tensor<8x8xf32>) -> tensor<8xf32> {
  // expected-error@+1 {{einsum 'ii->i' is not supported: a label occurs twice in one term, or a size has no name}}
  %0 = rec.einsum "ii->i"(%x) : (tensor<8x8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

func.func @untyped(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error@+1 {{the normalize phase left a result of type 'none'; expected a ranked tensor}}
  %0 = rec.none
  return %x : tensor<8xf32>
}

// -----

func.func @huge(%x: tensor<1x?xf32, #rec.dims<1, "n">>) -> tensor<?xf32, #rec.dims<"n">> {
  // expected-error@+1 {{has more than 2^38 elements, which Reckon does not support}}
  %0 = rec.broadcast %x : (tensor<1x?xf32, #rec.dims<1, "n">>) -> tensor<1000000000000x?xf32, #rec.dims<1000000000000, "n">>
  %1 = rec.reduce sum %0 axes [0] : (tensor<1000000000000x?xf32, #rec.dims<1000000000000, "n">>) -> tensor<?xf32, #rec.dims<"n">>
  return %1 : tensor<?xf32, #rec.dims<"n">>
}

// -----

func.func @unnamed_steps(%x: tensor<?x7x2xf32>, %w: tensor<1x3x2xf32>, %r: tensor<1x3x3xf32>) -> tensor<1x7x3xf32> {
  // expected-error@+1 {{a recurrent layer of a size without a name is not supported}}
  %0:2 = rec.rnn rnn forward %x weight %w recurrence %r
    : (tensor<?x7x2xf32>, tensor<1x3x2xf32>, tensor<1x3x3xf32>) -> (tensor<?x1x7x3xf32>, tensor<1x7x3xf32>)
  return %0#1 : tensor<1x7x3xf32>
}
