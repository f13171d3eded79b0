// An operator that nobody has.
func.func @main(%x: tensor<?xf32, #rec.dims<"T">> {rec.name = "x"}) -> (tensor<?xf32, #rec.dims<"T">> {rec.name = "y"}) {
  %0 = rec.unary tanh %x : (tensor<?xf32, #rec.dims<"T">>) -> tensor<?xf32, #rec.dims<"T">>
  %1 = rec.onnx "Nothing"(%0) {attrs = {}, opset = 17 : i64} : (tensor<?xf32, #rec.dims<"T">>) -> tensor<?xf32, #rec.dims<"T">>
  return %1 : tensor<?xf32, #rec.dims<"T">>
}
