// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s
// RUN: reckon-opt --rec-convert-onnx --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// What cannot be converted stays, with the reason when the operator is known; what needs its result waits for it.

// STATS: 1 converted
// STATS: 6 remaining

// CHECK-LABEL: func.func @stays
func.func @stays(%x: tensor<2x3xf32>, %axes: tensor<1xi64> {rec.name = "axes"}, %k: tensor<1xi64> {rec.name = "k"})
    -> (tensor<*xi64>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  // CHECK: rec.onnx "NonMaxSuppression"(%arg0) {opset = 17 : i64}
  %0 = rec.onnx "NonMaxSuppression"(%x) {opset = 17 : i64} : (tensor<2x3xf32>) -> tensor<*xi64>
  // CHECK: rec.onnx "Neg"(%{{.*}}) {opset = 17 : i64}
  %1 = rec.onnx "Neg"(%0) {opset = 17 : i64} : (tensor<*xi64>) -> tensor<*xi64>
  // CHECK: rec.onnx "ReduceSum"
  // CHECK-SAME: rec.reason = "operand 'axes' must be a constant; freeze the input 'axes' with --freeze-input"
  %2 = rec.onnx "ReduceSum"(%x, %axes) {opset = 17 : i64} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<*xf32>
  %3 = rec.onnx "Add"(%axes, %k) {opset = 17 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
  // CHECK: rec.onnx "ReduceSum"
  // CHECK-SAME: rec.reason = "operand 'axes' must be a constant; freeze the inputs 'axes' and 'k' with --freeze-input"
  %4 = rec.onnx "ReduceSum"(%x, %3) {opset = 17 : i64} : (tensor<2x3xf32>, tensor<*xi64>) -> tensor<*xf32>
  // The definition of this opset is another one.
  // CHECK: rec.onnx "Add"(%arg0, %arg0) {opset = 6 : i64}
  %5 = rec.onnx "Add"(%x, %x) {opset = 6 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<*xf32>
  // CHECK: rec.onnx "Relu"(%arg0) {domain = "com.example", opset = 1 : i64}
  %6 = rec.onnx "Relu"(%x) {domain = "com.example", opset = 1 : i64} : (tensor<2x3xf32>) -> tensor<*xf32>
  // Without uses it does not matter.
  // CHECK-NOT: "Det"
  %7 = rec.onnx "Det"(%x) {opset = 17 : i64} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %1, %2, %4, %5, %6 : tensor<*xi64>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}
