// RUN: reckon-opt %s | reckon-opt | FileCheck %s

// CHECK-LABEL: plan.kernel @gemm_0 gemm dims ["batch"] operands
// CHECK-SAME: [<strides = <13, 1>, row = true>, <strides = <64, 1>, packing = <panels, 32>>, <strides = <80, 1>>] {
plan.kernel @gemm_0 gemm dims ["batch"] operands [
    <strides = <13, 1>, row = true>, <strides = <64, 1>, packing = <panels, 32>>, <strides = <80, 1>>] {
^bb0(%x: tensor<?x13xf32, #rec.dims<"batch", 13>>, %w: tensor<13x64xf32>):
  %0 = rec.linear %x, %w : (tensor<?x13xf32, #rec.dims<"batch", 13>>, tensor<13x64xf32>) -> tensor<?x64xf32, #rec.dims<"batch", 64>>
  rec.yield %0 : tensor<?x64xf32, #rec.dims<"batch", 64>>
}

plan.kernel @lookup_0 lookup dims ["batch", "%rows:0"] operands [
    <strides = <16, 1>, rows_dim = 1>, <strides = <1>, row = true>, <strides = <80, 1>>] {
^bb0(%t: tensor<4x16xf32>, %i: tensor<?xi64, #rec.dims<"batch">>):
  %0 = rec.embedding %t, %i : (tensor<4x16xf32>, tensor<?xi64, #rec.dims<"batch">>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  rec.yield %0 : tensor<?x16xf32, #rec.dims<"batch", 16>>
}

// CHECK: plan.program @main dims ["batch", "rows:emb"] slots <"320*batch"> local_slots [16] unshared <"320*batch">
plan.program @main dims ["batch", "rows:emb"] slots <"320*batch"> local_slots [16] unshared <"320*batch"> {
  // CHECK: plan.input "dense" : <f32, <"batch", 13>>
  %x = plan.input "dense" : !plan.buffer<f32, <"batch", 13>>
  %i = plan.input "ids" : !plan.buffer<i64, <"batch">>
  // CHECK: plan.output "y" : <f32, <"batch", 8, 10>>
  %y = plan.output "y" : !plan.buffer<f32, <"batch", 8, 10>>
  // CHECK: plan.weight "w" packing <panels, 32> dense<1.000000e+00> : tensor<13x64xf32> : <f32, <13, 64>>
  %w = plan.weight "w" packing <panels, 32> dense<1.0> : tensor<13x64xf32> : !plan.buffer<f32, <13, 64>>
  // CHECK: plan.table "emb" dense<0.000000e+00> : tensor<4x16xf32> {out_of_range = #rec<out_of_range clamp>}
  %t = plan.table "emb" dense<0.0> : tensor<4x16xf32> {out_of_range = #rec<out_of_range clamp>} : !plan.buffer<f32, <"rows:emb", 16>>
  // CHECK: plan.alloc : <
  %0 = plan.alloc : !plan.buffer<f32, <"batch", 80>>
  // CHECK: plan.alloc slot 0 :
  %1 = plan.alloc slot 0 : !plan.buffer<f32, <"batch", 80>>
  // CHECK: plan.alloc local slot 0 :
  %2 = plan.alloc local slot 0 : !plan.buffer<f32, <"batch", 4>>
  // CHECK: plan.view %{{.*}} : <f32, <"batch", 8, 10>> -> <f32, <"batch", 80>>
  %v = plan.view %y : !plan.buffer<f32, <"batch", 8, 10>> -> !plan.buffer<f32, <"batch", 80>>
  // CHECK: plan.slice %{{.*}} axis 1 offset 16
  %s = plan.slice %v axis 1 offset 16 : !plan.buffer<f32, <"batch", 80>> -> !plan.buffer<f32, <"batch", 64>>
  %e = plan.slice %v axis 1 offset 0 : !plan.buffer<f32, <"batch", 80>> -> !plan.buffer<f32, <"batch", 16>>
  // CHECK: plan.chain rows <"batch"> block 96 {
  plan.chain rows <"batch"> block 96 {
    // CHECK: plan.dispatch @gemm_0(%{{.*}}, %{{.*}}, %{{.*}}) {columns = 2 : i64, nodes = ["a", "b"]}
    plan.dispatch @gemm_0(%x, %w, %s) {nodes = ["a", "b"], columns = 2 : i64}
      : !plan.buffer<f32, <"batch", 13>>, !plan.buffer<f32, <13, 64>>, !plan.buffer<f32, <"batch", 64>>
    plan.dispatch @lookup_0(%t, %i, %e)
      : !plan.buffer<f32, <"rows:emb", 16>>, !plan.buffer<i64, <"batch">>, !plan.buffer<f32, <"batch", 16>>
  }
}

// A transposed input, one that repeats its rows, and a stride in a named dimension.
// CHECK-LABEL: plan.kernel @strided whole dims ["n"] operands
// CHECK-SAME: [<strides = <1, "n">, aligned = true>, <strides = <0, 1>, constant = true>, <strides = <"n", 1>>] {
plan.kernel @strided whole dims ["n"]
    operands [<strides = <1, "n">, aligned = true>, <strides = <0, 1>, constant = true>, <strides = <"n", 1>>] {
^bb0(%x: tensor<4x?xf32, #rec.dims<4, "n">>, %y: tensor<4x?xf32, #rec.dims<4, "n">>):
  %0 = rec.binary add %x, %y
    : (tensor<4x?xf32, #rec.dims<4, "n">>, tensor<4x?xf32, #rec.dims<4, "n">>) -> tensor<4x?xf32, #rec.dims<4, "n">>
  rec.yield %0 : tensor<4x?xf32, #rec.dims<4, "n">>
}

// What the schedule and codegen phases add for GPUs.
// CHECK-LABEL: plan.kernel @launched
// CHECK-SAME: <strides = <64, 1>, packing = <mma>>, <strides = <64, 1>, packing = <wgmma>, alternative_to = 1>
// CHECK-SAME: choices = [#plan.choice<name = "splitk8", max_rows = 16>, #plan.choice<name = "cublaslt", min_rows = 4, needs_timing = true>]
// CHECK-SAME: launches = [#plan.launch<function = @cuda_code::@launched_splitk8, threads = 256, cluster = 2, shared_bytes = 1024, grid = <"batch", 2>, blocks_per_sm = 1, scratch_bytes = <"4*batch">, min_rows = 1, max_rows = 16, needs_timing = true, uses_pdl = true,
// CHECK-SAME: tensor_maps = [#plan.tensor_map<operand = 0, type = f16, sizes = <13, "batch">, strides = <32>, box = [13, 64], swizzle = 128>]>]
// CHECK-SAME: scratch_bytes = #rec.dims<"8*batch">
plan.kernel @launched gemm dims ["batch"]
    operands [<strides = <16, 1>, row = true>, <strides = <64, 1>, packing = <mma>>,
              <strides = <64, 1>, packing = <wgmma>, alternative_to = 1>, <strides = <64, 1>>]
    attributes {scratch_bytes = #rec.dims<"8*batch">,
                choices = [#plan.choice<name = "splitk8", max_rows = 16>,
                           #plan.choice<name = "cublaslt", min_rows = 4, needs_timing = true>],
                launches = [#plan.launch<function = @cuda_code::@launched_splitk8, threads = 256, cluster = 2,
                                         shared_bytes = 1024, grid = <"batch", 2>, blocks_per_sm = 1,
                                         scratch_bytes = <"4*batch">, min_rows = 1, max_rows = 16,
                                         needs_timing = true, uses_pdl = true, tensor_maps = [
                  #plan.tensor_map<operand = 0, type = f16, sizes = <13, "batch">, strides = <32>, box = [13, 64],
                                   swizzle = 128>]>]} {
^bb0(%x: tensor<?x13xf16, #rec.dims<"batch", 13>>, %w: tensor<13x64xf16>, %again: tensor<13x64xf16>):
  %0 = rec.linear %x, %w : (tensor<?x13xf16, #rec.dims<"batch", 13>>, tensor<13x64xf16>) -> tensor<?x64xf16, #rec.dims<"batch", 64>>
  rec.yield %0 : tensor<?x64xf16, #rec.dims<"batch", 64>>
}
