// RUN: reckon-opt %s --rec-emit-host-kernels=host-cpu=x86-64-v4 | FileCheck %s

// One layer, relu: the tile function writes the output itself. 40 columns are a full panel of 32 and one of 8, which needs
// one vector; rows beyond whole tiles of 12 go by 8, 4, 2 and 1.
plan.kernel @plain gemm dims ["batch"] operands [
    <strides = <13, 1>, row = true>, <strides = <40, 1>, packing = <panels, 32>>, <strides = <1>>, <strides = <40, 1>>] {
^bb0(%x: tensor<?x13xf32, #rec.dims<"batch", 13>>, %w: tensor<13x40xf32>, %b: tensor<40xf32>):
  %0 = rec.linear %x, %w, %b : (tensor<?x13xf32, #rec.dims<"batch", 13>>, tensor<13x40xf32>, tensor<40xf32>)
    -> tensor<?x40xf32, #rec.dims<"batch", 40>>
  %1 = rec.unary relu %0 : (tensor<?x40xf32, #rec.dims<"batch", 40>>) -> tensor<?x40xf32, #rec.dims<"batch", 40>>
  rec.yield %1 : tensor<?x40xf32, #rec.dims<"batch", 40>>
}

// An epilogue beyond relu works on the tile in scratch: 48 rows x 32 columns of it.
plan.kernel @epilogue gemm dims [] operands [
    <strides = <8, 1>, row = true>, <strides = <32, 1>, packing = <panels, 32>>, <strides = <32, 1>, row = true>, <strides = <32, 1>>] {
^bb0(%x: tensor<64x8xf32>, %w: tensor<8x32xf32>, %y: tensor<64x32xf32>):
  %0 = rec.linear %x, %w : (tensor<64x8xf32>, tensor<8x32xf32>) -> tensor<64x32xf32>
  %1 = rec.binary mul %0, %y : (tensor<64x32xf32>, tensor<64x32xf32>) -> tensor<64x32xf32>
  rec.yield %1 : tensor<64x32xf32>
}

// A few columns only: dot products along the transposed weight, no tile.
plan.kernel @columns gemm dims [] operands [
    <strides = <256, 1>, row = true>, <strides = <1, 1>, packing = <columns>>, <strides = <1, 1>>] {
^bb0(%x: tensor<64x256xf32>, %w: tensor<256x1xf32>):
  %0 = rec.linear %x, %w : (tensor<64x256xf32>, tensor<256x1xf32>) -> tensor<64x1xf32>
  rec.yield %0 : tensor<64x1xf32>
}

// CHECK: plan.kernel @plain{{.*}}scratch_bytes = #rec.dims<0>
// CHECK: plan.kernel @epilogue{{.*}}scratch_bytes = #rec.dims<6144>

// CHECK-LABEL: module @host_code
// A full tile keeps 24 sums in registers: twelve rows of two vectors.
// CHECK: func.func private @reckon.tile.12x2
// CHECK: scf.for {{.*}} iter_args({{((%[a-z0-9_]+ = %[a-z0-9_]+, ){23})}}%
// CHECK-LABEL: func.func @plain(
// CHECK-LABEL: func.func private @plain.body(
// What is more than whole tiles is one tile of as many rows, or two of about half, as one more whole tile would have with it.
// CHECK: scf.for
// CHECK: call @reckon.tile.12x2.bias.relu
// CHECK: call @reckon.tile.1x2.bias.relu
// CHECK: call @reckon.tile.2x2.bias.relu
// CHECK: call @reckon.tile.11x2.bias.relu
// CHECK: call @reckon.tile.12x2.bias.relu
// CHECK-NOT: call @reckon.tile.5x2.bias.relu
// CHECK: call @reckon.tile.6x2.bias.relu
// CHECK: call @reckon.tile.11x2.bias.relu
// CHECK: call @reckon.tile.12x1.bias.relu
// CHECK-LABEL: func.func private @epilogue.body(
// CHECK: call @reckon.tile.12x2(
// CHECK: arith.mulf
// CHECK-LABEL: func.func private @columns.body(
// CHECK-NOT: call @reckon.tile
// CHECK: arith.addf {{.*}} fastmath<reassoc,contract>
