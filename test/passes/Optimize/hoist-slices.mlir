// RUN: reckon-opt --rec-hoist-slices --cse %s | FileCheck %s
// RUN: reckon-opt --rec-hoist-slices --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// STATS: (S) 18 slices-hoisted

// The last step of a block: everything behind the keys and values is computed for that step.
// CHECK-LABEL: func.func @last_step
// CHECK: %[[Q:.*]] = rec.slice %arg0 starts <0, 9, 0> sizes <"batch", 1, 8> steps [1, 1, 1]
// CHECK: %[[S:.*]] = rec.matmul %[[Q]], %arg0 {transpose_b} : {{.*}} -> tensor<?x1x10xf32
// CHECK: %[[P:.*]] = rec.softmax %[[S]] axis 2 : {{.*}} -> tensor<?x1x10xf32
// CHECK: %[[M:.*]] = rec.matmul %[[P]], %arg0 : {{.*}} -> tensor<?x1x8xf32
// CHECK: %[[L:.*]] = rec.linear %[[M]], %{{.*}}, %{{.*}} : {{.*}} -> tensor<?x1x8xf32
// CHECK: %[[H:.*]] = rec.binary add %[[Q]], %[[L]]
// CHECK: %[[N:.*]] = rec.layer_norm %[[H]] axis 2
// CHECK: %[[V:.*]] = rec.reshape %[[N]] : {{.*}} -> tensor<?x1x4x2xf32
// CHECK: return %[[V]]
func.func @last_step(%x: tensor<?x10x8xf32, #rec.dims<"batch", 10, 8>>) -> tensor<?x1x4x2xf32, #rec.dims<"batch", 1, 4, 2>> {
  %w = rec.constant "w" = dense<1.0> : tensor<8x8xf32>
  %b = rec.constant "b" = dense<1.0> : tensor<8xf32>
  %0 = rec.matmul %x, %x {transpose_b} : (tensor<?x10x8xf32, #rec.dims<"batch", 10, 8>>, tensor<?x10x8xf32, #rec.dims<"batch", 10, 8>>)
    -> tensor<?x10x10xf32, #rec.dims<"batch", 10, 10>>
  %1 = rec.softmax %0 axis 2 : (tensor<?x10x10xf32, #rec.dims<"batch", 10, 10>>) -> tensor<?x10x10xf32, #rec.dims<"batch", 10, 10>>
  %2 = rec.matmul %1, %x : (tensor<?x10x10xf32, #rec.dims<"batch", 10, 10>>, tensor<?x10x8xf32, #rec.dims<"batch", 10, 8>>)
    -> tensor<?x10x8xf32, #rec.dims<"batch", 10, 8>>
  %3 = rec.linear %2, %w, %b : (tensor<?x10x8xf32, #rec.dims<"batch", 10, 8>>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x10x8xf32, #rec.dims<"batch", 10, 8>>
  %4 = rec.binary add %x, %3 : (tensor<?x10x8xf32, #rec.dims<"batch", 10, 8>>, tensor<?x10x8xf32, #rec.dims<"batch", 10, 8>>)
    -> tensor<?x10x8xf32, #rec.dims<"batch", 10, 8>>
  %5 = rec.layer_norm %4 axis 2 epsilon 1.0e-5 : (tensor<?x10x8xf32, #rec.dims<"batch", 10, 8>>) -> tensor<?x10x8xf32, #rec.dims<"batch", 10, 8>>
  %6 = rec.reshape %5 : (tensor<?x10x8xf32, #rec.dims<"batch", 10, 8>>) -> tensor<?x10x4x2xf32, #rec.dims<"batch", 10, 4, 2>>
  %7 = rec.slice %6 starts <0, 9, 0, 0> sizes <"batch", 1, 4, 2> steps [1, 1, 1, 1]
    : (tensor<?x10x4x2xf32, #rec.dims<"batch", 10, 4, 2>>) -> tensor<?x1x4x2xf32, #rec.dims<"batch", 1, 4, 2>>
  return %7 : tensor<?x1x4x2xf32, #rec.dims<"batch", 1, 4, 2>>
}

// Columns of a linear layer and its function, some of them for one step: layers of their own columns.
// CHECK-LABEL: func.func @columns
// CHECK-DAG: %[[W0:.*]] = rec.constant dense<{{\[\[}}1.000000e+00], [4.000000e+00]]> : tensor<2x1xf32>
// CHECK-DAG: %[[W1:.*]] = rec.constant dense<{{\[\[}}2.000000e+00, 3.000000e+00], [5.000000e+00, 6.000000e+00]]> : tensor<2x2xf32>
// CHECK-DAG: %[[LAST:.*]] = rec.slice %arg0 starts <0, 4, 0> sizes <"batch", 1, 2> steps [1, 1, 1]
// CHECK-DAG: rec.linear %[[LAST]], %[[W0]] :
// CHECK-DAG: rec.linear %arg0, %[[W1]] :
// CHECK-NOT: rec.slice
// CHECK: return
func.func @columns(%x: tensor<?x5x2xf32, #rec.dims<"batch", 5, 2>>)
    -> (tensor<?x1x1xf32, #rec.dims<"batch", 1, 1>>, tensor<?x5x2xf32, #rec.dims<"batch", 5, 2>>) {
  %w = rec.constant "w" = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %0 = rec.linear %x, %w : (tensor<?x5x2xf32, #rec.dims<"batch", 5, 2>>, tensor<2x3xf32>) -> tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>>
  %1 = rec.unary silu %0 : (tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>>) -> tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>>
  %2 = rec.slice %1 starts <0, 0, 0> sizes <"batch", 5, 1> steps [1, 1, 1] : (tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>>) -> tensor<?x5x1xf32, #rec.dims<"batch", 5, 1>>
  %3 = rec.slice %2 starts <0, 4, 0> sizes <"batch", 1, 1> steps [1, 1, 1] : (tensor<?x5x1xf32, #rec.dims<"batch", 5, 1>>) -> tensor<?x1x1xf32, #rec.dims<"batch", 1, 1>>
  %4 = rec.slice %1 starts <0, 0, 1> sizes <"batch", 5, 2> steps [1, 1, 1] : (tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>>) -> tensor<?x5x2xf32, #rec.dims<"batch", 5, 2>>
  return %3, %4 : tensor<?x1x1xf32, #rec.dims<"batch", 1, 1>>, tensor<?x5x2xf32, #rec.dims<"batch", 5, 2>>
}

// Transposes, sums, broadcasts, concats: a step of them is a step of each operand.
// CHECK-LABEL: func.func @moves
// CHECK-DAG: rec.slice %arg0 starts <0, 2, 0> sizes <"batch", 1, 4>
// CHECK-DAG: rec.slice %arg1 starts <0, 2, 0> sizes <"batch", 1, 4>
// CHECK: rec.concat %{{.*}}, %{{.*}} axis 2 : {{.*}} -> tensor<?x1x8xf32
// CHECK: rec.transpose %{{.*}} perm [0, 2, 1] : {{.*}} -> tensor<?x8x1xf32
// CHECK: rec.reduce sum %{{.*}} axes [1] : {{.*}} -> tensor<?x1xf32
// CHECK: rec.broadcast %{{.*}} : {{.*}} -> tensor<3x?x1xf32
// CHECK-NOT: rec.slice
// CHECK: return
func.func @moves(%x: tensor<?x5x4xf32, #rec.dims<"batch", 5, 4>>, %y: tensor<?x5x4xf32, #rec.dims<"batch", 5, 4>>)
    -> tensor<3x?x1xf32, #rec.dims<3, "batch", 1>> {
  %0 = rec.concat %x, %y axis 2 : (tensor<?x5x4xf32, #rec.dims<"batch", 5, 4>>, tensor<?x5x4xf32, #rec.dims<"batch", 5, 4>>)
    -> tensor<?x5x8xf32, #rec.dims<"batch", 5, 8>>
  %1 = rec.transpose %0 perm [0, 2, 1] : (tensor<?x5x8xf32, #rec.dims<"batch", 5, 8>>) -> tensor<?x8x5xf32, #rec.dims<"batch", 8, 5>>
  %2 = rec.reduce sum %1 axes [1] : (tensor<?x8x5xf32, #rec.dims<"batch", 8, 5>>) -> tensor<?x5xf32, #rec.dims<"batch", 5>>
  %3 = rec.broadcast %2 : (tensor<?x5xf32, #rec.dims<"batch", 5>>) -> tensor<3x?x5xf32, #rec.dims<3, "batch", 5>>
  %4 = rec.slice %3 starts <0, 0, 2> sizes <3, "batch", 1> steps [1, 1, 1] : (tensor<3x?x5xf32, #rec.dims<3, "batch", 5>>) -> tensor<3x?x1xf32, #rec.dims<3, "batch", 1>>
  return %4 : tensor<3x?x1xf32, #rec.dims<3, "batch", 1>>
}

// Left as they are: what is read whole, too; slices that keep everything between them; elements of the axis that is normalised,
// summed over or joined; part of a dimension that a reshape splits; columns of a product whose function would leave its layer.
// CHECK-LABEL: func.func @keep
// CHECK: %[[R:.*]] = rec.unary relu %arg0
// CHECK: rec.slice %[[R]]
// CHECK: %[[E:.*]] = rec.unary exp %arg0
// CHECK: rec.slice %[[E]] starts <0, 0>
// CHECK: rec.slice %[[E]] starts <0, 4>
// CHECK: %[[S:.*]] = rec.softmax %arg0
// CHECK: rec.slice %[[S]]
// CHECK: %[[V:.*]] = rec.reshape %arg0
// CHECK: rec.slice %[[V]]
// CHECK: %[[M:.*]] = rec.matmul %arg0, %arg1
// CHECK: %[[T:.*]] = rec.unary tanh %[[M]]
// CHECK: rec.slice %[[T]]
func.func @keep(%x: tensor<?x8xf32, #rec.dims<"batch", 8>>, %y: tensor<8x8xf32>)
    -> (tensor<?x8xf32, #rec.dims<"batch", 8>>, tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>,
        tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x1x4xf32, #rec.dims<"batch", 1, 4>>,
        tensor<?x4xf32, #rec.dims<"batch", 4>>) {
  %0 = rec.unary relu %x : (tensor<?x8xf32, #rec.dims<"batch", 8>>) -> tensor<?x8xf32, #rec.dims<"batch", 8>>
  %1 = rec.slice %0 starts <0, 0> sizes <"batch", 4> steps [1, 1] : (tensor<?x8xf32, #rec.dims<"batch", 8>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  %2 = rec.unary exp %x : (tensor<?x8xf32, #rec.dims<"batch", 8>>) -> tensor<?x8xf32, #rec.dims<"batch", 8>>
  %3 = rec.slice %2 starts <0, 0> sizes <"batch", 4> steps [1, 1] : (tensor<?x8xf32, #rec.dims<"batch", 8>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  %4 = rec.slice %2 starts <0, 4> sizes <"batch", 4> steps [1, 1] : (tensor<?x8xf32, #rec.dims<"batch", 8>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  %5 = rec.softmax %x axis 1 : (tensor<?x8xf32, #rec.dims<"batch", 8>>) -> tensor<?x8xf32, #rec.dims<"batch", 8>>
  %6 = rec.slice %5 starts <0, 0> sizes <"batch", 4> steps [1, 1] : (tensor<?x8xf32, #rec.dims<"batch", 8>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  %7 = rec.reshape %x : (tensor<?x8xf32, #rec.dims<"batch", 8>>) -> tensor<?x2x4xf32, #rec.dims<"batch", 2, 4>>
  %8 = rec.slice %7 starts <0, 1, 0> sizes <"batch", 1, 4> steps [1, 1, 1] : (tensor<?x2x4xf32, #rec.dims<"batch", 2, 4>>) -> tensor<?x1x4xf32, #rec.dims<"batch", 1, 4>>
  %9 = rec.matmul %x, %y : (tensor<?x8xf32, #rec.dims<"batch", 8>>, tensor<8x8xf32>) -> tensor<?x8xf32, #rec.dims<"batch", 8>>
  %10 = rec.unary tanh %9 : (tensor<?x8xf32, #rec.dims<"batch", 8>>) -> tensor<?x8xf32, #rec.dims<"batch", 8>>
  %11 = rec.slice %10 starts <0, 0> sizes <"batch", 4> steps [1, 1] : (tensor<?x8xf32, #rec.dims<"batch", 8>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  return %0, %1, %3, %4, %6, %8, %11 : tensor<?x8xf32, #rec.dims<"batch", 8>>, tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>,
    tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x1x4xf32, #rec.dims<"batch", 1, 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>
}

// What a slice keeps of a constant is a constant: of any dimension, with steps, but not where the run decides.
// CHECK-LABEL: func.func @constants
// CHECK-DAG: rec.constant dense<{{\[\[}}4.000000e+00, 5.000000e+00{{\]\]}}> : tensor<1x2xf32>
// CHECK-DAG: rec.constant dense<{{\[\[}}1.000000e+00{{\], \[}}5.000000e+00{{\]\]}}> : tensor<2x1xf32>
// CHECK-DAG: %[[W:.*]] = rec.constant "w"
// CHECK: rec.slice %[[W]] starts <"start", 0>
func.func @constants(%x: tensor<?x3x2xf32, #rec.dims<"batch", 3, 2>>, %s: tensor<?xf32, #rec.dims<"start">>)
    -> (tensor<?x1x2xf32, #rec.dims<"batch", 1, 2>>, tensor<?x2x1xf32, #rec.dims<"batch", 2, 1>>, tensor<?x1x2xf32, #rec.dims<"batch", 1, 2>>) {
  %w = rec.constant "w" = dense<[[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]> : tensor<3x2xf32>
  %0 = rec.binary add %x, %w : (tensor<?x3x2xf32, #rec.dims<"batch", 3, 2>>, tensor<3x2xf32>) -> tensor<?x3x2xf32, #rec.dims<"batch", 3, 2>>
  %1 = rec.slice %0 starts <0, 2, 0> sizes <"batch", 1, 2> steps [1, 1, 1] : (tensor<?x3x2xf32, #rec.dims<"batch", 3, 2>>) -> tensor<?x1x2xf32, #rec.dims<"batch", 1, 2>>
  %2 = rec.binary mul %x, %w : (tensor<?x3x2xf32, #rec.dims<"batch", 3, 2>>, tensor<3x2xf32>) -> tensor<?x3x2xf32, #rec.dims<"batch", 3, 2>>
  %3 = rec.slice %2 starts <0, 0, 1> sizes <"batch", 2, 1> steps [1, 2, 1] : (tensor<?x3x2xf32, #rec.dims<"batch", 3, 2>>) -> tensor<?x2x1xf32, #rec.dims<"batch", 2, 1>>
  %4 = rec.binary sub %x, %w : (tensor<?x3x2xf32, #rec.dims<"batch", 3, 2>>, tensor<3x2xf32>) -> tensor<?x3x2xf32, #rec.dims<"batch", 3, 2>>
  %5 = rec.slice %4 starts <0, "start", 0> sizes <"batch", 1, 2> steps [1, 1, 1] : (tensor<?x3x2xf32, #rec.dims<"batch", 3, 2>>) -> tensor<?x1x2xf32, #rec.dims<"batch", 1, 2>>
  return %1, %3, %5 : tensor<?x1x2xf32, #rec.dims<"batch", 1, 2>>, tensor<?x2x1xf32, #rec.dims<"batch", 2, 1>>, tensor<?x1x2xf32, #rec.dims<"batch", 1, 2>>
}
