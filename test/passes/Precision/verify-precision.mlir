// RUN: reckon-opt --rec-verify-precision --verify-diagnostics %s

func.func @main(%x: tensor<8x16xf32>, %w: tensor<16x16xf32>) -> tensor<8x16xf32> {
  %0 = rec.linear %x, %w {rec.precision = #rec.precision<storage = f32, compute = f32, accumulate = f32>}
    : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  // expected-error@+1 {{states no precision: expected 'rec.precision'}}
  %1 = rec.linear %0, %w
    : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  // expected-error@+1 {{states the storage type f16 of what is f32}}
  %2 = rec.linear %1, %w {rec.precision = #rec.precision<storage = f16, compute = f32, accumulate = f32>}
    : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  // expected-error@+1 {{states that it computes in f16 a result of f32}}
  %3 = rec.linear %2, %w {rec.precision = #rec.precision<storage = f32, compute = f16, accumulate = f32>}
    : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  %4 = rec.linear %3, %w {rec.precision = #rec.precision<storage = f32, compute = tf32, accumulate = f32>}
    : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  // expected-error@+1 {{states that it computes in tf32 a result of f32}}
  %5 = rec.softmax %4 axis 1 {rec.precision = #rec.precision<storage = f32, compute = tf32, accumulate = f32>}
    : (tensor<8x16xf32>) -> tensor<8x16xf32>
  %h = rec.cast %5 : (tensor<8x16xf32>) -> tensor<8x16xf16>
  // expected-error@+1 {{adds up f16 in f16: expected f32 or f64}}
  %6 = rec.softmax %h axis 1 {rec.precision = #rec.precision<storage = f16, compute = f16, accumulate = f16>}
    : (tensor<8x16xf16>) -> tensor<8x16xf16>
  return %1 : tensor<8x16xf32>
}
