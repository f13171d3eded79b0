// RUN: reckon-opt --canonicalize %s | FileCheck %s

// CHECK-LABEL: func.func @inverses
// CHECK-SAME: %[[X:.*]]: tensor<8xf32>, %[[C:.*]]: tensor<8xi1>
func.func @inverses(%x: tensor<8xf32>, %c: tensor<8xi1>) -> (tensor<8xf32>, tensor<8xi1>) {
  %0 = rec.unary neg %x : (tensor<8xf32>) -> tensor<8xf32>
  %1 = rec.unary neg %0 : (tensor<8xf32>) -> tensor<8xf32>
  %2 = rec.unary logical_not %c : (tensor<8xi1>) -> tensor<8xi1>
  %3 = rec.unary logical_not %2 : (tensor<8xi1>) -> tensor<8xi1>
  // CHECK: return %[[X]], %[[C]]
  return %1, %3 : tensor<8xf32>, tensor<8xi1>
}

// CHECK-LABEL: func.func @idempotent
func.func @idempotent(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK-NEXT: %[[R:.*]] = rec.unary relu
  // CHECK-NEXT: return %[[R]]
  %0 = rec.unary relu %x : (tensor<8xf32>) -> tensor<8xf32>
  %1 = rec.unary relu %0 : (tensor<8xf32>) -> tensor<8xf32>
  return %1 : tensor<8xf32>
}

