// RUN: reckon-opt --rec-verify-fused --split-input-file --verify-diagnostics %s

func.func @outside(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  // expected-error @+1 {{expected every layer in a fusion region, found 'rec.unary' outside}}
  %0 = rec.unary relu %x : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}

// -----

func.func @argument(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  // expected-error @+1 {{result 0 is no region's result}}
  return %x : tensor<8x4xf32>
}

// -----

func.func @twice(%x: tensor<8x4xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>) {
  %0 = rec.fusion rows rows [true] (%x) : (tensor<8x4xf32>) -> tensor<8x4xf32> {
  ^bb0(%a: tensor<8x4xf32>):
    rec.yield %a : tensor<8x4xf32>
  }
  // expected-error @+1 {{result 1 is returned twice}}
  return %0, %0 : tensor<8x4xf32>, tensor<8x4xf32>
}

// -----

func.func @nested(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %0 = rec.fusion rows rows [true] (%x) : (tensor<8x4xf32>) -> tensor<8x4xf32> {
  ^bb0(%a: tensor<8x4xf32>):
    // expected-error @+1 {{expected a layer in a fusion region, found 'rec.fusion'}}
    %1 = rec.fusion rows rows [true] (%a) : (tensor<8x4xf32>) -> tensor<8x4xf32> {
    ^bb0(%b: tensor<8x4xf32>):
      rec.yield %b : tensor<8x4xf32>
    }
    rec.yield %1 : tensor<8x4xf32>
  }
  return %0 : tensor<8x4xf32>
}

// -----

func.func @missed_join(%x: tensor<8x4xf32>) -> tensor<8x1xf32> {
  %w = rec.constant dense<1.0> : tensor<4x4xf32>
  %v = rec.constant dense<1.0> : tensor<8x1xf32>
  %0 = rec.fusion gemm rows [true, false] (%x, %w) : (tensor<8x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32> {
  ^bb0(%a: tensor<8x4xf32>, %b: tensor<4x4xf32>):
    %1 = rec.linear %a, %b : (tensor<8x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
    rec.yield %1 : tensor<8x4xf32>
  }
  %2 = rec.fusion rows rows [true, true] (%0, %x) : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x8xf32> {
  ^bb0(%a: tensor<8x4xf32>, %b: tensor<8x4xf32>):
    // expected-error @+1 {{a GEMM region could write through this concat, expected a join}}
    %3 = rec.concat %a, %b axis 1 : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x8xf32>
    rec.yield %3 : tensor<8x8xf32>
  }
  %4 = rec.fusion gemm rows [true, false] (%2, %v) : (tensor<8x8xf32>, tensor<8x1xf32>) -> tensor<8x1xf32> {
  ^bb0(%a: tensor<8x8xf32>, %b: tensor<8x1xf32>):
    %5 = rec.linear %a, %b : (tensor<8x8xf32>, tensor<8x1xf32>) -> tensor<8x1xf32>
    rec.yield %5 : tensor<8x1xf32>
  }
  return %4 : tensor<8x1xf32>
}

// -----

// A declaration is no model.
func.func private @declared(tensor<4xf32>) -> tensor<4xf32>

// -----

// expected-error @+1 {{expected a model without control flow, one block that ends in func.return}}
func.func @control_flow(%x: tensor<4xf32>) -> tensor<4xf32> {
  cf.br ^end
^end:
  return %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{expected a model on ranked tensors, found a value of type 'i32'}}
func.func @no_tensor(%x: i32) {
  return
}
