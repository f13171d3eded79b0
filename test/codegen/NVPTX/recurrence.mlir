// Steps of a recurrent layer: in half precision 16 rows a block on tensor cores, each of 8 warps with the 3 gates of 8 units, 4 products
// of 16 inner positions a gate. In single precision a thread a unit, for 1, 4 and 8 rows a block. More units than a block
// has threads go to the generic emitter.
// RUN: reckon-compile %s --target=cuda --precision=fp16 --emit=ptx -o - | FileCheck %s
// RUN: reckon-compile %s --target=cuda --emit=ptx -o - | FileCheck %s --check-prefix=SINGLE
// RUN: sed 's/64/1040/g; s/192/3120/g' %s > %t.mlir && reckon-compile %t.mlir --target=cuda --emit=ptx -o - | FileCheck %s --check-prefix=OTHER

// CHECK: .visible .entry rows_recurrence_mma(
// CHECK: .reqntid 256
// CHECK-COUNT-4: ldmatrix.sync.aligned.m8n8.x4
// CHECK: mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32
// CHECK: bar{{(rier)?}}.sync
// SINGLE: .visible .entry rows_recurrence_rows1(
// SINGLE: .reqntid 64
// SINGLE: ld.shared.v4
// SINGLE: .visible .entry rows_recurrence_rows4(
// SINGLE: .visible .entry rows_recurrence_rows8(
// OTHER: .visible .entry rows_recurrence(
// OTHER: .reqntid 256
func.func @main(%x: tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>> {rec.name = "x"})
    -> (tensor<?x64xf32, #rec.dims<"batch", 64>> {rec.name = "h"}) {
  %w = rec.constant "w" = dense<0.5> : tensor<3x192xf32>
  %r = rec.constant "r" = dense<0.25> : tensor<64x192xf32>
  %0 = rec.linear %x, %w : (tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>>, tensor<3x192xf32>)
    -> tensor<?x5x192xf32, #rec.dims<"batch", 5, 192>>
  %y, %h = rec.recurrence gru forward %0 recurrence %r {linear_before_reset}
    : (tensor<?x5x192xf32, #rec.dims<"batch", 5, 192>>, tensor<64x192xf32>)
    -> (tensor<?x5x64xf32, #rec.dims<"batch", 5, 64>>, tensor<?x64xf32, #rec.dims<"batch", 64>>)
  return %h : tensor<?x64xf32, #rec.dims<"batch", 64>>
}
