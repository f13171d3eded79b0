// Dimensions with different names that a node needs equal become one, everywhere in the function.
// RUN: reckon-opt --rec-convert-onnx --split-input-file %s | FileCheck %s
// RUN: reckon-opt --rec-convert-onnx --split-input-file --mlir-pass-statistics -o /dev/null %s 2>&1 | FileCheck %s --check-prefix=STATS
// STATS: (S) 2 dims-unified

// The name that the model gives stays; what was computed before the sum follows.
// CHECK-LABEL: func.func @sum(
// CHECK-SAME: %arg0: tensor<?x4xf32, #rec.dims<"batch", 4>> {rec.name = "x"}
// CHECK-SAME: %arg1: tensor<?x4xf32, #rec.dims<"batch", 4>> {rec.name = "y"}
// CHECK: rec.unary exp %arg0 : (tensor<?x4xf32, #rec.dims<"batch", 4>>)
// CHECK: rec.binary add {{.*}} -> tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @sum(%arg0: tensor<?x4xf32, #rec.dims<"x.0", 4>> {rec.name = "x"}, %arg1: tensor<?x4xf32, #rec.dims<"batch", 4>> {rec.name = "y"}) -> (tensor<*xf32>) {
  %e = rec.onnx "Exp"(%arg0) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"x.0", 4>>) -> tensor<*xf32>
  %r = rec.onnx "Add"(%e, %arg1) {opset = 17 : i64} : (tensor<*xf32>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// -----

// Three inputs, two steps, by concat and by matrix product; a constant is a solution, too.
// CHECK-LABEL: func.func @many(
// CHECK-SAME: %arg0: tensor<?x?xf32, #rec.dims<"n", "z.0-4">>
// CHECK-SAME: %arg1: tensor<?x4xf32, #rec.dims<"n", 4>>
// CHECK-SAME: %arg2: tensor<?x2xf32, #rec.dims<"z.0", 2>>
// CHECK: rec.concat {{.*}} -> tensor<?x?xf32, #rec.dims<"n", "z.0">>
// CHECK: -> tensor<?x2xf32, #rec.dims<"n", 2>>
func.func @many(%arg0: tensor<?x?xf32, #rec.dims<"n", "x.1">> {rec.name = "x"}, %arg1: tensor<?x4xf32, #rec.dims<"m", 4>> {rec.name = "y"}, %arg2: tensor<?x2xf32, #rec.dims<"z.0", 2>> {rec.name = "z"}) -> (tensor<*xf32>) {
  %c = rec.onnx "Concat"(%arg0, %arg1) {attrs = {axis = 1 : i64}, opset = 17 : i64} : (tensor<?x?xf32, #rec.dims<"n", "x.1">>, tensor<?x4xf32, #rec.dims<"m", 4>>) -> tensor<*xf32>
  %r = rec.onnx "MatMul"(%c, %arg2) {opset = 17 : i64} : (tensor<*xf32>, tensor<?x2xf32, #rec.dims<"z.0", 2>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @constant(
// CHECK-SAME: %arg0: tensor<5x4xf32>
func.func @constant(%arg0: tensor<?x4xf32, #rec.dims<"x.0", 4>> {rec.name = "x"}, %arg1: tensor<5x4xf32> {rec.name = "y"}) -> (tensor<*xf32>) {
  %r = rec.onnx "Add"(%arg0, %arg1) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"x.0", 4>>, tensor<5x4xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// -----

// Of dimensions that the model names one may be 1: what comes out is as large as the other, or nothing.
// CHECK-LABEL: func.func @repeated(
// CHECK-SAME: %arg0: tensor<?x4xf32, #rec.dims<"n", 4>> {rec.name = "x"}, %arg1: tensor<?x4xf32, #rec.dims<"m", 4>> {rec.name = "y"}
// CHECK-SAME: rec.requirements = [#rec.requirement<equal <{{.*}}, 0>, "", "n to be 1, or equal to the size that numpy repeats it to">, {{.*}} "m to be 1
// CHECK: %[[X:.*]] = rec.broadcast %arg0 : {{.*}} -> tensor<?x4xf32, #rec.dims<"min(m, min(n, 1))*max(m, n)", 4>>
// CHECK: %[[Y:.*]] = rec.broadcast %arg1 : {{.*}} -> tensor<?x4xf32, #rec.dims<"min(m, min(n, 1))*max(m, n)", 4>>
// CHECK: rec.binary add %[[X]], %[[Y]]
func.func @repeated(%arg0: tensor<?x4xf32, #rec.dims<"n", 4>> {rec.name = "x"}, %arg1: tensor<?x4xf32, #rec.dims<"m", 4>> {rec.name = "y"}) -> (tensor<*xf32>) {
  %r = rec.onnx "Add"(%arg0, %arg1) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"n", 4>>, tensor<?x4xf32, #rec.dims<"m", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// -----

// tf2onnx numbers what it has no name for: that is one dimension.
// CHECK-LABEL: func.func @numbered(
// CHECK-SAME: %arg0: tensor<?xf32, #rec.dims<"unk__8">> {rec.name = "x"}, %arg1: tensor<?xf32, #rec.dims<"unk__8">> {rec.name = "y"}
func.func @numbered(%arg0: tensor<?xf32, #rec.dims<"unk__7">> {rec.name = "x"}, %arg1: tensor<?xf32, #rec.dims<"unk__8">> {rec.name = "y"}) -> (tensor<*xf32>) {
  %r = rec.onnx "Add"(%arg0, %arg1) {opset = 17 : i64} : (tensor<?xf32, #rec.dims<"unk__7">>, tensor<?xf32, #rec.dims<"unk__8">>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// -----

// Column 8 of a matrix: 1 wherever it is there, so that the other size comes out.
// CHECK-LABEL: func.func @column(
// CHECK: %[[C:.*]] = rec.broadcast {{.*}} -> tensor<?x4xf32, #rec.dims<"b", 4>>
// CHECK: rec.binary mul %{{.*}}, %[[C]]
func.func @column(%arg0: tensor<?x?xf32, #rec.dims<"b", "T">> {rec.name = "x"}, %arg1: tensor<?x4xf32, #rec.dims<"b", 4>> {rec.name = "y"}) -> tensor<*xf32> {
  %start = rec.constant dense<8> : tensor<1xi64>
  %end = rec.constant dense<9> : tensor<1xi64>
  %axis = rec.constant dense<1> : tensor<1xi64>
  %c = rec.onnx "Slice"(%arg0, %start, %end, %axis) {opset = 17 : i64} : (tensor<?x?xf32, #rec.dims<"b", "T">>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %r = rec.onnx "Mul"(%arg1, %c) {opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"b", 4>>, tensor<*xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// -----

// The greater of two batches without names, which a framework computes to repeat either: they are one.
// CHECK-LABEL: func.func @greater(
// CHECK-SAME: %arg0: tensor<?x1xf32, #rec.dims<"unk__8", 1>> {rec.name = "x"}, %arg1: tensor<?x4xf32, #rec.dims<"unk__8", 4>> {rec.name = "y"}
// CHECK: rec.broadcast %arg0 : {{.*}} -> tensor<?x4xf32, #rec.dims<"unk__8", 4>>
func.func @greater(%arg0: tensor<?x1xf32, #rec.dims<"unk__7", 1>> {rec.name = "x"}, %arg1: tensor<?x4xf32, #rec.dims<"unk__8", 4>> {rec.name = "y"}) -> (tensor<*xf32>) {
  %s = rec.onnx "Shape"(%arg0) {attrs = {end = 1 : i64}, opset = 17 : i64} : (tensor<?x1xf32, #rec.dims<"unk__7", 1>>) -> tensor<*xi64>
  %t = rec.onnx "Shape"(%arg1) {attrs = {end = 1 : i64}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"unk__8", 4>>) -> tensor<*xi64>
  %m = rec.onnx "Max"(%s, %t) {opset = 17 : i64} : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %four = rec.constant dense<4> : tensor<1xi64>
  %shape = rec.onnx "Concat"(%m, %four) {attrs = {axis = 0 : i64}, opset = 17 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %r = rec.onnx "Expand"(%arg0, %shape) {opset = 17 : i64} : (tensor<?x1xf32, #rec.dims<"unk__7", 1>>, tensor<*xi64>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}
