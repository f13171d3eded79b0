// A thin first layer on the caller's input, a wide one, and a narrow one.
func.func @main(%x: tensor<?x13xf32, #rec.dims<"batch", 13>> {rec.name = "x"})
    -> (tensor<?x1xf32, #rec.dims<"batch", 1>> {rec.name = "y"}) {
  %w0 = rec.constant "w0" = dense<0.5> : tensor<13x200xf32>
  %w1 = rec.constant "w1" = dense<0.25> : tensor<200x256xf32>
  %w2 = rec.constant "w2" = dense<0.125> : tensor<256x1xf32>
  %b0 = rec.constant "b0" = dense<-1.0> : tensor<200xf32>
  %0 = rec.linear %x, %w0, %b0 : (tensor<?x13xf32, #rec.dims<"batch", 13>>, tensor<13x200xf32>, tensor<200xf32>)
    -> tensor<?x200xf32, #rec.dims<"batch", 200>>
  %1 = rec.unary relu %0 : (tensor<?x200xf32, #rec.dims<"batch", 200>>) -> tensor<?x200xf32, #rec.dims<"batch", 200>>
  %2 = rec.linear %1, %w1 : (tensor<?x200xf32, #rec.dims<"batch", 200>>, tensor<200x256xf32>)
    -> tensor<?x256xf32, #rec.dims<"batch", 256>>
  %3 = rec.unary gelu %2 : (tensor<?x256xf32, #rec.dims<"batch", 256>>) -> tensor<?x256xf32, #rec.dims<"batch", 256>>
  %4 = rec.linear %3, %w2 : (tensor<?x256xf32, #rec.dims<"batch", 256>>, tensor<256x1xf32>)
    -> tensor<?x1xf32, #rec.dims<"batch", 1>>
  %5 = rec.unary sigmoid %4 : (tensor<?x1xf32, #rec.dims<"batch", 1>>) -> tensor<?x1xf32, #rec.dims<"batch", 1>>
  return %5 : tensor<?x1xf32, #rec.dims<"batch", 1>>
}
