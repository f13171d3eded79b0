// RUN: reckon-opt --rec-emit-cuda-kernels --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s
// RUN: not reckon-opt --rec-emit-cuda-kernels=arch=sm_50 %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=ARCH
// RUN: sed 's/row = true/packing = <columns>/' %s | not reckon-opt --rec-emit-cuda-kernels 2>&1 | FileCheck %s --check-prefix=PACKED

// CHECK: 1 kernels
// CHECK: 1 launches
// CHECK: 1 generic
// ARCH: no GPU architecture 'sm_50'; there are sm_80, 
// PACKED: device codegen: kernel 'k' has weights packed for a host
plan.kernel @k rows dims ["n"] operands [<strides = <4, 1>, row = true>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"n", 4>>):
  %0 = rec.unary exp %x : (tensor<?x4xf32, #rec.dims<"n", 4>>) -> tensor<?x4xf32, #rec.dims<"n", 4>>
  rec.yield %0 : tensor<?x4xf32, #rec.dims<"n", 4>>
}
