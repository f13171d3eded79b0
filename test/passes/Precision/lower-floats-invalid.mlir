// RUN: reckon-opt --rec-lower-floats="to=f8" --verify-diagnostics %s

// expected-error@+1 {{floats can be lowered to f16 or bf16, not to 'f8'}}
func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
  return %x : tensor<8xf32>
}
