// RUN: reckon-opt %s --rec-emit-cuda-kernels | FileCheck %s

// A warp takes a row, and its lanes the elements of each value; what a lane wrote is seen by the others after a barrier.
// Outputs are written where they are wanted, so no scratch is needed and any number of blocks may run.
// CHECK: plan.kernel @forwarded{{.*}}launches = [#plan.launch<function = @cuda_code::@forwarded, threads = 128, grid = <"floordiv(batch+3, 4)">{{(, uses_pdl = true)?}}>]
plan.kernel @forwarded rows dims ["batch", "%rows:0"] operands [
    <strides = <1>, row = true, constant = true>, <strides = <4, 1>, row = true, constant = true>, <strides = <16, 1>, rows_dim = 1, constant = true>, <strides = <20, 1>>] {
^bb0(%ids: tensor<?xi64, #rec.dims<"batch">>, %x: tensor<?x4xf32, #rec.dims<"batch", 4>>, %t: tensor<200x16xf32>):
  %0 = rec.embedding %t, %ids : (tensor<200x16xf32>, tensor<?xi64, #rec.dims<"batch">>)
    -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  %1 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  %2 = rec.concat %0, %1 axis 1 : (tensor<?x16xf32, #rec.dims<"batch", 16>>, tensor<?x4xf32, #rec.dims<"batch", 4>>)
    -> tensor<?x20xf32, #rec.dims<"batch", 20>>
  rec.yield %2 : tensor<?x20xf32, #rec.dims<"batch", 20>>
}

// A row's own scratch: blocks that have some stay and take many rows. The fold is shared by the warp.
// CHECK: plan.kernel @scratch{{.*}}blocks_per_sm = 16, scratch_bytes = <"{{.*}}seq{{.*}}">
plan.kernel @scratch rows dims ["batch", "seq"] operands [
    <strides = <"seq", 1>, row = true>, <strides = <1>>] {
^bb0(%x: tensor<?x?xf32, #rec.dims<"batch", "seq">>):
  %0 = rec.unary exp %x : (tensor<?x?xf32, #rec.dims<"batch", "seq">>) -> tensor<?x?xf32, #rec.dims<"batch", "seq">>
  %1 = rec.reduce max %0 axes [1] {keepdims} : (tensor<?x?xf32, #rec.dims<"batch", "seq">>)
    -> tensor<?x1xf32, #rec.dims<"batch", 1>>
  %2 = rec.binary div %0, %1 : (tensor<?x?xf32, #rec.dims<"batch", "seq">>, tensor<?x1xf32, #rec.dims<"batch", 1>>)
    -> tensor<?x?xf32, #rec.dims<"batch", "seq">>
  %3 = rec.reduce sum %2 axes [1] : (tensor<?x?xf32, #rec.dims<"batch", "seq">>) -> tensor<?xf32, #rec.dims<"batch">>
  rec.yield %3 : tensor<?xf32, #rec.dims<"batch">>
}

// A fold that needs no memory in between is spread over the grid, which is as large as what it reads. One of two elements
// needs no partner.
// CHECK: plan.kernel @narrow{{.*}}threads = 256, grid = <"floordiv(max(batch, max(2*batch, 1))+255, 256)">, blocks_per_sm = 8
plan.kernel @narrow rows dims ["batch"] operands [<strides = <2, 1>, row = true>, <strides = <1>>] {
^bb0(%x: tensor<?x2xf32, #rec.dims<"batch", 2>>):
  %0 = rec.reduce max %x axes [1] : (tensor<?x2xf32, #rec.dims<"batch", 2>>) -> tensor<?xf32, #rec.dims<"batch">>
  rec.yield %0 : tensor<?xf32, #rec.dims<"batch">>
}

// Rows do not matter to pointwise layers.
// CHECK: plan.kernel @pointwise{{.*}}threads = 256, grid = <"floordiv(max(13*batch, 1)+255, 256)">
plan.kernel @pointwise rows dims ["batch"] operands [
    <strides = <13, 1>, row = true>, <strides = <13>>, <strides = <16, 1>>] {
^bb0(%x: tensor<?x13xf32, #rec.dims<"batch", 13>>, %y: tensor<13xf32>):
  %0 = rec.binary mul %x, %y : (tensor<?x13xf32, #rec.dims<"batch", 13>>, tensor<13xf32>) -> tensor<?x13xf32, #rec.dims<"batch", 13>>
  %1 = rec.cast %0 : (tensor<?x13xf32, #rec.dims<"batch", 13>>) -> tensor<?x13xf16, #rec.dims<"batch", 13>>
  rec.yield %1 : tensor<?x13xf16, #rec.dims<"batch", 13>>
}

// Nor do they to elements that a computed index names: it is computed where the element is, and takes no memory.
// CHECK: plan.kernel @looked_up{{.*}}threads = 256, grid = <"floordiv(max(4096*batch, 1)+255, 256)">, blocks_per_sm = 8, uses_pdl
plan.kernel @looked_up rows dims ["batch"] operands [
    <strides = <64, 1>, row = true>, <strides = <1>>, <strides = <4096, 64, 1>>] {
^bb0(%x: tensor<?x64xi64, #rec.dims<"batch", 64>>, %table: tensor<129xf16>):
  %column = rec.reshape %x : (tensor<?x64xi64, #rec.dims<"batch", 64>>) -> tensor<?x64x1xi64, #rec.dims<"batch", 64, 1>>
  %row = rec.reshape %x : (tensor<?x64xi64, #rec.dims<"batch", 64>>) -> tensor<?x1x64xi64, #rec.dims<"batch", 1, 64>>
  %0 = rec.binary sub %column, %row : (tensor<?x64x1xi64, #rec.dims<"batch", 64, 1>>, tensor<?x1x64xi64, #rec.dims<"batch", 1, 64>>) -> tensor<?x64x64xi64, #rec.dims<"batch", 64, 64>>
  %1 = rec.gather %table, %0 axis 0 : (tensor<129xf16>, tensor<?x64x64xi64, #rec.dims<"batch", 64, 64>>) -> tensor<?x64x64xf16, #rec.dims<"batch", 64, 64>>
  rec.yield %1 : tensor<?x64x64xf16, #rec.dims<"batch", 64, 64>>
}

// A whole kernel whose elements are independent takes the grid, four neighbours a thread; one whose steps follow each other, a block.
// CHECK: plan.kernel @spread{{.*}}threads = 256, grid = <"floordiv(max(8*batch, 1)+1023, 1024)">, blocks_per_sm = 8
plan.kernel @spread whole dims ["batch"] operands [<strides = <8, 1>>, <strides = <8, 1>>] {
^bb0(%x: tensor<?x8xf32, #rec.dims<"batch", 8>>):
  %0 = rec.unary exp %x : (tensor<?x8xf32, #rec.dims<"batch", 8>>) -> tensor<?x8xf32, #rec.dims<"batch", 8>>
  rec.yield %0 : tensor<?x8xf32, #rec.dims<"batch", 8>>
}
// CHECK: plan.kernel @ordered{{.*}}grid = <1>
plan.kernel @ordered whole dims ["n"] operands [<strides = <1>>, <strides = <2, 1>>, <strides = <1>>] {
^bb0(%x: tensor<?xf32, #rec.dims<"n">>, %i: tensor<2x1xi64>):
  %u = rec.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = rec.scatter_nd %x, %i, %u : (tensor<?xf32, #rec.dims<"n">>, tensor<2x1xi64>, tensor<2xf32>) -> tensor<?xf32, #rec.dims<"n">>
  rec.yield %0 : tensor<?xf32, #rec.dims<"n">>
}

// CHECK-LABEL: llvm.func @forwarded(
// CHECK-SAME: !llvm.ptr<1> {llvm.noalias, llvm.readonly}
// CHECK-SAME: nvvm.kernel
// CHECK-SAME: nvvm.reqntid = array<i32: 128, 1, 1>
// CHECK: scf.for
// CHECK: scf.if
// CHECK: llvm.call @reckon_report
// CHECK: nvvm.bar.warp.sync
// CHECK: llvm.return
// CHECK-LABEL: llvm.func @scratch(
// CHECK: math.exp
// CHECK: nvvm.bar.warp.sync
// CHECK: nvvm.shfl.sync bfly
// CHECK: arith.maximumf
// CHECK-LABEL: llvm.func @narrow(
// CHECK-NOT: nvvm.{{bar|shfl}}
// CHECK: llvm.return
// CHECK-LABEL: llvm.func @ordered(
// CHECK: nvvm.barrier
// CHECK: llvm.return

// The rows of a sequence's ids: a thread takes pieces of 16 bytes, the ids of several before their rows, and no branch stands between the
// loads, for a bad id reads zeros.
// CHECK-LABEL: llvm.func @sequence(
// CHECK: scf.for
// CHECK: llvm.load {{.*}}-> i64
// CHECK-NOT: scf.if
// CHECK: llvm.load {{.*}}-> i64
// CHECK-NOT: scf.if
// CHECK-COUNT-2: llvm.load {{.*}}-> vector<4xi32>
// CHECK: llvm.store {{.*}} : vector<4xi32>
// CHECK: scf.if
// CHECK: llvm.call @reckon_report
plan.kernel @sequence rows dims ["batch", "%rows:0"] operands [
    <strides = <64, 1>, rows_dim = 1, constant = true, aligned = true>, <strides = <20, 1>, row = true, constant = true>,
    <strides = <1280, 64, 1>, aligned = true>] {
^bb0(%t: tensor<?x64xf16, #rec.dims<"%rows:0", 64>>, %ids: tensor<?x20xi64, #rec.dims<"batch", 20>>):
  %0 = rec.embedding %t, %ids : (tensor<?x64xf16, #rec.dims<"%rows:0", 64>>, tensor<?x20xi64, #rec.dims<"batch", 20>>)
    -> tensor<?x20x64xf16, #rec.dims<"batch", 20, 64>>
  %1 = rec.unary relu %0 : (tensor<?x20x64xf16, #rec.dims<"batch", 20, 64>>) -> tensor<?x20x64xf16, #rec.dims<"batch", 20, 64>>
  rec.yield %1 : tensor<?x20x64xf16, #rec.dims<"batch", 20, 64>>
}

// A join of parts that are no whole vectors is written in vectors, each element from the part that has it; one of whole
// vectors part by part.
plan.kernel @odd rows dims ["batch"] operands [
    <strides = <13, 1>, row = true>, <strides = <3, 1>, row = true>, <strides = <16, 1>>] {
^bb0(%x: tensor<?x13xf32, #rec.dims<"batch", 13>>, %y: tensor<?x3xf32, #rec.dims<"batch", 3>>):
  %0 = rec.concat %x, %y axis 1 : (tensor<?x13xf32, #rec.dims<"batch", 13>>, tensor<?x3xf32, #rec.dims<"batch", 3>>)
    -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  rec.yield %0 : tensor<?x16xf32, #rec.dims<"batch", 16>>
}
plan.kernel @even rows dims ["batch"] operands [
    <strides = <12, 1>, row = true>, <strides = <4, 1>, row = true>, <strides = <16, 1>>] {
^bb0(%x: tensor<?x12xf32, #rec.dims<"batch", 12>>, %y: tensor<?x4xf32, #rec.dims<"batch", 4>>):
  %0 = rec.concat %x, %y axis 1 : (tensor<?x12xf32, #rec.dims<"batch", 12>>, tensor<?x4xf32, #rec.dims<"batch", 4>>)
    -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  rec.yield %0 : tensor<?x16xf32, #rec.dims<"batch", 16>>
}

// CHECK-LABEL: llvm.func @odd
// CHECK: arith.select {{.*}} : !llvm.ptr<1>
// CHECK-COUNT-4: llvm.load {{.*}} -> f32
// CHECK: llvm.store {{.*}} : vector<4xi32>, !llvm.ptr<1>
// CHECK-LABEL: llvm.func @even
// CHECK-NOT: arith.select {{.*}} : !llvm.ptr<1>
// CHECK: llvm.load {{.*}} -> vector<4xi32>
// CHECK: llvm.store {{.*}} : vector<4xi32>, !llvm.ptr<1>
