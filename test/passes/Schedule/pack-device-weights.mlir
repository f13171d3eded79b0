// RUN: reckon-opt --plan-choose-launches --plan-pack-device-weights %s | FileCheck %s
// RUN: reckon-opt --plan-choose-launches=all-candidates=true --plan-pack-device-weights %s | FileCheck %s --check-prefix=ALL
// RUN: reckon-opt --plan-choose-launches=arch=sm_80 --plan-pack-device-weights=arch=sm_80 %s | FileCheck %s --check-prefix=OLD
// RUN: reckon-opt --plan-choose-launches --plan-pack-device-weights --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// STATS-DAG: 2 alternatives
// STATS-DAG: 4 packed

// Few rows read fragments, many rows tiles: the weight is there twice. A library that may be timed reads the model's own
// order; nothing else does.
// CHECK: plan.kernel @wide
// CHECK-SAME: operands [<strides = <256, 1>, row = true, aligned = true>, <strides = <128, 1>, packing = <mma>, aligned = true, constant = true>,
// CHECK-SAME: <strides = <128, 1>, packing = <wgmma>, alternative_to = 1, aligned = true, constant = true>, <strides = <128, 1>, aligned = true>]
// ALL: plan.kernel @wide
// ALL-SAME: packing = <mma>, aligned = true, constant = true>, <strides = <128, 1>, packing = <wgmma>, alternative_to = 1, aligned = true, constant = true>,
// ALL-SAME: <strides = <128, 1>, alternative_to = 1, aligned = true, constant = true>, <strides = <128, 1>, aligned = true>]
// OLD: plan.kernel @wide
// OLD-SAME: operands [<strides = <256, 1>, row = true, aligned = true>, <strides = <128, 1>, packing = <mma>, aligned = true, constant = true>, <strides = <128, 1>, aligned = true>]
plan.kernel @wide gemm dims ["batch"] operands [
    <strides = <256, 1>, row = true>, <strides = <128, 1>>, <strides = <128, 1>>] {
^bb0(%x: tensor<?x256xf16, #rec.dims<"batch", 256>>, %w: tensor<256x128xf16>):
  %0 = rec.linear %x, %w : (tensor<?x256xf16, #rec.dims<"batch", 256>>, tensor<256x128xf16>) -> tensor<?x128xf16, #rec.dims<"batch", 128>>
  rec.yield %0 : tensor<?x128xf16, #rec.dims<"batch", 128>>
}
// The caller's memory is aligned to its elements only, so bulk copies cannot read it.
// CHECK: plan.kernel @narrow
// CHECK-SAME: operands [<strides = <128, 1>, row = true, aligned = true>, <strides = <1, 1>, packing = <dot>, aligned = true, constant = true>, <strides = <1, 1>>]
plan.kernel @narrow gemm dims ["batch"] operands [
    <strides = <128, 1>, row = true>, <strides = <1, 1>>, <strides = <1, 1>>] {
^bb0(%x: tensor<?x128xf16, #rec.dims<"batch", 128>>, %w: tensor<128x1xf16>):
  %0 = rec.linear %x, %w : (tensor<?x128xf16, #rec.dims<"batch", 128>>, tensor<128x1xf16>) -> tensor<?x1xf16, #rec.dims<"batch", 1>>
  rec.yield %0 : tensor<?x1xf16, #rec.dims<"batch", 1>>
}
// CHECK: plan.kernel @exact
// CHECK-SAME: <strides = <64, 1>, packing = <dot>, aligned = true, constant = true>, <strides = <64, 1>, alternative_to = 1, aligned = true, constant = true>, <strides = <64, 1>>]
plan.kernel @exact gemm dims ["batch"] operands [
    <strides = <64, 1>, row = true>, <strides = <64, 1>>, <strides = <64, 1>>] {
^bb0(%x: tensor<?x64xf32, #rec.dims<"batch", 64>>, %w: tensor<64x64xf32>):
  %0 = rec.linear %x, %w : (tensor<?x64xf32, #rec.dims<"batch", 64>>, tensor<64x64xf32>) -> tensor<?x64xf32, #rec.dims<"batch", 64>>
  rec.yield %0 : tensor<?x64xf32, #rec.dims<"batch", 64>>
}
plan.program @main dims ["batch"] {
  %x = plan.alloc : <f16, <"batch", 256>>
  %e = plan.input "e" : <f32, <"batch", 64>>
  // CHECK: %[[FRAGMENTS:.*]] = plan.weight "w" packing <mma>
  // CHECK-NEXT: %[[ROWS:.*]] = plan.weight "w" packing <wgmma>
  // CHECK-NEXT: plan.weight "v" packing <dot>
  // ALL-DAG: %[[OWN:.*]] = plan.weight "w" dense
  %w = plan.weight "w" dense<1.0> : tensor<256x128xf16> : <f16, <256, 128>>
  %v = plan.weight "v" dense<1.0> : tensor<128x1xf16> : <f16, <128, 1>>
  %u = plan.weight "u" dense<1.0> : tensor<64x64xf32> : <f32, <64, 64>>
  %y = plan.alloc : <f16, <"batch", 128>>
  %z = plan.output "z" : <f16, <"batch", 1>>
  %f = plan.output "f" : <f32, <"batch", 64>>
  // CHECK: plan.dispatch @wide(%{{.*}}, %[[FRAGMENTS]], %[[ROWS]], %{{[^,]*}}) :
  // ALL: plan.dispatch @wide(%{{.*}}, %{{.*}}, %{{.*}}, %[[OWN]], %{{.*}})
  plan.dispatch @wide(%x, %w, %y) : !plan.buffer<f16, <"batch", 256>>, !plan.buffer<f16, <256, 128>>, !plan.buffer<f16, <"batch", 128>>
  plan.dispatch @narrow(%y, %v, %z) : !plan.buffer<f16, <"batch", 128>>, !plan.buffer<f16, <128, 1>>, !plan.buffer<f16, <"batch", 1>>
  plan.dispatch @exact(%e, %u, %f) : !plan.buffer<f32, <"batch", 64>>, !plan.buffer<f32, <64, 64>>, !plan.buffer<f32, <"batch", 64>>
}
