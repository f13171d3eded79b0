// RUN: reckon-opt --rec-verify-precision --verify-diagnostics %s

func.func @main(%x: tensor<8x16xf32>, %w: tensor<16x16xf32>) -> tensor<8x16xf32> {
  %0 = rec.linear %x, %w {rec.precision = {accumulate = f32, compute = f32, storage = f32}}
    : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  // expected-error@+1 {{states no precision: expected 'rec.precision' with the types storage, compute and accumulate}}
  %1 = rec.linear %0, %w {rec.precision = {compute = f32}}
    : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  return %1 : tensor<8x16xf32>
}
