// Elements of short dimensions that lie densely are one loop; an operand that repeats along one of them keeps the loops apart.
// RUN: reckon-opt %s --rec-emit-host-kernels=host-cpu=x86-64-v4 | FileCheck %s
plan.kernel @flat rows dims ["batch"] operands [<strides = <84, 14, 1>, row = true>, <strides = <14, 1>>, <strides = <84, 14, 1>>] {
^bb0(%x: tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>>, %y: tensor<6x14xf32>):
  %0 = rec.binary add %x, %y : (tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>>, tensor<6x14xf32>) -> tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>>
  rec.yield %0 : tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>>
}
plan.kernel @repeated rows dims ["batch"] operands [<strides = <84, 14, 1>, row = true>, <strides = <1>>, <strides = <84, 14, 1>>] {
^bb0(%x: tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>>, %y: tensor<14xf32>):
  %0 = rec.binary add %x, %y : (tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>>, tensor<14xf32>) -> tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>>
  rec.yield %0 : tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>>
}
plan.kernel @apart rows dims ["batch"] operands [<strides = <96, 16, 1>, row = true>, <strides = <84, 14, 1>>] {
^bb0(%x: tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>>):
  %0 = rec.unary relu %x : (tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>>) -> tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>>
  rec.yield %0 : tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>>
}

// CHECK-LABEL: func.func private @flat.body
// CHECK: %[[ALL:.*]] = arith.constant 84 : i64
// CHECK: scf.for
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[ALL]] step
// CHECK-NOT: scf.for
// CHECK-LABEL: func.func private @repeated.body
// CHECK-COUNT-3: scf.for
// CHECK-LABEL: func.func private @apart.body
// CHECK-COUNT-3: scf.for
