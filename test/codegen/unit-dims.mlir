// Elements whose last dimensions have one element each: what counts along them is the last dimension that has more.
// RUN: reckon-compile %s -o %t.rkn --verify | FileCheck %s
// CHECK-COUNT-4: verify batch 7: {{.*}}, ok
func.func @main(%a: tensor<?x2x1xf32, #rec.dims<"batch", 2, 1>> {rec.name = "a"},
                %b: tensor<?x3x5x1x1xf32, #rec.dims<"batch", 3, 5, 1, 1>> {rec.name = "b"},
                %c: tensor<?x1x1xf32, #rec.dims<"batch", 1, 1>> {rec.name = "c"})
    -> (tensor<?x2x1xf32, #rec.dims<"batch", 2, 1>> {rec.name = "column"},
        tensor<?x3x5x1x1xf32, #rec.dims<"batch", 3, 5, 1, 1>> {rec.name = "columns"},
        tensor<?x1x1xf32, #rec.dims<"batch", 1, 1>> {rec.name = "one"},
        tensor<?x2x1xf32, #rec.dims<"batch", 2, 1>> {rec.name = "repeated"}) {
  %low = rec.constant dense<0.01> : tensor<1xf32>
  %0 = rec.binary max %a, %low : (tensor<?x2x1xf32, #rec.dims<"batch", 2, 1>>, tensor<1xf32>) -> tensor<?x2x1xf32, #rec.dims<"batch", 2, 1>>
  %1 = rec.unary tanh %b : (tensor<?x3x5x1x1xf32, #rec.dims<"batch", 3, 5, 1, 1>>) -> tensor<?x3x5x1x1xf32, #rec.dims<"batch", 3, 5, 1, 1>>
  %2 = rec.unary exp %c : (tensor<?x1x1xf32, #rec.dims<"batch", 1, 1>>) -> tensor<?x1x1xf32, #rec.dims<"batch", 1, 1>>
  %3 = rec.binary add %a, %c : (tensor<?x2x1xf32, #rec.dims<"batch", 2, 1>>, tensor<?x1x1xf32, #rec.dims<"batch", 1, 1>>)
    -> tensor<?x2x1xf32, #rec.dims<"batch", 2, 1>>
  return %0, %1, %2, %3 : tensor<?x2x1xf32, #rec.dims<"batch", 2, 1>>, tensor<?x3x5x1x1xf32, #rec.dims<"batch", 3, 5, 1, 1>>,
    tensor<?x1x1xf32, #rec.dims<"batch", 1, 1>>, tensor<?x2x1xf32, #rec.dims<"batch", 2, 1>>
}
