// RUN: reckon-opt --plan-choose-launches --plan-pack-device-weights %s | FileCheck %s
// RUN: reckon-opt --plan-choose-launches=all-candidates=true --plan-pack-device-weights %s | FileCheck %s --check-prefix=ALL
// RUN: reckon-opt --plan-choose-launches=arch=sm_80 --plan-pack-device-weights=arch=sm_80 %s | FileCheck %s --check-prefix=OLD
// RUN: reckon-opt --plan-choose-launches --plan-pack-device-weights --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// STATS-DAG: 2 alternatives
// STATS-DAG: 4 packed

// Few rows read fragments, many rows tiles: the weight is there twice. A library that may be timed reads the model's own
// order; nothing else does.
// CHECK: plan.kernel @wide
// CHECK-SAME: rows [true, false, false] attributes {aligned = array<i1: true, true, true, true>
// CHECK-SAME: packings = ["", "mma", "wgmma"]
// ALL: plan.kernel @wide
// ALL-SAME: rows [true, false, false, false] attributes {aligned = array<i1: true, true, true, true, true>
// ALL-SAME: packings = ["", "mma", "wgmma", ""]
// OLD: plan.kernel @wide
// OLD-SAME: packings = ["", "mma"]
plan.kernel @wide gemm rows [true, false] attributes {strides = [array<i64: 256, 1>, array<i64: 128, 1>, array<i64: 128, 1>],
    packings = ["", ""], dims = ["batch"], table_rows = array<i64: -1, -1>} {
^bb0(%x: tensor<?x256xf16, #rec.dims<"batch", 256>>, %w: tensor<256x128xf16>):
  %0 = rec.linear %x, %w : (tensor<?x256xf16, #rec.dims<"batch", 256>>, tensor<256x128xf16>) -> tensor<?x128xf16, #rec.dims<"batch", 128>>
  rec.yield %0 : tensor<?x128xf16, #rec.dims<"batch", 128>>
}
// The caller's memory is aligned to its elements only, so bulk copies cannot read it.
// CHECK: plan.kernel @narrow
// CHECK-SAME: aligned = array<i1: true, true, false>
// CHECK-SAME: packings = ["", "dot"]
plan.kernel @narrow gemm rows [true, false] attributes {strides = [array<i64: 128, 1>, array<i64: 1, 1>, array<i64: 1, 1>],
    packings = ["", ""], dims = ["batch"], table_rows = array<i64: -1, -1>} {
^bb0(%x: tensor<?x128xf16, #rec.dims<"batch", 128>>, %w: tensor<128x1xf16>):
  %0 = rec.linear %x, %w : (tensor<?x128xf16, #rec.dims<"batch", 128>>, tensor<128x1xf16>) -> tensor<?x1xf16, #rec.dims<"batch", 1>>
  rec.yield %0 : tensor<?x1xf16, #rec.dims<"batch", 1>>
}
// CHECK: plan.kernel @exact
// CHECK-SAME: packings = ["", "dot", ""]
plan.kernel @exact gemm rows [true, false] attributes {strides = [array<i64: 64, 1>, array<i64: 64, 1>, array<i64: 64, 1>],
    packings = ["", ""], dims = ["batch"], table_rows = array<i64: -1, -1>} {
^bb0(%x: tensor<?x64xf32, #rec.dims<"batch", 64>>, %w: tensor<64x64xf32>):
  %0 = rec.linear %x, %w : (tensor<?x64xf32, #rec.dims<"batch", 64>>, tensor<64x64xf32>) -> tensor<?x64xf32, #rec.dims<"batch", 64>>
  rec.yield %0 : tensor<?x64xf32, #rec.dims<"batch", 64>>
}
plan.program @main dims ["batch"] {
  %x = plan.alloc : <f16, <"batch", 256>>
  %e = plan.input "e" : <f32, <"batch", 64>>
  // CHECK: %[[FRAGMENTS:.*]] = plan.weight "w" packing "mma"
  // CHECK-NEXT: %[[ROWS:.*]] = plan.weight "w" packing "wgmma"
  // CHECK-NEXT: plan.weight "v" packing "dot"
  // ALL-DAG: %[[OWN:.*]] = plan.weight "w" packing ""
  %w = plan.weight "w" packing "" dense<1.0> : tensor<256x128xf16> : <f16, <256, 128>>
  %v = plan.weight "v" packing "" dense<1.0> : tensor<128x1xf16> : <f16, <128, 1>>
  %u = plan.weight "u" packing "" dense<1.0> : tensor<64x64xf32> : <f32, <64, 64>>
  %y = plan.alloc : <f16, <"batch", 128>>
  %z = plan.output "z" : <f16, <"batch", 1>>
  %f = plan.output "f" : <f32, <"batch", 64>>
  // CHECK: plan.dispatch @wide(%{{.*}}, %[[FRAGMENTS]], %[[ROWS]], %{{[^,]*}}) :
  // ALL: plan.dispatch @wide(%{{.*}}, %{{.*}}, %{{.*}}, %[[OWN]], %{{.*}})
  plan.dispatch @wide(%x, %w, %y) : !plan.buffer<f16, <"batch", 256>>, !plan.buffer<f16, <256, 128>>, !plan.buffer<f16, <"batch", 128>>
  plan.dispatch @narrow(%y, %v, %z) : !plan.buffer<f16, <"batch", 128>>, !plan.buffer<f16, <128, 1>>, !plan.buffer<f16, <"batch", 1>>
  plan.dispatch @exact(%e, %u, %f) : !plan.buffer<f32, <"batch", 64>>, !plan.buffer<f32, <64, 64>>, !plan.buffer<f32, <"batch", 64>>
}
