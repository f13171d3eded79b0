// RUN: reckon-opt '--pass-pipeline=builtin.module(func.func(rec-convert-onnx{unroll-loops=true}))' --split-input-file %s | FileCheck %s
// RUN: reckon-opt --rec-convert-onnx --split-input-file %s | FileCheck %s --check-prefix=KEPT

// Two iterations and a scan output.
// CHECK-LABEL: func.func @loop(
// CHECK: %[[A:.*]] = rec.unary tanh %arg0
// CHECK: %[[B:.*]] = rec.unary tanh %[[A]]
// CHECK: %[[ROWS:.*]] = rec.concat %{{.*}}, %{{.*}} axis 0 : (tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
// CHECK: return %[[B]], %[[ROWS]]
// KEPT-LABEL: func.func @loop(
// KEPT: rec.onnx "Loop"
func.func @loop(%x: tensor<3xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %n = rec.constant dense<2> : tensor<i64>
  %yes = rec.constant dense<true> : tensor<i1>
  %0:2 = rec.onnx "Loop"(%n, %yes, %x) {opset = 17 : i64} : (tensor<i64>, tensor<i1>, tensor<3xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %a: tensor<*xf32>):
    %1 = rec.onnx "Tanh"(%a) {opset = 17 : i64} : (tensor<*xf32>) -> tensor<*xf32>
    rec.yield %c, %1, %1 : tensor<i1>, tensor<*xf32>, tensor<*xf32>
  }
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// A condition on the number of iterations ends it.
// CHECK-LABEL: func.func @until(
// CHECK-COUNT-2: rec.unary tanh
// CHECK-NOT: rec.unary tanh
func.func @until(%x: tensor<3xf32>) -> tensor<*xf32> {
  %none = rec.none
  %one = rec.constant dense<1> : tensor<i64>
  %yes = rec.constant dense<true> : tensor<i1>
  %0 = rec.onnx "Loop"(%none, %yes, %x) {opset = 17 : i64} : (none, tensor<i1>, tensor<3xf32>) -> tensor<*xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %a: tensor<*xf32>):
    %1 = rec.onnx "Tanh"(%a) {opset = 17 : i64} : (tensor<*xf32>) -> tensor<*xf32>
    %2 = rec.onnx "Less"(%i, %one) {opset = 17 : i64} : (tensor<i64>, tensor<i64>) -> tensor<*xi1>
    rec.yield %2, %1 : tensor<*xi1>, tensor<*xf32>
  }
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @without_end(
// CHECK: rec.onnx "Loop"{{.*}}rec.reason = "whether it goes on after 0 iterations depends on data, and there is no bound"
func.func @without_end(%x: tensor<3xf32>, %c: tensor<i1>) -> tensor<*xf32> {
  %none = rec.none
  %0 = rec.onnx "Loop"(%none, %c, %x) {opset = 17 : i64} : (none, tensor<i1>, tensor<3xf32>) -> tensor<*xf32> {
  ^bb0(%i: tensor<i64>, %d: tensor<i1>, %a: tensor<*xf32>):
    rec.yield %d, %a : tensor<i1>, tensor<*xf32>
  }
  return %0 : tensor<*xf32>
}

