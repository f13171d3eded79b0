// RUN: reckon-opt --rec-normalize-einsum %s | FileCheck %s
// RUN: reckon-opt --rec-normalize-einsum --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// CHECK-LABEL: func.func @attention
// CHECK: %[[K:.*]] = rec.transpose %arg1 perm [0, 2, 1]
// CHECK: %[[M:.*]] = rec.matmul %arg0, %[[K]] : (tensor<?x5x4xf32, {{.*}}>, tensor<?x4x7xf32, {{.*}}>)
// CHECK: return %[[M]]
func.func @attention(%q: tensor<?x5x4xf32, #rec.dims<"batch", 5, 4>>, %k: tensor<?x7x4xf32, #rec.dims<"batch", 7, 4>>)
    -> tensor<?x5x7xf32, #rec.dims<"batch", 5, 7>> {
  %0 = rec.einsum "bqd,bkd->bqk"(%q, %k)
    : (tensor<?x5x4xf32, #rec.dims<"batch", 5, 4>>, tensor<?x7x4xf32, #rec.dims<"batch", 7, 4>>)
    -> tensor<?x5x7xf32, #rec.dims<"batch", 5, 7>>
  return %0 : tensor<?x5x7xf32, #rec.dims<"batch", 5, 7>>
}

// Nothing is summed: a broadcast product.
// CHECK-LABEL: func.func @outer
// CHECK: %[[A:.*]] = rec.reshape %arg0 : (tensor<8x3xf32>) -> tensor<8x3x1xf32>
// CHECK: %[[B:.*]] = rec.reshape %arg1 : (tensor<8x4xf32>) -> tensor<8x1x4xf32>
// CHECK: rec.binary mul %[[A]], %[[B]]
func.func @outer(%a: tensor<8x3xf32>, %b: tensor<8x4xf32>) -> tensor<8x3x4xf32> {
  %0 = rec.einsum "bi,bj->bij"(%a, %b) : (tensor<8x3xf32>, tensor<8x4xf32>) -> tensor<8x3x4xf32>
  return %0 : tensor<8x3x4xf32>
}

// Labels of one term alone are summed first, the result ordered last.
// CHECK-LABEL: func.func @sums
// CHECK: %[[S:.*]] = rec.reduce sum %arg0 axes [1]
// CHECK: %[[M:.*]] = rec.matmul %[[S]], %arg1
// CHECK: rec.transpose %[[M]] perm [1, 0]
func.func @sums(%a: tensor<8x2x3xf32>, %b: tensor<3x4xf32>) -> tensor<4x8xf32> {
  %0 = rec.einsum "bxi,ij->jb"(%a, %b) : (tensor<8x2x3xf32>, tensor<3x4xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @chain
// CHECK-COUNT-2: rec.matmul
// CHECK-NOT: rec.einsum
func.func @chain(%a: tensor<8x2xf32>, %b: tensor<2x3xf32>, %c: tensor<3x4xf32>) -> tensor<8x4xf32> {
  %0 = rec.einsum "bi,ij,jk->bk"(%a, %b, %c) : (tensor<8x2xf32>, tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}

// CHECK-LABEL: func.func @one
// CHECK: rec.reduce sum %arg0 axes [0]
func.func @one(%a: tensor<8x2xf32>) -> tensor<2xf32> {
  %0 = rec.einsum "bi->i"(%a) : (tensor<8x2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// CHECK-LABEL: func.func @diagonal
// CHECK: rec.einsum
func.func @diagonal(%a: tensor<8x8xf32>) -> tensor<8xf32> {
  %0 = rec.einsum "ii->i"(%a) : (tensor<8x8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// STATS: (S) 5 einsums-expanded
