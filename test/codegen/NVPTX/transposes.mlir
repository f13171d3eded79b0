// Transposes that move the last dimension go through tiles in shared memory. A tile has whole matrices where they are small,
// more than one where they are tiny, and 32 by 32 elements else.
// RUN: reckon-opt %s --rec-emit-cuda-kernels | FileCheck %s

// CHECK: plan.kernel @large{{.*}}threads = 256, grid = <"14*batch">, blocks_per_sm = 8
plan.kernel @large rows dims ["batch"] operands [<strides = <12800, 64, 1>, row = true>, <strides = <12800, 200, 1>>] {
^bb0(%x: tensor<?x200x64xf32, #rec.dims<"batch", 200, 64>>):
  %0 = rec.transpose %x perm [0, 2, 1]
    : (tensor<?x200x64xf32, #rec.dims<"batch", 200, 64>>) -> tensor<?x64x200xf32, #rec.dims<"batch", 64, 200>>
  rec.yield %0 : tensor<?x64x200xf32, #rec.dims<"batch", 64, 200>>
}

// Layers before and behind it are computed on the way.
// CHECK: plan.kernel @small{{.*}}grid = <"floordiv(batch+152, 153)">
plan.kernel @small rows dims ["batch"] operands [<strides = <15, 5, 1>, row = true>, <strides = <15, 3, 1>>] {
^bb0(%x: tensor<?x3x5xf32, #rec.dims<"batch", 3, 5>>):
  %0 = rec.unary exp %x : (tensor<?x3x5xf32, #rec.dims<"batch", 3, 5>>) -> tensor<?x3x5xf32, #rec.dims<"batch", 3, 5>>
  %1 = rec.transpose %0 perm [0, 2, 1]
    : (tensor<?x3x5xf32, #rec.dims<"batch", 3, 5>>) -> tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>>
  %2 = rec.unary neg %1 : (tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>>) -> tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>>
  rec.yield %2 : tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>>
}

// Dimensions that stay neighbours are one: 16 x 16 rows of 32.
// CHECK: plan.kernel @merged{{.*}}grid = <"8*batch">
plan.kernel @merged rows dims ["batch"] operands [<strides = <8192, 512, 32, 1>, row = true>, <strides = <8192, 256, 16, 1>>] {
^bb0(%x: tensor<?x16x16x32xf32, #rec.dims<"batch", 16, 16, 32>>):
  %0 = rec.transpose %x perm [0, 3, 1, 2]
    : (tensor<?x16x16x32xf32, #rec.dims<"batch", 16, 16, 32>>) -> tensor<?x32x16x16xf32, #rec.dims<"batch", 32, 16, 16>>
  rec.yield %0 : tensor<?x32x16x16xf32, #rec.dims<"batch", 32, 16, 16>>
}

// The last dimension stays: elements are copied by the grid, in vectors.
// CHECK: plan.kernel @kept{{.*}}grid = <"floordiv(max({{.*}}*batch, 1)+255, 256)">
plan.kernel @kept rows dims ["batch"] operands [<strides = <192, 64, 16, 1>, row = true>, <strides = <192, 48, 16, 1>>] {
^bb0(%x: tensor<?x3x4x16xf32, #rec.dims<"batch", 3, 4, 16>>):
  %0 = rec.transpose %x perm [0, 2, 1, 3]
    : (tensor<?x3x4x16xf32, #rec.dims<"batch", 3, 4, 16>>) -> tensor<?x4x3x16xf32, #rec.dims<"batch", 4, 3, 16>>
  rec.yield %0 : tensor<?x4x3x16xf32, #rec.dims<"batch", 4, 3, 16>>
}

// A fold of what is transposed needs it in memory: no tiles.
// CHECK: plan.kernel @folded{{.*}}threads = {{[0-9]+}}, grid
// CHECK-COUNT-3: llvm.mlir.global internal @shared_
// CHECK-NOT: llvm.mlir.global internal @shared_
plan.kernel @folded rows dims ["batch"] operands [<strides = <15, 5, 1>, row = true>, <strides = <5, 1>>] {
^bb0(%x: tensor<?x3x5xf32, #rec.dims<"batch", 3, 5>>):
  %0 = rec.transpose %x perm [0, 2, 1]
    : (tensor<?x3x5xf32, #rec.dims<"batch", 3, 5>>) -> tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>>
  %1 = rec.reduce sum %0 axes [2] : (tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>>) -> tensor<?x5xf32, #rec.dims<"batch", 5>>
  rec.yield %1 : tensor<?x5xf32, #rec.dims<"batch", 5>>
}
