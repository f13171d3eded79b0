// RUN: reckon-opt --plan-pack-device-weights --plan-cover-linear-chains --mlir-print-local-scope %s | FileCheck %s
// RUN: reckon-opt --plan-pack-device-weights=arch=sm_80 --plan-cover-linear-chains=arch=sm_80 %s | FileCheck %s --check-prefix=OLD
// RUN: reckon-opt --plan-pack-device-weights --plan-cover-linear-chains --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// STATS-DAG: 1 chains
// STATS-DAG: 3 covered

// Three layers of which each reads the one before. The last has one column, whose weight gets a packing more; what two
// dispatches read (%shared) and what is the model's output (%seen) ends a run, and so do other types.

// OLD-NOT: chain_
// CHECK: plan.kernel @chain_first gemm dims ["batch"] operands [<strides = <64, 1>, row = true>, <strides = <256, 1>, packing = <mma>>, <strides = <1>>,
// CHECK-SAME: <strides = <128, 1>, packing = <mma>>, <strides = <1, 1>, packing = <mma>>, <strides = <1, 1>>]
// CHECK-SAME: chain_rows = {{[0-9]+}} : i64
// CHECK: rec.linear
// CHECK: rec.unary relu
// CHECK: rec.linear
// CHECK: rec.linear
// CHECK: rec.yield
// CHECK-NOT: plan.kernel @chain

