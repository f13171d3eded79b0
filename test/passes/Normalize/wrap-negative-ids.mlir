// RUN: reckon-opt --rec-wrap-negative-ids %s | FileCheck %s
// RUN: reckon-opt --rec-wrap-negative-ids --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// RUN: reckon-opt "--reckon-normalize-pipeline=wrap-negative-ids=true" %s | FileCheck %s
// RUN: reckon-opt --reckon-normalize-pipeline %s | FileCheck %s --check-prefix=DEFAULT

!t = tensor<8x4xf32>

// Lookups that would fail wrap; those that forgive stay as they are, and a gather wraps anyway.
// STATS: (S) 2 lookups-wrapped
// CHECK-LABEL: func.func @main
// CHECK: rec.embedding {{.*}} {out_of_range = #rec<out_of_range wrap>}
// CHECK: rec.embedding_bag sum {{.*}} {out_of_range = #rec<out_of_range wrap>}
// CHECK: rec.embedding {{.*}} {out_of_range = #rec<out_of_range zero>}
// CHECK: rec.gather %arg1, %arg0 axis 0
// DEFAULT-LABEL: func.func @main
// DEFAULT: rec.embedding {{.*}}, %arg0 :
// DEFAULT-NOT: wrap
// DEFAULT: return
func.func @main(%ids: tensor<3xi64>, %x: !t) -> (tensor<3x4xf32>, tensor<1x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>) {
  %t = rec.constant "a" = dense_resource<rows> : !t
  %0 = rec.embedding %t, %ids : (!t, tensor<3xi64>) -> tensor<3x4xf32>
  %1 = rec.reshape %ids : (tensor<3xi64>) -> tensor<1x3xi64>
  %2 = rec.embedding_bag sum %t, %1 : (!t, tensor<1x3xi64>) -> tensor<1x4xf32>
  %3 = rec.embedding %t, %ids {out_of_range = #rec<out_of_range zero>} : (!t, tensor<3xi64>) -> tensor<3x4xf32>
  %4 = rec.gather %x, %ids axis 0 : (!t, tensor<3xi64>) -> tensor<3x4xf32>
  return %0, %2, %3, %4 : tensor<3x4xf32>, tensor<1x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>
}
