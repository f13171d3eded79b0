// RUN: reckon-opt --plan-pack-weights=panel-width=16 %s | FileCheck %s
// RUN: reckon-opt --plan-pack-weights=panel-width=16 --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// RUN: not reckon-opt --plan-pack-weights=panel-width=0 %s 2>&1 | FileCheck %s --check-prefix=ERROR

// STATS: 1 panels
// STATS: 1 columns
// ERROR: expected a panel width of 1 or more, not 0

// CHECK: plan.kernel @wide
// CHECK-SAME: operands [<strides = <4, 1>, row = true>, <strides = <8, 1>, packing = <panels, 16>>, <strides = <8, 1>>]
plan.kernel @wide gemm dims [] operands [<strides = <4, 1>, row = true>, <strides = <8, 1>>, <strides = <8, 1>>] {
^bb0(%x: tensor<2x4xf32>, %w: tensor<4x8xf32>):
  %0 = rec.linear %x, %w : (tensor<2x4xf32>, tensor<4x8xf32>) -> tensor<2x8xf32>
  rec.yield %0 : tensor<2x8xf32>
}
// CHECK: plan.kernel @narrow
// CHECK-SAME: operands [<strides = <4, 1>, row = true>, <strides = <1, 1>, packing = <columns>>, <strides = <1, 1>>]
plan.kernel @narrow gemm dims [] operands [<strides = <4, 1>, row = true>, <strides = <1, 1>>, <strides = <1, 1>>] {
^bb0(%x: tensor<2x4xf32>, %w: tensor<4x1xf32>):
  %0 = rec.linear %x, %w : (tensor<2x4xf32>, tensor<4x1xf32>) -> tensor<2x1xf32>
  rec.yield %0 : tensor<2x1xf32>
}
// CHECK: plan.kernel @copy
// CHECK-SAME: operands [<strides = <8, 1>, row = true>, <strides = <8, 1>>]
plan.kernel @copy rows dims [] operands [<strides = <8, 1>, row = true>, <strides = <8, 1>>] {
^bb0(%w: tensor<4x8xf32>):
  rec.yield %w : tensor<4x8xf32>
}
plan.program @main dims [] {
  // CHECK: %[[X:.*]] = plan.input
  %x = plan.input "x" : !plan.buffer<f32, <2, 4>>
  // Read by a GEMM and by a copy: stored twice.
  // CHECK-DAG: %[[PACKED:.*]] = plan.weight "w" packing <panels, 16>
  // CHECK-DAG: %[[PLAIN:.*]] = plan.weight "w" dense
  %w = plan.weight "w" dense<1.0> : tensor<4x8xf32> : !plan.buffer<f32, <4, 8>>
  // CHECK-DAG: %[[COLUMNS:.*]] = plan.weight "v" packing <columns>
  %v = plan.weight "v" dense<1.0> : tensor<4x1xf32> : !plan.buffer<f32, <4, 1>>
  %y = plan.output "y" : !plan.buffer<f32, <2, 8>>
  %z = plan.output "z" : !plan.buffer<f32, <2, 1>>
  %c = plan.output "c" : !plan.buffer<f32, <4, 8>>
  // CHECK: plan.dispatch @wide(%[[X]], %[[PACKED]],
  plan.dispatch @wide(%x, %w, %y) : !plan.buffer<f32, <2, 4>>, !plan.buffer<f32, <4, 8>>, !plan.buffer<f32, <2, 8>>
  // CHECK: plan.dispatch @narrow(%[[X]], %[[COLUMNS]],
  plan.dispatch @narrow(%x, %v, %z) : !plan.buffer<f32, <2, 4>>, !plan.buffer<f32, <4, 1>>, !plan.buffer<f32, <2, 1>>
  // CHECK: plan.dispatch @copy(%[[PLAIN]],
  plan.dispatch @copy(%w, %c) : !plan.buffer<f32, <4, 8>>, !plan.buffer<f32, <4, 8>>
}
