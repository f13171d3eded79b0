// RUN: reckon-opt --rec-merge-lookups --canonicalize %s | FileCheck %s
// RUN: reckon-opt --rec-merge-lookups=max-tables=2 --canonicalize %s | FileCheck %s --check-prefix=TWO
// RUN: not reckon-opt --rec-merge-lookups=max-tables=1 %s 2>&1 | FileCheck %s --check-prefix=ONE
// ONE: error: max-tables is 1, expected at least 2
// RUN: reckon-opt --rec-merge-lookups --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

!ids = tensor<?x5xi64, #rec.dims<"batch", 5>>
!id = tensor<?xi64, #rec.dims<"batch">>
!id1 = tensor<?x1xi64, #rec.dims<"batch", 1>>
!row = tensor<?x16xf32, #rec.dims<"batch", 16>>

// Embeddings of columns and a bag, in the order of the concat that they fill up but for its first operand.
// TWO-LABEL: func.func @concat
// TWO: %[[E:.*]] = rec.embedding %
// TWO: %[[M:.*]] = rec.multi_lookup %arg0[%{{.*}}, %{{.*}}] starts [1, 2] counts [1, 3]
// TWO: rec.concat %arg1, %[[M]], %[[E]] axis 1
// CHECK-LABEL: func.func @concat
// CHECK-DAG: %[[A:.*]] = rec.constant "a"
// CHECK-DAG: %[[B:.*]] = rec.constant "b"
// CHECK-DAG: %[[C:.*]] = rec.constant "c"
// CHECK: %[[M:.*]] = rec.multi_lookup %arg0[%[[B]], %[[C]], %[[A]]] starts [1, 2, 0] counts [1, 3, 1] modes [0, 1, 0] padding_ids [-1, 7, -1]
// CHECK: rec.concat %arg1, %[[M]] axis 1
func.func @concat(%ids: !ids, %x: !row) -> tensor<?x64xf32, #rec.dims<"batch", 64>> {
  %a = rec.constant "a" = dense<1.0> : tensor<200x16xf32>
  %b = rec.constant "b" = dense<2.0> : tensor<50x16xf32>
  %s0 = rec.slice %ids starts <0, 0> sizes <"batch", 1> steps [1, 1] : (!ids) -> !id1
  %i0 = rec.reshape %s0 : (!id1) -> !id
  %0 = rec.embedding %a, %i0 : (tensor<200x16xf32>, !id) -> !row
  %s1 = rec.slice %ids starts <0, 1> sizes <"batch", 1> steps [1, 1] : (!ids) -> !id1
  %i1 = rec.reshape %s1 : (!id1) -> !id
  %1 = rec.embedding %b, %i1 : (tensor<50x16xf32>, !id) -> !row
  %c = rec.constant "c" = dense<3.0> : tensor<20x16xf32>
  %s2 = rec.slice %ids starts <0, 2> sizes <"batch", 3> steps [1, 1] : (!ids) -> tensor<?x3xi64, #rec.dims<"batch", 3>>
  %2 = rec.embedding_bag mean %c, %s2 {padding_id = 7 : i64} : (tensor<20x16xf32>, tensor<?x3xi64, #rec.dims<"batch", 3>>) -> !row
  %3 = rec.concat %x, %1, %2, %0 axis 1 : (!row, !row, !row, !row) -> tensor<?x64xf32, #rec.dims<"batch", 64>>
  return %3 : tensor<?x64xf32, #rec.dims<"batch", 64>>
}

// All of a concat: it is the lookup.
// CHECK-LABEL: func.func @whole
// CHECK: %[[M:.*]] = rec.multi_lookup
// CHECK-NEXT: return %[[M]]
func.func @whole(%ids: !ids) -> tensor<?x32xf32, #rec.dims<"batch", 32>> {
  %a = rec.constant "a" = dense<1.0> : tensor<200x16xf32>
  %s0 = rec.slice %ids starts <0, 0> sizes <"batch", 1> steps [1, 1] : (!ids) -> !id1
  %i0 = rec.reshape %s0 : (!id1) -> !id
  %0 = rec.embedding %a, %i0 : (tensor<200x16xf32>, !id) -> !row
  %s1 = rec.slice %ids starts <0, 1> sizes <"batch", 1> steps [1, 1] : (!ids) -> !id1
  %i1 = rec.reshape %s1 : (!id1) -> !id
  %1 = rec.embedding %a, %i1 : (tensor<200x16xf32>, !id) -> !row
  %2 = rec.concat %0, %1 axis 1 : (!row, !row) -> tensor<?x32xf32, #rec.dims<"batch", 32>>
  return %2 : tensor<?x32xf32, #rec.dims<"batch", 32>>
}

