// RUN: reckon-opt --canonicalize %s | FileCheck %s

// CHECK-LABEL: func.func @identities
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32, #rec.dims<"batch", 4>>
!t = tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @identities(%x: !t) -> (!t, !t, !t, !t, !t, !t) {
  %0 = rec.reshape %x : (!t) -> !t
  %1 = rec.transpose %x perm [0, 1] : (!t) -> !t
  %2 = rec.broadcast %x : (!t) -> !t
  %3 = rec.slice %x starts <0, 0> sizes <"batch", 4> steps [1, 1] : (!t) -> !t
  %4 = rec.concat %x axis 1 : (!t) -> !t
  %5 = rec.cast %x : (!t) -> !t
  // CHECK-NEXT: return %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]]
  return %0, %1, %2, %3, %4, %5 : !t, !t, !t, !t, !t, !t
}

// Equal types, but perhaps other sizes.
// CHECK-LABEL: func.func @anonymous
func.func @anonymous(%x: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>) {
  // CHECK: rec.reshape
  %0 = rec.reshape %x : (tensor<?x?xf32>) -> tensor<?x?xf32>
  // CHECK: rec.broadcast
  %1 = rec.broadcast %x : (tensor<?x?xf32>) -> tensor<?x?xf32>
  // CHECK: rec.slice
  %2 = rec.slice %x starts <0, 0> sizes <"?", "?"> steps [1, 1] : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0, %1, %2 : tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>
}

