// RUN: not reckon-opt --rec-convert-onnx --rec-report-unsupported %s 2>&1 | FileCheck %s

// One error with everything in it. Neg only waits for NonMaxSuppression, and the loop until it is unrolled; Cast in the loop's body is known.

// CHECK: error: the model has operators that Reckon does not support:
// CHECK-NEXT: NonMaxSuppression: nodes 'first', 'second'{{$}}
// CHECK-NEXT: Tile: node 'best': operand 'repeats' must be a constant; freeze the input 'k' with --freeze-input
// CHECK-NEXT: com.example.Magic: node 'inside'{{$}}
// CHECK-NEXT: graph input 'words' has a type that Reckon has no values of
// CHECK-NEXT: graph input 'shapeless' has no shape
// CHECK-NOT: Neg
func.func @main(%x: tensor<2x3xf32> {rec.name = "x"}, %k: tensor<1xi64> {rec.name = "k"},
                %words: none {rec.name = "words"}, %s: tensor<*xf32> {rec.name = "shapeless"})
    -> (tensor<*xi64>, tensor<*xi64>, tensor<*xf32>, tensor<*xf32>) {
  %0 = rec.onnx "NonMaxSuppression"(%x) {opset = 17 : i64} : (tensor<2x3xf32>) -> tensor<*xi64> loc("first")
  %1 = rec.onnx "NonMaxSuppression"(%x) {opset = 17 : i64} : (tensor<2x3xf32>) -> tensor<*xi64> loc("second")
  %2 = rec.onnx "Neg"(%1) {opset = 17 : i64} : (tensor<*xi64>) -> tensor<*xi64> loc("waits")
  %3 = rec.onnx "Tile"(%x, %k) {opset = 17 : i64} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<*xf32> loc("best")
  %n = rec.none
  %4 = rec.onnx "Loop"(%n, %n, %x) {opset = 17 : i64} : (none, none, tensor<2x3xf32>) -> tensor<*xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<2x3xf32>):
    %5 = rec.onnx "Cast"(%v) {attrs = {to = 1 : i64}, opset = 17 : i64} : (tensor<2x3xf32>) -> tensor<*xf32> loc("known")
    %6 = rec.onnx "Magic"(%5) {domain = "com.example", opset = 1 : i64} : (tensor<*xf32>) -> tensor<*xf32> loc("inside")
    rec.yield %c, %6 : tensor<i1>, tensor<*xf32>
  } loc("loop")
  return %0, %2, %3, %4 : tensor<*xi64>, tensor<*xi64>, tensor<*xf32>, tensor<*xf32>
}
