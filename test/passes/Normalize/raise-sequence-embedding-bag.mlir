// RUN: reckon-opt --rec-raise-sequence-embedding-bag %s | FileCheck %s
// RUN: reckon-opt --rec-raise-sequence-embedding-bag --mlir-pass-statistics %s -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=STATS

// Weights of one are none.
// CHECK-LABEL: func.func @sum
// CHECK-NOT: rec.onnx
// CHECK: rec.embedding_bag sum %{{.*}}, %arg0 offsets %arg1 :
// CHECK-SAME: -> tensor<?x16xf32, #rec.dims<"batch", 16>>
func.func @sum(%ids: tensor<?xi64, #rec.dims<"nnz">>, %offsets: tensor<?xi64, #rec.dims<"batch">>) -> tensor<*xf32> {
  %table = rec.constant dense<1.0> : tensor<200x16xf32>
  %zeros = rec.constant dense<0.0> : tensor<1x16xf32>
  %none = rec.none
  %zero = rec.constant dense<0> : tensor<i64>
  %one = rec.constant dense<1> : tensor<i64>
  %two = rec.constant dense<2> : tensor<i64>
  %axis = rec.constant dense<0> : tensor<1xi64>
  %nnz = rec.dims <"nnz"> : tensor<1xi64>
  %bags = rec.dims <"batch"> : tensor<i64>
  %bounds = rec.concat %offsets, %nnz axis 0
    : (tensor<?xi64, #rec.dims<"batch">>, tensor<1xi64>) -> tensor<?xi64, #rec.dims<"batch+1">>
  %gathered = rec.gather %table, %ids axis 0
    : (tensor<200x16xf32>, tensor<?xi64, #rec.dims<"nnz">>) -> tensor<?x16xf32, #rec.dims<"nnz", 16>>
  %unit = rec.constant dense<1.0> : tensor<1xf32>
  %wide = rec.broadcast %unit : (tensor<1xf32>) -> tensor<?xf32, #rec.dims<"nnz">>
  %w = rec.reshape %wide : (tensor<?xf32, #rec.dims<"nnz">>) -> tensor<?x1xf32, #rec.dims<"nnz", 1>>
  %rows = rec.binary mul %gathered, %w
    : (tensor<?x16xf32, #rec.dims<"nnz", 16>>, tensor<?x1xf32, #rec.dims<"nnz", 1>>) -> tensor<?x16xf32, #rec.dims<"nnz", 16>>
  %empty = rec.onnx "SequenceEmpty"() {opset = 20 : i64} : () -> !rec.sequence<tensor<*xf32>>
  %first = rec.compare lt %zero, %bags : (tensor<i64>, tensor<i64>) -> tensor<i1>
  %0:2 = rec.onnx "Loop"(%none, %first, %zero, %empty) {opset = 20 : i64}
    : (none, tensor<i1>, tensor<i64>, !rec.sequence<tensor<*xf32>>) -> (tensor<i64>, !rec.sequence<tensor<*xf32>>) {
  ^bb0(%n: tensor<i64>, %c: tensor<i1>, %i: tensor<i64>, %seq: !rec.sequence<tensor<*xf32>>):
    %i1 = rec.reshape %i : (tensor<i64>) -> tensor<1xi64>
    %like = rec.onnx "CastLike"(%one, %i1) {opset = 20 : i64} : (tensor<i64>, tensor<1xi64>) -> tensor<*xi64>
    %j = rec.onnx "Add"(%i1, %like) {opset = 20 : i64} : (tensor<1xi64>, tensor<*xi64>) -> tensor<*xi64>
    %k = rec.binary add %i1, %two : (tensor<1xi64>, tensor<i64>) -> tensor<1xi64>
    %s = rec.onnx "Slice"(%bounds, %i1, %j) {opset = 20 : i64}
      : (tensor<?xi64, #rec.dims<"batch+1">>, tensor<1xi64>, tensor<*xi64>) -> tensor<*xi64>
    %e = rec.onnx "Slice"(%bounds, %j, %k) {opset = 20 : i64}
      : (tensor<?xi64, #rec.dims<"batch+1">>, tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
    %same = rec.onnx "Equal"(%s, %e) {opset = 20 : i64} : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi1>
    %row = rec.onnx "If"(%same) {opset = 20 : i64} : (tensor<*xi1>) -> tensor<*xf32> {
      rec.yield %zeros : tensor<1x16xf32>
    }, {
      %part = rec.onnx "Slice"(%rows, %s, %e) {opset = 20 : i64}
        : (tensor<?x16xf32, #rec.dims<"nnz", 16>>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xf32>
      %r = rec.onnx "ReduceSum"(%part, %axis) {opset = 20 : i64} : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
      rec.yield %r : tensor<*xf32>
    }
    %added = rec.onnx "SequenceInsert"(%seq, %row) {opset = 20 : i64}
      : (!rec.sequence<tensor<*xf32>>, tensor<*xf32>) -> !rec.sequence<tensor<*xf32>>
    %next = rec.binary add %i, %one : (tensor<i64>, tensor<i64>) -> tensor<i64>
    %more = rec.compare lt %next, %bags : (tensor<i64>, tensor<i64>) -> tensor<i1>
    rec.yield %more, %next, %added : tensor<i1>, tensor<i64>, !rec.sequence<tensor<*xf32>>
  }
  %1 = rec.onnx "ConcatFromSequence"(%0#1) {attrs = {axis = 0 : i64}, opset = 20 : i64}
    : (!rec.sequence<tensor<*xf32>>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// Weights one a row.
// CHECK-LABEL: func.func @weighted
// CHECK: rec.embedding_bag sum %{{.*}}, %arg0 offsets %arg1 weights %arg2 :
func.func @weighted(%ids: tensor<?xi64, #rec.dims<"nnz">>, %offsets: tensor<?xi64, #rec.dims<"batch">>,
              %weights: tensor<?xf32, #rec.dims<"nnz">>) -> tensor<*xf32> {
  %table = rec.constant dense<1.0> : tensor<200x16xf32>
  %zeros = rec.constant dense<0.0> : tensor<1x16xf32>
  %none = rec.none
  %zero = rec.constant dense<0> : tensor<i64>
  %one = rec.constant dense<1> : tensor<i64>
  %two = rec.constant dense<2> : tensor<i64>
  %axis = rec.constant dense<0> : tensor<1xi64>
  %nnz = rec.dims <"nnz"> : tensor<1xi64>
  %bags = rec.dims <"batch"> : tensor<i64>
  %bounds = rec.concat %offsets, %nnz axis 0
    : (tensor<?xi64, #rec.dims<"batch">>, tensor<1xi64>) -> tensor<?xi64, #rec.dims<"batch+1">>
  %gathered = rec.gather %table, %ids axis 0
    : (tensor<200x16xf32>, tensor<?xi64, #rec.dims<"nnz">>) -> tensor<?x16xf32, #rec.dims<"nnz", 16>>
  %w = rec.reshape %weights : (tensor<?xf32, #rec.dims<"nnz">>) -> tensor<?x1xf32, #rec.dims<"nnz", 1>>
  %rows = rec.binary mul %gathered, %w
    : (tensor<?x16xf32, #rec.dims<"nnz", 16>>, tensor<?x1xf32, #rec.dims<"nnz", 1>>) -> tensor<?x16xf32, #rec.dims<"nnz", 16>>
  %empty = rec.onnx "SequenceEmpty"() {opset = 20 : i64} : () -> !rec.sequence<tensor<*xf32>>
  %first = rec.compare lt %zero, %bags : (tensor<i64>, tensor<i64>) -> tensor<i1>
  %0:2 = rec.onnx "Loop"(%none, %first, %zero, %empty) {opset = 20 : i64}
    : (none, tensor<i1>, tensor<i64>, !rec.sequence<tensor<*xf32>>) -> (tensor<i64>, !rec.sequence<tensor<*xf32>>) {
  ^bb0(%n: tensor<i64>, %c: tensor<i1>, %i: tensor<i64>, %seq: !rec.sequence<tensor<*xf32>>):
    %i1 = rec.reshape %i : (tensor<i64>) -> tensor<1xi64>
    %like = rec.onnx "CastLike"(%one, %i1) {opset = 20 : i64} : (tensor<i64>, tensor<1xi64>) -> tensor<*xi64>
    %j = rec.onnx "Add"(%i1, %like) {opset = 20 : i64} : (tensor<1xi64>, tensor<*xi64>) -> tensor<*xi64>
    %k = rec.binary add %i1, %two : (tensor<1xi64>, tensor<i64>) -> tensor<1xi64>
    %s = rec.onnx "Slice"(%bounds, %i1, %j) {opset = 20 : i64}
      : (tensor<?xi64, #rec.dims<"batch+1">>, tensor<1xi64>, tensor<*xi64>) -> tensor<*xi64>
    %e = rec.onnx "Slice"(%bounds, %j, %k) {opset = 20 : i64}
      : (tensor<?xi64, #rec.dims<"batch+1">>, tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
    %same = rec.onnx "Equal"(%s, %e) {opset = 20 : i64} : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi1>
    %row = rec.onnx "If"(%same) {opset = 20 : i64} : (tensor<*xi1>) -> tensor<*xf32> {
      rec.yield %zeros : tensor<1x16xf32>
    }, {
      %part = rec.onnx "Slice"(%rows, %s, %e) {opset = 20 : i64}
        : (tensor<?x16xf32, #rec.dims<"nnz", 16>>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xf32>
      %r = rec.onnx "ReduceSum"(%part, %axis) {opset = 20 : i64} : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
      rec.yield %r : tensor<*xf32>
    }
    %added = rec.onnx "SequenceInsert"(%seq, %row) {opset = 20 : i64}
      : (!rec.sequence<tensor<*xf32>>, tensor<*xf32>) -> !rec.sequence<tensor<*xf32>>
    %next = rec.binary add %i, %one : (tensor<i64>, tensor<i64>) -> tensor<i64>
    %more = rec.compare lt %next, %bags : (tensor<i64>, tensor<i64>) -> tensor<i1>
    rec.yield %more, %next, %added : tensor<i1>, tensor<i64>, !rec.sequence<tensor<*xf32>>
  }
  %1 = rec.onnx "ConcatFromSequence"(%0#1) {attrs = {axis = 0 : i64}, opset = 20 : i64}
    : (!rec.sequence<tensor<*xf32>>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// The mean of the last bag is written as a quotient.
// CHECK-LABEL: func.func @mean
// CHECK: rec.embedding_bag mean %{{.*}}, %arg0 offsets %arg1 :
func.func @mean(%ids: tensor<?xi64, #rec.dims<"nnz">>, %offsets: tensor<?xi64, #rec.dims<"batch">>) -> tensor<*xf32> {
  %table = rec.constant dense<1.0> : tensor<200x16xf32>
  %zeros = rec.constant dense<0.0> : tensor<1x16xf32>
  %none = rec.none
  %zero = rec.constant dense<0> : tensor<i64>
  %one = rec.constant dense<1> : tensor<i64>
  %two = rec.constant dense<2> : tensor<i64>
  %axis = rec.constant dense<0> : tensor<1xi64>
  %nnz = rec.dims <"nnz"> : tensor<1xi64>
  %bags = rec.dims <"batch"> : tensor<i64>
  %bounds = rec.concat %offsets, %nnz axis 0
    : (tensor<?xi64, #rec.dims<"batch">>, tensor<1xi64>) -> tensor<?xi64, #rec.dims<"batch+1">>
  %gathered = rec.gather %table, %ids axis 0
    : (tensor<200x16xf32>, tensor<?xi64, #rec.dims<"nnz">>) -> tensor<?x16xf32, #rec.dims<"nnz", 16>>
  %unit = rec.constant dense<1.0> : tensor<1xf32>
  %wide = rec.broadcast %unit : (tensor<1xf32>) -> tensor<?xf32, #rec.dims<"nnz">>
  %w = rec.reshape %wide : (tensor<?xf32, #rec.dims<"nnz">>) -> tensor<?x1xf32, #rec.dims<"nnz", 1>>
  %rows = rec.binary mul %gathered, %w
    : (tensor<?x16xf32, #rec.dims<"nnz", 16>>, tensor<?x1xf32, #rec.dims<"nnz", 1>>) -> tensor<?x16xf32, #rec.dims<"nnz", 16>>
  %empty = rec.onnx "SequenceEmpty"() {opset = 20 : i64} : () -> !rec.sequence<tensor<*xf32>>
  %first = rec.compare lt %zero, %bags : (tensor<i64>, tensor<i64>) -> tensor<i1>
  %0:2 = rec.onnx "Loop"(%none, %first, %zero, %empty) {opset = 20 : i64}
    : (none, tensor<i1>, tensor<i64>, !rec.sequence<tensor<*xf32>>) -> (tensor<i64>, !rec.sequence<tensor<*xf32>>) {
  ^bb0(%n: tensor<i64>, %c: tensor<i1>, %i: tensor<i64>, %seq: !rec.sequence<tensor<*xf32>>):
    %i1 = rec.reshape %i : (tensor<i64>) -> tensor<1xi64>
    %like = rec.onnx "CastLike"(%one, %i1) {opset = 20 : i64} : (tensor<i64>, tensor<1xi64>) -> tensor<*xi64>
    %j = rec.onnx "Add"(%i1, %like) {opset = 20 : i64} : (tensor<1xi64>, tensor<*xi64>) -> tensor<*xi64>
    %k = rec.binary add %i1, %two : (tensor<1xi64>, tensor<i64>) -> tensor<1xi64>
    %s = rec.onnx "Slice"(%bounds, %i1, %j) {opset = 20 : i64}
      : (tensor<?xi64, #rec.dims<"batch+1">>, tensor<1xi64>, tensor<*xi64>) -> tensor<*xi64>
    %e = rec.onnx "Slice"(%bounds, %j, %k) {opset = 20 : i64}
      : (tensor<?xi64, #rec.dims<"batch+1">>, tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
    %same = rec.onnx "Equal"(%s, %e) {opset = 20 : i64} : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi1>
    %row = rec.onnx "If"(%same) {opset = 20 : i64} : (tensor<*xi1>) -> tensor<*xf32> {
      rec.yield %zeros : tensor<1x16xf32>
    }, {
      %part = rec.onnx "Slice"(%rows, %s, %e) {opset = 20 : i64}
        : (tensor<?x16xf32, #rec.dims<"nnz", 16>>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xf32>
      %lastbag = rec.binary sub %bags, %one : (tensor<i64>, tensor<i64>) -> tensor<i64>
      %islast = rec.compare eq %i, %lastbag : (tensor<i64>, tensor<i64>) -> tensor<i1>
      %r = rec.onnx "If"(%islast) {opset = 20 : i64} : (tensor<i1>) -> tensor<*xf32> {
        %sum = rec.onnx "ReduceSum"(%part, %axis) {opset = 20 : i64} : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
        %count = rec.onnx "Sub"(%nnz, %s) {opset = 20 : i64} : (tensor<1xi64>, tensor<*xi64>) -> tensor<*xi64>
        %some = rec.onnx "Greater"(%count, %zero) {opset = 20 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi1>
        %q = rec.onnx "If"(%some) {opset = 20 : i64} : (tensor<*xi1>) -> tensor<*xf32> {
          %f = rec.onnx "Cast"(%count) {attrs = {to = 1 : i64}, opset = 20 : i64} : (tensor<*xi64>) -> tensor<*xf32>
          %d = rec.onnx "Div"(%sum, %f) {opset = 20 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
          rec.yield %d : tensor<*xf32>
        }, {
          rec.yield %sum : tensor<*xf32>
        }
        rec.yield %q : tensor<*xf32>
      }, {
        %m = rec.onnx "ReduceMean"(%part, %axis) {opset = 20 : i64} : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
        rec.yield %m : tensor<*xf32>
      }
      rec.yield %r : tensor<*xf32>
    }
    %added = rec.onnx "SequenceInsert"(%seq, %row) {opset = 20 : i64}
      : (!rec.sequence<tensor<*xf32>>, tensor<*xf32>) -> !rec.sequence<tensor<*xf32>>
    %next = rec.binary add %i, %one : (tensor<i64>, tensor<i64>) -> tensor<i64>
    %more = rec.compare lt %next, %bags : (tensor<i64>, tensor<i64>) -> tensor<i1>
    rec.yield %more, %next, %added : tensor<i1>, tensor<i64>, !rec.sequence<tensor<*xf32>>
  }
  %1 = rec.onnx "ConcatFromSequence"(%0#1) {attrs = {axis = 0 : i64}, opset = 20 : i64}
    : (!rec.sequence<tensor<*xf32>>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// The last bag of a maximum runs to the end of the rows.
// CHECK-LABEL: func.func @maximum
// CHECK: rec.embedding_bag max %{{.*}}, %arg0 offsets %arg1 :
func.func @maximum(%ids: tensor<?xi64, #rec.dims<"nnz">>, %offsets: tensor<?xi64, #rec.dims<"batch">>) -> tensor<*xf32> {
  %table = rec.constant dense<1.0> : tensor<200x16xf32>
  %zeros = rec.constant dense<0.0> : tensor<1x16xf32>
  %none = rec.none
  %zero = rec.constant dense<0> : tensor<i64>
  %one = rec.constant dense<1> : tensor<i64>
  %two = rec.constant dense<2> : tensor<i64>
  %axis = rec.constant dense<0> : tensor<1xi64>
  %nnz = rec.dims <"nnz"> : tensor<1xi64>
  %bags = rec.dims <"batch"> : tensor<i64>
  %bounds = rec.concat %offsets, %nnz axis 0
    : (tensor<?xi64, #rec.dims<"batch">>, tensor<1xi64>) -> tensor<?xi64, #rec.dims<"batch+1">>
  %gathered = rec.gather %table, %ids axis 0
    : (tensor<200x16xf32>, tensor<?xi64, #rec.dims<"nnz">>) -> tensor<?x16xf32, #rec.dims<"nnz", 16>>
  %unit = rec.constant dense<1.0> : tensor<1xf32>
  %wide = rec.broadcast %unit : (tensor<1xf32>) -> tensor<?xf32, #rec.dims<"nnz">>
  %w = rec.reshape %wide : (tensor<?xf32, #rec.dims<"nnz">>) -> tensor<?x1xf32, #rec.dims<"nnz", 1>>
  %rows = rec.binary mul %gathered, %w
    : (tensor<?x16xf32, #rec.dims<"nnz", 16>>, tensor<?x1xf32, #rec.dims<"nnz", 1>>) -> tensor<?x16xf32, #rec.dims<"nnz", 16>>
  %empty = rec.onnx "SequenceEmpty"() {opset = 20 : i64} : () -> !rec.sequence<tensor<*xf32>>
  %first = rec.compare lt %zero, %bags : (tensor<i64>, tensor<i64>) -> tensor<i1>
  %0:2 = rec.onnx "Loop"(%none, %first, %zero, %empty) {opset = 20 : i64}
    : (none, tensor<i1>, tensor<i64>, !rec.sequence<tensor<*xf32>>) -> (tensor<i64>, !rec.sequence<tensor<*xf32>>) {
  ^bb0(%n: tensor<i64>, %c: tensor<i1>, %i: tensor<i64>, %seq: !rec.sequence<tensor<*xf32>>):
    %i1 = rec.reshape %i : (tensor<i64>) -> tensor<1xi64>
    %like = rec.onnx "CastLike"(%one, %i1) {opset = 20 : i64} : (tensor<i64>, tensor<1xi64>) -> tensor<*xi64>
    %j = rec.onnx "Add"(%i1, %like) {opset = 20 : i64} : (tensor<1xi64>, tensor<*xi64>) -> tensor<*xi64>
    %k = rec.binary add %i1, %two : (tensor<1xi64>, tensor<i64>) -> tensor<1xi64>
    %s = rec.onnx "Slice"(%bounds, %i1, %j) {opset = 20 : i64}
      : (tensor<?xi64, #rec.dims<"batch+1">>, tensor<1xi64>, tensor<*xi64>) -> tensor<*xi64>
    %e = rec.onnx "Slice"(%bounds, %j, %k) {opset = 20 : i64}
      : (tensor<?xi64, #rec.dims<"batch+1">>, tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
    %same = rec.onnx "Equal"(%s, %e) {opset = 20 : i64} : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi1>
    %row = rec.onnx "If"(%same) {opset = 20 : i64} : (tensor<*xi1>) -> tensor<*xf32> {
      rec.yield %zeros : tensor<1x16xf32>
    }, {
      %lastbag = rec.binary sub %bags, %one : (tensor<i64>, tensor<i64>) -> tensor<i64>
      %islast = rec.compare eq %i, %lastbag : (tensor<i64>, tensor<i64>) -> tensor<i1>
      %part = rec.onnx "If"(%islast) {opset = 20 : i64} : (tensor<i1>) -> tensor<*xf32> {
        %to_end = rec.onnx "Slice"(%rows, %s, %nnz) {opset = 20 : i64}
          : (tensor<?x16xf32, #rec.dims<"nnz", 16>>, tensor<*xi64>, tensor<1xi64>) -> tensor<*xf32>
        rec.yield %to_end : tensor<*xf32>
      }, {
        %to_next = rec.onnx "Slice"(%rows, %s, %e) {opset = 20 : i64}
          : (tensor<?x16xf32, #rec.dims<"nnz", 16>>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xf32>
        rec.yield %to_next : tensor<*xf32>
      }
      %r = rec.onnx "ReduceMax"(%part, %axis) {opset = 20 : i64} : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
      rec.yield %r : tensor<*xf32>
    }
    %added = rec.onnx "SequenceInsert"(%seq, %row) {opset = 20 : i64}
      : (!rec.sequence<tensor<*xf32>>, tensor<*xf32>) -> !rec.sequence<tensor<*xf32>>
    %next = rec.binary add %i, %one : (tensor<i64>, tensor<i64>) -> tensor<i64>
    %more = rec.compare lt %next, %bags : (tensor<i64>, tensor<i64>) -> tensor<i1>
    rec.yield %more, %next, %added : tensor<i1>, tensor<i64>, !rec.sequence<tensor<*xf32>>
  }
  %1 = rec.onnx "ConcatFromSequence"(%0#1) {attrs = {axis = 0 : i64}, opset = 20 : i64}
    : (!rec.sequence<tensor<*xf32>>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// Each row sums all rows to the end: no bag.
// CHECK-LABEL: func.func @negative
// CHECK: rec.onnx "ConcatFromSequence"
func.func @negative(%ids: tensor<?xi64, #rec.dims<"nnz">>, %offsets: tensor<?xi64, #rec.dims<"batch">>) -> tensor<*xf32> {
  %table = rec.constant dense<1.0> : tensor<200x16xf32>
  %zeros = rec.constant dense<0.0> : tensor<1x16xf32>
  %none = rec.none
  %zero = rec.constant dense<0> : tensor<i64>
  %one = rec.constant dense<1> : tensor<i64>
  %two = rec.constant dense<2> : tensor<i64>
  %axis = rec.constant dense<0> : tensor<1xi64>
  %nnz = rec.dims <"nnz"> : tensor<1xi64>
  %bags = rec.dims <"batch"> : tensor<i64>
  %bounds = rec.concat %offsets, %nnz axis 0
    : (tensor<?xi64, #rec.dims<"batch">>, tensor<1xi64>) -> tensor<?xi64, #rec.dims<"batch+1">>
  %gathered = rec.gather %table, %ids axis 0
    : (tensor<200x16xf32>, tensor<?xi64, #rec.dims<"nnz">>) -> tensor<?x16xf32, #rec.dims<"nnz", 16>>
  %unit = rec.constant dense<1.0> : tensor<1xf32>
  %wide = rec.broadcast %unit : (tensor<1xf32>) -> tensor<?xf32, #rec.dims<"nnz">>
  %w = rec.reshape %wide : (tensor<?xf32, #rec.dims<"nnz">>) -> tensor<?x1xf32, #rec.dims<"nnz", 1>>
  %rows = rec.binary mul %gathered, %w
    : (tensor<?x16xf32, #rec.dims<"nnz", 16>>, tensor<?x1xf32, #rec.dims<"nnz", 1>>) -> tensor<?x16xf32, #rec.dims<"nnz", 16>>
  %empty = rec.onnx "SequenceEmpty"() {opset = 20 : i64} : () -> !rec.sequence<tensor<*xf32>>
  %first = rec.compare lt %zero, %bags : (tensor<i64>, tensor<i64>) -> tensor<i1>
  %0:2 = rec.onnx "Loop"(%none, %first, %zero, %empty) {opset = 20 : i64}
    : (none, tensor<i1>, tensor<i64>, !rec.sequence<tensor<*xf32>>) -> (tensor<i64>, !rec.sequence<tensor<*xf32>>) {
  ^bb0(%n: tensor<i64>, %c: tensor<i1>, %i: tensor<i64>, %seq: !rec.sequence<tensor<*xf32>>):
    %i1 = rec.reshape %i : (tensor<i64>) -> tensor<1xi64>
    %like = rec.onnx "CastLike"(%one, %i1) {opset = 20 : i64} : (tensor<i64>, tensor<1xi64>) -> tensor<*xi64>
    %j = rec.onnx "Add"(%i1, %like) {opset = 20 : i64} : (tensor<1xi64>, tensor<*xi64>) -> tensor<*xi64>
    %k = rec.binary add %i1, %two : (tensor<1xi64>, tensor<i64>) -> tensor<1xi64>
    %s = rec.onnx "Slice"(%bounds, %i1, %j) {opset = 20 : i64}
      : (tensor<?xi64, #rec.dims<"batch+1">>, tensor<1xi64>, tensor<*xi64>) -> tensor<*xi64>
    %e = rec.onnx "Slice"(%bounds, %j, %k) {opset = 20 : i64}
      : (tensor<?xi64, #rec.dims<"batch+1">>, tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
    %same = rec.onnx "Equal"(%s, %e) {opset = 20 : i64} : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi1>
    %row = rec.onnx "If"(%same) {opset = 20 : i64} : (tensor<*xi1>) -> tensor<*xf32> {
      rec.yield %zeros : tensor<1x16xf32>
    }, {
      %part = rec.onnx "Slice"(%rows, %s, %nnz) {opset = 20 : i64}
        : (tensor<?x16xf32, #rec.dims<"nnz", 16>>, tensor<*xi64>, tensor<1xi64>) -> tensor<*xf32>
      %r = rec.onnx "ReduceSum"(%part, %axis) {opset = 20 : i64} : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
      rec.yield %r : tensor<*xf32>
    }
    %added = rec.onnx "SequenceInsert"(%seq, %row) {opset = 20 : i64}
      : (!rec.sequence<tensor<*xf32>>, tensor<*xf32>) -> !rec.sequence<tensor<*xf32>>
    %next = rec.binary add %i, %one : (tensor<i64>, tensor<i64>) -> tensor<i64>
    %more = rec.compare lt %next, %bags : (tensor<i64>, tensor<i64>) -> tensor<i1>
    rec.yield %more, %next, %added : tensor<i1>, tensor<i64>, !rec.sequence<tensor<*xf32>>
  }
  %1 = rec.onnx "ConcatFromSequence"(%0#1) {attrs = {axis = 0 : i64}, opset = 20 : i64}
    : (!rec.sequence<tensor<*xf32>>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// With a padding id, an inner loop collects the positions that hold another id.
// CHECK-LABEL: func.func @padding
// CHECK-NOT: rec.onnx
// CHECK: rec.embedding_bag mean %{{.*}}, %arg0 {padding_id = 19 : i64} : (tensor<20x16xf32>, tensor<?x6xi64, #rec.dims<"batch", 6>>)
func.func @padding(%ids: tensor<?x6xi64, #rec.dims<"batch", 6>>) -> tensor<*xf32> {
  %table = rec.constant dense<1.0> : tensor<20x16xf32>
  %zeros = rec.constant dense<0.0> : tensor<1x16xf32>
  %nowhere = rec.constant dense<> : tensor<0xi64>
  %none = rec.none
  %zero = rec.constant dense<0> : tensor<i64>
  %one = rec.constant dense<1> : tensor<i64>
  %size = rec.constant dense<20> : tensor<i64>
  %padding = rec.constant dense<19> : tensor<i64>
  %axis = rec.constant dense<0> : tensor<1xi64>
  %minus = rec.constant dense<-1> : tensor<1xi64>
  %bags = rec.dims <"batch"> : tensor<i64>
  %nnz = rec.dims <"6*batch"> : tensor<1xi64>
  %offsets = rec.iota axis 0 start 0.0 step 6.0 : tensor<?xi64, #rec.dims<"batch">>
  %bounds = rec.concat %offsets, %nnz axis 0
    : (tensor<?xi64, #rec.dims<"batch">>, tensor<1xi64>) -> tensor<?xi64, #rec.dims<"batch+1">>
  %flat = rec.reshape %ids : (tensor<?x6xi64, #rec.dims<"batch", 6>>) -> tensor<?xi64, #rec.dims<"6*batch">>
  %rows = rec.gather %table, %flat axis 0
    : (tensor<20x16xf32>, tensor<?xi64, #rec.dims<"6*batch">>) -> tensor<?x16xf32, #rec.dims<"6*batch", 16>>
  %empty = rec.onnx "SequenceEmpty"() {opset = 20 : i64} : () -> !rec.sequence<tensor<*xf32>>
  %first = rec.compare lt %zero, %bags : (tensor<i64>, tensor<i64>) -> tensor<i1>
  %0:2 = rec.onnx "Loop"(%none, %first, %empty, %zero) {opset = 20 : i64}
    : (none, tensor<i1>, !rec.sequence<tensor<*xf32>>, tensor<i64>) -> (!rec.sequence<tensor<*xf32>>, tensor<i64>) {
  ^bb0(%n: tensor<i64>, %c: tensor<i1>, %seq: !rec.sequence<tensor<*xf32>>, %i: tensor<i64>):
    %s = rec.gather %bounds, %i axis 0 : (tensor<?xi64, #rec.dims<"batch+1">>, tensor<i64>) -> tensor<i64>
    %next = rec.binary add %i, %one : (tensor<i64>, tensor<i64>) -> tensor<i64>
    %e = rec.gather %bounds, %next axis 0 : (tensor<?xi64, #rec.dims<"batch+1">>, tensor<i64>) -> tensor<i64>
    %any = rec.compare lt %s, %e : (tensor<i64>, tensor<i64>) -> tensor<i1>
    %1:2 = rec.onnx "Loop"(%none, %any, %s, %nowhere) {opset = 20 : i64}
      : (none, tensor<i1>, tensor<i64>, tensor<0xi64>) -> (tensor<i64>, tensor<*xi64>) {
    ^bb0(%n1: tensor<i64>, %c1: tensor<i1>, %j: tensor<i64>, %kept: tensor<*xi64>):
      %id = rec.gather %flat, %j axis 0 : (tensor<?xi64, #rec.dims<"6*batch">>, tensor<i64>) -> tensor<i64>
      %zero_like = rec.onnx "CastLike"(%zero, %id) {opset = 20 : i64} : (tensor<i64>, tensor<i64>) -> tensor<*xi64>
      %negative = rec.onnx "Less"(%id, %zero_like) {opset = 20 : i64} : (tensor<i64>, tensor<*xi64>) -> tensor<*xi1>
      %row = rec.onnx "If"(%negative) {opset = 20 : i64} : (tensor<*xi1>) -> tensor<*xi64> {
        %sum = rec.binary add %id, %size : (tensor<i64>, tensor<i64>) -> tensor<i64>
        rec.yield %sum : tensor<i64>
      }, {
        %as_is = rec.onnx "Identity"(%id) {opset = 20 : i64} : (tensor<i64>) -> tensor<i64>
        rec.yield %as_is : tensor<i64>
      }
      %pads = rec.onnx "Equal"(%row, %padding) {opset = 20 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi1>
      %counts = rec.onnx "Not"(%pads) {opset = 20 : i64} : (tensor<*xi1>) -> tensor<*xi1>
      %more_kept = rec.onnx "If"(%counts) {opset = 20 : i64} : (tensor<*xi1>) -> tensor<*xi64> {
        %j1 = rec.reshape %j : (tensor<i64>) -> tensor<1xi64>
        %longer = rec.onnx "Concat"(%kept, %j1) {attrs = {axis = 0 : i64}, opset = 20 : i64}
          : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
        rec.yield %longer : tensor<*xi64>
      }, {
        rec.yield %kept : tensor<*xi64>
      }
      %one_like = rec.onnx "CastLike"(%one, %j) {opset = 20 : i64} : (tensor<i64>, tensor<i64>) -> tensor<*xi64>
      %next_j = rec.onnx "Add"(%j, %one_like) {opset = 20 : i64} : (tensor<i64>, tensor<*xi64>) -> tensor<i64>
      %more = rec.compare lt %next_j, %e : (tensor<i64>, tensor<i64>) -> tensor<i1>
      rec.yield %more, %next_j, %more_kept : tensor<i1>, tensor<i64>, tensor<*xi64>
    }
    %length = rec.onnx "Size"(%1#1) {opset = 20 : i64} : (tensor<*xi64>) -> tensor<i64>
    %all_pad = rec.compare eq %length, %zero : (tensor<i64>, tensor<i64>) -> tensor<i1>
    %pooled = rec.onnx "If"(%all_pad) {opset = 20 : i64} : (tensor<i1>) -> tensor<*xf32> {
      rec.yield %zeros : tensor<1x16xf32>
    }, {
      %part = rec.onnx "Gather"(%rows, %1#1) {opset = 20 : i64}
        : (tensor<?x16xf32, #rec.dims<"6*batch", 16>>, tensor<*xi64>) -> tensor<*xf32>
      %r = rec.onnx "ReduceMean"(%part, %axis) {opset = 20 : i64} : (tensor<*xf32>, tensor<1xi64>) -> tensor<*xf32>
      rec.yield %r : tensor<*xf32>
    }
    %added = rec.onnx "SequenceInsert"(%seq, %pooled) {opset = 20 : i64}
      : (!rec.sequence<tensor<*xf32>>, tensor<*xf32>) -> !rec.sequence<tensor<*xf32>>
    %more_bags = rec.compare lt %next, %bags : (tensor<i64>, tensor<i64>) -> tensor<i1>
    rec.yield %more_bags, %added, %next : tensor<i1>, !rec.sequence<tensor<*xf32>>, tensor<i64>
  }
  %2 = rec.onnx "ConcatFromSequence"(%0#0) {attrs = {axis = 0 : i64}, opset = 20 : i64}
    : (!rec.sequence<tensor<*xf32>>) -> tensor<*xf32>
  return %2 : tensor<*xf32>
}

// STATS: (S) 5 bags-raised
