// RUN: reckon-opt '--pass-pipeline=builtin.module(func.func(rec-convert-onnx{unroll-loops=true}))' --split-input-file %s | FileCheck %s

// A state that is a tangent of products: the products of the rows for all steps, then a recurrent layer.
// CHECK-LABEL: func.func @rnn(
// CHECK: %[[X:.*]] = rec.matmul %arg0, %arg2 : {{.*}} -> tensor<?x?x4xf32, #rec.dims<"T", "b", 4>>
// CHECK: %[[FIRST:.*]] = rec.transpose %[[X]] perm [1, 0, 2]
// CHECK: %[[Y:.*]], %[[H:.*]] = rec.recurrence rnn forward %[[FIRST]] recurrence %arg3 initial_h %arg1 :
// CHECK: %[[ROWS:.*]] = rec.transpose %[[Y]] perm [1, 0, 2]
// CHECK: return %[[H]], %[[ROWS]]
func.func @rnn(%x: tensor<?x?x5xf32, #rec.dims<"T", "b", 5>>, %h: tensor<?x4xf32, #rec.dims<"b", 4>>, %w: tensor<5x4xf32>,
               %u: tensor<4x4xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %t = rec.dims <"T"> : tensor<i64>
  %yes = rec.constant dense<true> : tensor<i1>
  %0:2 = rec.onnx "Loop"(%t, %yes, %h) {opset = 17 : i64}
    : (tensor<i64>, tensor<i1>, tensor<?x4xf32, #rec.dims<"b", 4>>) -> (tensor<*xf32>, tensor<*xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %a: tensor<*xf32>):
    %r = rec.onnx "Gather"(%x, %i) {opset = 17 : i64} : (tensor<?x?x5xf32, #rec.dims<"T", "b", 5>>, tensor<i64>) -> tensor<*xf32>
    %1 = rec.onnx "MatMul"(%r, %w) {opset = 17 : i64} : (tensor<*xf32>, tensor<5x4xf32>) -> tensor<*xf32>
    %2 = rec.onnx "MatMul"(%a, %u) {opset = 17 : i64} : (tensor<*xf32>, tensor<4x4xf32>) -> tensor<*xf32>
    %3 = rec.onnx "Add"(%2, %1) {opset = 17 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %4 = rec.onnx "Tanh"(%3) {opset = 17 : i64} : (tensor<*xf32>) -> tensor<*xf32>
    rec.yield %c, %4, %4 : tensor<i1>, tensor<*xf32>, tensor<*xf32>
  }
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// Steps that a mask leaves out: the others come first, and each sequence has its length. A condition that counts does not
// end the loop before its rows do.
// CHECK-LABEL: func.func @masked(
// CHECK: %[[COUNTS:.*]] = rec.cumsum {{.*}} axis 1
// CHECK: %[[LENGTHS:.*]] = rec.reduce sum
// CHECK: %[[X:.*]] = rec.gather_nd
// CHECK: rec.recurrence rnn forward %[[X]] recurrence %arg2 lengths %[[LENGTHS]] initial_h %arg1 :
func.func @masked(%x: tensor<?x?x4xf32, #rec.dims<"T", "b", 4>>, %h: tensor<?x4xf32, #rec.dims<"b", 4>>, %u: tensor<4x4xf32>,
                  %m: tensor<?x?x1xi1, #rec.dims<"T", "b", 1>>) -> tensor<*xf32> {
  %t = rec.dims <"T"> : tensor<i64>
  %zero = rec.constant dense<0> : tensor<i64>
  %one = rec.constant dense<1> : tensor<i64>
  %any = rec.compare lt %zero, %t : (tensor<i64>, tensor<i64>) -> tensor<i1>
  %0 = rec.onnx "Loop"(%t, %any, %h) {opset = 17 : i64}
    : (tensor<i64>, tensor<i1>, tensor<?x4xf32, #rec.dims<"b", 4>>) -> tensor<*xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %a: tensor<*xf32>):
    %r = rec.onnx "Gather"(%x, %i) {opset = 17 : i64} : (tensor<?x?x4xf32, #rec.dims<"T", "b", 4>>, tensor<i64>) -> tensor<*xf32>
    %k = rec.onnx "Gather"(%m, %i) {opset = 17 : i64} : (tensor<?x?x1xi1, #rec.dims<"T", "b", 1>>, tensor<i64>) -> tensor<*xi1>
    %1 = rec.onnx "MatMul"(%a, %u) {opset = 17 : i64} : (tensor<*xf32>, tensor<4x4xf32>) -> tensor<*xf32>
    %2 = rec.onnx "Add"(%1, %r) {opset = 17 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %3 = rec.onnx "Tanh"(%2) {opset = 17 : i64} : (tensor<*xf32>) -> tensor<*xf32>
    %4 = rec.onnx "Where"(%k, %3, %a) {opset = 17 : i64} : (tensor<*xi1>, tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %n = rec.onnx "Add"(%i, %one) {opset = 17 : i64} : (tensor<i64>, tensor<i64>) -> tensor<*xi64>
    %5 = rec.onnx "Less"(%n, %t) {opset = 17 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi1>
    rec.yield %5, %4 : tensor<*xi1>, tensor<*xf32>
  }
  return %0 : tensor<*xf32>
}

// -----

// Iterations that carry nothing are one layer; its outputs lie where the Scan puts them.
// CHECK-LABEL: func.func @rows(
// CHECK: %[[ROWS:.*]] = rec.transpose %arg0 perm [1, 0, 2]
// CHECK: %[[Y:.*]] = rec.unary tanh %[[ROWS]]
// CHECK: %[[SUM:.*]] = rec.reduce sum %[[Y]] axes [2]
// CHECK: rec.transpose %[[SUM]] perm [1, 0]
func.func @rows(%x: tensor<?x?x4xf32, #rec.dims<"b", "T", 4>>) -> tensor<*xf32> {
  %0 = rec.onnx "Scan"(%x) {attrs = {num_scan_inputs = 1 : i64, scan_input_axes = array<i64: 1>, scan_output_axes = array<i64: 1>}, opset = 17 : i64}
    : (tensor<?x?x4xf32, #rec.dims<"b", "T", 4>>) -> tensor<*xf32> {
  ^bb0(%a: tensor<*xf32>):
    %axis = rec.constant dense<1> : tensor<1xi64>
    %1 = rec.onnx "Tanh"(%a) {opset = 17 : i64} : (tensor<*xf32>) -> tensor<*xf32>
    %2 = rec.onnx "ReduceSum"(%1, %axis) {attrs = {keepdims = 0 : i64}, opset = 17 : i64} : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
    rec.yield %2 : tensor<*xf32>
  }
  return %0 : tensor<*xf32>
}

// -----

// A state that is multiplied by rows is no recurrent layer, and neither is one of which a condition on data says how far it goes.
// CHECK-LABEL: func.func @others(
// CHECK: rec.onnx "Scan"{{.*}}rec.reason = "its number of iterations, T, is not a constant"
// CHECK: rec.onnx "Loop"{{.*}}rec.reason = "operand 'M' must be a constant, but is [T]"
func.func @others(%x: tensor<?x4xf32, #rec.dims<"T", 4>>, %h: tensor<4xf32>, %s: tensor<1x4xf32>, %u: tensor<4x4xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0 = rec.onnx "Scan"(%h, %x) {attrs = {num_scan_inputs = 1 : i64}, opset = 17 : i64}
    : (tensor<4xf32>, tensor<?x4xf32, #rec.dims<"T", 4>>) -> tensor<*xf32> {
  ^bb0(%a: tensor<*xf32>, %r: tensor<*xf32>):
    %1 = rec.onnx "Mul"(%a, %r) {opset = 17 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    rec.yield %1 : tensor<*xf32>
  }
  %t = rec.dims <"T"> : tensor<i64>
  %yes = rec.constant dense<true> : tensor<i1>
  %axes = rec.constant dense<[0, 1]> : tensor<2xi64>
  %zero = rec.constant dense<0.0> : tensor<f32>
  %2 = rec.onnx "Loop"(%t, %yes, %s) {opset = 17 : i64}
    : (tensor<i64>, tensor<i1>, tensor<1x4xf32>) -> tensor<*xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %a: tensor<*xf32>):
    %3 = rec.onnx "MatMul"(%a, %u) {opset = 17 : i64} : (tensor<*xf32>, tensor<4x4xf32>) -> tensor<*xf32>
    %4 = rec.onnx "Tanh"(%3) {opset = 17 : i64} : (tensor<*xf32>) -> tensor<*xf32>
    %5 = rec.onnx "ReduceSum"(%4, %axes) {attrs = {keepdims = 0 : i64}, opset = 17 : i64} : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
    %6 = rec.onnx "Less"(%zero, %5) {opset = 17 : i64} : (tensor<f32>, tensor<*xf32>) -> tensor<*xi1>
    rec.yield %6, %4 : tensor<*xi1>, tensor<*xf32>
  }
  return %0, %2 : tensor<*xf32>, tensor<*xf32>
}
