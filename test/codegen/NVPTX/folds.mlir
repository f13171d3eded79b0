// Softmax and norms read a line once, into registers, and write it once, with what is behind them applied. Places are
// folds of keys.
// RUN: reckon-opt %s --rec-emit-cuda-kernels | FileCheck %s

// Sixteen lanes a line of 64, four elements each.
// CHECK: plan.kernel @softmax{{.*}}threads = 256, grid = <"floordiv(max(64*batch, 1)+255, 256)">, blocks_per_sm = 8, uses_pdl = true>]
plan.kernel @softmax rows dims ["batch"] operands [<strides = <64, 1>, row = true>, <strides = <64, 1>>] {
^bb0(%x: tensor<?x64xf32, #rec.dims<"batch", 64>>):
  %0 = rec.softmax %x axis 1 : (tensor<?x64xf32, #rec.dims<"batch", 64>>) -> tensor<?x64xf32, #rec.dims<"batch", 64>>
  %1 = rec.binary mul %0, %x : (tensor<?x64xf32, #rec.dims<"batch", 64>>, tensor<?x64xf32, #rec.dims<"batch", 64>>)
    -> tensor<?x64xf32, #rec.dims<"batch", 64>>
  rec.yield %1 : tensor<?x64xf32, #rec.dims<"batch", 64>>
}

// A line too long for a warp's registers is a block's.
// CHECK: plan.kernel @long{{.*}}threads = 256, grid = <"batch">
plan.kernel @long rows dims ["batch"] operands [<strides = <5000, 1>, row = true>, <strides = <5000, 1>>] {
^bb0(%x: tensor<?x5000xf32, #rec.dims<"batch", 5000>>):
  %0 = rec.softmax %x axis 1 : (tensor<?x5000xf32, #rec.dims<"batch", 5000>>) -> tensor<?x5000xf32, #rec.dims<"batch", 5000>>
  rec.yield %0 : tensor<?x5000xf32, #rec.dims<"batch", 5000>>
}

// One of unknown length is read again for each step.
// CHECK: plan.kernel @unknown
plan.kernel @unknown rows dims ["batch", "seq"] operands [<strides = <"seq", 1>, row = true>, <strides = <"seq", 1>>] {
^bb0(%x: tensor<?x?xf32, #rec.dims<"batch", "seq">>):
  %0 = rec.softmax %x axis 1 : (tensor<?x?xf32, #rec.dims<"batch", "seq">>) -> tensor<?x?xf32, #rec.dims<"batch", "seq">>
  rec.yield %0 : tensor<?x?xf32, #rec.dims<"batch", "seq">>
}

// Four lanes a line of 13.
// CHECK: plan.kernel @place{{.*}}threads = 256, grid = <"floordiv(
plan.kernel @place rows dims ["batch"] operands [<strides = <13, 1>, row = true>, <strides = <1>>] {
^bb0(%x: tensor<?x13xf32, #rec.dims<"batch", 13>>):
  %0 = rec.arg_reduce max %x axis 1 : (tensor<?x13xf32, #rec.dims<"batch", 13>>) -> tensor<?xi64, #rec.dims<"batch">>
  rec.yield %0 : tensor<?xi64, #rec.dims<"batch">>
}

// Keys hold no numbers of 64 bits: one after another is compared.
// CHECK: plan.kernel @wide
plan.kernel @wide rows dims ["batch"] operands [<strides = <13, 1>, row = true>, <strides = <1>>] {
^bb0(%x: tensor<?x13xi64, #rec.dims<"batch", 13>>):
  %0 = rec.arg_reduce min %x axis 1 : (tensor<?x13xi64, #rec.dims<"batch", 13>>) -> tensor<?xi64, #rec.dims<"batch">>
  rec.yield %0 : tensor<?xi64, #rec.dims<"batch">>
}

// CHECK-LABEL: llvm.func @softmax
// CHECK-COUNT-4: math.exp
// CHECK-NOT: math.exp
// CHECK-LABEL: llvm.func @long
// CHECK-COUNT-20: math.exp
// CHECK-NOT: math.exp
// CHECK-LABEL: llvm.func @unknown
// CHECK: scf.for
// CHECK: math.exp
// CHECK-LABEL: llvm.func @place
// CHECK-COUNT-4: arith.cmpf uno
// CHECK-COUNT-2: arith.maxsi {{.*}} : i64
// CHECK: nvvm.shfl.sync bfly
// CHECK-LABEL: llvm.func @wide
// CHECK-NOT: nvvm.shfl.sync
// CHECK: scf.for
// CHECK: arith.cmpi slt
