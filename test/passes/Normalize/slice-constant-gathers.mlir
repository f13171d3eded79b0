// RUN: reckon-opt --rec-slice-constant-gathers %s | FileCheck %s
// RUN: reckon-opt --rec-slice-constant-gathers --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

!ids = tensor<?x26xi64, #rec.dims<"batch", 26>>
!column = tensor<?xi64, #rec.dims<"batch">>

// CHECK-LABEL: func.func @columns
// CHECK: %[[C:.*]] = rec.slice %arg0 starts <0, 3> sizes <"batch", 1> steps [1, 1]
// CHECK: rec.reshape %[[C]] : (tensor<?x1xi64, #rec.dims<"batch", 1>>) -> tensor<?xi64, #rec.dims<"batch">>
// CHECK: %[[L:.*]] = rec.slice %arg0 starts <0, 25> sizes <"batch", 1> steps [1, 1]
// CHECK: rec.reshape %[[L]]
// CHECK: rec.slice %arg0 starts <0, 4> sizes <"batch", 3> steps [1, -2]
func.func @columns(%ids: !ids) -> (!column, !column, tensor<?x3xi64, #rec.dims<"batch", 3>>) {
  %three = rec.constant dense<3> : tensor<i64>
  %last = rec.constant dense<-1> : tensor<i64>
  %range = rec.constant dense<[4, 2, 0]> : tensor<3xi64>
  %0 = rec.gather %ids, %three axis 1 : (!ids, tensor<i64>) -> !column
  %1 = rec.gather %ids, %last axis 1 : (!ids, tensor<i64>) -> !column
  %2 = rec.gather %ids, %range axis 1 : (!ids, tensor<3xi64>) -> tensor<?x3xi64, #rec.dims<"batch", 3>>
  return %0, %1, %2 : !column, !column, tensor<?x3xi64, #rec.dims<"batch", 3>>
}

// Not equally spaced; outside; a row of a dynamic number of rows.
// CHECK-LABEL: func.func @keep
// CHECK-COUNT-3: rec.gather
func.func @keep(%ids: !ids) -> (tensor<?x3xi64, #rec.dims<"batch", 3>>, !column, tensor<26xi64>) {
  %some = rec.constant dense<[0, 1, 3]> : tensor<3xi64>
  %outside = rec.constant dense<26> : tensor<i64>
  %zero = rec.constant dense<0> : tensor<i64>
  %0 = rec.gather %ids, %some axis 1 : (!ids, tensor<3xi64>) -> tensor<?x3xi64, #rec.dims<"batch", 3>>
  %1 = rec.gather %ids, %outside axis 1 : (!ids, tensor<i64>) -> !column
  %2 = rec.gather %ids, %zero axis 0 : (!ids, tensor<i64>) -> tensor<26xi64>
  return %0, %1, %2 : tensor<?x3xi64, #rec.dims<"batch", 3>>, !column, tensor<26xi64>
}

// Further apart than 64 bits tell.
// CHECK-LABEL: func.func @far
// CHECK: rec.gather
func.func @far(%ids: !ids) -> tensor<?x2xi64, #rec.dims<"batch", 2>> {
  %far = rec.constant dense<[415, -9223372036854775808]> : tensor<2xi64>
  %0 = rec.gather %ids, %far axis 1 : (!ids, tensor<2xi64>) -> tensor<?x2xi64, #rec.dims<"batch", 2>>
  return %0 : tensor<?x2xi64, #rec.dims<"batch", 2>>
}

// STATS: (S) 3 gathers-sliced
