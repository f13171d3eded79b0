func.func @main(%x: tensor<9999x9999xf32> {rec.name = "x"}) -> (tensor<9999x9999xf32> {rec.name = "y"}) {
  %0 = rec.unary tanh %x : (tensor<9999x9999xf32>) -> tensor<9999x9999xf32>
  return %0 : tensor<9999x9999xf32>
}
