// RUN: reckon-opt --rec-verify-attribute-names --split-input-file --verify-diagnostics %s

// Declared, a dialect's own, and a note of another dialect.
func.func @main(%x: tensor<4x4xf32> {rec.name = "x"}) -> tensor<4x4xf32> attributes {rec.requirements = []} {
  %0 = rec.reduce sum %x axes [1] {rec.precision = #rec.precision<storage = f32, compute = f32, accumulate = f32>}
    : (tensor<4x4xf32>) -> tensor<4xf32>
  %1 = rec.binary add %x, %0 : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  return %1 : tensor<4x4xf32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{has the attribute 'note', which rec.unary does not declare and no dialect owns}}
  %0 = rec.unary relu %x {note} : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
