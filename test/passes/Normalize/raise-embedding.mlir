// RUN: reckon-opt --rec-raise-embedding %s | FileCheck %s
// RUN: reckon-opt --rec-raise-embedding --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// Ids of any rank.
// CHECK-LABEL: func.func @raise
// CHECK: rec.embedding %{{.*}}, %arg0 : (tensor<200x16xf32>, tensor<?xi64, #rec.dims<"batch">>)
// CHECK: rec.embedding %{{.*}}, %arg1 : (tensor<200x16xf32>, tensor<8x3xi32>) -> tensor<8x3x16xf32>
func.func @raise(%a: tensor<?xi64, #rec.dims<"batch">>, %b: tensor<8x3xi32>)
    -> (tensor<?x16xf32, #rec.dims<"batch", 16>>, tensor<8x3x16xf32>) {
  %table = rec.constant "emb.weight" = dense<1.0> : tensor<200x16xf32>
  %0 = rec.gather %table, %a axis 0
    : (tensor<200x16xf32>, tensor<?xi64, #rec.dims<"batch">>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  %1 = rec.gather %table, %b axis 0 : (tensor<200x16xf32>, tensor<8x3xi32>) -> tensor<8x3x16xf32>
  return %0, %1 : tensor<?x16xf32, #rec.dims<"batch", 16>>, tensor<8x3x16xf32>
}

// Columns, computed tensors, integer tables and constant ids.
// CHECK-LABEL: func.func @keep
// CHECK-NOT: rec.embedding
// CHECK: return
func.func @keep(%a: tensor<8xi64>, %x: tensor<200x16xf32>) -> (tensor<200x8xf32>, tensor<8x16xf32>, tensor<8x4xi64>, tensor<2x16xf32>) {
  %table = rec.constant dense<1.0> : tensor<200x16xf32>
  %ints = rec.constant dense<1> : tensor<20x4xi64>
  %ids = rec.constant dense<[1, 2]> : tensor<2xi64>
  %0 = rec.gather %table, %a axis 1 : (tensor<200x16xf32>, tensor<8xi64>) -> tensor<200x8xf32>
  %1 = rec.gather %x, %a axis 0 : (tensor<200x16xf32>, tensor<8xi64>) -> tensor<8x16xf32>
  %2 = rec.gather %ints, %a axis 0 : (tensor<20x4xi64>, tensor<8xi64>) -> tensor<8x4xi64>
  %3 = rec.gather %table, %ids axis 0 : (tensor<200x16xf32>, tensor<2xi64>) -> tensor<2x16xf32>
  return %0, %1, %2, %3 : tensor<200x8xf32>, tensor<8x16xf32>, tensor<8x4xi64>, tensor<2x16xf32>
}

// STATS: (S) 2 embeddings-raised