// No concat: each use reads its columns.
// CHECK-LABEL: func.func @slices
// CHECK: %[[M:.*]] = rec.multi_lookup
// CHECK-DAG: %[[P:.*]] = rec.slice %[[M]] starts <0, 0> sizes <"batch", 16>
// CHECK-DAG: %[[Q:.*]] = rec.slice %[[M]] starts <0, 16> sizes <"batch", 16>
// CHECK: rec.binary mul %[[P]], %[[Q]]
func.func @slices(%ids: !ids) -> !row {
  %a = rec.constant "a" = dense<1.0> : tensor<200x16xf32>
  %s0 = rec.slice %ids starts <0, 0> sizes <"batch", 1> steps [1, 1] : (!ids) -> !id1
  %i0 = rec.reshape %s0 : (!id1) -> !id
  %0 = rec.embedding %a, %i0 : (tensor<200x16xf32>, !id) -> !row
  %s1 = rec.slice %ids starts <0, 1> sizes <"batch", 1> steps [1, 1] : (!ids) -> !id1
  %i1 = rec.reshape %s1 : (!id1) -> !id
  %1 = rec.embedding %a, %i1 : (tensor<200x16xf32>, !id) -> !row
  %2 = rec.binary mul %0, %1 : (!row, !row) -> !row
  return %2 : !row
}

// Two matrices; bags with weights; another policy.
// CHECK-LABEL: func.func @keep
// CHECK-NOT: rec.multi_lookup
// CHECK: return
func.func @keep(%i: tensor<8x1xi64>, %j: tensor<8x1xi64>, %w: tensor<8x1xf32>) -> tensor<8x64xf32> {
  %a = rec.constant "a" = dense<1.0> : tensor<200x16xf32>
  %0 = rec.embedding_bag sum %a, %i : (tensor<200x16xf32>, tensor<8x1xi64>) -> tensor<8x16xf32>
  %1 = rec.embedding_bag sum %a, %j : (tensor<200x16xf32>, tensor<8x1xi64>) -> tensor<8x16xf32>
  %2 = rec.embedding_bag sum %a, %i weights %w : (tensor<200x16xf32>, tensor<8x1xi64>, tensor<8x1xf32>) -> tensor<8x16xf32>
  %3 = rec.embedding_bag sum %a, %i {out_of_range = #rec<out_of_range zero>} : (tensor<200x16xf32>, tensor<8x1xi64>) -> tensor<8x16xf32>
  %4 = rec.concat %0, %1, %2, %3 axis 1 : (tensor<8x16xf32>, tensor<8x16xf32>, tensor<8x16xf32>, tensor<8x16xf32>) -> tensor<8x64xf32>
  return %4 : tensor<8x64xf32>
}

// STATS: (S) 4 multi-lookups
// STATS: (S) 9 lookups-merged

// Tables of two formats are looked up apart, those of one together.
// CHECK-LABEL: func.func @formats
// CHECK: rec.multi_lookup {{.*}} : (tensor<?x5xi64, #rec.dims<"batch", 5>>, tensor<9x16x!rec.encoded<int8_fbgemm, f32>>, tensor<9x16x!rec.encoded<int8_fbgemm, f32>>)
// CHECK: rec.embedding_bag sum {{.*}} : (tensor<9x16xf32>,
func.func @formats(%ids: !ids) -> tensor<?x48xf32, #rec.dims<"batch", 48>> {
  %a = rec.constant "a" = dense_resource<a> : tensor<9x16x!rec.encoded<int8_fbgemm, f32>>
  %b = rec.constant "b" = dense_resource<b> : tensor<9x16x!rec.encoded<int8_fbgemm, f32>>
  %c = rec.constant "c" = dense<1.0> : tensor<9x16xf32>
  %0 = rec.embedding_bag sum %a, %ids : (tensor<9x16x!rec.encoded<int8_fbgemm, f32>>, !ids) -> !row
  %1 = rec.embedding_bag sum %b, %ids : (tensor<9x16x!rec.encoded<int8_fbgemm, f32>>, !ids) -> !row
  %2 = rec.embedding_bag sum %c, %ids : (tensor<9x16xf32>, !ids) -> !row
  %3 = rec.concat %0, %1, %2 axis 1 : (!row, !row, !row) -> tensor<?x48xf32, #rec.dims<"batch", 48>>
  return %3 : tensor<?x48xf32, #rec.dims<"batch", 48>>
}
