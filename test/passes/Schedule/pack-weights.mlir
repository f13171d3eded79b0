// RUN: reckon-opt --plan-pack-weights=panel-width=16 %s | FileCheck %s
// RUN: reckon-opt --plan-pack-weights=panel-width=16 --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// RUN: not reckon-opt --plan-pack-weights=panel-width=0 %s 2>&1 | FileCheck %s --check-prefix=ERROR

// STATS: 2 panels
// STATS: 3 columns
// STATS: 2 turned
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
// What a convolution and a left-hand matrix compute side by side is stored side by side; below 8 it is not worth it.
// CHECK: plan.kernel @conv
// CHECK-SAME: operands [<strides = <8, 4, 1>, row = true>, <strides = <6, 1>, packing = <columns>>, <strides = <24, 3, 1>>]
// CHECK: ^bb0(%{{.*}}: tensor<2x2x4xf32>, %[[MATRIX:.*]]: tensor<8x6xf32>)
// CHECK: rec.reshape %[[MATRIX]] : (tensor<8x6xf32>) -> tensor<8x2x3xf32>
plan.kernel @conv rows dims [] operands [<strides = <8, 4, 1>, row = true>, <strides = <6, 3, 1>>, <strides = <24, 3, 1>>] {
^bb0(%x: tensor<2x2x4xf32>, %w: tensor<8x2x3xf32>):
  %0 = rec.conv %x, %w strides [1] pads [0, 1] dilations [1] groups 1 : (tensor<2x2x4xf32>, tensor<8x2x3xf32>) -> tensor<2x8x3xf32>
  rec.yield %0 : tensor<2x8x3xf32>
}
// CHECK: plan.kernel @left
// CHECK-SAME: operands [<strides = <4, 1>, packing = <columns>>, <strides = <12, 3, 1>, row = true>, <strides = <24, 3, 1>>]
plan.kernel @left rows dims [] operands [<strides = <4, 1>>, <strides = <12, 3, 1>, row = true>, <strides = <24, 3, 1>>] {
^bb0(%w: tensor<8x4xf32>, %x: tensor<2x4x3xf32>):
  %0 = rec.matmul %w, %x : (tensor<8x4xf32>, tensor<2x4x3xf32>) -> tensor<2x8x3xf32>
  rec.yield %0 : tensor<2x8x3xf32>
}
// CHECK: plan.kernel @few
// CHECK-SAME: operands [<strides = <4, 1>>, <strides = <12, 3, 1>, row = true>, <strides = <21, 3, 1>>]
plan.kernel @few rows dims [] operands [<strides = <4, 1>>, <strides = <12, 3, 1>, row = true>, <strides = <21, 3, 1>>] {
^bb0(%w: tensor<7x4xf32>, %x: tensor<2x4x3xf32>):
  %0 = rec.matmul %w, %x : (tensor<7x4xf32>, tensor<2x4x3xf32>) -> tensor<2x7x3xf32>
  rec.yield %0 : tensor<2x7x3xf32>
}
// The recurrence of a layer over rows; not where what is multiplied by is no weight.
// CHECK: plan.kernel @steps
// CHECK-SAME: operands [<strides = <45, 9, 1>, row = true>, <strides = <9, 1>, packing = <panels, 16>>, <strides = <3, 1>>]
plan.kernel @steps rows dims [] operands [<strides = <45, 9, 1>, row = true>, <strides = <9, 1>>, <strides = <3, 1>>] {
^bb0(%x: tensor<2x5x9xf32>, %r: tensor<3x9xf32>):
  %y, %h = rec.recurrence gru forward %x recurrence %r : (tensor<2x5x9xf32>, tensor<3x9xf32>) -> (tensor<2x5x3xf32>, tensor<2x3xf32>)
  rec.yield %h : tensor<2x3xf32>
}
// CHECK: plan.kernel @computed
// CHECK-SAME: operands [<strides = <15, 3, 1>, row = true>, <strides = <3, 1>>, <strides = <3, 1>>]
plan.kernel @computed rows dims [] operands [<strides = <15, 3, 1>, row = true>, <strides = <3, 1>>, <strides = <3, 1>>] {
^bb0(%x: tensor<2x5x3xf32>, %r: tensor<3x3xf32>):
  %y, %h = rec.recurrence rnn forward %x recurrence %r : (tensor<2x5x3xf32>, tensor<3x3xf32>) -> (tensor<2x5x3xf32>, tensor<2x3xf32>)
  rec.yield %h : tensor<2x3xf32>
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
  %cx = plan.input "cx" : !plan.buffer<f32, <2, 2, 4>>
  %cw = plan.weight "cw" dense<1.0> : tensor<8x2x3xf32> : !plan.buffer<f32, <8, 2, 3>>
  // CHECK-DAG: plan.weight "cw" packing <columns> dense<1.000000e+00> : tensor<8x6xf32> : <f32, <8, 6>>
  %cy = plan.output "cy" : !plan.buffer<f32, <2, 8, 3>>
  %lx = plan.input "lx" : !plan.buffer<f32, <2, 4, 3>>
  // CHECK-DAG: plan.weight "lw" packing <columns>
  %lw = plan.weight "lw" dense<1.0> : tensor<8x4xf32> : !plan.buffer<f32, <8, 4>>
  %ly = plan.output "ly" : !plan.buffer<f32, <2, 8, 3>>
  // CHECK: plan.dispatch @wide(%[[X]], %[[PACKED]],
  plan.dispatch @wide(%x, %w, %y) : !plan.buffer<f32, <2, 4>>, !plan.buffer<f32, <4, 8>>, !plan.buffer<f32, <2, 8>>
  // CHECK: plan.dispatch @narrow(%[[X]], %[[COLUMNS]],
  plan.dispatch @narrow(%x, %v, %z) : !plan.buffer<f32, <2, 4>>, !plan.buffer<f32, <4, 1>>, !plan.buffer<f32, <2, 1>>
  // CHECK: plan.dispatch @copy(%[[PLAIN]],
  plan.dispatch @copy(%w, %c) : !plan.buffer<f32, <4, 8>>, !plan.buffer<f32, <4, 8>>
  plan.dispatch @conv(%cx, %cw, %cy) : !plan.buffer<f32, <2, 2, 4>>, !plan.buffer<f32, <8, 2, 3>>, !plan.buffer<f32, <2, 8, 3>>
  %sx = plan.input "sx" : !plan.buffer<f32, <2, 5, 9>>
  %sr = plan.weight "sr" dense<1.0> : tensor<3x9xf32> : !plan.buffer<f32, <3, 9>>
  %sh = plan.output "sh" : !plan.buffer<f32, <2, 3>>
  plan.dispatch @steps(%sx, %sr, %sh) : !plan.buffer<f32, <2, 5, 9>>, !plan.buffer<f32, <3, 9>>, !plan.buffer<f32, <2, 3>>
  %dx = plan.input "dx" : !plan.buffer<f32, <2, 5, 3>>
  %dr = plan.input "dr" : !plan.buffer<f32, <3, 3>>
  %dh = plan.output "dh" : !plan.buffer<f32, <2, 3>>
  plan.dispatch @computed(%dx, %dr, %dh) : !plan.buffer<f32, <2, 5, 3>>, !plan.buffer<f32, <3, 3>>, !plan.buffer<f32, <2, 3>>
  plan.dispatch @left(%lw, %lx, %ly) : !plan.buffer<f32, <8, 4>>, !plan.buffer<f32, <2, 4, 3>>, !plan.buffer<f32, <2, 8, 3>>
}
