func.func @main(%x: tensor<?x3xf32, #rec.dims<"B", 3>> {rec.name = "x"}) -> (tensor<?x1xf32, #rec.dims<"B", 1>> {rec.name = "y"}) {
  %i = rec.constant dense<-7> : tensor<1xi64>
  %0 = rec.gather %x, %i axis 1 : (tensor<?x3xf32, #rec.dims<"B", 3>>, tensor<1xi64>) -> tensor<?x1xf32, #rec.dims<"B", 1>> loc("pick")
  return %0 : tensor<?x1xf32, #rec.dims<"B", 1>>
}
