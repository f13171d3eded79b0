// What a model needs of its sizes is written down before folding can hide it.
// RUN: reckon-opt --rec-convert-onnx --split-input-file %s | FileCheck %s

!ids = tensor<?x?xi64, #rec.dims<"B", "T">>

// T + (10 - T) is 10; that T is at most 10 stays.
// CHECK-LABEL: func.func @pad_to_10(
// CHECK-SAME: -> tensor<?x10xi64, #rec.dims<"B", 10>>
// CHECK-SAME: rec.requirements = [#rec.requirement<at_least <"-T+10", 0>, "pad", "the size of dimension 1 of a result">]
func.func @pad_to_10(%x: !ids) -> (tensor<*xi64>) {
  %size = rec.dims <"B", "-T+10"> : tensor<2xi64>
  %pad = rec.onnx "ConstantOfShape"(%size) {attrs = {value = dense<0> : tensor<1xi64>}, opset = 17 : i64} : (tensor<2xi64>) -> tensor<*xi64> loc("pad")
  %r = rec.onnx "Concat"(%x, %pad) {attrs = {axis = 1 : i64}, opset = 17 : i64} : (!ids, tensor<*xi64>) -> tensor<*xi64> loc("concat")
  return %r : tensor<*xi64>
}

// -----

// A node that nothing uses asks for nothing.
// CHECK-LABEL: func.func @dead(
// CHECK-NOT: rec.requirements
// CHECK: rec.unary
func.func @dead(%x: tensor<?xf32, #rec.dims<"T">>) -> (tensor<*xf32>) {
  %k = rec.constant dense<[4]> : tensor<1xi64>
  %v, %i = rec.onnx "TopK"(%x, %k) {opset = 17 : i64} : (tensor<?xf32, #rec.dims<"T">>, tensor<1xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  %r = rec.onnx "Exp"(%x) {opset = 17 : i64} : (tensor<?xf32, #rec.dims<"T">>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// -----

// Constant indices from both ends, whatever the gather becomes later.
// CHECK-LABEL: func.func @gather(
// CHECK-SAME: #rec.requirement<at_least <"T", 4>, "pick", "index 3 into dimension 0">
// CHECK-SAME: #rec.requirement<at_least <"T", 2>, "pick", "index -2 into dimension 0">
func.func @gather(%x: tensor<?xf32, #rec.dims<"T">>) -> (tensor<*xf32>) {
  %i = rec.constant dense<[3, -2]> : tensor<2xi64>
  %r = rec.onnx "Gather"(%x, %i) {opset = 17 : i64} : (tensor<?xf32, #rec.dims<"T">>, tensor<2xi64>) -> tensor<*xf32> loc("pick")
  return %r : tensor<*xf32>
}

// -----

// Indices may be more or fewer than the data on the axis alone.
// CHECK-LABEL: func.func @scatter(
// CHECK-SAME: rec.requirements = [#rec.requirement<at_least <"N", "M">, "put", "a scatter of dimension 0 by indices of that many">]
!data = tensor<?x4xf32, #rec.dims<"N", 4>>
!some = tensor<?x9xf32, #rec.dims<"M", 9>>
!where = tensor<?x9xi64, #rec.dims<"M", 9>>
func.func @scatter(%x: !data, %i: !where, %u: !some) -> (tensor<*xf32>) {
  %r = rec.onnx "ScatterElements"(%x, %i, %u) {attrs = {axis = 1 : i64}, opset = 17 : i64} : (!data, !where, !some) -> tensor<*xf32> loc("put")
  return %r : tensor<*xf32>
}

// -----

// A bound that is computed from sizes counts from the end where it is negative: x[T-3:] of two elements is the last one.
// CHECK-LABEL: func.func @last_three(
// CHECK-NOT: rec.requirements
// CHECK: rec.slice %arg0 starts <"max(0, T*min(max(0, -T+3), 1)+T-3)">
func.func @last_three(%x: tensor<?xf32, #rec.dims<"T">>) -> (tensor<*xf32>) {
  %start = rec.dims <"T-3"> : tensor<1xi64>
  %end = rec.constant dense<[9223372036854775807]> : tensor<1xi64>
  %r = rec.onnx "Slice"(%x, %start, %end) {opset = 17 : i64} : (tensor<?xf32, #rec.dims<"T">>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// -----

// Six positions at most: x + pos[:T]. The sum has the simpler size, and the sizes must be equal.
// CHECK-LABEL: func.func @positions(
// CHECK-SAME: rec.requirements = [#rec.requirement<equal <"T", "min(T, 6)">, "sum", "two operands of one size">]
// CHECK: rec.binary add {{.*}} -> tensor<?x?xf32, #rec.dims<"B", "T">>
func.func @positions(%x: tensor<?x?xf32, #rec.dims<"B", "T">>) -> (tensor<*xf32>) {
  %pos = rec.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : tensor<6xf32>
  %start = rec.constant dense<[0]> : tensor<1xi64>
  %end = rec.dims <"T"> : tensor<1xi64>
  %p = rec.onnx "Slice"(%pos, %start, %end) {opset = 17 : i64} : (tensor<6xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %r = rec.onnx "Add"(%x, %p) {opset = 17 : i64} : (tensor<?x?xf32, #rec.dims<"B", "T">>, tensor<*xf32>) -> tensor<*xf32> loc("sum")
  return %r : tensor<*xf32>
}

// -----

// A number that divides, or nothing.
// CHECK-LABEL: func.func @rows_of_13(
// CHECK-SAME: rec.requirements = [#rec.requirement<equal <"13*floordiv(N, 13)", "N">, "rows",
func.func @rows_of_13(%x: tensor<?xf32, #rec.dims<"N">>) -> (tensor<*xf32>) {
  %shape = rec.constant dense<[-1, 13]> : tensor<2xi64>
  %r = rec.onnx "Reshape"(%x, %shape) {opset = 17 : i64} : (tensor<?xf32, #rec.dims<"N">>, tensor<2xi64>) -> tensor<*xf32> loc("rows")
  return %r : tensor<*xf32>
}

// -----

// A window fits the padded input; rounded up, all of it but less than a stride. Constant sizes need nothing.
// CHECK-LABEL: func.func @windows(
// CHECK-SAME: #rec.requirement<at_least <"H", 5>, "conv", "a window of 3 over dimension 2">
// CHECK-SAME: #rec.requirement<at_least <"H", 1>, "pool", "a window of 4 over dimension 2 with 1 of padding">
// CHECK-NOT: over dimension 3
!image = tensor<?x2x?x9xf32, #rec.dims<"N", 2, "H", 9>>
func.func @windows(%x: !image, %w: tensor<4x2x3x3xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0 = rec.onnx "Conv"(%x, %w) {attrs = {dilations = array<i64: 2, 1>}, opset = 17 : i64} : (!image, tensor<4x2x3x3xf32>) -> tensor<*xf32> loc("conv")
  %1 = rec.onnx "MaxPool"(%x) {attrs = {kernel_shape = array<i64: 4, 4>, strides = array<i64: 3, 3>, pads = array<i64: 0, 0, 1, 0>, ceil_mode = 1 : i64}, opset = 17 : i64} : (!image) -> tensor<*xf32> loc("pool")
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}
