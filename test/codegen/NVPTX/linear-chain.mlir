// RUN: reckon-opt %s --rec-emit-cuda-kernels | FileCheck %s
// RUN: reckon-compile %S/Inputs/layers.mlir -o - --emit=ptx --target=cuda --precision=fp16 | FileCheck %s --check-prefix=PTX
// RUN: reckon-compile %S/Inputs/layers.mlir -o %t.rkn --target=cuda:sm_90a --precision=bf16 && reckon-inspect %t.rkn | FileCheck %s --check-prefix=ENGINE
// RUN: reckon-compile %S/Inputs/layers.mlir -o - --emit=ptx --target=cuda:sm_80 --precision=fp16 | FileCheck %s --check-prefix=OLD

// Two layers that a cluster of 16 blocks takes up to eight rows through: weights by bulk copies of a warp of its own, what is between them
// by stores into other blocks that complete a barrier there.
// CHECK: plan.kernel @chain
// CHECK-SAME: launches = [#plan.launch<function = @cuda_code::@chain, threads = 544, cluster = 16, shared_bytes = {{[0-9]+}}, grid = <"16*floordiv(batch+min({{.*}})-1, min({{.*}}))">, max_rows = 24
// CHECK: llvm.func @chain
// CHECK: nvvm.cluster.arrive.relaxed
// CHECK: nvvm.mma.sync {{.*}}layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>{{.*}}shape = #nvvm.shape<m = 16, n = 8, k = 16>{{.*}}vector<2xf16>
// CHECK: nvvm.cluster.wait
// CHECK: st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.b32
// CHECK: mbarrier.try_wait.parity.acquire.cluster
// CHECK: nvvm.mma.sync {{.*}}layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>{{.*}}shape = #nvvm.shape<m = 16, n = 8, k = 16>{{.*}}vector<2xf16>
// CHECK: nvvm.cp.async.bulk.shared.cluster.global
plan.kernel @chain gemm dims ["batch"] operands [
    <strides = <104, 1>, row = true, aligned = true>, <strides = <200, 1>, packing = <mma>, aligned = true>, <strides = <1>, aligned = true>, <strides = <3, 1>, packing = <mma>, aligned = true>, <strides = <3, 1>>] attributes {chain_rows = 24 : i64} {
^bb0(%x: tensor<?x100xf16, #rec.dims<"batch", 100>>, %w: tensor<100x200xf16>, %b: tensor<200xf16>, %v: tensor<200x3xf16>):
  %0 = rec.linear %x, %w, %b : (tensor<?x100xf16, #rec.dims<"batch", 100>>, tensor<100x200xf16>, tensor<200xf16>) -> tensor<?x200xf16, #rec.dims<"batch", 200>>
  %1 = rec.unary tanh %0 : (tensor<?x200xf16, #rec.dims<"batch", 200>>) -> tensor<?x200xf16, #rec.dims<"batch", 200>>
  %2 = rec.linear %1, %v : (tensor<?x200xf16, #rec.dims<"batch", 200>>, tensor<200x3xf16>) -> tensor<?x3xf16, #rec.dims<"batch", 3>>
  rec.yield %2 : tensor<?x3xf16, #rec.dims<"batch", 3>>
}

// PTX: .entry chain_w0(
// ENGINE: chain_w0: gemm, 544 threads, clusters of 16
// ENGINE: chain_w0: {{.*}}, instead of 0, 1, 2
// ENGINE-NEXT: 0 to {{[0-9]+}} rows: chain_w0, grid [16*floordiv(
// OLD-NOT: chain_w0