// CHECK-LABEL: func.func @chains
// CHECK-SAME: %[[X:.*]]: tensor<2x3x4xf32>
func.func @chains(%x: tensor<2x3x4xf32>) -> (tensor<24xf32>, tensor<3x4x2xf32>, tensor<5x2x3x4xf32>) {
  // CHECK-NEXT: %[[R:.*]] = rec.reshape %[[X]] : (tensor<2x3x4xf32>) -> tensor<24xf32>
  %0 = rec.reshape %x : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
  %1 = rec.reshape %0 : (tensor<6x4xf32>) -> tensor<24xf32>
  // CHECK-NEXT: %[[T:.*]] = rec.transpose %[[X]] perm [1, 2, 0]
  %2 = rec.transpose %x perm [2, 0, 1] : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
  %3 = rec.transpose %2 perm [2, 0, 1] : (tensor<4x2x3xf32>) -> tensor<3x4x2xf32>
  // CHECK-NEXT: %[[B:.*]] = rec.broadcast %[[X]] : (tensor<2x3x4xf32>) -> tensor<5x2x3x4xf32>
  %4 = rec.reshape %x : (tensor<2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %5 = rec.broadcast %4 : (tensor<1x2x3x4xf32>) -> tensor<5x2x3x4xf32>
  // CHECK-NEXT: return %[[R]], %[[T]], %[[B]]
  return %1, %3, %5 : tensor<24xf32>, tensor<3x4x2xf32>, tensor<5x2x3x4xf32>
}

// CHECK-LABEL: func.func @moves_unit_dimensions
func.func @moves_unit_dimensions(%x: tensor<1x3x1x4xf32>) -> tensor<3x4x1x1xf32> {
  // CHECK: rec.reshape
  %0 = rec.transpose %x perm [1, 3, 0, 2] : (tensor<1x3x1x4xf32>) -> tensor<3x4x1x1xf32>
  return %0 : tensor<3x4x1x1xf32>
}

// CHECK-LABEL: func.func @constants
func.func @constants() -> (tensor<2x2xf32>, tensor<4xf32>, tensor<4x3xf32>) {
  %0 = rec.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %named = rec.constant "w" = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %splat = rec.constant dense<7.0> : tensor<f32>
  // CHECK-DAG: %[[A:.*]] = rec.constant dense<{{\[\[}}1.{{.*}} : tensor<2x2xf32>
  // CHECK-DAG: %[[B:.*]] = rec.constant "w" = dense<{{.*}} : tensor<4xf32>
  // CHECK-DAG: %[[C:.*]] = rec.constant dense<7.{{.*}} : tensor<4x3xf32>
  %1 = rec.reshape %0 : (tensor<4xf32>) -> tensor<2x2xf32>
  %2 = rec.reshape %named : (tensor<2x2xf32>) -> tensor<4xf32>
  %3 = rec.broadcast %splat : (tensor<f32>) -> tensor<3x4xf32>
  %4 = rec.transpose %3 perm [1, 0] : (tensor<3x4xf32>) -> tensor<4x3xf32>
  // CHECK: return %[[A]], %[[B]], %[[C]]
  return %1, %2, %4 : tensor<2x2xf32>, tensor<4xf32>, tensor<4x3xf32>
}

// CHECK-LABEL: func.func @nested_concat
// CHECK-SAME: %[[A:.*]]: tensor<8x2xf32>, %[[B:.*]]: tensor<8x3xf32>, %{{.*}}: tensor<8x0xf32>
func.func @nested_concat(%a: tensor<8x2xf32>, %b: tensor<8x3xf32>, %none: tensor<8x0xf32>) -> tensor<8x7xf32> {
  // CHECK-NEXT: rec.concat %[[A]], %[[B]], %[[A]] axis 1
  %0 = rec.concat %a, %b axis 1 : (tensor<8x2xf32>, tensor<8x3xf32>) -> tensor<8x5xf32>
  %1 = rec.concat %none, %0, %a axis 1 : (tensor<8x0xf32>, tensor<8x5xf32>, tensor<8x2xf32>) -> tensor<8x7xf32>
  return %1 : tensor<8x7xf32>
}

// CHECK-LABEL: func.func @neighbouring_pieces
// CHECK-SAME: %[[X:.*]]: tensor<?x9xf32, #rec.dims<"batch", 9>>
func.func @neighbouring_pieces(%x: tensor<?x9xf32, #rec.dims<"batch", 9>>) -> tensor<?x9xf32, #rec.dims<"batch", 9>> {
  %0 = rec.slice %x starts <0, 0> sizes <"batch", 4> steps [1, 1]
    : (tensor<?x9xf32, #rec.dims<"batch", 9>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  %1 = rec.slice %x starts <0, 4> sizes <"batch", 5> steps [1, 1]
    : (tensor<?x9xf32, #rec.dims<"batch", 9>>) -> tensor<?x5xf32, #rec.dims<"batch", 5>>
  %2 = rec.concat %0, %1 axis 1 : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x5xf32, #rec.dims<"batch", 5>>)
    -> tensor<?x9xf32, #rec.dims<"batch", 9>>
  // CHECK-NEXT: return %[[X]]
  return %2 : tensor<?x9xf32, #rec.dims<"batch", 9>>
}

// CHECK-LABEL: func.func @slices
// CHECK-SAME: %[[X:.*]]: tensor<8x9xf32>, %[[Y:.*]]: tensor<8x4xf32>
func.func @slices(%x: tensor<8x9xf32>, %y: tensor<8x4xf32>) -> (tensor<8x2xf32>, tensor<8x3xf32>) {
  // CHECK-NEXT: %[[A:.*]] = rec.slice %[[X]] starts <7, 4> sizes <8, 2> steps [-1, 4]
  %0 = rec.slice %x starts <7, 0> sizes <8, 5> steps [-1, 2] : (tensor<8x9xf32>) -> tensor<8x5xf32>
  %1 = rec.slice %0 starts <0, 2> sizes <8, 2> steps [1, 2] : (tensor<8x5xf32>) -> tensor<8x2xf32>
  // CHECK-NEXT: %[[B:.*]] = rec.slice %[[Y]] starts <0, 1> sizes <8, 3> steps [1, 1]
  %2 = rec.concat %x, %y axis 1 : (tensor<8x9xf32>, tensor<8x4xf32>) -> tensor<8x13xf32>
  %3 = rec.slice %2 starts <0, 10> sizes <8, 3> steps [1, 1] : (tensor<8x13xf32>) -> tensor<8x3xf32>
  // CHECK-NEXT: return %[[A]], %[[B]]
  return %1, %3 : tensor<8x2xf32>, tensor<8x3xf32>
}

// A transpose goes behind a reshape of dimensions that it leaves where they are, and meets the next one.
// CHECK-LABEL: func.func @reshape_before_transpose
// CHECK-SAME: %[[X:.*]]: tensor<?x5x2x3xf32
func.func @reshape_before_transpose(%x: tensor<?x5x2x3xf32, #rec.dims<"batch", 5, 2, 3>>)
    -> tensor<?x5x6xf32, #rec.dims<"batch", 5, 6>> {
  // CHECK-NEXT: %[[R:.*]] = rec.reshape %[[X]] : {{.*}} -> tensor<?x5x6xf32, #rec.dims<"batch", 5, 6>>
  // CHECK-NEXT: return %[[R]]
  %0 = rec.transpose %x perm [1, 0, 2, 3]
    : (tensor<?x5x2x3xf32, #rec.dims<"batch", 5, 2, 3>>) -> tensor<5x?x2x3xf32, #rec.dims<5, "batch", 2, 3>>
  %1 = rec.reshape %0
    : (tensor<5x?x2x3xf32, #rec.dims<5, "batch", 2, 3>>) -> tensor<5x?x6xf32, #rec.dims<5, "batch", 6>>
  %2 = rec.transpose %1 perm [1, 0, 2]
    : (tensor<5x?x6xf32, #rec.dims<5, "batch", 6>>) -> tensor<?x5x6xf32, #rec.dims<"batch", 5, 6>>
  return %2 : tensor<?x5x6xf32, #rec.dims<"batch", 5, 6>>
}

// Not where the reshape takes apart what moved.
// CHECK-LABEL: func.func @reshape_of_moved
func.func @reshape_of_moved(%x: tensor<4x5x3xf32>) -> tensor<20x3xf32> {
  // CHECK: rec.transpose
  // CHECK-NEXT: rec.reshape
  %0 = rec.transpose %x perm [1, 0, 2] : (tensor<4x5x3xf32>) -> tensor<5x4x3xf32>
  %1 = rec.reshape %0 : (tensor<5x4x3xf32>) -> tensor<20x3xf32>
  return %1 : tensor<20x3xf32>
}
