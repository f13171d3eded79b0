// Packed weights were read as row-major where the operands of a linear layer are no matrix in memory: a result written
// into its slice of a concat between two leading dimensions, or leading dimensions with a dynamic one inside.
// RUN: reckon-compile %s -o %t.rkn --verify

func.func @main(%x: tensor<?x7x8xf32, #rec.dims<"batch", 7, 8>> {rec.name = "x"},
                %y: tensor<?x7x4xf32, #rec.dims<"batch", 7, 4>> {rec.name = "y"},
                %z: tensor<3x?x2xf32, #rec.dims<3, "batch", 2>> {rec.name = "z"})
    -> (tensor<?x14x4xf32, #rec.dims<"batch", 14, 4>> {rec.name = "joined"},
        tensor<3x?x2xf32, #rec.dims<3, "batch", 2>> {rec.name = "narrow"},
        tensor<3x?x33xf32, #rec.dims<3, "batch", 33>> {rec.name = "wide"}) {
  %w = rec.constant "w" = dense<[[0.1, 0.2, -0.3, 0.4], [0.5, -0.6, 0.7, 0.8], [0.9, 1.0, 1.1, -1.2],
    [1.3, 1.4, 1.5, 1.6], [-1.7, 1.8, 1.9, 2.0], [2.1, 2.2, 2.3, 2.4], [2.5, 2.6, 2.7, 2.8], [2.9, 3.0, 3.1, 3.2]]>
    : tensor<8x4xf32>
  %0 = rec.linear %x, %w : (tensor<?x7x8xf32, #rec.dims<"batch", 7, 8>>, tensor<8x4xf32>)
    -> tensor<?x7x4xf32, #rec.dims<"batch", 7, 4>>
  %1 = rec.concat %y, %0 axis 1 : (tensor<?x7x4xf32, #rec.dims<"batch", 7, 4>>,
    tensor<?x7x4xf32, #rec.dims<"batch", 7, 4>>) -> tensor<?x14x4xf32, #rec.dims<"batch", 14, 4>>
  %v = rec.constant "v" = dense<[[1.0, 2.0], [3.0, 5.0]]> : tensor<2x2xf32>
  %2 = rec.linear %z, %v : (tensor<3x?x2xf32, #rec.dims<3, "batch", 2>>, tensor<2x2xf32>)
    -> tensor<3x?x2xf32, #rec.dims<3, "batch", 2>>
  %steps = rec.iota axis 1 start 0.0 step 1.0 : tensor<2x33xf32>
  %rows = rec.iota axis 0 start 1.0 step 2.0 : tensor<2x33xf32>
  %u = rec.binary mul %steps, %rows : (tensor<2x33xf32>, tensor<2x33xf32>) -> tensor<2x33xf32>
  %bias = rec.iota axis 0 start 0.0 step 1.0 : tensor<33xf32>
  %3 = rec.linear %z, %u, %bias : (tensor<3x?x2xf32, #rec.dims<3, "batch", 2>>, tensor<2x33xf32>, tensor<33xf32>)
    -> tensor<3x?x33xf32, #rec.dims<3, "batch", 33>>
  return %1, %2, %3 : tensor<?x14x4xf32, #rec.dims<"batch", 14, 4>>, tensor<3x?x2xf32, #rec.dims<3, "batch", 2>>,
    tensor<3x?x33xf32, #rec.dims<3, "batch", 33>>
}