// x + 0.0 turns -0.0 into 0.0; x + -0.0 and x - 0.0 change nothing.
// CHECK-LABEL: func.func @zero
// CHECK-SAME: %[[X:.*]]: tensor<8xf32>
func.func @zero(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
  %zero = rec.constant dense<0.0> : tensor<f32>
  %minus = rec.constant dense<-0.0> : tensor<f32>
  // CHECK: %[[A:.*]] = rec.binary add %[[X]], %{{.*}}
  // CHECK-NEXT: return %[[A]], %[[X]], %[[X]]
  %0 = rec.binary add %x, %zero : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %1 = rec.binary add %minus, %x : (tensor<f32>, tensor<8xf32>) -> tensor<8xf32>
  %2 = rec.binary sub %x, %zero : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  return %0, %1, %2 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// CHECK-LABEL: func.func @one
// CHECK-SAME: %[[X:.*]]: tensor<8xf32>, %[[I:.*]]: tensor<8xi64>
func.func @one(%x: tensor<8xf32>, %i: tensor<8xi64>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xi64>) {
  %one = rec.constant dense<1.0> : tensor<1xf32>
  %zero = rec.constant dense<0> : tensor<i64>
  %0 = rec.binary mul %one, %x : (tensor<1xf32>, tensor<8xf32>) -> tensor<8xf32>
  %1 = rec.binary div %x, %one : (tensor<8xf32>, tensor<1xf32>) -> tensor<8xf32>
  %2 = rec.binary pow %x, %one : (tensor<8xf32>, tensor<1xf32>) -> tensor<8xf32>
  %3 = rec.binary add %zero, %i : (tensor<i64>, tensor<8xi64>) -> tensor<8xi64>
  // CHECK: return %[[X]], %[[X]], %[[X]], %[[I]]
  return %0, %1, %2, %3 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xi64>
}

// The size of %x may be 1 and that of the result 8: nothing to fold.
// CHECK-LABEL: func.func @anonymous
func.func @anonymous(%x: tensor<?xf32>) -> tensor<?xf32> {
  %one = rec.constant dense<1.0> : tensor<8xf32>
  // CHECK: rec.binary mul
  %0 = rec.binary mul %x, %one : (tensor<?xf32>, tensor<8xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func.func @constants_go_right
func.func @constants_go_right(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %two = rec.constant dense<2.0> : tensor<f32>
  // CHECK: %[[TWO:.*]] = rec.constant
  // CHECK: rec.binary mul %{{.*}}, %[[TWO]]
  // CHECK: rec.binary sub %[[TWO]], %
  %0 = rec.binary mul %two, %x : (tensor<f32>, tensor<8xf32>) -> tensor<8xf32>
  %1 = rec.binary sub %two, %x : (tensor<f32>, tensor<8xf32>) -> tensor<8xf32>
  return %0, %1 : tensor<8xf32>, tensor<8xf32>
}

// CHECK-LABEL: func.func @same_operands
// CHECK-SAME: %[[X:.*]]: tensor<8xf32>
func.func @same_operands(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  // CHECK-NEXT: %[[A:.*]] = rec.binary add %[[X]], %[[X]]
  // CHECK-NEXT: return %[[X]], %[[A]]
  %0 = rec.binary max %x, %x : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %1 = rec.binary add %x, %x : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %0, %1 : tensor<8xf32>, tensor<8xf32>
}

// CHECK-LABEL: func.func @select
// CHECK-SAME: %[[C:.*]]: tensor<8xi1>, %[[A:.*]]: tensor<8xf32>, %[[B:.*]]: tensor<f32>
func.func @select(%c: tensor<8xi1>, %a: tensor<8xf32>, %b: tensor<f32>)
    -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
  %yes = rec.constant dense<true> : tensor<i1>
  %no = rec.constant dense<false> : tensor<8xi1>
  // CHECK-NEXT: %[[BB:.*]] = rec.broadcast %[[B]]
  // CHECK-NEXT: return %[[A]], %[[BB]], %[[A]]
  %0 = rec.select %yes, %a, %b : (tensor<i1>, tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %1 = rec.select %no, %a, %b : (tensor<8xi1>, tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %2 = rec.select %c, %a, %a : (tensor<8xi1>, tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %0, %1, %2 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// CHECK-LABEL: func.func @casts
// CHECK-SAME: %[[X:.*]]: tensor<8xf32>, %[[I:.*]]: tensor<8xi32>
func.func @casts(%x: tensor<8xf32>, %i: tensor<8xi32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
  // CHECK-NEXT: %[[HALF:.*]] = rec.cast %[[X]] : (tensor<8xf32>) -> tensor<8xf16>
  // CHECK-NEXT: %[[BACK:.*]] = rec.cast %[[HALF]] : (tensor<8xf16>) -> tensor<8xf32>
  // CHECK-NEXT: %[[F:.*]] = rec.cast %[[I]] : (tensor<8xi32>) -> tensor<8xf32>
  // CHECK-NEXT: return %[[X]], %[[BACK]], %[[F]]
  %0 = rec.cast %x : (tensor<8xf32>) -> tensor<8xf64>
  %1 = rec.cast %0 : (tensor<8xf64>) -> tensor<8xf32>
  %2 = rec.cast %x : (tensor<8xf32>) -> tensor<8xf16>
  %3 = rec.cast %2 : (tensor<8xf16>) -> tensor<8xf32>
  %4 = rec.cast %i : (tensor<8xi32>) -> tensor<8xi64>
  %5 = rec.cast %4 : (tensor<8xi64>) -> tensor<8xf32>
  return %1, %3, %5 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// CHECK-LABEL: func.func @needless_broadcast
// CHECK-SAME: %[[A:.*]]: tensor<?x4xf32, #rec.dims<"batch", 4>>, %[[B:.*]]: tensor<4xf32>
func.func @needless_broadcast(%a: tensor<?x4xf32, #rec.dims<"batch", 4>>, %b: tensor<4xf32>)
    -> (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) {
  // CHECK-NEXT: %[[WIDE:.*]] = rec.broadcast %[[B]]
  // CHECK-NEXT: %[[SUM:.*]] = rec.binary add %[[A]], %[[B]]
  // CHECK-NEXT: %[[TWICE:.*]] = rec.binary add %[[WIDE]], %[[B]]
  %0 = rec.broadcast %b : (tensor<4xf32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  %1 = rec.binary add %a, %0 : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>)
    -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  %2 = rec.binary add %0, %b : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4xf32>)
    -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  return %1, %2 : tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>
}

// CHECK-LABEL: func.func @reductions_of_one
// CHECK-SAME: %[[X:.*]]: tensor<8x1xf32>
func.func @reductions_of_one(%x: tensor<8x1xf32>) -> (tensor<8xf32>, tensor<8x1xf32>, tensor<8xf32>, tensor<8xf32>) {
  // CHECK-NEXT: %[[R:.*]] = rec.reshape %[[X]] : (tensor<8x1xf32>) -> tensor<8xf32>
  // CHECK-NEXT: %[[L:.*]] = rec.reduce l2 %[[X]] axes [1]
  // The sum of -0.0 is 0.0.
  // CHECK-NEXT: %[[S:.*]] = rec.reduce sum %[[X]] axes [1]
  // CHECK-NEXT: return %[[R]], %[[X]], %[[L]], %[[S]]
  %0 = rec.reduce prod %x axes [1] : (tensor<8x1xf32>) -> tensor<8xf32>
  %1 = rec.reduce max %x axes [] : (tensor<8x1xf32>) -> tensor<8x1xf32>
  %2 = rec.reduce l2 %x axes [1] : (tensor<8x1xf32>) -> tensor<8xf32>
  %3 = rec.reduce sum %x axes [1] : (tensor<8x1xf32>) -> tensor<8xf32>
  return %0, %1, %2, %3 : tensor<8xf32>, tensor<8x1xf32>, tensor<8xf32>, tensor<8xf32>
}
