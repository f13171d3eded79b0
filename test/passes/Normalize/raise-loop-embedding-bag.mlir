// RUN: reckon-opt --rec-raise-loop-embedding-bag %s | FileCheck %s
// RUN: reckon-opt --rec-raise-loop-embedding-bag --mlir-pass-statistics %s -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=STATS

// CHECK-LABEL: func.func @offsets
// CHECK-NOT: rec.onnx
// CHECK: %[[BAG:.*]] = rec.embedding_bag sum %{{.*}}, %{{.*}} offsets %arg1 :
// CHECK-SAME: -> tensor<?x16xf32, #rec.dims<"batch", 16>>
// CHECK: return %[[BAG]] : tensor<?x16xf32, #rec.dims<"batch", 16>>
func.func @offsets(%ids: tensor<?xi64, #rec.dims<"nnz">>, %offsets: tensor<?xi64, #rec.dims<"batch">>) -> tensor<*xf32> {
  %table = rec.constant "emb.weight" = dense<1.0> : tensor<200x16xf32>
  %true = rec.constant dense<true> : tensor<i1>
  %zero = rec.constant dense<0> : tensor<1xi64>
  %nnz = rec.dims <"nnz"> : tensor<1xi64>
  %bags = rec.dims <"batch"> : tensor<i64>
  %bounds = rec.concat %offsets, %nnz axis 0
    : (tensor<?xi64, #rec.dims<"batch">>, tensor<1xi64>) -> tensor<?xi64, #rec.dims<"batch+1">>
  %ends = rec.slice %bounds starts <1> sizes <"batch"> steps [1]
    : (tensor<?xi64, #rec.dims<"batch+1">>) -> tensor<?xi64, #rec.dims<"batch">>
  %0 = rec.onnx "Loop"(%bags, %true) {opset = 17 : i64} : (tensor<i64>, tensor<i1>) -> tensor<*xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>):
    %s = rec.gather %bounds, %i axis 0 : (tensor<?xi64, #rec.dims<"batch+1">>, tensor<i64>) -> tensor<i64>
    %e = rec.gather %ends, %i axis 0 : (tensor<?xi64, #rec.dims<"batch">>, tensor<i64>) -> tensor<i64>
    %s1 = rec.reshape %s : (tensor<i64>) -> tensor<1xi64>
    %e1 = rec.reshape %e : (tensor<i64>) -> tensor<1xi64>
    %row = rec.onnx "Slice"(%ids, %s1, %e1, %zero) {opset = 17 : i64}
      : (tensor<?xi64, #rec.dims<"nnz">>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
    %rows = rec.onnx "Gather"(%table, %row) {attrs = {axis = 0 : i64}, opset = 17 : i64}
      : (tensor<200x16xf32>, tensor<*xi64>) -> tensor<*xf32>
    %sum = rec.onnx "ReduceSum"(%rows, %zero) {attrs = {keepdims = 0 : i64}, opset = 17 : i64}
      : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
    %next = rec.onnx "Cast"(%true) {attrs = {to = 9 : i64}, opset = 17 : i64} : (tensor<i1>) -> tensor<*xi1>
    rec.yield %next, %sum : tensor<*xi1>, tensor<*xf32>
  }
  return %0 : tensor<*xf32>
}

// Offsets b * 3 over all ids: the fixed-width form, on the matrix the ids were.
// CHECK-LABEL: func.func @fixed_width
// CHECK: rec.embedding_bag max %{{.*}}, %arg0 : (tensor<200x16xf32>, tensor<?x3xi64, #rec.dims<"batch", 3>>)
func.func @fixed_width(%ids: tensor<?x3xi64, #rec.dims<"batch", 3>>) -> tensor<*xf32> {
  %table = rec.constant dense<1.0> : tensor<200x16xf32>
  %true = rec.constant dense<true> : tensor<i1>
  %nnz = rec.dims <"3*batch"> : tensor<1xi64>
  %bags = rec.dims <"batch"> : tensor<i64>
  %flat = rec.reshape %ids : (tensor<?x3xi64, #rec.dims<"batch", 3>>) -> tensor<?xi64, #rec.dims<"3*batch">>
  %offsets = rec.iota axis 0 start 0.0 step 3.0 : tensor<?xi64, #rec.dims<"batch">>
  %bounds = rec.concat %offsets, %nnz axis 0
    : (tensor<?xi64, #rec.dims<"batch">>, tensor<1xi64>) -> tensor<?xi64, #rec.dims<"batch+1">>
  %ends = rec.slice %bounds starts <1> sizes <"batch"> steps [1]
    : (tensor<?xi64, #rec.dims<"batch+1">>) -> tensor<?xi64, #rec.dims<"batch">>
  %0 = rec.onnx "Loop"(%bags, %true) {opset = 17 : i64} : (tensor<i64>, tensor<i1>) -> tensor<*xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>):
    %s = rec.gather %bounds, %i axis 0 : (tensor<?xi64, #rec.dims<"batch+1">>, tensor<i64>) -> tensor<i64>
    %e = rec.gather %ends, %i axis 0 : (tensor<?xi64, #rec.dims<"batch">>, tensor<i64>) -> tensor<i64>
    %s1 = rec.reshape %s : (tensor<i64>) -> tensor<1xi64>
    %e1 = rec.reshape %e : (tensor<i64>) -> tensor<1xi64>
    %row = rec.onnx "Slice"(%flat, %s1, %e1) {opset = 17 : i64}
      : (tensor<?xi64, #rec.dims<"3*batch">>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
    %rows = rec.onnx "Gather"(%table, %row) {opset = 17 : i64} : (tensor<200x16xf32>, tensor<*xi64>) -> tensor<*xf32>
    %max = rec.onnx "ReduceMax"(%rows) {attrs = {axes = array<i64: 0>, keepdims = 0 : i64}, opset = 17 : i64}
      : (tensor<*xf32>) -> tensor<*xf32>
    rec.yield %c, %max : tensor<i1>, tensor<*xf32>
  }
  return %0 : tensor<*xf32>
}

// Bounds that do not end with the number of ids, and weights sliced alike.
// CHECK-LABEL: func.func @include_last
// CHECK: rec.embedding_bag sum %{{.*}}, %arg0 offsets %arg1 weights %arg2 {include_last_offset} :
// CHECK-SAME: -> tensor<?x16xf32, #rec.dims<"n-1", 16>>
func.func @include_last(%ids: tensor<?xi64, #rec.dims<"nnz">>, %offsets: tensor<?xi64, #rec.dims<"n">>,
                        %weights: tensor<?xf32, #rec.dims<"nnz">>) -> tensor<*xf32> {
  %table = rec.constant dense<1.0> : tensor<200x16xf32>
  %true = rec.constant dense<true> : tensor<i1>
  %zero = rec.constant dense<0> : tensor<1xi64>
  %one = rec.constant dense<1> : tensor<1xi64>
  %bags = rec.dims <"n-1"> : tensor<i64>
  %ends = rec.slice %offsets starts <1> sizes <"n-1"> steps [1]
    : (tensor<?xi64, #rec.dims<"n">>) -> tensor<?xi64, #rec.dims<"n-1">>
  %0 = rec.onnx "Loop"(%bags, %true) {opset = 17 : i64} : (tensor<i64>, tensor<i1>) -> tensor<*xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>):
    %s = rec.gather %offsets, %i axis 0 : (tensor<?xi64, #rec.dims<"n">>, tensor<i64>) -> tensor<i64>
    %e = rec.gather %ends, %i axis 0 : (tensor<?xi64, #rec.dims<"n-1">>, tensor<i64>) -> tensor<i64>
    %s1 = rec.reshape %s : (tensor<i64>) -> tensor<1xi64>
    %e1 = rec.reshape %e : (tensor<i64>) -> tensor<1xi64>
    %row = rec.onnx "Slice"(%ids, %s1, %e1, %zero) {opset = 17 : i64}
      : (tensor<?xi64, #rec.dims<"nnz">>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
    %rows = rec.onnx "Gather"(%table, %row) {opset = 17 : i64} : (tensor<200x16xf32>, tensor<*xi64>) -> tensor<*xf32>
    %w = rec.onnx "Slice"(%weights, %s1, %e1, %zero) {opset = 17 : i64}
      : (tensor<?xf32, #rec.dims<"nnz">>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
    %w1 = rec.onnx "Unsqueeze"(%w, %one) {opset = 17 : i64} : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
    %scaled = rec.onnx "Mul"(%rows, %w1) {opset = 17 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %sum = rec.onnx "ReduceSum"(%scaled, %zero) {attrs = {keepdims = 0 : i64}, opset = 17 : i64}
      : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
    rec.yield %c, %sum : tensor<i1>, tensor<*xf32>
  }
  return %0 : tensor<*xf32>
}

// Rows of T ids each, by offsets that are a number of rows times T, as before opset 13: a matrix of ids.
// CHECK-LABEL: func.func @rows_of_a_size
// CHECK: rec.embedding_bag sum %{{.*}}, %arg0 weights %arg1 :
// CHECK-SAME: -> tensor<?x16xf32, #rec.dims<"b", 16>>
func.func @rows_of_a_size(%matrix: tensor<?x?xi64, #rec.dims<"b", "T">>, %factors: tensor<?x?xf32, #rec.dims<"b", "T">>)
    -> tensor<*xf32> {
  %table = rec.constant dense<1.0> : tensor<200x16xf32>
  %true = rec.constant dense<true> : tensor<i1>
  %zero = rec.constant dense<0> : tensor<1xi64>
  %bags = rec.dims <"b"> : tensor<i64>
  %t = rec.dims <"T"> : tensor<i64>
  %count = rec.dims <"T*b"> : tensor<1xi64>
  %ids = rec.reshape %matrix : (tensor<?x?xi64, #rec.dims<"b", "T">>) -> tensor<?xi64, #rec.dims<"T*b">>
  %weights = rec.reshape %factors : (tensor<?x?xf32, #rec.dims<"b", "T">>) -> tensor<?xf32, #rec.dims<"T*b">>
  %rows = rec.iota axis 0 start 0.0 step 1.0 : tensor<?xi64, #rec.dims<"b">>
  %starts = rec.binary mul %rows, %t : (tensor<?xi64, #rec.dims<"b">>, tensor<i64>) -> tensor<?xi64, #rec.dims<"b">>
  %offsets = rec.concat %starts, %count axis 0
    : (tensor<?xi64, #rec.dims<"b">>, tensor<1xi64>) -> tensor<?xi64, #rec.dims<"b+1">>
  %ends = rec.slice %offsets starts <1> sizes <"b"> steps [1]
    : (tensor<?xi64, #rec.dims<"b+1">>) -> tensor<?xi64, #rec.dims<"b">>
  %0 = rec.onnx "Loop"(%bags, %true) {opset = 11 : i64} : (tensor<i64>, tensor<i1>) -> tensor<*xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>):
    %s = rec.gather %offsets, %i axis 0 : (tensor<?xi64, #rec.dims<"b+1">>, tensor<i64>) -> tensor<i64>
    %e = rec.gather %ends, %i axis 0 : (tensor<?xi64, #rec.dims<"b">>, tensor<i64>) -> tensor<i64>
    %s1 = rec.reshape %s : (tensor<i64>) -> tensor<1xi64>
    %e1 = rec.reshape %e : (tensor<i64>) -> tensor<1xi64>
    %row = rec.onnx "Slice"(%ids, %s1, %e1, %zero) {opset = 11 : i64}
      : (tensor<?xi64, #rec.dims<"T*b">>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
    %gathered = rec.onnx "Gather"(%table, %row) {opset = 11 : i64} : (tensor<200x16xf32>, tensor<*xi64>) -> tensor<*xf32>
    %w = rec.onnx "Slice"(%weights, %s1, %e1, %zero) {opset = 11 : i64}
      : (tensor<?xf32, #rec.dims<"T*b">>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
    %w1 = rec.onnx "Unsqueeze"(%w) {attrs = {axes = array<i64: 1>}, opset = 11 : i64} : (tensor<*xf32>) -> tensor<*xf32>
    %scaled = rec.onnx "Mul"(%gathered, %w1) {opset = 11 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %sum = rec.onnx "ReduceSum"(%scaled) {attrs = {axes = array<i64: 0>, keepdims = 0 : i64}, opset = 11 : i64}
      : (tensor<*xf32>) -> tensor<*xf32>
    rec.yield %c, %sum : tensor<i1>, tensor<*xf32>
  }
  return %0 : tensor<*xf32>
}

// The loop runs once less than there are bags, or bounds are not neighbours: no bag.
// CHECK-LABEL: func.func @negative
// CHECK-COUNT-2: rec.onnx "Loop"
func.func @negative(%ids: tensor<?xi64, #rec.dims<"nnz">>, %offsets: tensor<?xi64, #rec.dims<"n">>)
    -> (tensor<*xf32>, tensor<*xf32>) {
  %table = rec.constant dense<1.0> : tensor<200x16xf32>
  %true = rec.constant dense<true> : tensor<i1>
  %zero = rec.constant dense<0> : tensor<1xi64>
  %fewer = rec.dims <"n-2"> : tensor<i64>
  %bags = rec.dims <"n-1"> : tensor<i64>
  %ends = rec.slice %offsets starts <1> sizes <"n-1"> steps [1]
    : (tensor<?xi64, #rec.dims<"n">>) -> tensor<?xi64, #rec.dims<"n-1">>
  %0 = rec.onnx "Loop"(%fewer, %true) {opset = 17 : i64} : (tensor<i64>, tensor<i1>) -> tensor<*xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>):
    %s = rec.gather %offsets, %i axis 0 : (tensor<?xi64, #rec.dims<"n">>, tensor<i64>) -> tensor<i64>
    %e = rec.gather %ends, %i axis 0 : (tensor<?xi64, #rec.dims<"n-1">>, tensor<i64>) -> tensor<i64>
    %s1 = rec.reshape %s : (tensor<i64>) -> tensor<1xi64>
    %e1 = rec.reshape %e : (tensor<i64>) -> tensor<1xi64>
    %row = rec.onnx "Slice"(%ids, %s1, %e1, %zero) {opset = 17 : i64}
      : (tensor<?xi64, #rec.dims<"nnz">>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
    %rows = rec.onnx "Gather"(%table, %row) {opset = 17 : i64} : (tensor<200x16xf32>, tensor<*xi64>) -> tensor<*xf32>
    %sum = rec.onnx "ReduceSum"(%rows, %zero) {attrs = {keepdims = 0 : i64}, opset = 17 : i64}
      : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
    rec.yield %c, %sum : tensor<i1>, tensor<*xf32>
  }
  %1 = rec.onnx "Loop"(%bags, %true) {opset = 17 : i64} : (tensor<i64>, tensor<i1>) -> tensor<*xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>):
    %s = rec.gather %offsets, %i axis 0 : (tensor<?xi64, #rec.dims<"n">>, tensor<i64>) -> tensor<i64>
    %s1 = rec.reshape %s : (tensor<i64>) -> tensor<1xi64>
    %row = rec.onnx "Slice"(%ids, %s1, %s1, %zero) {opset = 17 : i64}
      : (tensor<?xi64, #rec.dims<"nnz">>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
    %rows = rec.onnx "Gather"(%table, %row) {opset = 17 : i64} : (tensor<200x16xf32>, tensor<*xi64>) -> tensor<*xf32>
    %sum = rec.onnx "ReduceSum"(%rows, %zero) {attrs = {keepdims = 0 : i64}, opset = 17 : i64}
      : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
    rec.yield %c, %sum : tensor<i1>, tensor<*xf32>
  }
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}

// STATS: (S) 4 bags-raised