plan.kernel @gemm_first gemm dims ["batch"] operands [
    <strides = <64, 1>, row = true>, <strides = <256, 1>>, <strides = <1>>, <strides = <256, 1>>] {
^bb0(%x: tensor<?x64xf16, #rec.dims<"batch", 64>>, %w: tensor<64x256xf16>, %b: tensor<256xf16>):
  %0 = rec.linear %x, %w, %b : (tensor<?x64xf16, #rec.dims<"batch", 64>>, tensor<64x256xf16>, tensor<256xf16>) -> tensor<?x256xf16, #rec.dims<"batch", 256>>
  %1 = rec.unary relu %0 : (tensor<?x256xf16, #rec.dims<"batch", 256>>) -> tensor<?x256xf16, #rec.dims<"batch", 256>>
  rec.yield %1 : tensor<?x256xf16, #rec.dims<"batch", 256>>
}
plan.kernel @gemm_second gemm dims ["batch"] operands [
    <strides = <256, 1>, row = true>, <strides = <128, 1>>, <strides = <128, 1>>] {
^bb0(%x: tensor<?x256xf16, #rec.dims<"batch", 256>>, %w: tensor<256x128xf16>):
  %0 = rec.linear %x, %w : (tensor<?x256xf16, #rec.dims<"batch", 256>>, tensor<256x128xf16>) -> tensor<?x128xf16, #rec.dims<"batch", 128>>
  rec.yield %0 : tensor<?x128xf16, #rec.dims<"batch", 128>>
}
plan.kernel @gemm_third gemm dims ["batch"] operands [
    <strides = <128, 1>, row = true>, <strides = <1, 1>>, <strides = <1, 1>>] {
^bb0(%x: tensor<?x128xf16, #rec.dims<"batch", 128>>, %w: tensor<128x1xf16>):
  %0 = rec.linear %x, %w : (tensor<?x128xf16, #rec.dims<"batch", 128>>, tensor<128x1xf16>) -> tensor<?x1xf16, #rec.dims<"batch", 1>>
  rec.yield %0 : tensor<?x1xf16, #rec.dims<"batch", 1>>
}
plan.kernel @gemm_exact gemm dims ["batch"] operands [
    <strides = <64, 1>, row = true>, <strides = <64, 1>>, <strides = <64, 1>>] {
^bb0(%x: tensor<?x64xf32, #rec.dims<"batch", 64>>, %w: tensor<64x64xf32>):
  %0 = rec.linear %x, %w : (tensor<?x64xf32, #rec.dims<"batch", 64>>, tensor<64x64xf32>) -> tensor<?x64xf32, #rec.dims<"batch", 64>>
  rec.yield %0 : tensor<?x64xf32, #rec.dims<"batch", 64>>
}
// CHECK-LABEL: plan.program @main
plan.program @main dims ["batch"] {
  %x = plan.alloc : <f16, <"batch", 64>>
  %e = plan.input "e" : <f32, <"batch", 64>>
  // CHECK-DAG: %[[W:.*]] = plan.weight "w" packing <mma>
  // CHECK-DAG: %[[U:.*]] = plan.weight "u" packing <mma>
  // CHECK-DAG: %[[V:.*]] = plan.weight "v" packing <mma>
  // CHECK-DAG: plan.weight "v" packing <dot>
  %w = plan.weight "w" dense<1.0> : tensor<64x256xf16> : <f16, <64, 256>>
  %b = plan.weight "b" dense<1.0> : tensor<256xf16> : <f16, <256>>
  %u = plan.weight "u" dense<1.0> : tensor<256x128xf16> : <f16, <256, 128>>
  %v = plan.weight "v" dense<1.0> : tensor<128x1xf16> : <f16, <128, 1>>
  %f = plan.weight "f" dense<1.0> : tensor<64x64xf32> : <f32, <64, 64>>
  %y0 = plan.alloc : <f16, <"batch", 256>>
  %y1 = plan.alloc : <f16, <"batch", 128>>
  %z = plan.output "z" : <f16, <"batch", 1>>
  // CHECK: plan.dispatch @gemm_first(%[[X:[^,]*]], {{.*}}) as @gemm_first :
  plan.dispatch @gemm_first(%x, %w, %b, %y0) : !plan.buffer<f16, <"batch", 64>>, !plan.buffer<f16, <64, 256>>, !plan.buffer<f16, <256>>, !plan.buffer<f16, <"batch", 256>>
  plan.dispatch @gemm_second(%y0, %u, %y1) : !plan.buffer<f16, <"batch", 256>>, !plan.buffer<f16, <256, 128>>, !plan.buffer<f16, <"batch", 128>>
  // CHECK: plan.dispatch @gemm_third({{.*}}, %[[Z:[^,]*]]) as @gemm_third :
  plan.dispatch @gemm_third(%y1, %v, %z) : !plan.buffer<f16, <"batch", 128>>, !plan.buffer<f16, <128, 1>>, !plan.buffer<f16, <"batch", 1>>
  // CHECK-NEXT: plan.dispatch @chain_first(%[[X]], %[[W]], %{{.*}}, %[[U]], %[[V]], %[[Z]]) covers [@gemm_first, @gemm_second, @gemm_third]

  %shared = plan.alloc : <f16, <"batch", 256>>
  %a = plan.output "a" : <f16, <"batch", 128>>
  %c = plan.output "c" : <f16, <"batch", 128>>
  plan.dispatch @gemm_first(%x, %w, %b, %shared) : !plan.buffer<f16, <"batch", 64>>, !plan.buffer<f16, <64, 256>>, !plan.buffer<f16, <256>>, !plan.buffer<f16, <"batch", 256>>
  plan.dispatch @gemm_second(%shared, %u, %a) : !plan.buffer<f16, <"batch", 256>>, !plan.buffer<f16, <256, 128>>, !plan.buffer<f16, <"batch", 128>>
  plan.dispatch @gemm_second(%shared, %u, %c) : !plan.buffer<f16, <"batch", 256>>, !plan.buffer<f16, <256, 128>>, !plan.buffer<f16, <"batch", 128>>

  %seen = plan.output "seen" : <f16, <"batch", 256>>
  %d = plan.output "d" : <f16, <"batch", 128>>
  plan.dispatch @gemm_first(%x, %w, %b, %seen) : !plan.buffer<f16, <"batch", 64>>, !plan.buffer<f16, <64, 256>>, !plan.buffer<f16, <256>>, !plan.buffer<f16, <"batch", 256>>
  plan.dispatch @gemm_second(%seen, %u, %d) : !plan.buffer<f16, <"batch", 256>>, !plan.buffer<f16, <256, 128>>, !plan.buffer<f16, <"batch", 128>>

  %g = plan.alloc : <f32, <"batch", 64>>
  %h = plan.output "h" : <f32, <"batch", 64>>
  plan.dispatch @gemm_exact(%e, %f, %g) : !plan.buffer<f32, <"batch", 64>>, !plan.buffer<f32, <64, 64>>, !plan.buffer<f32, <"batch", 64>>
  plan.dispatch @gemm_exact(%g, %f, %h) : !plan.buffer<f32, <"batch", 64>>, !plan.buffer<f32, <64, 64>>, !plan.buffer<f32, <"batch", 64>>
  // CHECK-NOT: covers
}
