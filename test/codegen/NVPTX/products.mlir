// RUN: reckon-opt %s --rec-emit-cuda-kernels | FileCheck %s

!q = tensor<?x4x21x8xf16, #rec.dims<"batch", 4, 21, 8>>
!k = tensor<?x4x8x21xf16, #rec.dims<"batch", 4, 8, 21>>
!s = tensor<?x4x21x21xf16, #rec.dims<"batch", 4, 21, 21>>
!tokens = tensor<?x21x4x8xf16, #rec.dims<"batch", 21, 4, 8>>
!x = tensor<?x21x32xf16, #rec.dims<"batch", 21, 32>>
!f = tensor<?x20x12xf32, #rec.dims<"batch", 20, 12>>
!g = tensor<?x12x16xf32, #rec.dims<"batch", 12, 16>>
!h = tensor<?x20x16xf32, #rec.dims<"batch", 20, 16>>

// Attention over slices of one matrix, heads split and joined: warps of the grid share the tiles of 16 queries, scores stay
// in registers, and the layers behind it are done there. Two neighbours are one store.
// CHECK: plan.kernel @attention{{.*}}launches = [#plan.launch<function = @cuda_code::@attention, threads = 256, grid = <"floordiv(max(672*batch, 1)+255, 256)">, blocks_per_sm = 8{{(, uses_pdl = true)?}}>]
plan.kernel @attention rows dims ["batch"] operands [
    <strides = <2016, 96, 1>, row = true, aligned = true>, <strides = <672, 32, 1>, row = true, aligned = true>,
    <strides = <672, 32, 1>, aligned = true>] {
^bb0(%qkv: tensor<?x21x96xf16, #rec.dims<"batch", 21, 96>>, %residual: !x):
  %scale = rec.constant dense<0.25> : tensor<f16>
  %q = rec.slice %qkv starts <0, 0, 0> sizes <"batch", 21, 32> steps [1, 1, 1] : (tensor<?x21x96xf16, #rec.dims<"batch", 21, 96>>) -> !x
  %k = rec.slice %qkv starts <0, 0, 32> sizes <"batch", 21, 32> steps [1, 1, 1] : (tensor<?x21x96xf16, #rec.dims<"batch", 21, 96>>) -> !x
  %v = rec.slice %qkv starts <0, 0, 64> sizes <"batch", 21, 32> steps [1, 1, 1] : (tensor<?x21x96xf16, #rec.dims<"batch", 21, 96>>) -> !x
  %0 = rec.reshape %q : (!x) -> !tokens
  %1 = rec.reshape %k : (!x) -> !tokens
  %2 = rec.reshape %v : (!x) -> !tokens
  %qh = rec.transpose %0 perm [0, 2, 1, 3] : (!tokens) -> !q
  %kh = rec.transpose %1 perm [0, 2, 3, 1] : (!tokens) -> !k
  %vh = rec.transpose %2 perm [0, 2, 1, 3] : (!tokens) -> !q
  %3 = rec.matmul %qh, %kh : (!q, !k) -> !s
  %4 = rec.binary mul %3, %scale : (!s, tensor<f16>) -> !s
  %5 = rec.softmax %4 axis 3 : (!s) -> !s
  %6 = rec.matmul %5, %vh : (!s, !q) -> !q
  %7 = rec.transpose %6 perm [0, 2, 1, 3] : (!q) -> !tokens
  %8 = rec.reshape %7 : (!tokens) -> !x
  %9 = rec.binary add %8, %residual : (!x, !x) -> !x
  rec.yield %9 : !x
}

// Weights that somebody else reads are written: a row's products have shared memory between them.
// CHECK: plan.kernel @weights{{.*}}shared_bytes = {{[0-9]+}}, grid = <"batch">
plan.kernel @weights rows dims ["batch"] operands [
    <strides = <672, 168, 8, 1>, row = true>, <strides = <672, 168, 21, 1>, row = true>, <strides = <672, 168, 8, 1>, row = true>,
    <strides = <672, 168, 8, 1>>, <strides = <84, 21, 1>>] {
^bb0(%q: !q, %k: !k, %v: !q):
  %0 = rec.matmul %q, %k : (!q, !k) -> !s
  %1 = rec.softmax %0 axis 3 : (!s) -> !s
  %2 = rec.matmul %1, %v : (!s, !q) -> !q
  %3 = rec.reduce max %1 axes [3] : (!s) -> tensor<?x4x21xf16, #rec.dims<"batch", 4, 21>>
  rec.yield %2, %3 : !q, tensor<?x4x21xf16, #rec.dims<"batch", 4, 21>>
}

// Single floats are exact: a thread has a tile, and the layer behind the product is done in registers.
// CHECK: plan.kernel @single{{.*}}threads = 256, grid = <"floordiv(max(320*batch, 1)+255, 256)">
plan.kernel @single rows dims ["batch"] operands [
    <strides = <240, 12, 1>, row = true>, <strides = <192, 16, 1>, row = true>, <strides = <320, 16, 1>>] {
^bb0(%a: !f, %b: !g):
  %0 = rec.matmul %a, %b : (!f, !g) -> !h
  %1 = rec.unary relu %0 : (!h) -> !h
  rec.yield %1 : !h
}

// The kernel's rows are the product's: one row at a time, without a tile that would take others.
// CHECK: plan.kernel @scores
plan.kernel @scores rows dims ["batch", "items"] operands [
    <strides = <8, 1>, row = true>, <strides = <8, 1>>, <strides = <5, 1>>, <strides = <5, 1>>] {
^bb0(%u: tensor<?x8xf32, #rec.dims<"batch", 8>>, %c: tensor<?x8xf32, #rec.dims<"items", 8>>):
  %0 = rec.matmul %u, %c {transpose_b} : (tensor<?x8xf32, #rec.dims<"batch", 8>>, tensor<?x8xf32, #rec.dims<"items", 8>>) -> tensor<?x?xf32, #rec.dims<"batch", "items">>
  %values, %indices = rec.topk %0 k 5 axis 1 : (tensor<?x?xf32, #rec.dims<"batch", "items">>)
    -> (tensor<?x5xf32, #rec.dims<"batch", 5>>, tensor<?x5xi64, #rec.dims<"batch", 5>>)
  rec.yield %values, %indices : tensor<?x5xf32, #rec.dims<"batch", 5>>, tensor<?x5xi64, #rec.dims<"batch", 5>>
}

// One row of weights for each sample: the eight warps of its group share the columns, two tiles of eight each, over four steps.
// CHECK: plan.kernel @interest{{.*}}threads = 256
plan.kernel @interest rows dims ["batch"] operands [
    <strides = <50, 50, 1>, row = true, aligned = true>, <strides = <6400, 128, 1>, row = true, aligned = true>,
    <strides = <13, 1>, row = true>, <strides = <144, 1>, aligned = true>] {
^bb0(%w: tensor<?x1x50xf16, #rec.dims<"batch", 1, 50>>, %k: tensor<?x50x128xf16, #rec.dims<"batch", 50, 128>>,
     %d: tensor<?x13xf16, #rec.dims<"batch", 13>>):
  %0 = rec.matmul %w, %k : (tensor<?x1x50xf16, #rec.dims<"batch", 1, 50>>, tensor<?x50x128xf16, #rec.dims<"batch", 50, 128>>)
    -> tensor<?x1x128xf16, #rec.dims<"batch", 1, 128>>
  %1 = rec.reshape %0 : (tensor<?x1x128xf16, #rec.dims<"batch", 1, 128>>) -> tensor<?x128xf16, #rec.dims<"batch", 128>>
  %2 = rec.concat %1, %d axis 1 : (tensor<?x128xf16, #rec.dims<"batch", 128>>, tensor<?x13xf16, #rec.dims<"batch", 13>>)
    -> tensor<?x141xf16, #rec.dims<"batch", 141>>
  rec.yield %2 : tensor<?x141xf16, #rec.dims<"batch", 141>>
}

// CHECK-LABEL: llvm.func @attention(
// CHECK: scf.for
// CHECK: nvvm.mma.sync
// CHECK: nvvm.shfl.sync bfly
// CHECK: llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"
// CHECK-NOT: llvm.store
// CHECK: nvvm.mma.sync
// CHECK: arith.addf
// CHECK: llvm.store %{{.*}} {alignment = 4 : i64} : i32, !llvm.ptr<1>
// CHECK-NOT: nvvm.barrier
// CHECK: llvm.return
// CHECK-LABEL: llvm.func @weights(
// CHECK: nvvm.mma.sync
// CHECK: nvvm.barrier
// CHECK: math.exp
// CHECK: nvvm.barrier
// CHECK: nvvm.mma.sync
// CHECK: llvm.return
// CHECK-LABEL: llvm.func @single(
// CHECK-NOT: nvvm.mma
// CHECK-COUNT-16: math.fma
// CHECK: arith.select
// CHECK: llvm.return
// CHECK-LABEL: llvm.func @scores(
// CHECK-NOT: math.fma
// CHECK: arith.mulf
// CHECK-NOT: math.fma
// CHECK: llvm.return
// CHECK-LABEL: llvm.func @interest
// CHECK-COUNT-8: nvvm.mma.sync
// CHECK-NOT: nvvm.mma.sync
// CHECK: llvm.return
