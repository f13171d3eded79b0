// RUN: reckon-opt --split-input-file --rec-append-topk="scores=3:scores" %s | FileCheck %s
// RUN: reckon-opt --split-input-file --rec-append-topk="scores=3:scores" --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// RUN: reckon-opt --split-input-file "--reckon-normalize-pipeline=append-topk=3:scores" %s | FileCheck %s --check-prefix=PIPELINE

// STATS: (S) 1 topks-appended
// PIPELINE: rec.topk

// The candidates of each user; outputs before and behind keep their places.
// CHECK-LABEL: func.func @main
// CHECK-SAME: -> (tensor<2xf32> {rec.name = "before"}, tensor<?x3xf32, #rec.dims<"batch", 3>> {rec.name = "scores_values"},
// CHECK-SAME: tensor<?x3xi64, #rec.dims<"batch", 3>> {rec.name = "scores_indices"}, tensor<2xf32> {rec.name = "behind"})
// CHECK: %[[VALUES:.*]], %[[INDICES:.*]] = rec.topk %arg0 k 3 axis 1 :
// CHECK: return %arg1, %[[VALUES]], %[[INDICES]], %arg1
!users = tensor<?x100xf32, #rec.dims<"batch", 100>>
func.func @main(%x: !users {rec.name = "x"}, %y: tensor<2xf32> {rec.name = "y"})
    -> (tensor<2xf32> {rec.name = "before"}, !users {rec.name = "scores"}, tensor<2xf32> {rec.name = "behind"}) {
  return %y, %x, %y : tensor<2xf32>, !users, tensor<2xf32>
}

// -----

// One user's candidates, of any number that is large enough.
// CHECK-LABEL: func.func @main
// CHECK-SAME: -> (tensor<3xf32> {rec.name = "scores_values"}, tensor<3xi64> {rec.name = "scores_indices"})
// CHECK-SAME: rec.requirements = [#rec.requirement<at_least <"n", 3>, "--append-topk=3:scores", "the 3 greatest elements of dimension 0">]
// CHECK: rec.topk %arg0 k 3 axis 0 : (tensor<?xf32, #rec.dims<"n">>) -> (tensor<3xf32>, tensor<3xi64>)
!one = tensor<?xf32, #rec.dims<"n">>
func.func @main(%x: !one {rec.name = "x"}) -> (!one {rec.name = "scores"}) {
  return %x : !one
}

// -----

// The same as a column.
// CHECK-LABEL: func.func @main
// CHECK-SAME: -> (tensor<3xi32> {rec.name = "scores_values"}, tensor<3xi64> {rec.name = "scores_indices"})
// CHECK: %[[ROW:.*]] = rec.reshape %arg0 : ({{.*}}) -> tensor<?xi32, #rec.dims<"n">>
// CHECK: rec.topk %[[ROW]] k 3 axis 0 : (tensor<?xi32, #rec.dims<"n">>) -> (tensor<3xi32>, tensor<3xi64>)
!column = tensor<?x1xi32, #rec.dims<"n", 1>>
func.func @main(%x: !column {rec.name = "x"}) -> (!column {rec.name = "scores"}) {
  return %x : !column
}
