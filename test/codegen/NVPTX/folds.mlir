// Softmax and norms read a line once, into registers, and write it once, with what is behind them applied.
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

// CHECK-LABEL: llvm.func @softmax
// CHECK-COUNT-4: math.exp
// CHECK-NOT: math.exp
// CHECK-LABEL: llvm.func @long
// CHECK-COUNT-20: math.exp
// CHECK-NOT: math.exp
// CHECK-LABEL: llvm.func @unknown
// CHECK: scf.for
// CHECK: math.exp
