// RUN: reckon-opt --rec-verify-optimized --verify-diagnostics %s

func.func @dead(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = rec.unary relu %x : (tensor<8xf32>) -> tensor<8xf32>
  // expected-error@+1 {{is dead: nothing uses its result}}
  %1 = rec.unary tanh %x : (tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}
