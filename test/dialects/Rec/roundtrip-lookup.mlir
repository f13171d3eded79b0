// RUN: reckon-opt %s | reckon-opt | FileCheck %s
// RUN: reckon-opt %s --mlir-print-op-generic | reckon-opt | FileCheck %s

// CHECK-LABEL: func.func @embedding
// CHECK-SAME: %[[T:[a-z0-9]+]]: tensor<200x16xf32>, %[[I:[a-z0-9]+]]: tensor<?x3xi32, #rec.dims<"batch", 3>>
func.func @embedding(%t: tensor<200x16xf32>, %i: tensor<?x3xi32, #rec.dims<"batch", 3>>) {
  // CHECK: rec.embedding %[[T]], %[[I]] : (tensor<200x16xf32>, tensor<?x3xi32, #rec.dims<"batch", 3>>) -> tensor<?x3x16xf32, #rec.dims<"batch", 3, 16>>
  %0 = rec.embedding %t, %i
    : (tensor<200x16xf32>, tensor<?x3xi32, #rec.dims<"batch", 3>>) -> tensor<?x3x16xf32, #rec.dims<"batch", 3, 16>>
  // CHECK: rec.embedding %[[T]], %[[I]] {out_of_range = #rec<out_of_range clamp>} : (tensor<200x16xf32>, tensor<?x3xi32, #rec.dims<"batch", 3>>) -> tensor<?x3x16xf32, #rec.dims<"batch", 3, 16>>
  %1 = rec.embedding %t, %i {out_of_range = #rec<out_of_range clamp>}
    : (tensor<200x16xf32>, tensor<?x3xi32, #rec.dims<"batch", 3>>) -> tensor<?x3x16xf32, #rec.dims<"batch", 3, 16>>
  return
}

// CHECK-LABEL: func.func @bags_of_fixed_width
// CHECK-SAME: %[[T:[a-z0-9]+]]: tensor<200x16xf32>
// CHECK-SAME: %[[I:[a-z0-9]+]]: tensor<8x3xi64>
// CHECK-SAME: %[[W:[a-z0-9]+]]: tensor<8x3xf32>
func.func @bags_of_fixed_width(%t: tensor<200x16xf32>, %i: tensor<8x3xi64>, %w: tensor<8x3xf32>) {
  // CHECK: rec.embedding_bag sum %[[T]], %[[I]] : (tensor<200x16xf32>, tensor<8x3xi64>) -> tensor<8x16xf32>
  %0 = rec.embedding_bag sum %t, %i : (tensor<200x16xf32>, tensor<8x3xi64>) -> tensor<8x16xf32>
  // CHECK: rec.embedding_bag sum %[[T]], %[[I]] weights %[[W]] : (tensor<200x16xf32>, tensor<8x3xi64>, tensor<8x3xf32>) -> tensor<8x16xf32>
  %1 = rec.embedding_bag sum %t, %i weights %w
    : (tensor<200x16xf32>, tensor<8x3xi64>, tensor<8x3xf32>) -> tensor<8x16xf32>
  // CHECK: rec.embedding_bag max %[[T]], %[[I]] {out_of_range = #rec<out_of_range zero>, padding_id = 0 : i64} : (tensor<200x16xf32>, tensor<8x3xi64>) -> tensor<8x16xf32>
  %2 = rec.embedding_bag max %t, %i {out_of_range = #rec<out_of_range zero>, padding_id = 0 : i64}
    : (tensor<200x16xf32>, tensor<8x3xi64>) -> tensor<8x16xf32>
  return
}

// CHECK-LABEL: func.func @bags_of_offsets
// CHECK-SAME: %[[T:[a-z0-9]+]]: tensor<200x16xf32>
// CHECK-SAME: %[[I:[a-z0-9]+]]: tensor<?xi64, #rec.dims<"nnz">>
// CHECK-SAME: %[[O:[a-z0-9]+]]: tensor<?xi64, #rec.dims<"batch">>
// CHECK-SAME: %[[W:[a-z0-9]+]]: tensor<?xf32, #rec.dims<"nnz">>
func.func @bags_of_offsets(
    %t: tensor<200x16xf32>,
    %i: tensor<?xi64, #rec.dims<"nnz">>,
    %o: tensor<?xi64, #rec.dims<"batch">>,
    %w: tensor<?xf32, #rec.dims<"nnz">>) {
  // CHECK: rec.embedding_bag mean %[[T]], %[[I]] offsets %[[O]] : (tensor<200x16xf32>, tensor<?xi64, #rec.dims<"nnz">>, tensor<?xi64, #rec.dims<"batch">>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  %0 = rec.embedding_bag mean %t, %i offsets %o
    : (tensor<200x16xf32>, tensor<?xi64, #rec.dims<"nnz">>, tensor<?xi64, #rec.dims<"batch">>)
    -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  // CHECK: rec.embedding_bag sum %[[T]], %[[I]] offsets %[[O]] weights %[[W]] {include_last_offset} : (tensor<200x16xf32>, tensor<?xi64, #rec.dims<"nnz">>, tensor<?xi64, #rec.dims<"batch">>, tensor<?xf32, #rec.dims<"nnz">>) -> tensor<?x16xf32, #rec.dims<"batch-1", 16>>
  %1 = rec.embedding_bag sum %t, %i offsets %o weights %w {include_last_offset}
    : (tensor<200x16xf32>, tensor<?xi64, #rec.dims<"nnz">>, tensor<?xi64, #rec.dims<"batch">>, tensor<?xf32, #rec.dims<"nnz">>)
    -> tensor<?x16xf32, #rec.dims<"batch-1", 16>>
  return
}

// CHECK-LABEL: func.func @multi_lookup
// CHECK-SAME: %[[I:[a-z0-9]+]]: tensor<?x4xi64, #rec.dims<"batch", 4>>
// CHECK-SAME: %[[A:[a-z0-9]+]]: tensor<200x16xf32>
// CHECK-SAME: %[[B:[a-z0-9]+]]: tensor<50x8xf32>
func.func @multi_lookup(%i: tensor<?x4xi64, #rec.dims<"batch", 4>>, %a: tensor<200x16xf32>, %b: tensor<50x8xf32>) {
  // CHECK: rec.multi_lookup %[[I]][%[[A]], %[[B]], %[[A]]] starts [0, 1, 3] counts [1, 2, 1] modes [0, 1, 0] padding_ids [-1, 0, -1] : (tensor<?x4xi64, #rec.dims<"batch", 4>>, tensor<200x16xf32>, tensor<50x8xf32>, tensor<200x16xf32>) -> tensor<?x40xf32, #rec.dims<"batch", 40>>
  %0 = rec.multi_lookup %i[%a, %b, %a] starts [0, 1, 3] counts [1, 2, 1] modes [0, 1, 0] padding_ids [-1, 0, -1]
    : (tensor<?x4xi64, #rec.dims<"batch", 4>>, tensor<200x16xf32>, tensor<50x8xf32>, tensor<200x16xf32>)
    -> tensor<?x40xf32, #rec.dims<"batch", 40>>
  return
}

// Rows in an encoding give what they decode to.
// CHECK-LABEL: func.func @encoded
func.func @encoded(%t: tensor<200x16x!rec.encoded<int8_fbgemm, f16>>, %i: tensor<8x3xi64>, %w: tensor<8x3xf16>) {
  // CHECK: rec.embedding {{.*}} : (tensor<200x16x!rec.encoded<int8_fbgemm, f16>>, tensor<8x3xi64>) -> tensor<8x3x16xf16>
  %0 = rec.embedding %t, %i : (tensor<200x16x!rec.encoded<int8_fbgemm, f16>>, tensor<8x3xi64>) -> tensor<8x3x16xf16>
  // CHECK: rec.embedding_bag sum {{.*}} -> tensor<8x16xf16>
  %1 = rec.embedding_bag sum %t, %i weights %w
    : (tensor<200x16x!rec.encoded<int8_fbgemm, f16>>, tensor<8x3xi64>, tensor<8x3xf16>) -> tensor<8x16xf16>
  // CHECK: rec.multi_lookup {{.*}} -> tensor<8x32xf16>
  %2 = rec.multi_lookup %i[%t, %t] starts [0, 1] counts [1, 2] modes [0, 1] padding_ids [-1, 0]
    : (tensor<8x3xi64>, tensor<200x16x!rec.encoded<int8_fbgemm, f16>>, tensor<200x16x!rec.encoded<int8_fbgemm, f16>>)
    -> tensor<8x32xf16>
  return
}
