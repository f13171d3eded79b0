// RUN: reckon-opt %s --pass-pipeline='builtin.module(func.func(rec-derive-size-requirements))' | FileCheck %s
// RUN: reckon-opt %s --pass-pipeline='builtin.module(func.func(rec-derive-size-requirements))' --mlir-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// STATS-DAG: (S) 2 added
// STATS-DAG: (S) {{[0-9]+}} proven
// STATS-DAG: (S) 1 recorded
//
// What the ops that will run need of the sizes is written down; what holds for all sizes, or is written down already, is not.

!x = tensor<?x8xf32, #rec.dims<"T", 8>>

// CHECK-LABEL: func.func @topk(
// CHECK-SAME: rec.requirements = [#rec.requirement<at_least <"T", 5>, "pick", "the 5 greatest elements of dimension 0">]
func.func @topk(%x: !x) -> tensor<5x8xf32> {
  %v, %i = rec.topk %x k 5 axis 0 : (!x) -> (tensor<5x8xf32>, tensor<5x8xi64>) loc("pick")
  return %v : tensor<5x8xf32>
}

// The last three rows, or fewer: min(3, T) is at most T, and T - min(3, T) not negative.
// CHECK-LABEL: func.func @proved(
// CHECK-NOT: rec.requirements
// CHECK: rec.slice
func.func @proved(%x: !x) -> tensor<?x8xf32, #rec.dims<"min(3, T)", 8>> {
  %r = rec.slice %x starts <"T-min(3, T)", 0> sizes <"min(3, T)", 8> steps [1, 1] : (!x) -> tensor<?x8xf32, #rec.dims<"min(3, T)", 8>>
  return %r : tensor<?x8xf32, #rec.dims<"min(3, T)", 8>>
}

// In a fusion region, too; the condition that is there stays as it is.
// CHECK-LABEL: func.func @region(
// CHECK-SAME: rec.requirements = [#rec.requirement<at_least <"T", 2>, "said", "in the model's words">,
// CHECK-SAME: #rec.requirement<equal <"13*floordiv(T, 13)", "T">, "fold", "as many elements after a reshape to [floordiv(T, 13), 13] as before it">]
!flat = tensor<?xf32, #rec.dims<"T">>
!rows = tensor<?x13xf32, #rec.dims<"floordiv(T, 13)", 13>>
func.func @region(%x: !flat) -> !rows attributes {rec.requirements = [#rec.requirement<at_least <"T", 2>, "said", "in the model's words">]} {
  %r = rec.fusion whole rows [false] (%x) : (!flat) -> !rows {
  ^bb0(%a: !flat):
    %first = rec.slice %a starts <1> sizes <1> steps [1] : (!flat) -> tensor<1xf32>
    %0 = rec.reshape %a : (!flat) -> !rows loc("fold")
    rec.yield %0 : !rows
  }
  return %r : !rows
}
