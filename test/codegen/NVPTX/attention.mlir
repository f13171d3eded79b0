// RUN: reckon-opt %s --rec-emit-cuda-kernels=arch=sm_100a | FileCheck %s
// RUN: reckon-opt %s --rec-emit-cuda-kernels=arch=sm_90a | FileCheck %s --check-prefix=WGMMA
// RUN: reckon-opt %s --rec-emit-cuda-kernels=arch=sm_120 | FileCheck %s --check-prefix=SMALL

!q = tensor<?x4x2048x128xf16, #rec.dims<"batch", 4, 2048, 128>>
!s = tensor<?x4x2048x2048xf16, #rec.dims<"batch", 4, 2048, 2048>>
!t = tensor<?x?x40xbf16, #rec.dims<"batch", "T", 40>>
!tt = tensor<?x?x?xbf16, #rec.dims<"batch", "T", "T">>
!mask = tensor<?x1x?xbf16, #rec.dims<"batch", 1, "T">>
!l = tensor<?x256x32xf16, #rec.dims<"batch", 256, 32>>
!ll = tensor<?x256x256xf16, #rec.dims<"batch", 256, 256>>
!valid = tensor<?x1x256xi1, #rec.dims<"batch", 1, 256>>
!length = tensor<?x1x1xi64, #rec.dims<"batch", 1, 1>>
!h = tensor<?x4x128x128xf16, #rec.dims<"batch", 4, 128, 128>>
!one = tensor<f16>

// A block takes 128 queries, and 64 keys and values at a time in two stages: 16 bytes more a row. Two blocks fit.
// CHECK: plan.kernel @causal{{.*}}launches = [#plan.launch<function = @cuda_code::@causal, threads = 128, shared_bytes = 104448, grid = <"64*batch">
// Less shared memory takes fewer keys.
// SMALL: plan.kernel @causal{{.*}}launches = [#plan.launch<function = @cuda_code::@causal, threads = 128, shared_bytes = 52224, grid = <"64*batch">
// Three groups of four warps, each 64 rows of wgmma, and four warps that copy, four steps ahead.
// WGMMA: plan.kernel @causal{{.*}}launches = [#plan.launch<function = @cuda_code::@causal, threads = 512, shared_bytes = 180288, grid = <"44*batch">
plan.kernel @causal whole dims ["batch"] operands [
    <strides = <1048576, 262144, 128, 1>, aligned = true>, <strides = <1048576, 262144, 128, 1>, aligned = true>,
    <strides = <1048576, 262144, 128, 1>, aligned = true>, <strides = <1048576, 262144, 128, 1>, aligned = true>] {
^bb0(%q: !q, %k: !q, %v: !q):
  %least = rec.constant dense<-1.0e4> : !one
  %row = rec.iota axis 0 start 0.0 step 1.0 : tensor<2048x1xi64>
  %column = rec.iota axis 1 start 0.0 step 1.0 : tensor<1x2048xi64>
  %later = rec.compare gt %column, %row : (tensor<1x2048xi64>, tensor<2048x1xi64>) -> tensor<2048x2048xi1>
  %0 = rec.matmul %q, %k {transpose_b} : (!q, !q) -> !s
  %1 = rec.select %later, %least, %0 : (tensor<2048x2048xi1>, !one, !s) -> !s
  %2 = rec.unary silu %1 : (!s) -> !s
  %3 = rec.matmul %2, %v : (!s, !q) -> !q
  rec.yield %3 : !q
}

