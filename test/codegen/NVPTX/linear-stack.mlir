// RUN: split-file %s %t
// RUN: reckon-opt %t/good.mlir --rec-emit-cuda-kernels | FileCheck %t/good.mlir
// RUN: not reckon-opt %t/bad.mlir --rec-emit-cuda-kernels 2>&1 | FileCheck %t/bad.mlir
// RUN: not reckon-opt %t/good.mlir --rec-emit-cuda-kernels=arch=sm_90 2>&1 | FileCheck %t/good.mlir --check-prefix=OLD

//--- good.mlir
// Three layers that a warpgroup takes 64 rows through. Columns of the first come from mma.sync and are, as halves, the left
// operand of a product whose right one bulk copies bring; so are the sums of the second.
// OLD: error: device codegen: 'stack' is no stack of linear layers
// CHECK: plan.kernel @stack
// CHECK-SAME: launches = [#plan.launch<function = @cuda_code::@stack, threads = 384, shared_bytes = {{[0-9]+}}, grid = <"floordiv(batch+127, 128)">, blocks_per_sm = 1, min_rows = 4096
// CHECK-SAME: tensor_maps = [#plan.tensor_map<operand = 3, type = f16, sizes = <200, 100>, strides = <400>, box = [64, 104], swizzle = 128>, #plan.tensor_map<operand = 4, type = f16, sizes = <128, 32>, strides = <256>, box = [64, 32]
// CHECK-NOT: griddepcontrol.wait
// CHECK: llvm.func @stack
// The first weight's fragments are stored before the wait for other kernels; weights are all that the warp that fetches reads.
// CHECK: nvvm.setmaxregister increase 240
// CHECK: llvm.store
// CHECK: nvvm.barrier id = %{{.*}} number_of_threads = %
// CHECK: griddepcontrol.wait
// CHECK: nvvm.mma.sync {{.*}}layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>{{.*}}shape = #nvvm.shape<m = 16, n = 8, k = 16>{{.*}}vector<2xf16>
// CHECK: wgmma.mma_async.sync.aligned.m64n104k16.f32.f16.f16 {{.*}}}, {${{[0-9]+}}, ${{[0-9]+}}, ${{[0-9]+}}, ${{[0-9]+}}}, b, 1, 1, 1, 0
// CHECK: wgmma.wait_group.sync.aligned 0
// CHECK: wgmma.mma_async.sync.aligned.m64n32k16.f32.f16.f16
// CHECK: nvvm.setmaxregister decrease 24
// CHECK-NOT: griddepcontrol.wait
// CHECK: nvvm.mbarrier.arrive.expect_tx
// CHECK: nvvm.mbarrier.arrive.expect_tx
plan.kernel @stack gemm dims ["batch"] operands [
    <strides = <13, 1>, row = true, constant = true>, <strides = <200, 1>, aligned = true, constant = true>, <strides = <1>, aligned = true, constant = true>, <strides = <100, 1>, packing = <dot>, aligned = true, constant = true>, <strides = <3, 1>, packing = <wgmma>, aligned = true, constant = true>, <strides = <3, 1>, aligned = true>] attributes {stack_rows = 4096 : i64} {
^bb0(%x: tensor<?x13xf32, #rec.dims<"batch", 13>>, %w: tensor<13x200xf16>, %b: tensor<200xf16>, %v: tensor<200x100xf16>, %u: tensor<100x3xf16>):
  %c = rec.cast %x : (tensor<?x13xf32, #rec.dims<"batch", 13>>) -> tensor<?x13xf16, #rec.dims<"batch", 13>>
  %0 = rec.linear %c, %w, %b : (tensor<?x13xf16, #rec.dims<"batch", 13>>, tensor<13x200xf16>, tensor<200xf16>) -> tensor<?x200xf16, #rec.dims<"batch", 200>>
  %1 = rec.unary relu %0 : (tensor<?x200xf16, #rec.dims<"batch", 200>>) -> tensor<?x200xf16, #rec.dims<"batch", 200>>
  %2 = rec.linear %1, %v : (tensor<?x200xf16, #rec.dims<"batch", 200>>, tensor<200x100xf16>) -> tensor<?x100xf16, #rec.dims<"batch", 100>>
  %3 = rec.linear %2, %u : (tensor<?x100xf16, #rec.dims<"batch", 100>>, tensor<100x3xf16>) -> tensor<?x3xf16, #rec.dims<"batch", 3>>
  rec.yield %3 : tensor<?x3xf16, #rec.dims<"batch", 3>>
}

//--- bad.mlir
// More columns behind the first layer than a thread has registers for.
// CHECK: error: device codegen: 'wide' is no stack of linear layers
plan.kernel @wide gemm dims ["batch"] operands [
    <strides = <16, 1>, row = true>, <strides = <64, 1>>, <strides = <512, 1>, packing = <wgmma>>, <strides = <512, 1>>] attributes {stack_rows = 64 : i64} {
^bb0(%x: tensor<?x16xf16, #rec.dims<"batch", 16>>, %w: tensor<16x64xf16>, %v: tensor<64x512xf16>):
  %0 = rec.linear %x, %w : (tensor<?x16xf16, #rec.dims<"batch", 16>>, tensor<16x64xf16>) -> tensor<?x64xf16, #rec.dims<"batch", 64>>
  %1 = rec.linear %0, %v : (tensor<?x64xf16, #rec.dims<"batch", 64>>, tensor<64x512xf16>) -> tensor<?x512xf16, #rec.dims<"batch", 512>>
  rec.yield %1 : tensor<?x512xf16, #rec.dims<"batch", 512>>
}
// Weights in another order.
// CHECK: error: device codegen: 'packed' is no stack of linear layers
plan.kernel @packed gemm dims ["batch"] operands [
    <strides = <16, 1>, row = true>, <strides = <64, 1>>, <strides = <32, 1>, packing = <mma>>, <strides = <32, 1>>] attributes {stack_rows = 64 : i64} {
^bb0(%x: tensor<?x16xf16, #rec.dims<"batch", 16>>, %w: tensor<16x64xf16>, %v: tensor<64x32xf16>):
  %0 = rec.linear %x, %w : (tensor<?x16xf16, #rec.dims<"batch", 16>>, tensor<16x64xf16>) -> tensor<?x64xf16, #rec.dims<"batch", 64>>
  %1 = rec.linear %0, %v : (tensor<?x64xf16, #rec.dims<"batch", 64>>, tensor<64x32xf16>) -> tensor<?x32xf16, #rec.dims<"batch", 32>>
  rec.yield %1 : tensor<?x32xf16, #rec.dims<"batch", 32>>
}
