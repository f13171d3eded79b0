// RUN: reckon-opt --plan-estimate-costs %s | FileCheck %s

plan.kernel @gemm gemm dims ["n"] operands [
    <strides = <4, 1>, row = true>, <strides = <40, 1>, packing = <panels, 16>>, <strides = <40, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>, %w: tensor<4x40xf32>):
  %0 = rec.linear %x, %w : (tensor<?x4xf32, #rec.dims<"n", 4>>, tensor<4x40xf32>) -> tensor<?x40xf32, #rec.dims<"n", 40>>
  rec.yield %0 : tensor<?x40xf32, #rec.dims<"n", 40>>
}
// The second layer of a pair needs all of the first: no column blocks.
plan.kernel @pair gemm dims ["n"] operands [
    <strides = <40, 1>, row = true>, <strides = <2, 1>, packing = <columns>>, <strides = <40, 1>, packing = <panels, 16>>, <strides = <40, 1>>] {
^bb0(%x: tensor<?x40xf32, #rec.dims<"n", 40>>, %v: tensor<40x2xf32>, %u: tensor<2x40xf32>):
  %0 = rec.linear %x, %v : (tensor<?x40xf32, #rec.dims<"n", 40>>, tensor<40x2xf32>) -> tensor<?x2xf32, #rec.dims<"n", 2>>
  %1 = rec.linear %0, %u : (tensor<?x2xf32, #rec.dims<"n", 2>>, tensor<2x40xf32>) -> tensor<?x40xf32, #rec.dims<"n", 40>>
  rec.yield %1 : tensor<?x40xf32, #rec.dims<"n", 40>>
}
// Directions are column blocks.
plan.kernel @steps rows dims ["n"] operands [
    <strides = <30, 6, 1>, row = true>, <strides = <3, 1>, packing = <panels, 16>>, <strides = <6, 1>>] {
^bb0(%x: tensor<?x5x6xf32, #rec.dims<"n", 5, 6>>, %r: tensor<6x3xf32>):
  %y, %h = rec.recurrence rnn bidirectional %x recurrence %r
    : (tensor<?x5x6xf32, #rec.dims<"n", 5, 6>>, tensor<6x3xf32>)
    -> (tensor<?x5x6xf32, #rec.dims<"n", 5, 6>>, tensor<?x6xf32, #rec.dims<"n", 6>>)
  rec.yield %h : tensor<?x6xf32, #rec.dims<"n", 6>>
}
plan.program @main dims ["n"] {
  %x = plan.input "x" : !plan.buffer<f32, <"n", 4>>
  %w = plan.weight "w" packing <panels, 16> dense<1.0> : tensor<4x40xf32> : !plan.buffer<f32, <4, 40>>
  %v = plan.weight "v" packing <columns> dense<1.0> : tensor<40x2xf32> : !plan.buffer<f32, <40, 2>>
  %u = plan.weight "u" packing <panels, 16> dense<1.0> : tensor<2x40xf32> : !plan.buffer<f32, <2, 40>>
  %0 = plan.alloc : !plan.buffer<f32, <"n", 40>>
  %y = plan.output "y" : !plan.buffer<f32, <"n", 40>>
  // 2 * 4 * 40 operations and 40 stores; 640 bytes of weight; ceil(40 / 16) blocks.
  // CHECK: plan.dispatch @gemm({{.*}}) {bytes_fixed = 640 : i64, columns = 3 : i64, flops_per_row = 360 : i64}
  plan.dispatch @gemm(%x, %w, %0) : !plan.buffer<f32, <"n", 4>>, !plan.buffer<f32, <4, 40>>, !plan.buffer<f32, <"n", 40>>
  %sx = plan.input "sx" : !plan.buffer<f32, <"n", 5, 6>>
  %sr = plan.weight "sr" packing <panels, 16> dense<1.0> : tensor<6x3xf32> : !plan.buffer<f32, <6, 3>>
  %sh = plan.output "sh" : !plan.buffer<f32, <"n", 6>>
  // 5 * 6 units of 2 * 3 operations of the product and 16 of the gate, and 6 stores.
  // CHECK: plan.dispatch @steps({{.*}}) {bytes_fixed = 72 : i64, columns = 2 : i64, flops_per_row = 666 : i64}
  plan.dispatch @steps(%sx, %sr, %sh) : !plan.buffer<f32, <"n", 5, 6>>, !plan.buffer<f32, <6, 3>>, !plan.buffer<f32, <"n", 6>>
  // CHECK: plan.dispatch @pair({{.*}}) {bytes_fixed = 640 : i64, flops_per_row = 360 : i64}
  plan.dispatch @pair(%0, %v, %u, %y)
    : !plan.buffer<f32, <"n", 40>>, !plan.buffer<f32, <40, 2>>, !plan.buffer<f32, <2, 40>>, !plan.buffer<f32, <"n", 40>>
}
