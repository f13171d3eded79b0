// bfloat16 values that meet in registers made LLVM call __truncsfbf2, which no library has.
// RUN: reckon-compile %s -o %t.rkn --verify

func.func @main(%x: tensor<?x2xbf16, #rec.dims<"batch", 2>> {rec.name = "x"},
                %ids: tensor<?x3xi64, #rec.dims<"batch", 3>> {rec.name = "ids"})
    -> (tensor<?x3xbf16, #rec.dims<"batch", 3>> {rec.name = "y"},
        tensor<?x4xbf16, #rec.dims<"batch", 4>> {rec.name = "pooled"}) {
  %w = rec.constant "w" = dense<[[0.5, 1.0, -2.0], [1.5, 0.25, 3.0]]> : tensor<2x3xbf16>
  %bias = rec.constant "b" = dense<[0.5, -1.0, 2.0]> : tensor<3xbf16>
  %0 = rec.linear %x, %w, %bias : (tensor<?x2xbf16, #rec.dims<"batch", 2>>, tensor<2x3xbf16>, tensor<3xbf16>)
    -> tensor<?x3xbf16, #rec.dims<"batch", 3>>
  %t = rec.constant "t" = dense<[[0.5, 1.0, -2.0, 4.0], [1.5, 0.25, 3.0, 0.125]]> : tensor<2x4xbf16>
  %1 = rec.embedding_bag sum %t, %ids : (tensor<2x4xbf16>, tensor<?x3xi64, #rec.dims<"batch", 3>>)
    -> tensor<?x4xbf16, #rec.dims<"batch", 4>>
  return %0, %1 : tensor<?x3xbf16, #rec.dims<"batch", 3>>, tensor<?x4xbf16, #rec.dims<"batch", 4>>
}
