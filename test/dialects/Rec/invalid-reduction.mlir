// RUN: reckon-opt --split-input-file --verify-diagnostics=only-expected %s

// reduce C1
func.func @f(%x: tensor<8x16xf32>) {
  // expected-error @below {{'rec.reduce' op [C1] axis 0 after 1: axes must increase and lie inside rank 2}}
  %0 = rec.reduce sum %x axes [1, 0] : (tensor<8x16xf32>) -> tensor<f32>
  return
}

// -----

// reduce C2
func.func @f(%x: tensor<8x16xi1>) {
  // expected-error @below {{'rec.reduce' op [C2] 'sum' does not take booleans}}
  %0 = rec.reduce sum %x axes [1] : (tensor<8x16xi1>) -> tensor<8xi1>
  return
}

// -----

// arg_reduce C1
func.func @f(%x: tensor<8x16xf32>) {
  // expected-error @below {{'rec.arg_reduce' op [C1] axis 2 is outside rank 2}}
  %0 = rec.arg_reduce max %x axis 2 : (tensor<8x16xf32>) -> tensor<8xi64>
  return
}

// -----

// arg_reduce C1: kind
func.func @f(%x: tensor<8x16xf32>) {
  // expected-error @below {{'rec.arg_reduce' op [C1] the kind is 'sum', expected 'max' or 'min'}}
  %0 = rec.arg_reduce sum %x axis 1 : (tensor<8x16xf32>) -> tensor<8xi64>
  return
}

// -----

// softmax C1
func.func @f(%x: tensor<8x16xf32>) {
  // expected-error @below {{'rec.softmax' op [C1] axis -1 is outside rank 2}}
  %0 = rec.softmax %x axis -1 : (tensor<8x16xf32>) -> tensor<8x16xf32>
  return
}

// -----

// layer_norm C1
func.func @f(%x: tensor<8x64xf32>) {
  // expected-error @below {{'rec.layer_norm' op [C1] axis 2 is outside rank 2}}
  %0 = rec.layer_norm %x axis 2 epsilon 1.0e-5 : (tensor<8x64xf32>) -> tensor<8x64xf32>
  return
}

// -----

// layer_norm C2
func.func @f(%x: tensor<8x64xf32>, %s: tensor<8x64xf32>) {
  // expected-error @below {{'rec.layer_norm' op [C2] scale of shape [8, 64] does not broadcast to [64]}}
  %0 = rec.layer_norm %x scale %s axis 1 epsilon 1.0e-5 : (tensor<8x64xf32>, tensor<8x64xf32>) -> tensor<8x64xf32>
  return
}

// -----

// layer_norm C2: element types
func.func @f(%x: tensor<8x64xf32>, %b: tensor<64xf16>) {
  // expected-error @below {{'rec.layer_norm' op [C2] bias of 'f16' for x of 'f32'}}
  %0 = rec.layer_norm %x bias %b axis 1 epsilon 1.0e-5 : (tensor<8x64xf32>, tensor<64xf16>) -> tensor<8x64xf32>
  return
}

// -----

// batch_norm C1
func.func @f(%x: tensor<8xf32>, %s: tensor<8xf32>) {
  // expected-error @below {{'rec.batch_norm' op [C1] x has rank 1, expected 2 or more}}
  %0 = rec.batch_norm %x, %s, %s, %s, %s epsilon 1.0e-5
    : (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

// batch_norm C2
func.func @f(%x: tensor<8x64xf32>, %s: tensor<64xf32>, %m: tensor<32xf32>) {
  // expected-error @below {{'rec.batch_norm' op [C2] mean has shape [32], expected [64]}}
  %0 = rec.batch_norm %x, %s, %s, %m, %s epsilon 1.0e-5
    : (tensor<8x64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<32xf32>, tensor<64xf32>) -> tensor<8x64xf32>
  return
}

// -----

// topk C1
func.func @f(%x: tensor<8x10xf32>) {
  // expected-error @below {{'rec.topk' op [C1] k is 20 for an axis of size 10}}
  %v, %i = rec.topk %x k 20 axis 1 : (tensor<8x10xf32>) -> (tensor<8x20xf32>, tensor<8x20xi64>)
  return
}

// -----

// topk C1: axis
func.func @f(%x: tensor<8x10xf32>) {
  // expected-error @below {{'rec.topk' op [C1] axis 2 is outside rank 2}}
  %v, %i = rec.topk %x k 5 axis 2 : (tensor<8x10xf32>) -> (tensor<8x5xf32>, tensor<8x5xi64>)
  return
}

// -----

// topk C2
func.func @f(%x: tensor<8x10xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<8x5xf32>', 'tensor<8x5xi64>' are incompatible}}
  %v, %i = rec.topk %x k 5 axis 1 : (tensor<8x10xf32>) -> (tensor<8x5xf32>, tensor<8x10xi64>)
  return
}

// -----

// cumsum C1
func.func @f(%x: tensor<f32>) {
  // expected-error @below {{'rec.cumsum' op [C1] axis 0 is outside rank 0}}
  %0 = rec.cumsum %x axis 0 : (tensor<f32>) -> tensor<f32>
  return
}
