// RUN: reckon-opt --rec-raise-dot-interaction %s | FileCheck %s
// RUN: reckon-opt --rec-raise-dot-interaction --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

!x = tensor<?x3x4xf32, #rec.dims<"batch", 3, 4>>
!t = tensor<?x4x3xf32, #rec.dims<"batch", 4, 3>>
!m = tensor<?x3x3xf32, #rec.dims<"batch", 3, 3>>
!p = tensor<3x3x?xf32, #rec.dims<3, 3, "batch">>
!r = tensor<?x3xf32, #rec.dims<"batch", 3>>

// Dynamo's form: pairs picked as tuples.
// CHECK-LABEL: func.func @tuples
// CHECK: %[[R:.*]] = rec.dot_interaction lower %arg0 :
// CHECK: return %[[R]]
func.func @tuples(%x: !x) -> !r {
  %pairs = rec.constant dense<[[1, 0], [2, 0], [2, 1]]> : tensor<3x2xi64>
  %0 = rec.transpose %x perm [0, 2, 1] : (!x) -> !t
  %1 = rec.matmul %x, %0 : (!x, !t) -> !m
  %2 = rec.transpose %1 perm [1, 2, 0] : (!m) -> !p
  %3 = rec.gather_nd %2, %pairs batch_dims 0 : (!p, tensor<3x2xi64>) -> tensor<3x?xf32, #rec.dims<3, "batch">>
  %4 = rec.transpose %3 perm [1, 0] : (tensor<3x?xf32, #rec.dims<3, "batch">>) -> !r
  return %4 : !r
}

// TorchScript's form: pairs picked as i * features + j. The products are symmetric, so (0, 2) is (2, 0).
// CHECK-LABEL: func.func @flattened
// CHECK: %[[R:.*]] = rec.dot_interaction lower %arg0 :
// CHECK: return %[[R]]
func.func @flattened(%x: !x) -> !r {
  %pairs = rec.constant dense<[3, 2, 7]> : tensor<3xi64>
  %0 = rec.matmul %x, %x {transpose_b} : (!x, !x) -> !m
  %1 = rec.transpose %0 perm [1, 2, 0] : (!m) -> !p
  %2 = rec.reshape %1 : (!p) -> tensor<9x?xf32, #rec.dims<9, "batch">>
  %3 = rec.gather %2, %pairs axis 0
    : (tensor<9x?xf32, #rec.dims<9, "batch">>, tensor<3xi64>) -> tensor<3x?xf32, #rec.dims<3, "batch">>
  %4 = rec.transpose %3 perm [1, 0] : (tensor<3x?xf32, #rec.dims<3, "batch">>) -> !r
  return %4 : !r
}

// With the diagonal, and without the transposes: of the same products, the upper triangle and the lower.
// CHECK-LABEL: func.func @diagonal
// CHECK-DAG: rec.dot_interaction upper %arg0 {self_interaction} :
// CHECK-DAG: rec.dot_interaction lower %arg0 {self_interaction} :
func.func @diagonal(%x: tensor<8x3x4xf32>) -> (tensor<8x6xf32>, tensor<8x6xf32>) {
  %upper = rec.constant dense<[0, 1, 2, 4, 5, 8]> : tensor<6xi64>
  %lower = rec.constant dense<[0, 3, 4, 6, 7, 8]> : tensor<6xi64>
  %0 = rec.matmul %x, %x {transpose_b} : (tensor<8x3x4xf32>, tensor<8x3x4xf32>) -> tensor<8x3x3xf32>
  %1 = rec.reshape %0 : (tensor<8x3x3xf32>) -> tensor<8x9xf32>
  %2 = rec.gather %1, %upper axis 1 : (tensor<8x9xf32>, tensor<6xi64>) -> tensor<8x6xf32>
  %3 = rec.gather %1, %lower axis 1 : (tensor<8x9xf32>, tensor<6xi64>) -> tensor<8x6xf32>
  return %2, %3 : tensor<8x6xf32>, tensor<8x6xf32>
}

// Features are picked first, and multiplied pair by pair.
// CHECK-LABEL: func.func @picked
// CHECK: %[[R:.*]] = rec.dot_interaction upper %arg0 :
// CHECK: return %[[R]]
func.func @picked(%x: tensor<8x4x5xf32>) -> tensor<8x6xf32> {
  %i = rec.constant dense<[0, 0, 0, 1, 1, 2]> : tensor<6xi64>
  %j = rec.constant dense<[1, 2, 3, 2, 3, -1]> : tensor<6xi64>
  %0 = rec.gather %x, %i axis 1 : (tensor<8x4x5xf32>, tensor<6xi64>) -> tensor<8x6x5xf32>
  %1 = rec.gather %x, %j axis 1 : (tensor<8x4x5xf32>, tensor<6xi64>) -> tensor<8x6x5xf32>
  %2 = rec.binary mul %0, %1 : (tensor<8x6x5xf32>, tensor<8x6x5xf32>) -> tensor<8x6x5xf32>
  %3 = rec.reduce sum %2 axes [2] : (tensor<8x6x5xf32>) -> tensor<8x6xf32>
  return %3 : tensor<8x6xf32>
}

// All pairs but in another order, and products of two tensors.
// CHECK-LABEL: func.func @keep
// CHECK-NOT: dot_interaction
// CHECK: return
func.func @keep(%x: tensor<8x3x4xf32>, %y: tensor<8x3x4xf32>) -> (tensor<8x3xf32>, tensor<8x3xf32>) {
  %order = rec.constant dense<[6, 3, 7]> : tensor<3xi64>
  %lower = rec.constant dense<[3, 6, 7]> : tensor<3xi64>
  %0 = rec.matmul %x, %x {transpose_b} : (tensor<8x3x4xf32>, tensor<8x3x4xf32>) -> tensor<8x3x3xf32>
  %1 = rec.reshape %0 : (tensor<8x3x3xf32>) -> tensor<8x9xf32>
  %2 = rec.gather %1, %order axis 1 : (tensor<8x9xf32>, tensor<3xi64>) -> tensor<8x3xf32>
  %3 = rec.matmul %x, %y {transpose_b} : (tensor<8x3x4xf32>, tensor<8x3x4xf32>) -> tensor<8x3x3xf32>
  %4 = rec.reshape %3 : (tensor<8x3x3xf32>) -> tensor<8x9xf32>
  %5 = rec.gather %4, %lower axis 1 : (tensor<8x9xf32>, tensor<3xi64>) -> tensor<8x3xf32>
  return %2, %5 : tensor<8x3xf32>, tensor<8x3xf32>
}

// STATS: (S) 5 interactions-raised
