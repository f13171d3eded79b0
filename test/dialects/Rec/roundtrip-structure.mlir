// RUN: reckon-opt %s | reckon-opt | FileCheck %s
// RUN: reckon-opt %s --mlir-print-op-generic | reckon-opt | FileCheck %s

// CHECK-LABEL: func.func @constants
func.func @constants() {
  // CHECK: rec.constant dense<1> : tensor<i64>
  %0 = rec.constant dense<1> : tensor<i64>
  // CHECK: rec.constant "bot.0.weight" = dense<1.000000e+00> : tensor<13x64xf32>
  %1 = rec.constant "bot.0.weight" = dense<1.0> : tensor<13x64xf32>
  // CHECK: rec.constant "large" = dense_resource<large> : tensor<2xf32>
  %2 = rec.constant "large" = dense_resource<large> : tensor<2xf32>
  // CHECK: rec.constant dense_resource<flags> : tensor<3xi1>
  %3 = rec.constant dense_resource<flags> : tensor<3xi1>
  // CHECK: rec.constant dense_resource<elided> : tensor<1000xf32>
  %4 = rec.constant dense_resource<elided> : tensor<1000xf32>
  return
}

// CHECK-LABEL: func.func @sizes
func.func @sizes() {
  // CHECK: rec.dims <"2*batch+1", 26, -1> : tensor<3xi64>
  %0 = rec.dims <"1 + batch*2", 26, -1> : tensor<3xi64>
  // CHECK: rec.dims <"floordiv(seq+1, 2)"> : tensor<i64>
  %1 = rec.dims <"ceildiv(seq, 2)"> : tensor<i64>
  // CHECK: rec.dims <> : tensor<0xi64>
  %2 = rec.dims <> : tensor<0xi64>
  // What ? occurs in is ? again; quotes in names are escaped.
  // CHECK: rec.dims <"?", "%22batch%22"> : tensor<2xi64>
  %3 = rec.dims <"2*? + 1", "%22batch%22"> : tensor<2xi64>
  return
}

// CHECK-LABEL: func.func private @types
// CHECK-SAME: tensor<?x13xf32, #rec.dims<"batch", 13>>
// CHECK-SAME: tensor<?x?xf32, #rec.dims<"batch", "?">>
// CHECK-SAME: !rec.sequence<tensor<*xf32>>
func.func private @types(tensor<?x13xf32, #rec.dims<"batch", 13>>, tensor<?x?xf32, #rec.dims<"batch", "?">>,
                         !rec.sequence<tensor<*xf32>>)