// A mask that keys read, any number of them, rows that are no whole vectors. The excluded score is finite, so that a
// query with nothing but those has to look at all keys: a vote of the block.
// CHECK: plan.kernel @padded{{.*}}threads = 128, shared_bytes = 43008, grid = <"batch*floordiv(T+127, 128)">
// All threads copy for wgmma, too: others would not know of the vote. Two groups, two steps.
// WGMMA: plan.kernel @padded{{.*}}threads = 256, shared_bytes = 49152, grid = <"batch*floordiv(T+127, 128)">
plan.kernel @padded whole dims ["batch", "T"] operands [
    <strides = <"T*40", 40, 1>>, <strides = <"T", "T", 1>>, <strides = <"T*40", 40, 1>>] {
^bb0(%x: !t, %m: !mask):
  %least = rec.constant dense<-1.0e4> : tensor<bf16>
  %row = rec.iota axis 0 start 0.0 step 1.0 : tensor<?x1xi64, #rec.dims<"T", 1>>
  %column = rec.iota axis 1 start 0.0 step 1.0 : tensor<1x?xi64, #rec.dims<1, "T">>
  %past = rec.compare ge %row, %column : (tensor<?x1xi64, #rec.dims<"T", 1>>, tensor<1x?xi64, #rec.dims<1, "T">>) -> tensor<?x?xi1, #rec.dims<"T", "T">>
  %0 = rec.matmul %x, %x {transpose_b} : (!t, !t) -> !tt
  %1 = rec.binary add %0, %m : (!tt, !mask) -> !tt
  %2 = rec.select %past, %1, %least : (tensor<?x?xi1, #rec.dims<"T", "T">>, !tt, tensor<bf16>) -> !tt
  %3 = rec.softmax %2 axis 2 : (!tt) -> !tt
  %4 = rec.matmul %3, %x : (!tt, !t) -> !t
  rec.yield %4 : !t
}

// A length of each sample: the block reads it, and takes the keys up to it.
// CHECK: plan.kernel @lengths{{.*}}threads = 128
plan.kernel @lengths whole dims ["batch"] operands [
    <strides = <8192, 32, 1>, aligned = true>, <strides = <1, 1, 1>>, <strides = <8192, 32, 1>, aligned = true>] {
^bb0(%x: !l, %n: !length):
  %least = rec.constant dense<-1.0e4> : !one
  %column = rec.iota axis 1 start 0.0 step 1.0 : tensor<1x256xi64>
  %valid = rec.compare lt %column, %n : (tensor<1x256xi64>, !length) -> !valid
  %0 = rec.matmul %x, %x {transpose_b} : (!l, !l) -> !ll
  %1 = rec.select %valid, %0, %least : (!valid, !ll, !one) -> !ll
  %2 = rec.unary silu %1 : (!ll) -> !ll
  %3 = rec.matmul %2, %x : (!ll, !l) -> !l
  rec.yield %3 : !l
}

// Keys and values of two blocks fit into a multiprocessor at once.
// WGMMA: plan.kernel @held{{.*}}threads = 256, shared_bytes = 98304, grid = <"4*batch">
plan.kernel @held whole dims ["batch"] operands [
    <strides = <65536, 16384, 128, 1>, constant = true>, <strides = <65536, 16384, 128, 1>, constant = true>,
    <strides = <65536, 16384, 128, 1>, constant = true>, <strides = <16384, 128, 1>, aligned = true, constant = true>,
    <strides = <65536, 16384, 128, 1>>] {
^bb0(%q: !h, %k: !h, %v: !h, %bias: tensor<4x128x128xf16>):
  %length = rec.constant dense<128.0> : !one
  %0 = rec.matmul %q, %k {transpose_b} : (!h, !h) -> !h
  %1 = rec.binary add %0, %bias : (!h, tensor<4x128x128xf16>) -> !h
  %2 = rec.unary silu %1 : (!h) -> !h
  %3 = rec.binary div %2, %length : (!h, !one) -> !h
  %4 = rec.matmul %3, %v : (!h, !h) -> !h
  rec.yield %4 : !h
}

// Keys whose places are contiguous have to be turned, which wgmma does for a right operand alone: queries are in
// registers, and there are none left for threads of two kinds.
// WGMMA: plan.kernel @turned{{.*}}threads = 256, shared_bytes = 98304, grid = <"64*batch">
plan.kernel @turned whole dims ["batch"] operands [
    <strides = <1048576, 262144, 128, 1>, aligned = true>, <strides = <1048576, 262144, 1, 2048>, aligned = true>,
    <strides = <1048576, 262144, 128, 1>, aligned = true>, <strides = <1048576, 262144, 128, 1>, aligned = true>] {
^bb0(%q: !q, %k: !q, %v: !q):
  %0 = rec.matmul %q, %k {transpose_b} : (!q, !q) -> !s
  %1 = rec.softmax %0 axis 3 : (!s) -> !s
  %2 = rec.matmul %1, %v : (!s, !q) -> !q
  rec.yield %2 : !q
}

// The sigmoid of silu is an instruction. Of the blocks the last queries' come first: the block's
// number by the number of matrices. Steps of keys without an excluded one do without the comparison.
// CHECK-LABEL: llvm.func @causal(
// CHECK-NOT: math.exp
// CHECK: arith.divui %{{.*}}, %{{.*}} : i32
// CHECK: nvvm.cp.async.shared.global
// CHECK: nvvm.cp.async.commit.group
// CHECK: scf.for
// CHECK: nvvm.cp.async.wait.group 0
// CHECK: nvvm.barrier0
// CHECK-NOT: arith.cmpi sgt
// CHECK: nvvm.ldmatrix {{.*}}layout = #nvvm.mma_layout<row>
// CHECK: nvvm.mma.sync
// CHECK: tanh.approx.f32
// CHECK: nvvm.ldmatrix {{.*}}layout = #nvvm.mma_layout<col>
// CHECK: nvvm.mma.sync
// CHECK: scf.for
// CHECK: scf.if
// CHECK: arith.cmpi sgt
// CHECK-NOT: scf.for
// CHECK: llvm.return

// CHECK-LABEL: llvm.func @padded(
// CHECK: scf.for
// CHECK: scf.for
// CHECK: nvvm.barrier #nvvm.reduction<or>
// CHECK: scf.for
// CHECK: llvm.return

// CHECK-LABEL: llvm.func @lengths(
// CHECK: %[[LENGTH:.*]] = llvm.load {{.*}} -> i64
// CHECK: arith.addi %[[LENGTH]], {{.*}} : i64
// CHECK: arith.minsi
// CHECK: scf.for
// CHECK: scf.for
// CHECK: llvm.return

// Each of four stages has a barrier for the four warps that copy, and one for the twelve that multiply. These begin with the
// scores of the first step. Then the scores of a step and, from registers, the values of the step before are under way
// together; the weights are rounded when the latter are done.
// WGMMA-LABEL: llvm.func @causal(
// WGMMA-COUNT-8: nvvm.mbarrier.init
// WGMMA: nvvm.barrier0
// WGMMA: nvvm.setmaxregister increase 152
// WGMMA: mbarrier.try_wait
// WGMMA: wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16 {{.*}}, a, b, {{.*}}, 1, 1, 0, 0;
// WGMMA: wgmma.wait_group.sync.aligned 0
// WGMMA: cvt.rn.f16x2.f32
// WGMMA: scf.for
// WGMMA: mbarrier.try_wait
// WGMMA: wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16 {{.*}}, a, b, {{.*}}, 1, 1, 0, 0;
// WGMMA: wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16 {{.*}}, b, 1, 1, 1, 1;
// WGMMA: wgmma.wait_group.sync.aligned 1
// WGMMA-NOT: cvt.rn
// WGMMA: tanh.approx.f32
// WGMMA-NOT: cvt.rn
// WGMMA: wgmma.wait_group.sync.aligned 0
// WGMMA: cvt.rn.f16x2.f32
// WGMMA: nvvm.mbarrier.arrive
// The others wait for a free stage, and say that a step is there when its copies are done: what a thread copied is seen by
// wgmma behind a fence.
// WGMMA: nvvm.setmaxregister decrease 56
// WGMMA: nvvm.cp.async.shared.global
// WGMMA: scf.for
// WGMMA: mbarrier.try_wait
// WGMMA: nvvm.cp.async.shared.global
// WGMMA: nvvm.cp.async.commit.group
// WGMMA: nvvm.cp.async.wait.group 1
// WGMMA: nvvm.fence.proxy
// WGMMA: nvvm.mbarrier.arrive
// WGMMA: llvm.return

// WGMMA-LABEL: llvm.func @padded(
// WGMMA: nvvm.barrier #nvvm.reduction<or>
// WGMMA: llvm.return

// Both steps are on their way before the first is met; groups without copies follow. The bias is read while nothing has been
// computed of the scores yet. The division is a factor of the result, whose address, a caller's, decides how it is stored.
// WGMMA-LABEL: llvm.func @held(
// WGMMA-COUNT-2: nvvm.cp.async.commit.group
// WGMMA: scf.for
// WGMMA-NOT: nvvm.cp.async.shared.global
// WGMMA: nvvm.cp.async.wait.group 1
// WGMMA: nvvm.fence.proxy
// WGMMA: nvvm.barrier0
// WGMMA: nvvm.cp.async.commit.group
// WGMMA-NOT: nvvm.cp.async.shared.global
// WGMMA: wgmma.mma_async.sync.aligned.m64n64k16
// WGMMA-NOT: tanh.approx
// WGMMA-COUNT-32: llvm.load {{.*}} -> f16
// WGMMA-COUNT-32: tanh.approx.f32
// WGMMA-NOT: arith.divf
// WGMMA: llvm.intr.ptrmask
// WGMMA: llvm.store {{.*}} {alignment = 16 : i64} : vector<4xi32>
// WGMMA: llvm.return

// WGMMA-LABEL: llvm.func @turned(
// WGMMA: nvvm.ldmatrix
// WGMMA: wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16 {{.*}}, b, 1, 1, 1, 1;
// WGMMA: llvm.return
