// RUN: reckon-opt --canonicalize %s | FileCheck %s

// The usual way to flatten all but the first dimension.
// CHECK-LABEL: func.func @flatten
func.func @flatten() -> tensor<2xi64> {
  %shape = rec.dims <"batch", 26, 16> : tensor<3xi64>
  %zero = rec.constant dense<0> : tensor<1xi64>
  %rest = rec.constant dense<[1, -1]> : tensor<2xi64>
  %first = rec.gather %shape, %zero axis 0 : (tensor<3xi64>, tensor<1xi64>) -> tensor<1xi64>
  %others = rec.gather %shape, %rest axis 0 : (tensor<3xi64>, tensor<2xi64>) -> tensor<2xi64>
  %width = rec.reduce prod %others axes [0] {keepdims} : (tensor<2xi64>) -> tensor<1xi64>
  %0 = rec.concat %first, %width axis 0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  // CHECK-NEXT: %[[D:.*]] = rec.dims <"batch", 416> : tensor<2xi64>
  // CHECK-NEXT: return %[[D]]
  return %0 : tensor<2xi64>
}

// CHECK-LABEL: func.func @all_constant
func.func @all_constant() -> tensor<2xi64> {
  // CHECK: rec.constant dense<[26, 16]> : tensor<2xi64>
  %0 = rec.dims <26, 16> : tensor<2xi64>
  return %0 : tensor<2xi64>
}

// CHECK-LABEL: func.func @arithmetic
func.func @arithmetic() -> (tensor<i64>, tensor<i64>, tensor<i64>, tensor<i64>, tensor<2xi64>, tensor<i64>) {
  %n = rec.dims <"seq"> : tensor<i64>
  %pair = rec.dims <"batch", "seq"> : tensor<2xi64>
  %two = rec.constant dense<2> : tensor<i64>
  %one = rec.constant dense<1> : tensor<i64>
  // CHECK-DAG: %[[ADD:.*]] = rec.dims <"seq+2"> : tensor<i64>
  // CHECK-DAG: %[[SUB:.*]] = rec.dims <"seq-1"> : tensor<i64>
  // CHECK-DAG: %[[DIV:.*]] = rec.dims <"floordiv(seq+1, 2)-1"> : tensor<i64>
  // CHECK-DAG: %[[MUL:.*]] = rec.dims <"2*batch", "2*seq"> : tensor<2xi64>
  // CHECK-DAG: %[[MIN:.*]] = rec.dims <"min(seq, 2)"> : tensor<i64>
  // CHECK-DAG: %[[NEG:.*]] = rec.binary div
  %0 = rec.binary add %n, %two : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %1 = rec.binary sub %n, %one : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %2 = rec.binary div %1, %two : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %3 = rec.binary mul %pair, %two : (tensor<2xi64>, tensor<i64>) -> tensor<2xi64>
  %4 = rec.binary min %n, %two : (tensor<i64>, tensor<i64>) -> tensor<i64>
  // Truncating division of what may be negative is not floor division.
  %5 = rec.binary sub %n, %two : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %6 = rec.binary div %5, %two : (tensor<i64>, tensor<i64>) -> tensor<i64>
  // CHECK: return %[[ADD]], %[[SUB]], %[[DIV]], %[[NEG]], %[[MUL]], %[[MIN]]
  return %0, %1, %2, %6, %3, %4 : tensor<i64>, tensor<i64>, tensor<i64>, tensor<i64>, tensor<2xi64>, tensor<i64>
}

// How exporters write Expand: -1 in the wanted shape keeps the size.
// CHECK-LABEL: func.func @where_minus_one
func.func @where_minus_one() -> tensor<3xi64> {
  %wanted = rec.dims <"batch", 100, 32> : tensor<3xi64>
  %ones = rec.constant dense<1> : tensor<3xi64>
  %minus = rec.constant dense<-1> : tensor<i64>
  %keep = rec.compare eq %wanted, %minus : (tensor<3xi64>, tensor<i64>) -> tensor<3xi1>
  %0 = rec.select %keep, %ones, %wanted : (tensor<3xi1>, tensor<3xi64>, tensor<3xi64>) -> tensor<3xi64>
  // CHECK-NEXT: rec.dims <"batch", 100, 32> : tensor<3xi64>
  return %0 : tensor<3xi64>
}

// CHECK-LABEL: func.func @unknown_comparison
func.func @unknown_comparison() -> tensor<i1> {
  %n = rec.dims <"batch"> : tensor<i64>
  %one = rec.constant dense<1> : tensor<i64>
  // CHECK: rec.compare eq
  %0 = rec.compare eq %n, %one : (tensor<i64>, tensor<i64>) -> tensor<i1>
  return %0 : tensor<i1>
}

// CHECK-LABEL: func.func @pieces
func.func @pieces() -> (tensor<2xi64>, tensor<i64>, tensor<3xi64>) {
  %shape = rec.dims <"batch", "seq", 16> : tensor<3xi64>
  // CHECK-DAG: %[[S:.*]] = rec.dims <16, "seq"> : tensor<2xi64>
  // CHECK-DAG: %[[R:.*]] = rec.dims <"batch"> : tensor<i64>
  // CHECK-DAG: %[[B:.*]] = rec.dims <"batch", "batch", "batch"> : tensor<3xi64>
  %0 = rec.slice %shape starts <2> sizes <2> steps [-1] : (tensor<3xi64>) -> tensor<2xi64>
  %1 = rec.slice %shape starts <0> sizes <1> steps [1] : (tensor<3xi64>) -> tensor<1xi64>
  %2 = rec.reshape %1 : (tensor<1xi64>) -> tensor<i64>
  %3 = rec.broadcast %2 : (tensor<i64>) -> tensor<3xi64>
  // CHECK: return %[[S]], %[[R]], %[[B]]
  return %0, %2, %3 : tensor<2xi64>, tensor<i64>, tensor<3xi64>
}

// The anonymous dimension has no arithmetic: ? - ? need not be 0.
// CHECK-LABEL: func.func @anonymous
func.func @anonymous() -> tensor<i64> {
  %a = rec.dims <"?"> : tensor<i64>
  // CHECK: rec.binary sub
  %0 = rec.binary sub %a, %a : (tensor<i64>, tensor<i64>) -> tensor<i64>
  return %0 : tensor<i64>
}
