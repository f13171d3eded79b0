// RUN: reckon-opt --rec-raise-aten-embedding-bag %s | FileCheck %s
// RUN: reckon-opt --rec-raise-aten-embedding-bag --mlir-pass-statistics %s -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=STATS

// Arguments as attributes.
// CHECK-LABEL: func.func @attributes
// CHECK-NOT: rec.onnx
// CHECK: rec.embedding_bag mean %{{.*}}, %arg0 offsets %arg1 {padding_id = 3 : i64} :
func.func @attributes(%ids: tensor<?xi64, #rec.dims<"nnz">>, %offsets: tensor<?xi64, #rec.dims<"batch">>) -> tensor<*xf32> {
  %table = rec.constant dense<1.0> : tensor<200x16xf32>
  %0:4 = rec.onnx "ATen"(%table, %ids, %offsets)
    {attrs = {operator = "embedding_bag", mode = 1 : i64, include_last_offset = 0 : i64, padding_idx = 3 : i64,
              scale_grad_by_freq = 0 : i64, sparse = 0 : i64}, domain = "org.pytorch.aten", opset = 1 : i64}
    : (tensor<200x16xf32>, tensor<?xi64, #rec.dims<"nnz">>, tensor<?xi64, #rec.dims<"batch">>)
    -> (tensor<*xf32>, tensor<*xi64>, tensor<*xi64>, tensor<*xi64>)
  return %0#0 : tensor<*xf32>
}

// Arguments as operands, in the order of the schema.
// CHECK-LABEL: func.func @operands
// CHECK: rec.embedding_bag sum %{{.*}}, %arg0 offsets %arg1 weights %arg2 {include_last_offset} :
func.func @operands(%ids: tensor<?xi64, #rec.dims<"nnz">>, %offsets: tensor<?xi64, #rec.dims<"n">>,
                    %weights: tensor<?xf32, #rec.dims<"nnz">>) -> tensor<*xf32> {
  %table = rec.constant dense<1.0> : tensor<200x16xf32>
  %false = rec.constant dense<false> : tensor<i1>
  %true = rec.constant dense<true> : tensor<i1>
  %mode = rec.constant dense<0> : tensor<i64>
  %padding = rec.constant dense<-1> : tensor<i64>
  %0:4 = rec.onnx "ATen"(%table, %ids, %offsets, %false, %mode, %false, %weights, %true, %padding)
    {attrs = {operator = "embedding_bag"}, domain = "org.pytorch.aten", opset = 1 : i64}
    : (tensor<200x16xf32>, tensor<?xi64, #rec.dims<"nnz">>, tensor<?xi64, #rec.dims<"n">>, tensor<i1>, tensor<i64>,
       tensor<i1>, tensor<?xf32, #rec.dims<"nnz">>, tensor<i1>, tensor<i64>)
    -> (tensor<*xf32>, tensor<*xi64>, tensor<*xi64>, tensor<*xi64>)
  return %0#0 : tensor<*xf32>
}

// CHECK-LABEL: func.func @fixed_width
// CHECK: rec.embedding_bag sum %{{.*}}, %arg0 : (tensor<200x16xf32>, tensor<8x3xi64>) -> tensor<8x16xf32>
func.func @fixed_width(%ids: tensor<8x3xi64>) -> tensor<*xf32> {
  %table = rec.constant dense<1.0> : tensor<200x16xf32>
  %none = rec.none
  %0 = rec.onnx "ATen"(%table, %ids, %none) {attrs = {operator = "embedding_bag"}, domain = "aten", opset = 1 : i64}
    : (tensor<200x16xf32>, tensor<8x3xi64>, none) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Another operator, a mode that does not exist, a second result in use: untouched.
// CHECK-LABEL: func.func @negative
// CHECK-COUNT-3: rec.onnx "ATen"
func.func @negative(%ids: tensor<8x3xi64>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi64>) {
  %table = rec.constant dense<1.0> : tensor<200x16xf32>
  %0 = rec.onnx "ATen"(%table, %ids) {attrs = {operator = "embedding"}, domain = "aten", opset = 1 : i64}
    : (tensor<200x16xf32>, tensor<8x3xi64>) -> tensor<*xf32>
  %1 = rec.onnx "ATen"(%table, %ids) {attrs = {operator = "embedding_bag", mode = 3 : i64}, domain = "aten", opset = 1 : i64}
    : (tensor<200x16xf32>, tensor<8x3xi64>) -> tensor<*xf32>
  %2:2 = rec.onnx "ATen"(%table, %ids) {attrs = {operator = "embedding_bag"}, domain = "aten", opset = 1 : i64}
    : (tensor<200x16xf32>, tensor<8x3xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  return %0, %1, %2#0, %2#1 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi64>
}

// STATS: (S) 3 bags-raised
