// RUN: reckon-opt %s --rec-emit-host-kernels=host-cpu=x86-64-v4 | FileCheck %s

// Everything is written once, where it is wanted: the lookup and the relu straight into their slices of the output, the
// reshape moves nothing, and no intermediate needs scratch.
plan.kernel @forwarded rows dims ["batch", "%rows:0"] operands [
    <strides = <1>, row = true>, <strides = <4, 1>, row = true>, <strides = <16, 1>, rows_dim = 1>, <strides = <20, 20, 1>>] {
^bb0(%ids: tensor<?xi64, #rec.dims<"batch">>, %x: tensor<?x4xf32, #rec.dims<"batch", 4>>, %t: tensor<200x16xf32>):
  %0 = rec.embedding %t, %ids : (tensor<200x16xf32>, tensor<?xi64, #rec.dims<"batch">>)
    -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  %1 = rec.unary relu %x : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  %2 = rec.concat %0, %1 axis 1 : (tensor<?x16xf32, #rec.dims<"batch", 16>>, tensor<?x4xf32, #rec.dims<"batch", 4>>)
    -> tensor<?x20xf32, #rec.dims<"batch", 20>>
  %3 = rec.reshape %2 : (tensor<?x20xf32, #rec.dims<"batch", 20>>) -> tensor<?x1x20xf32, #rec.dims<"batch", 1, 20>>
  rec.yield %3 : tensor<?x1x20xf32, #rec.dims<"batch", 1, 20>>
}

// A value used twice is computed once, into scratch that holds one row; dynamic sizes make it an expression.
plan.kernel @scratch rows dims ["batch", "seq"] operands [
    <strides = <"seq", 1>, row = true>, <strides = <1>>] {
^bb0(%x: tensor<?x?xf32, #rec.dims<"batch", "seq">>):
  %0 = rec.unary exp %x : (tensor<?x?xf32, #rec.dims<"batch", "seq">>) -> tensor<?x?xf32, #rec.dims<"batch", "seq">>
  %1 = rec.reduce max %0 axes [1] {keepdims} : (tensor<?x?xf32, #rec.dims<"batch", "seq">>)
    -> tensor<?x1xf32, #rec.dims<"batch", 1>>
  %2 = rec.binary div %0, %1 : (tensor<?x?xf32, #rec.dims<"batch", "seq">>, tensor<?x1xf32, #rec.dims<"batch", 1>>)
    -> tensor<?x?xf32, #rec.dims<"batch", "seq">>
  %3 = rec.reduce sum %2 axes [1] : (tensor<?x?xf32, #rec.dims<"batch", "seq">>) -> tensor<?xf32, #rec.dims<"batch">>
  rec.yield %3 : tensor<?xf32, #rec.dims<"batch">>
}

// CHECK: plan.kernel @forwarded{{.*}}scratch_bytes = #rec.dims<0>
// CHECK: plan.kernel @scratch{{.*}}scratch_bytes = #rec.dims<"{{.*}}seq{{.*}}">

// CHECK-LABEL: func.func private @forwarded.body
// CHECK: llvm.load {{.*}} -> vector<16xf32>
// CHECK: llvm.store {{.*}} vector<16xf32>
// CHECK: arith.cmpf olt
// CHECK: arith.select
// CHECK: llvm.store {{.*}} f32
// CHECK-NOT: llvm.store
// CHECK-LABEL: func.func private @scratch.body
// CHECK-COUNT-1: math.exp
// CHECK-NOT: math.exp
