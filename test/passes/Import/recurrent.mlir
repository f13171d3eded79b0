// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// CHECK-LABEL: func.func @gru(
// CHECK: %[[Y:.*]], %[[H:.*]] = rec.rnn gru forward %arg0 weight %arg1 recurrence %arg2 bias %arg3 {linear_before_reset} :
// CHECK-NEXT: return %[[Y]], %[[H]]
func.func @gru(%arg0: tensor<?x?x4xf32, #rec.dims<"seq", "batch", 4>>, %arg1: tensor<1x9x4xf32>, %arg2: tensor<1x9x3xf32>, %arg3: tensor<1x18xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %r:2 = rec.onnx "GRU"(%arg0, %arg1, %arg2, %arg3) {attrs = {hidden_size = 3 : i64, linear_before_reset = 1 : i64, activations = ["Sigmoid", "Tanh"]}, opset = 17 : i64} : (tensor<?x?x4xf32, #rec.dims<"seq", "batch", 4>>, tensor<1x9x4xf32>, tensor<1x9x3xf32>, tensor<1x18xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %r#0, %r#1 : tensor<*xf32>, tensor<*xf32>
}

// In layout 1 the batch comes first, also in states.
// CHECK-LABEL: func.func @lstm(
// CHECK-DAG: %[[H:.*]] = rec.transpose %arg3 perm [1, 0, 2]
// CHECK-DAG: %[[X:.*]] = rec.transpose %arg0 perm [1, 0, 2]
// CHECK: %{{.*}}, %{{.*}}, %[[C:.*]] = rec.rnn lstm bidirectional %[[X]] weight %arg1 recurrence %arg2 initial_h %[[H]] peepholes %arg4 :
// CHECK: rec.transpose %[[C]] perm [1, 0, 2] : (tensor<2x5x3xf32>) -> tensor<5x2x3xf32>
func.func @lstm(%arg0: tensor<5x7x4xf32>, %arg1: tensor<2x12x4xf32>, %arg2: tensor<2x12x3xf32>, %arg3: tensor<5x2x3xf32>, %arg4: tensor<2x9xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %n = rec.none
  %r:3 = rec.onnx "LSTM"(%arg0, %arg1, %arg2, %n, %n, %arg3, %n, %arg4) {attrs = {layout = 1 : i64, direction = "bidirectional"}, opset = 17 : i64} : (tensor<5x7x4xf32>, tensor<2x12x4xf32>, tensor<2x12x3xf32>, none, none, tensor<5x2x3xf32>, none, tensor<2x9xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %r#0, %r#1, %r#2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// Other activations, limits of their arguments and a forget gate that is the rest of the input gate: step by step.
// CHECK-LABEL: func.func @relu(
// CHECK: %[[X:.*]] = rec.matmul %arg0, {{.*}} -> tensor<2x5x3xf32>
// CHECK: %[[A:.*]] = rec.unary relu
// CHECK: rec.matmul %[[A]],
// CHECK: rec.unary relu
// CHECK-NOT: rec.rnn
// CHECK: return {{.*}} : tensor<2x1x5x3xf32>
func.func @relu(%arg0: tensor<2x5x4xf32>, %arg1: tensor<1x3x4xf32>, %arg2: tensor<1x3x3xf32>) -> tensor<*xf32> {
  %0 = rec.onnx "RNN"(%arg0, %arg1, %arg2) {attrs = {activations = ["Relu"]}, opset = 17 : i64} : (tensor<2x5x4xf32>, tensor<1x3x4xf32>, tensor<1x3x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// CHECK-LABEL: func.func @limits(
// CHECK: %[[MOST:.*]] = rec.constant dense<5.000000e-01> : tensor<f32>
// CHECK: %[[SUM:.*]] = rec.binary min %{{.*}}, %[[MOST]]
// CHECK: rec.unary sigmoid %[[SUM]]
// CHECK: rec.binary sub
func.func @limits(%arg0: tensor<1x5x4xf32>, %arg1: tensor<1x12x4xf32>, %arg2: tensor<1x12x3xf32>, %arg3: tensor<5xi32>) -> tensor<*xf32> {
  %n = rec.none
  %0 = rec.onnx "LSTM"(%arg0, %arg1, %arg2, %n, %arg3) {attrs = {clip = 0.5 : f32, input_forget = 1 : i64}, opset = 17 : i64} : (tensor<1x5x4xf32>, tensor<1x12x4xf32>, tensor<1x12x3xf32>, none, tensor<5xi32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// What cannot be written out, or is not known, is said by name.
// CHECK-LABEL: func.func @unsupported(
// CHECK: rec.reason = "activations, 'clip' or 'input_forget' other than the defaults over T steps"
// CHECK: rec.reason = "the activation 'Gelu'"
// CHECK: rec.reason = "lengths of reverse sequences with activations, 'clip' or 'input_forget' other than the defaults"
func.func @unsupported(%arg0: tensor<?x5x4xf32, #rec.dims<"T", 5, 4>>, %arg1: tensor<1x3x4xf32>, %arg2: tensor<1x3x3xf32>, %arg3: tensor<2x5x4xf32>, %arg4: tensor<5xi32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %n = rec.none
  %0 = rec.onnx "RNN"(%arg0, %arg1, %arg2) {attrs = {activations = ["Relu"]}, opset = 17 : i64} : (tensor<?x5x4xf32, #rec.dims<"T", 5, 4>>, tensor<1x3x4xf32>, tensor<1x3x3xf32>) -> tensor<*xf32>
  %1 = rec.onnx "RNN"(%arg3, %arg1, %arg2) {attrs = {activations = ["Gelu"]}, opset = 17 : i64} : (tensor<2x5x4xf32>, tensor<1x3x4xf32>, tensor<1x3x3xf32>) -> tensor<*xf32>
  %2 = rec.onnx "RNN"(%arg3, %arg1, %arg2, %n, %arg4) {attrs = {clip = 1.0 : f32, direction = "reverse"}, opset = 17 : i64} : (tensor<2x5x4xf32>, tensor<1x3x4xf32>, tensor<1x3x3xf32>, none, tensor<5xi32>) -> tensor<*xf32>
  return %0, %1, %2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}
