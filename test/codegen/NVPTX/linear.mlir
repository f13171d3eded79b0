// RUN: reckon-opt %s --rec-emit-cuda-kernels | FileCheck %s
// RUN: reckon-opt %s --rec-emit-cuda-kernels=arch=sm_80 | FileCheck %s --check-prefix=OLD

// Every family of kernels of a linear layer, by what the weight's packings allow and the rows ask for.

// The epilogue needs another matrix of the same rows and a vector: x0 * (x W + b) + x, as in a cross layer.
// CHECK: plan.kernel @cross
// CHECK-SAME: launches = [#plan.launch<function = @cuda_code::@cross_splitk8, threads = {{[0-9]+}}, shared_bytes = {{[0-9]+}}, grid = <"floordiv(batch+7, 8)", 64>, max_rows = {{[0-9]+}},
// CHECK-SAME: function = @cuda_code::@cross_wgmma64x128, threads = {{[0-9]+}}, shared_bytes = {{[0-9]+}}, grid = <"8*floordiv(batch+63, 64)">
// CHECK-SAME: function = @cuda_code::@cross_wgmma128x128_pingpong, threads = {{[0-9]+}}, shared_bytes = {{[0-9]+}}, grid = <"8*floordiv(batch+127, 128)">, blocks_per_sm = 1, uses_pdl = true,
// CHECK-SAME: tensor_maps = [#plan.tensor_map<operand = 0, type = f16, sizes = <479, "batch">, strides = <960>, box = [64, 128], swizzle = 128>, #plan.tensor_map<operand = 4, type = f16, sizes = <512, 1024>, strides = <1024>, box = [64, 128], swizzle = 128>]
// Without wgmma: the fragments for any number of rows.
// OLD: plan.kernel @cross
// OLD-SAME: function = @cuda_code::@cross_direct{{[0-9]+}}, threads = {{[0-9]+}}, grid = <{{[^>]*}}>>]
// OLD-NOT: wgmma.
plan.kernel @cross gemm dims ["batch"] operands [
    <strides = <480, 1>, row = true, aligned = true>, <strides = <1024, 1>, packing = <mma>, aligned = true, constant = true>, <strides = <1>, aligned = true, constant = true>, <strides = <1024, 1>, row = true, aligned = true>, <strides = <1024, 1>, packing = <wgmma>, alternative_to = 1, aligned = true, constant = true>, <strides = <1024, 1>, aligned = true>] {
^bb0(%x: tensor<?x479xf16, #rec.dims<"batch", 479>>, %w: tensor<479x1024xf16>, %b: tensor<1024xf16>,
     %x0: tensor<?x1024xf16, #rec.dims<"batch", 1024>>, %again: tensor<479x1024xf16>):
  %0 = rec.linear %x, %w, %b : (tensor<?x479xf16, #rec.dims<"batch", 479>>, tensor<479x1024xf16>, tensor<1024xf16>)
    -> tensor<?x1024xf16, #rec.dims<"batch", 1024>>
  %1 = rec.binary mul %0, %x0 : (tensor<?x1024xf16, #rec.dims<"batch", 1024>>, tensor<?x1024xf16, #rec.dims<"batch", 1024>>)
    -> tensor<?x1024xf16, #rec.dims<"batch", 1024>>
  %2 = rec.binary add %1, %x0 : (tensor<?x1024xf16, #rec.dims<"batch", 1024>>, tensor<?x1024xf16, #rec.dims<"batch", 1024>>)
    -> tensor<?x1024xf16, #rec.dims<"batch", 1024>>
  rec.yield %2 : tensor<?x1024xf16, #rec.dims<"batch", 1024>>
}

// Thin rows of the caller's f32, not aligned: fragments are read element by element and rounded on the way.
// CHECK: plan.kernel @thin
// CHECK-SAME: function = @cuda_code::@thin_direct{{[0-9]+}}, threads = {{[0-9]+}}, grid = <{{[^>]*}}>>]
// OLD: plan.kernel @thin
plan.kernel @thin gemm dims ["batch"] operands [
    <strides = <13, 1>, row = true>, <strides = <512, 1>, packing = <mma>, aligned = true>, <strides = <1>, aligned = true>, <strides = <512, 1>, aligned = true>] {
^bb0(%x: tensor<?x13xf32, #rec.dims<"batch", 13>>, %w: tensor<13x512xbf16>, %b: tensor<512xbf16>):
  %0 = rec.cast %x : (tensor<?x13xf32, #rec.dims<"batch", 13>>) -> tensor<?x13xbf16, #rec.dims<"batch", 13>>
  %1 = rec.linear %0, %w, %b : (tensor<?x13xbf16, #rec.dims<"batch", 13>>, tensor<13x512xbf16>, tensor<512xbf16>)
    -> tensor<?x512xbf16, #rec.dims<"batch", 512>>
  %2 = rec.unary relu %1 : (tensor<?x512xbf16, #rec.dims<"batch", 512>>) -> tensor<?x512xbf16, #rec.dims<"batch", 512>>
  rec.yield %2 : tensor<?x512xbf16, #rec.dims<"batch", 512>>
}

// One column: a dot product a row.
// CHECK: plan.kernel @narrow
// CHECK-SAME: function = @cuda_code::@narrow_dot1x1,
// CHECK-SAME: function = @cuda_code::@narrow_dot4x1,
plan.kernel @narrow gemm dims ["batch"] operands [
    <strides = <256, 1>, row = true, aligned = true>, <strides = <1, 1>, packing = <dot>, aligned = true>, <strides = <1, 1>>] {
^bb0(%x: tensor<?x256xf16, #rec.dims<"batch", 256>>, %w: tensor<256x1xf16>):
  %0 = rec.linear %x, %w : (tensor<?x256xf16, #rec.dims<"batch", 256>>, tensor<256x1xf16>) -> tensor<?x1xf16, #rec.dims<"batch", 1>>
  %1 = rec.unary sigmoid %0 : (tensor<?x1xf16, #rec.dims<"batch", 1>>) -> tensor<?x1xf16, #rec.dims<"batch", 1>>
  rec.yield %1 : tensor<?x1xf16, #rec.dims<"batch", 1>>
}

// Full f32, which tensor cores do not have.
// CHECK: plan.kernel @exact
// CHECK-SAME: function = @cuda_code::@exact_simt64,
plan.kernel @exact gemm dims ["batch"] operands [
    <strides = <64, 1>, row = true, aligned = true>, <strides = <64, 1>, packing = <dot>, aligned = true>, <strides = <64, 1>, alternative_to = 1, aligned = true>, <strides = <64, 1>, aligned = true>] {
^bb0(%x: tensor<?x64xf32, #rec.dims<"batch", 64>>, %w: tensor<64x64xf32>, %again: tensor<64x64xf32>):
  %0 = rec.linear %x, %w : (tensor<?x64xf32, #rec.dims<"batch", 64>>, tensor<64x64xf32>) -> tensor<?x64xf32, #rec.dims<"batch", 64>>
  rec.yield %0 : tensor<?x64xf32, #rec.dims<"batch", 64>>
}

// f32 whose products may lose mantissa bits.
// CHECK: plan.kernel @tf32
// CHECK-SAME: function = @cuda_code::@tf32_splitk8,
plan.kernel @tf32 gemm dims ["batch"] operands [
    <strides = <128, 1>, row = true, aligned = true>, <strides = <64, 1>, packing = <mma>, aligned = true>, <strides = <64, 1>, packing = <wgmma>, alternative_to = 1, aligned = true>, <strides = <64, 1>, aligned = true>] {
^bb0(%x: tensor<?x128xf32, #rec.dims<"batch", 128>>, %w: tensor<128x64xf32>, %again: tensor<128x64xf32>):
  %0 = rec.linear %x, %w {rec.precision = #rec.precision<storage = f32, compute = tf32, accumulate = f32>}
    : (tensor<?x128xf32, #rec.dims<"batch", 128>>, tensor<128x64xf32>) -> tensor<?x64xf32, #rec.dims<"batch", 64>>
  rec.yield %0 : tensor<?x64xf32, #rec.dims<"batch", 64>>
}

// Not a linear kernel: a fold after the layer, a weight that is not packed, a second layer. The generic emitter's.
// CHECK: plan.kernel @folded
// CHECK-SAME: function = @cuda_code::@folded,
plan.kernel @folded gemm dims ["batch"] operands [<strides = <64, 1>, row = true>, <strides = <64, 1>>, <strides = <1>>] {
^bb0(%x: tensor<?x64xf16, #rec.dims<"batch", 64>>, %w: tensor<64x64xf16>):
  %0 = rec.linear %x, %w : (tensor<?x64xf16, #rec.dims<"batch", 64>>, tensor<64x64xf16>) -> tensor<?x64xf16, #rec.dims<"batch", 64>>
  %1 = rec.reduce sum %0 axes [1] : (tensor<?x64xf16, #rec.dims<"batch", 64>>) -> tensor<?xf16, #rec.dims<"batch">>
  rec.yield %1 : tensor<?xf16, #rec.dims<"batch">>
}
// CHECK: plan.kernel @unpacked
// CHECK-SAME: function = @cuda_code::@unpacked,
plan.kernel @unpacked gemm dims ["batch"] operands [
    <strides = <64, 1>, row = true>, <strides = <64, 1>>, <strides = <64, 1>>] {
^bb0(%x: tensor<?x64xf16, #rec.dims<"batch", 64>>, %w: tensor<64x64xf16>):
  %0 = rec.linear %x, %w : (tensor<?x64xf16, #rec.dims<"batch", 64>>, tensor<64x64xf16>) -> tensor<?x64xf16, #rec.dims<"batch", 64>>
  rec.yield %0 : tensor<?x64xf16, #rec.dims<"batch", 64>>
}

// A step of each sequence: nobody steps along the dimension of one position, whatever its stride.
// CHECK: plan.kernel @step
// CHECK-SAME: function = @cuda_code::@step_splitk8
// OLD: plan.kernel @step
// OLD-SAME: function = @cuda_code::@step_splitk8
plan.kernel @step gemm dims ["batch"] operands [
    <strides = <64, 64, 1>, row = true, aligned = true>, <strides = <64, 1>, packing = <mma>, aligned = true, constant = true>,
    <strides = <512, 64, 1>, row = true, aligned = true>, <strides = <64, 1>, packing = <wgmma>, alternative_to = 1, aligned = true, constant = true>,
    <strides = <64, 64, 1>, aligned = true>] {
^bb0(%x: tensor<?x1x64xf16, #rec.dims<"batch", 1, 64>>, %w: tensor<64x64xf16>, %r: tensor<?x1x64xf16, #rec.dims<"batch", 1, 64>>,
     %again: tensor<64x64xf16>):
  %0 = rec.linear %x, %w : (tensor<?x1x64xf16, #rec.dims<"batch", 1, 64>>, tensor<64x64xf16>) -> tensor<?x1x64xf16, #rec.dims<"batch", 1, 64>>
  %1 = rec.binary add %0, %r : (tensor<?x1x64xf16, #rec.dims<"batch", 1, 64>>, tensor<?x1x64xf16, #rec.dims<"batch", 1, 64>>)
    -> tensor<?x1x64xf16, #rec.dims<"batch", 1, 64>>
  rec.yield %1 : tensor<?x1x64xf16, #rec.dims<"batch", 1, 64>>
}

// Of columns that are no whole runs of eight all but the last run are stored as such.
// OLD: plan.kernel @rest
// OLD-SAME: function = @cuda_code::@rest_direct
// CHECK: plan.kernel @rest
// CHECK-SAME: function = @cuda_code::@rest_splitk8
plan.kernel @rest gemm dims ["batch"] operands [
    <strides = <64, 1>, row = true, aligned = true>, <strides = <50, 1>, packing = <mma>, aligned = true, constant = true>,
    <strides = <50, 1>, packing = <wgmma>, alternative_to = 1, aligned = true, constant = true>, <strides = <56, 1>, aligned = true>] {
^bb0(%x: tensor<?x64xf16, #rec.dims<"batch", 64>>, %w: tensor<64x50xf16>, %again: tensor<64x50xf16>):
  %0 = rec.linear %x, %w : (tensor<?x64xf16, #rec.dims<"batch", 64>>, tensor<64x50xf16>) -> tensor<?x50xf16, #rec.dims<"batch", 50>>
  rec.yield %0 : tensor<?x50xf16, #rec.dims<"batch", 50>>
}
// OLD-LABEL: llvm.func @rest_direct
// OLD: llvm.store {{.*}} : vector<4xi32>
// OLD-NOT: llvm.store {{.*}} : f16
// OLD: llvm.store {{.*}} : i32
// OLD-NOT: llvm.store {{.*}} : f16
// OLD: llvm.return

// CHECK: module @cuda_code
// A lane's fragments are 16 bytes of the packed weight; warps add up through shared memory.
// CHECK-LABEL: llvm.func @cross_splitk8
// CHECK-NOT: nvvm.minctasm
// CHECK: llvm.load {{.*}} invariant {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xi32>
// The last eight of 479 inputs are one load of 16 bytes, and the eighth is masked.
// CHECK: llvm.load {{.*}} -> vector<4xi32>
// CHECK: arith.constant dense<[-1, -1, -1, 65535]> : vector<4xi32>
// CHECK: arith.andi {{.*}} : vector<4xi32>
// CHECK: nvvm.mma.sync {{.*}}layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>{{.*}}shape = #nvvm.shape<m = 16, n = 8, k = 16>{{.*}}vector<2xf16>
// CHECK: nvvm.barrier0
// With more rows more loads are under way, for which ptxas must not save registers.
// CHECK-LABEL: llvm.func @cross_splitk16
// CHECK-SAME: nvvm.minctasm = 1 : i32
// CHECK-LABEL: llvm.func @cross_wgmma128x128_pingpong
// CHECK-SAME: llvm.byval = !llvm.array<128 x i8>
// CHECK: nvvm.mbarrier.init
// CHECK: nvvm.setmaxregister increase 240
// CHECK: mbarrier.try_wait.parity
// CHECK: wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16
// CHECK: wgmma.wait_group.sync.aligned 0
// CHECK: cvt.rn.f16x2.f32
// CHECK: nvvm.setmaxregister decrease 24
// CHECK: nvvm.mbarrier.arrive.expect_tx
// CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global
// CHECK-LABEL: llvm.func @thin_direct
// CHECK: cvt.rn.bf16x2.f32
// CHECK: nvvm.mma.sync {{.*}}multiplicandAPtxType = #nvvm.mma_type<bf16>{{.*}}shape = #nvvm.shape<m = 16, n = 8, k = 16>
// CHECK-LABEL: llvm.func @narrow_dot1x1
// CHECK: nvvm.shfl.sync bfly
// CHECK: math.exp
// CHECK-LABEL: llvm.func @exact_simt64
// CHECK: nvvm.barrier0
// CHECK: scf.for
// CHECK-LABEL: llvm.func @tf32_splitk8
// CHECK: nvvm.mma.sync {{.*}}multiplicandAPtxType = #nvvm.mma_type<tf32>{{.*}}shape = #nvvm.shape<m = 16, n = 8, k = 8>
