// RUN: reckon-opt '--pass-pipeline=builtin.module(plan.program(plan-assign-buffers))' %s | FileCheck %s
// RUN: reckon-opt '--pass-pipeline=builtin.module(plan.program(plan-assign-buffers))' --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// RUN: reckon-opt '--pass-pipeline=builtin.module(plan.program(plan-assign-buffers{local-bytes=4096}))' %s | FileCheck %s --check-prefix=SMALL
// RUN: reckon-opt '--pass-pipeline=builtin.module(plan.program(plan-assign-buffers{allow-local=false}))' --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=ARENA

// RUN: reckon-opt '--pass-pipeline=builtin.module(plan.program(plan-assign-buffers{share-slots=false}))' --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=APART

// APART: 5 arena
// APART: 5 slots
// APART: 7 local-slots

// ARENA-NOT: local$
// ARENA: 12 arena

// STATS: 7 local
// STATS: 5 arena
// STATS: 3 slots
// STATS: 6 local-slots
// STATS: 32768 arena-bytes
// STATS: 16968 local-row-bytes
// STATS: 1143296 unshared-bytes

plan.kernel @row rows dims ["n", "m"] operands [<strides = <32, 1>, row = true>, <strides = <32, 1>>] {
^bb0(%x: tensor<?x32xf32, #rec.dims<"n", 32>>):
  rec.yield %x : tensor<?x32xf32, #rec.dims<"n", 32>>
}
plan.kernel @widen rows dims ["n", "m"] operands [<strides = <32, 1>, row = true>, <strides = <64, 1>>] {
^bb0(%x: tensor<?x32xf32, #rec.dims<"n", 32>>):
  %0 = rec.concat %x, %x axis 1 : (tensor<?x32xf32, #rec.dims<"n", 32>>, tensor<?x32xf32, #rec.dims<"n", 32>>) -> tensor<?x64xf32, #rec.dims<"n", 64>>
  rec.yield %0 : tensor<?x64xf32, #rec.dims<"n", 64>>
}
plan.kernel @narrow rows dims ["n", "m"] operands [<strides = <64, 1>, row = true>, <strides = <32, 1>>] {
^bb0(%x: tensor<?x64xf32, #rec.dims<"n", 64>>):
  %0 = rec.slice %x starts <0, 0> sizes <"n", 32> steps [1, 1] : (tensor<?x64xf32, #rec.dims<"n", 64>>) -> tensor<?x32xf32, #rec.dims<"n", 32>>
  rec.yield %0 : tensor<?x32xf32, #rec.dims<"n", 32>>
}
plan.kernel @repeat whole dims ["n", "m"] operands [<strides = <32, 1>>, <strides = <32, 1>>] {
^bb0(%x: tensor<?x32xf32, #rec.dims<"n", 32>>):
  %0 = rec.slice %x starts <0, 0> sizes <"m", 32> steps [1, 1] : (tensor<?x32xf32, #rec.dims<"n", 32>>) -> tensor<?x32xf32, #rec.dims<"m", 32>>
  rec.yield %0 : tensor<?x32xf32, #rec.dims<"m", 32>>
}

// Inside a chain: the third value takes the first one's place, and the second slot holds the joined value.
// CHECK-LABEL: plan.program @local
// CHECK-SAME: slots <> local_slots [128, 256] unshared <"512*n">
// CHECK: plan.alloc local slot 0 : <f32, <"n", 32>>
// CHECK: plan.alloc local slot 1 : <f32, <"n", 64>>
// CHECK: plan.alloc local slot 0 : <f32, <"n", 32>>
// CHECK-NOT: plan.alloc
// CHECK: plan.chain rows <"n"> block 240
// SMALL-LABEL: plan.program @local
// SMALL: plan.chain rows <"n"> block 6
plan.program @local dims ["n", "m"] {
  %x = plan.input "x" : !plan.buffer<f32, <"n", 32>>
  %y = plan.output "y" : !plan.buffer<f32, <"n", 32>>
  %0 = plan.alloc : !plan.buffer<f32, <"n", 32>>
  %1 = plan.alloc : !plan.buffer<f32, <"n", 64>>
  %s = plan.slice %1 axis 1 offset 32 : !plan.buffer<f32, <"n", 64>> -> !plan.buffer<f32, <"n", 32>>
  %2 = plan.alloc : !plan.buffer<f32, <"n", 32>>
  %unused = plan.alloc : !plan.buffer<f32, <"n", 7>>
  plan.chain rows <"n"> block 0 {
    plan.dispatch @row(%x, %0) : !plan.buffer<f32, <"n", 32>>, !plan.buffer<f32, <"n", 32>>
    plan.dispatch @row(%0, %s) : !plan.buffer<f32, <"n", 32>>, !plan.buffer<f32, <"n", 32>>
    plan.dispatch @narrow(%1, %2) : !plan.buffer<f32, <"n", 64>>, !plan.buffer<f32, <"n", 32>>
    plan.dispatch @row(%2, %y) : !plan.buffer<f32, <"n", 32>>, !plan.buffer<f32, <"n", 32>>
  }
}

// Across chains: a slot grows when its next tenant is provably larger, and is not shared with what it cannot be compared
// with.
// CHECK-LABEL: plan.program @arena
// CHECK-SAME: slots <"256*n", "128*n", "128*m"> local_slots [256, 128] unshared <"128*m+1024*n">
// CHECK: plan.alloc slot 0 : <f32, <"n", 32>>
// CHECK: plan.alloc slot 1 : <f32, <"n", 32>>
// CHECK: plan.alloc slot 0 : <f32, <"n", 64>>
// CHECK: plan.alloc slot 2 : <f32, <"m", 32>>
// CHECK: plan.alloc slot 1 : <f32, <"n", 32>>
// CHECK: plan.alloc local slot 0 : <f32, <"n", 64>>
// CHECK: plan.alloc local slot 1 : <f32, <"n", 32>>
plan.program @arena dims ["n", "m"] {
  %x = plan.input "x" : !plan.buffer<f32, <"n", 32>>
  %y = plan.output "y" : !plan.buffer<f32, <"n", 32>>
  %0 = plan.alloc : !plan.buffer<f32, <"n", 32>>
  %1 = plan.alloc : !plan.buffer<f32, <"n", 32>>
  %2 = plan.alloc : !plan.buffer<f32, <"n", 64>>
  %3 = plan.alloc : !plan.buffer<f32, <"m", 32>>
  %4 = plan.alloc : !plan.buffer<f32, <"n", 32>>
  %5 = plan.alloc : !plan.buffer<f32, <"n", 64>>
  %6 = plan.alloc : !plan.buffer<f32, <"n", 32>>
  plan.chain rows <"n"> block 0 {
    plan.dispatch @row(%x, %0) : !plan.buffer<f32, <"n", 32>>, !plan.buffer<f32, <"n", 32>>
  }
  plan.chain rows <"n"> block 0 {
    plan.dispatch @row(%0, %1) : !plan.buffer<f32, <"n", 32>>, !plan.buffer<f32, <"n", 32>>
  }
  plan.chain rows <"n"> block 0 {
    plan.dispatch @widen(%1, %2) : !plan.buffer<f32, <"n", 32>>, !plan.buffer<f32, <"n", 64>>
  }
  plan.chain rows <1> block 0 {
    plan.dispatch @repeat(%1, %3) : !plan.buffer<f32, <"n", 32>>, !plan.buffer<f32, <"m", 32>>
  }
  plan.chain rows <"n"> block 0 {
    plan.dispatch @narrow(%2, %4) : !plan.buffer<f32, <"n", 64>>, !plan.buffer<f32, <"n", 32>>
  }
  plan.chain rows <"n"> block 0 {
    plan.dispatch @widen(%4, %5) : !plan.buffer<f32, <"n", 32>>, !plan.buffer<f32, <"n", 64>>
    plan.dispatch @narrow(%5, %6) : !plan.buffer<f32, <"n", 64>>, !plan.buffer<f32, <"n", 32>>
    plan.dispatch @row(%6, %y) : !plan.buffer<f32, <"n", 32>>, !plan.buffer<f32, <"n", 32>>
  }
}

// A layer that takes blocks of rows has a register tile of them even where they leave the cache.
plan.kernel @copy rows dims ["n", "m"] operands [<strides = <450, 9, 1>, row = true>, <strides = <450, 9, 1>>] {
^bb0(%x: tensor<?x50x9xf32, #rec.dims<"n", 50, 9>>):
  rec.yield %x : tensor<?x50x9xf32, #rec.dims<"n", 50, 9>>
}
plan.kernel @steps rows dims ["n", "m"] operands [<strides = <450, 9, 1>, row = true>, <strides = <9, 1>>, <strides = <3, 1>>] {
^bb0(%x: tensor<?x50x9xf32, #rec.dims<"n", 50, 9>>, %r: tensor<3x9xf32>):
  %y, %h = rec.recurrence gru forward %x recurrence %r : (tensor<?x50x9xf32, #rec.dims<"n", 50, 9>>, tensor<3x9xf32>)
    -> (tensor<?x50x3xf32, #rec.dims<"n", 50, 3>>, tensor<?x3xf32, #rec.dims<"n", 3>>)
  rec.yield %h : tensor<?x3xf32, #rec.dims<"n", 3>>
}
// CHECK-LABEL: plan.program @blocks
// CHECK: plan.chain rows <"n"> block 240
// SMALL-LABEL: plan.program @blocks
// SMALL: plan.chain rows <"n"> block 12
plan.program @blocks dims ["n", "m"] {
  %x = plan.input "x" : !plan.buffer<f32, <"n", 50, 9>>
  %r = plan.weight "r" dense<1.0> : tensor<3x9xf32> : !plan.buffer<f32, <3, 9>>
  %h = plan.output "h" : !plan.buffer<f32, <"n", 3>>
  %0 = plan.alloc : !plan.buffer<f32, <"n", 50, 9>>
  plan.chain rows <"n"> block 0 {
    plan.dispatch @copy(%x, %0) : !plan.buffer<f32, <"n", 50, 9>>, !plan.buffer<f32, <"n", 50, 9>>
    plan.dispatch @steps(%0, %r, %h) : !plan.buffer<f32, <"n", 50, 9>>, !plan.buffer<f32, <3, 9>>, !plan.buffer<f32, <"n", 3>>
  }
}

// So does a linear layer, whose weights every block reads: 12 rows of its matrix, here 3 samples of 4.
plan.kernel @product gemm dims ["n", "m"] operands [<strides = <32, 8, 1>, row = true>, <strides = <900, 1>, packing = <panels, 32>>, <strides = <3600, 900, 1>>] {
^bb0(%x: tensor<?x4x8xf32, #rec.dims<"n", 4, 8>>, %w: tensor<8x900xf32>):
  %0 = rec.linear %x, %w : (tensor<?x4x8xf32, #rec.dims<"n", 4, 8>>, tensor<8x900xf32>) -> tensor<?x4x900xf32, #rec.dims<"n", 4, 900>>
  rec.yield %0 : tensor<?x4x900xf32, #rec.dims<"n", 4, 900>>
}
plan.kernel @wide_copy rows dims ["n", "m"] operands [<strides = <3600, 900, 1>, row = true>, <strides = <3600, 900, 1>>] {
^bb0(%x: tensor<?x4x900xf32, #rec.dims<"n", 4, 900>>):
  rec.yield %x : tensor<?x4x900xf32, #rec.dims<"n", 4, 900>>
}
// CHECK-LABEL: plan.program @tiles
// CHECK: plan.chain rows <"n"> block 48
// SMALL-LABEL: plan.program @tiles
// SMALL: plan.chain rows <"n"> block 3
plan.program @tiles dims ["n", "m"] {
  %x = plan.input "x" : !plan.buffer<f32, <"n", 4, 8>>
  %w = plan.weight "w" packing <panels, 32> dense<1.0> : tensor<8x900xf32> : !plan.buffer<f32, <8, 900>>
  %y = plan.output "y" : !plan.buffer<f32, <"n", 4, 900>>
  %0 = plan.alloc : !plan.buffer<f32, <"n", 4, 900>>
  plan.chain rows <"n"> block 0 {
    plan.dispatch @product(%x, %w, %0) : !plan.buffer<f32, <"n", 4, 8>>, !plan.buffer<f32, <8, 900>>, !plan.buffer<f32, <"n", 4, 900>>
    plan.dispatch @wide_copy(%0, %y) : !plan.buffer<f32, <"n", 4, 900>>, !plan.buffer<f32, <"n", 4, 900>>
  }
}
