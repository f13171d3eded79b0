// RUN: reckon-opt %s --rec-emit-host-kernels=host-cpu=x86-64-v4 | FileCheck %s
// RUN: sed 's/<panels, 32>/<mma>/' %s | not reckon-opt --rec-emit-host-kernels 2>&1 | FileCheck %s --check-prefix=PACKED
// PACKED: host codegen: kernel 'gemm' has weights packed for a GPU

// CHECK-LABEL: plan.kernel @rows
// CHECK: scratch_bytes = #rec.dims<0>
plan.kernel @rows rows dims ["batch"] operands [<strides = <4, 1>, row = true>, <strides = <1>>, <strides = <4, 1>>] {
^bb0(%x: tensor<?x4xf32, #rec.dims<"batch", 4>>, %y: tensor<4xf32>):
  %0 = rec.binary add %x, %y : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4xf32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  %1 = rec.unary sigmoid %0 : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  rec.yield %1 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}

plan.kernel @gemm gemm dims ["batch"] operands [
    <strides = <13, 1>, row = true>, <strides = <40, 1>, packing = <panels, 32>>, <strides = <1>>, <strides = <40, 1>>] {
^bb0(%x: tensor<?x13xf32, #rec.dims<"batch", 13>>, %w: tensor<13x40xf32>, %b: tensor<40xf32>):
  %0 = rec.linear %x, %w, %b : (tensor<?x13xf32, #rec.dims<"batch", 13>>, tensor<13x40xf32>, tensor<40xf32>) -> tensor<?x40xf32, #rec.dims<"batch", 40>>
  %1 = rec.unary relu %0 : (tensor<?x40xf32, #rec.dims<"batch", 40>>) -> tensor<?x40xf32, #rec.dims<"batch", 40>>
  rec.yield %1 : tensor<?x40xf32, #rec.dims<"batch", 40>>
}

// CHECK-LABEL: module @host_code
// CHECK-DAG: func.func private @reckon.tile.12x2.bias.relu
// CHECK-DAG: func.func private @reckon.tile.12x1.bias.relu
// CHECK: func.func @rows
