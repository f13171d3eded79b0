// RUN: reckon-opt %s --rec-emit-host-kernels=host-cpu=x86-64-v4 | FileCheck %s

// One lookup and a bag of three of one id matrix: rows ahead are prefetched, ids are checked against the rows bound at
// load (dims[1], dims[2]), a bag is summed in registers, and a row is written once.
plan.kernel @multi lookup dims ["batch", "%rows:0", "%rows:1"] operands [
    <strides = <4, 1>, row = true>, <strides = <20, 1>, rows_dim = 1>, <strides = <16, 1>, rows_dim = 2>, <strides = <36, 1>>] {
^bb0(%ids: tensor<?x4xi64, #rec.dims<"batch", 4>>, %a: tensor<200x20xf32>, %b: tensor<50x16xf32>):
  %0 = rec.multi_lookup %ids[%a, %b] starts [0, 1] counts [1, 3] modes [0, 1] padding_ids [-1, 0]
    : (tensor<?x4xi64, #rec.dims<"batch", 4>>, tensor<200x20xf32>, tensor<50x16xf32>)
    -> tensor<?x36xf32, #rec.dims<"batch", 36>>
  rec.yield %0 : tensor<?x36xf32, #rec.dims<"batch", 36>>
}

// CHECK-LABEL: func.func private @multi.body
// CHECK-SAME: !llvm.ptr {llvm.noalias}
// CHECK-SAME: %[[BATCH:arg[0-9]+]]: i64, %[[ROWSA:arg[0-9]+]]: i64, %[[ROWSB:arg[0-9]+]]: i64
// CHECK: scf.for
// CHECK: llvm.intr.prefetch
// 20 columns are a vector of 16 and one of 4.
// CHECK: arith.cmpi ult, %{{.*}}, %[[ROWSA]]
// CHECK: llvm.load {{.*}} -> vector<16xf32>
// CHECK: llvm.load {{.*}} -> vector<4xf32>
// CHECK: call @reckon.report
// CHECK: llvm.store {{.*}} vector<16xf32>
// CHECK: llvm.store {{.*}} vector<4xf32>
// The padding id does not count.
// CHECK: scf.for {{.*}} -> (vector<16xf32>, i64)
// CHECK: arith.cmpi ne
// CHECK: arith.cmpi ult, %{{.*}}, %[[ROWSB]]
// CHECK: arith.divf
// CHECK: llvm.store {{.*}} vector<16xf32>
