// RUN: reckon-opt --plan-pack-device-weights --plan-cover-linear-chains --plan-cover-linear-stacks --mlir-print-local-scope %s | FileCheck %s
// RUN: reckon-opt --plan-pack-device-weights=arch=sm_90 --plan-cover-linear-stacks=arch=sm_90 %s | FileCheck %s --check-prefix=OLD
// RUN: reckon-opt --plan-pack-device-weights --plan-cover-linear-stacks --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// STATS-DAG: 1 stacks
// STATS-DAG: 3 covered

// The first layer has a short inner dimension, the next two few columns. The fourth has too many to stay in registers:
// it ends the stack. The chain for few rows may be of other layers.

// OLD-NOT: stack_
// CHECK: plan.kernel @stack_first gemm dims ["batch"] operands [<strides = <13, 1>, row = true>, <strides = <512, 1>>, <strides = <1>>,
// CHECK-SAME: <strides = <256, 1>, packing = <dot>>, <strides = <128, 1>, packing = <wgmma>>, <strides = <128, 1>>]
// CHECK-SAME: stack_rows = {{[0-9]+}} : i64
// CHECK: rec.linear
// CHECK: rec.unary relu
// CHECK: rec.linear
// CHECK: rec.linear
// CHECK: rec.yield
// CHECK-NOT: plan.kernel @stack

plan.kernel @gemm_first gemm dims ["batch"] operands [
    <strides = <13, 1>, row = true>, <strides = <512, 1>>, <strides = <1>>, <strides = <512, 1>>] {
^bb0(%x: tensor<?x13xf32, #rec.dims<"batch", 13>>, %w: tensor<13x512xf16>, %b: tensor<512xf16>):
  %c = rec.cast %x : (tensor<?x13xf32, #rec.dims<"batch", 13>>) -> tensor<?x13xf16, #rec.dims<"batch", 13>>
  %0 = rec.linear %c, %w, %b : (tensor<?x13xf16, #rec.dims<"batch", 13>>, tensor<13x512xf16>, tensor<512xf16>) -> tensor<?x512xf16, #rec.dims<"batch", 512>>
  %1 = rec.unary relu %0 : (tensor<?x512xf16, #rec.dims<"batch", 512>>) -> tensor<?x512xf16, #rec.dims<"batch", 512>>
  rec.yield %1 : tensor<?x512xf16, #rec.dims<"batch", 512>>
}
plan.kernel @gemm_second gemm dims ["batch"] operands [
    <strides = <512, 1>, row = true>, <strides = <256, 1>>, <strides = <256, 1>>] {
^bb0(%x: tensor<?x512xf16, #rec.dims<"batch", 512>>, %w: tensor<512x256xf16>):
  %0 = rec.linear %x, %w : (tensor<?x512xf16, #rec.dims<"batch", 512>>, tensor<512x256xf16>) -> tensor<?x256xf16, #rec.dims<"batch", 256>>
  rec.yield %0 : tensor<?x256xf16, #rec.dims<"batch", 256>>
}
plan.kernel @gemm_third gemm dims ["batch"] operands [
    <strides = <256, 1>, row = true>, <strides = <128, 1>>, <strides = <128, 1>>] {
^bb0(%x: tensor<?x256xf16, #rec.dims<"batch", 256>>, %w: tensor<256x128xf16>):
  %0 = rec.linear %x, %w : (tensor<?x256xf16, #rec.dims<"batch", 256>>, tensor<256x128xf16>) -> tensor<?x128xf16, #rec.dims<"batch", 128>>
  rec.yield %0 : tensor<?x128xf16, #rec.dims<"batch", 128>>
}
plan.kernel @gemm_fourth gemm dims ["batch"] operands [
    <strides = <128, 1>, row = true>, <strides = <1024, 1>>, <strides = <1024, 1>>] {
^bb0(%x: tensor<?x128xf16, #rec.dims<"batch", 128>>, %w: tensor<128x1024xf16>):
  %0 = rec.linear %x, %w : (tensor<?x128xf16, #rec.dims<"batch", 128>>, tensor<128x1024xf16>) -> tensor<?x1024xf16, #rec.dims<"batch", 1024>>
  rec.yield %0 : tensor<?x1024xf16, #rec.dims<"batch", 1024>>
}
// CHECK-LABEL: plan.program @main
plan.program @main dims ["batch"] {
  %x = plan.input "x" : <f32, <"batch", 13>>
  // CHECK-DAG: %[[W:.*]] = plan.weight "w" dense
  // CHECK-DAG: %[[U:.*]] = plan.weight "u" packing <dot>
  // CHECK-DAG: %[[V:.*]] = plan.weight "v" packing <wgmma>
  %w = plan.weight "w" dense<1.0> : tensor<13x512xf16> : <f16, <13, 512>>
  %b = plan.weight "b" dense<1.0> : tensor<512xf16> : <f16, <512>>
  %u = plan.weight "u" dense<1.0> : tensor<512x256xf16> : <f16, <512, 256>>
  %v = plan.weight "v" dense<1.0> : tensor<256x128xf16> : <f16, <256, 128>>
  %t = plan.weight "t" dense<1.0> : tensor<128x1024xf16> : <f16, <128, 1024>>
  %y0 = plan.alloc : <f16, <"batch", 512>>
  %y1 = plan.alloc : <f16, <"batch", 256>>
  %y2 = plan.alloc : <f16, <"batch", 128>>
  %y3 = plan.output "y" : <f16, <"batch", 1024>>
  plan.dispatch @gemm_first(%x, %w, %b, %y0) : !plan.buffer<f32, <"batch", 13>>, !plan.buffer<f16, <13, 512>>, !plan.buffer<f16, <512>>, !plan.buffer<f16, <"batch", 512>>
  plan.dispatch @gemm_second(%y0, %u, %y1) : !plan.buffer<f16, <"batch", 512>>, !plan.buffer<f16, <512, 256>>, !plan.buffer<f16, <"batch", 256>>
  // CHECK: plan.dispatch @gemm_first({{.*}}) as @gemm_first
  // CHECK: plan.dispatch @gemm_second({{.*}}) as @gemm_second
  // CHECK: plan.dispatch @gemm_third({{.*}}) as @gemm_third
  plan.dispatch @gemm_third(%y1, %v, %y2) : !plan.buffer<f16, <"batch", 256>>, !plan.buffer<f16, <256, 128>>, !plan.buffer<f16, <"batch", 128>>
  // CHECK: plan.dispatch @stack_first(%{{.*}}, %[[W]], %{{.*}}, %[[U]], %[[V]], %{{.*}}) covers [@gemm_first, @gemm_second, @gemm_third]
  plan.dispatch @gemm_fourth(%y2, %t, %y3) : !plan.buffer<f16, <"batch", 128>>, !plan.buffer<f16, <128, 1024>>, !plan.buffer<f16, <"batch", 1024>>
}