// CHECK-LABEL: func.func @onnx
func.func @onnx(%x: tensor<?x13xf32, #rec.dims<"batch", 13>>, %n: tensor<i64>, %c: tensor<i1>) {
  // CHECK: %[[NONE:.*]] = rec.none
  %none = rec.none
  // CHECK: rec.onnx "Clip"(%{{.*}}, %[[NONE]]) : (tensor<?x13xf32, #rec.dims<"batch", 13>>, none) -> tensor<*xf32>
  %0 = rec.onnx "Clip"(%x, %none) : (tensor<?x13xf32, #rec.dims<"batch", 13>>, none) -> tensor<*xf32>
  // CHECK: rec.onnx "Gelu"(%{{.*}}) {attrs = {approximate = "tanh"}, domain = "com.microsoft", opset = 1 : i64}
  %1 = rec.onnx "Gelu"(%0) {attrs = {approximate = "tanh"}, domain = "com.microsoft", opset = 1 : i64}
    : (tensor<*xf32>) -> tensor<*xf32>
  // CHECK: rec.onnx "SequenceEmpty"() : () -> !rec.sequence<tensor<*xf32>>
  %2 = rec.onnx "SequenceEmpty"() : () -> !rec.sequence<tensor<*xf32>>
  // CHECK: rec.onnx "Loop"(%{{.*}}) : (tensor<i64>, tensor<i1>, tensor<*xf32>) -> tensor<*xf32>
  // CHECK-NEXT: ^bb0(%[[I:.*]]: tensor<i64>, %[[CONTINUE:.*]]: tensor<i1>, %[[STATE:.*]]: tensor<*xf32>):
  // CHECK: rec.yield %[[CONTINUE]], %{{.*}} : tensor<i1>, tensor<*xf32>
  %3 = rec.onnx "Loop"(%n, %c, %1) : (tensor<i64>, tensor<i1>, tensor<*xf32>) -> tensor<*xf32> {
  ^bb0(%i: tensor<i64>, %continue: tensor<i1>, %state: tensor<*xf32>):
    %4 = rec.onnx "Add"(%state, %0) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    rec.yield %continue, %4 : tensor<i1>, tensor<*xf32>
  }
  // CHECK: rec.onnx "If"
  // CHECK: rec.yield
  // CHECK: rec.yield
  %5 = rec.onnx "If"(%c) : (tensor<i1>) -> tensor<*xf32> {
    rec.yield %0 : tensor<*xf32>
  }, {
    rec.yield %1 : tensor<*xf32>
  }
  return
}

// CHECK-LABEL: func.func @regions
func.func @regions(%x: tensor<?x13xf32, #rec.dims<"batch", 13>>, %w: tensor<13x64xf32>) {
  // CHECK: rec.fusion gemm rows [true, false](%{{.*}}, %{{.*}}) : (tensor<?x13xf32, #rec.dims<"batch", 13>>, tensor<13x64xf32>) -> tensor<?x64xf32, #rec.dims<"batch", 64>> {
  // CHECK: ^bb0
  // CHECK: rec.linear
  // CHECK: rec.yield
  %0 = rec.fusion gemm rows [true, false] (%x, %w)
    : (tensor<?x13xf32, #rec.dims<"batch", 13>>, tensor<13x64xf32>) -> tensor<?x64xf32, #rec.dims<"batch", 64>> {
  ^bb0(%a: tensor<?x13xf32, #rec.dims<"batch", 13>>, %b: tensor<13x64xf32>):
    %3 = rec.linear %a, %b : (tensor<?x13xf32, #rec.dims<"batch", 13>>, tensor<13x64xf32>)
      -> tensor<?x64xf32, #rec.dims<"batch", 64>>
    rec.yield %3 : tensor<?x64xf32, #rec.dims<"batch", 64>>
  }
  // CHECK: rec.fusion whole rows [false](%{{.*}}) : (tensor<13x64xf32>) -> tensor<f32> {
  %1 = rec.fusion whole rows [false] (%w) : (tensor<13x64xf32>) -> tensor<f32> {
  ^bb0(%a: tensor<13x64xf32>):
    %3 = rec.reduce sum %a axes [0, 1] : (tensor<13x64xf32>) -> tensor<f32>
    rec.yield %3 : tensor<f32>
  }
  // CHECK: rec.join %{{.*}} axis 1 : (tensor<?x64xf32, #rec.dims<"batch", 64>>) -> tensor<?x64xf32, #rec.dims<"batch", 64>>
  %2 = rec.join %0 axis 1 : (tensor<?x64xf32, #rec.dims<"batch", 64>>) -> tensor<?x64xf32, #rec.dims<"batch", 64>>
  return
}

// CHECK-LABEL: func.func @data_sizes
func.func @data_sizes(%m: tensor<8xi1>, %n: tensor<i64>, %x: tensor<8x2xi64>) {
  // CHECK: rec.data_size "%n:mask" %arg0 : tensor<8xi1>
  rec.data_size "%n:mask" %m : tensor<8xi1>
  // CHECK: rec.data_size "%n:value" %arg1 : tensor<i64>
  rec.data_size "%n:value" %n : tensor<i64>
  // CHECK: rec.prefix %arg2 : (tensor<8x2xi64>) -> tensor<?x2xi64, #rec.dims<"%n:mask", 2>>
  %0 = rec.prefix %x : (tensor<8x2xi64>) -> tensor<?x2xi64, #rec.dims<"%n:mask", 2>>
  return
}

{-#
  dialect_resources: { builtin: { large: "0x040000000000803F0000803F", flags: "0x01000000010001" } }
#-}
