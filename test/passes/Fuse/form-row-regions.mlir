// RUN: reckon-opt --rec-form-row-regions %s | FileCheck %s
// RUN: reckon-opt --rec-form-row-regions --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// RUN: reckon-opt --rec-form-row-regions --remarks-filter-missed=.* %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: remark: {{.*}}rec.binary not fused with the rec.unary that it reads: a layer between them cannot be in the region

// REMARK: remark: {{.*}}rec.recurrence not fused with the rec.unary that it reads: a layer that takes many rows at once has a region of its own

// STATS: 9 rows
// STATS: 1 lookup
// STATS: 3 whole

// Lookup, pooling and interaction are one region; tables are inputs, the small index is a constant inside.
// CHECK-LABEL: func.func @lookups
// CHECK: rec.fusion {{ *}}rows rows [true, false](%arg0, %{{.*}}) :
// CHECK: rec.constant dense<1> : tensor<i64>
// CHECK: rec.gather
// CHECK: rec.embedding
// CHECK: rec.concat
// CHECK: rec.dot_interaction
// CHECK: rec.yield
// CHECK-NOT: rec.fusion
// CHECK: return
func.func @lookups(%ids: tensor<8x2xi64>) -> tensor<8x1xf32> {
  %t = rec.constant "t" = dense<1.0> : tensor<4x16xf32>
  %one = rec.constant dense<1> : tensor<i64>
  %0 = rec.gather %ids, %one axis 1 : (tensor<8x2xi64>, tensor<i64>) -> tensor<8xi64>
  %1 = rec.embedding %t, %0 : (tensor<4x16xf32>, tensor<8xi64>) -> tensor<8x16xf32>
  %2 = rec.embedding_bag sum %t, %ids : (tensor<4x16xf32>, tensor<8x2xi64>) -> tensor<8x16xf32>
  %3 = rec.concat %1, %2 axis 1 : (tensor<8x16xf32>, tensor<8x16xf32>) -> tensor<8x32xf32>
  %4 = rec.reshape %3 : (tensor<8x32xf32>) -> tensor<8x2x16xf32>
  %5 = rec.dot_interaction lower %4 : (tensor<8x2x16xf32>) -> tensor<8x1xf32>
  return %5 : tensor<8x1xf32>
}

// CHECK-LABEL: func.func @lookup_alone
// CHECK: rec.fusion {{ *}}lookup rows [false, true]
func.func @lookup_alone(%ids: tensor<8xi64>) -> tensor<8x16xf32> {
  %t = rec.constant "t" = dense<1.0> : tensor<4x16xf32>
  %0 = rec.embedding %t, %ids : (tensor<4x16xf32>, tensor<8xi64>) -> tensor<8x16xf32>
  return %0 : tensor<8x16xf32>
}

// The sum over the batch needs all rows, and what reads it is another region: three in all, the middle one whole.
// CHECK-LABEL: func.func @across_rows
// CHECK: %[[E:.*]] = rec.fusion {{ *}}rows rows [true](%arg0)
// CHECK: %[[S:.*]] = rec.fusion {{ *}}whole rows [false](%[[E]])
// CHECK: rec.fusion {{ *}}rows rows [true, false](%[[E]], %[[S]])
func.func @across_rows(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %0 = rec.unary exp %x : (tensor<8x4xf32>) -> tensor<8x4xf32>
  %1 = rec.reduce sum %0 axes [0] : (tensor<8x4xf32>) -> tensor<4xf32>
  %2 = rec.binary div %0, %1 : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8x4xf32>
  return %2 : tensor<8x4xf32>
}

// Read by row and as a whole: the product with its own transpose takes x twice.
// CHECK-LABEL: func.func @two_roles
// CHECK: rec.fusion {{ *}}rows rows [true, false](%arg0, %arg0)
// CHECK-NEXT: ^bb0(%[[ROW:.*]]: tensor<8x8xf32>, %[[ALL:.*]]: tensor<8x8xf32>):
// CHECK-NEXT: rec.matmul %[[ROW]], %[[ALL]] {transpose_b}
func.func @two_roles(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = rec.matmul %x, %x {transpose_b} : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %0 : tensor<8x8xf32>
}

// Dead layers get no region; two results leave one region.
// CHECK-LABEL: func.func @two_results
// CHECK: rec.fusion {{ *}}rows rows [true](%arg0) : (tensor<8x9xf32>) -> (tensor<8x3xf32>, tensor<8x3xf32>)
// CHECK-NOT: rec.unary relu
// CHECK: return
func.func @two_results(%x: tensor<8x9xf32>) -> (tensor<8x3xf32>, tensor<8x3xf32>) {
  %dead = rec.unary relu %x : (tensor<8x9xf32>) -> tensor<8x9xf32>
  %v, %i = rec.topk %x k 3 axis 1 : (tensor<8x9xf32>) -> (tensor<8x3xf32>, tensor<8x3xi64>)
  %0 = rec.unary exp %v : (tensor<8x3xf32>) -> tensor<8x3xf32>
  return %v, %0 : tensor<8x3xf32>, tensor<8x3xf32>
}

// Bags by offsets need ids and offsets as a whole. A reshape that mixes rows is on its own.
// CHECK-LABEL: func.func @not_by_row
// CHECK: rec.fusion {{ *}}whole rows [false](%arg2)
// CHECK: rec.fusion {{ *}}whole rows
func.func @not_by_row(%ids: tensor<?xi64, #rec.dims<"n">>, %offsets: tensor<?xi64, #rec.dims<"bags">>,
                      %x: tensor<8x4xf32>) -> (tensor<4x8xf32>, tensor<f32>) {
  %0 = rec.reshape %x : (tensor<8x4xf32>) -> tensor<4x8xf32>
  %1 = rec.reduce sum %x axes [0, 1] : (tensor<8x4xf32>) -> tensor<f32>
  return %0, %1 : tensor<4x8xf32>, tensor<f32>
}

// CHECK-LABEL: func.func @offsets
// CHECK: rec.fusion {{ *}}rows rows [false, false, false]
func.func @offsets(%ids: tensor<?xi64, #rec.dims<"n">>, %offsets: tensor<?xi64, #rec.dims<"bags">>)
    -> tensor<?x16xf32, #rec.dims<"bags", 16>> {
  %t = rec.constant "t" = dense<1.0> : tensor<4x16xf32>
  %0 = rec.embedding_bag sum %t, %ids offsets %offsets
    : (tensor<4x16xf32>, tensor<?xi64, #rec.dims<"n">>, tensor<?xi64, #rec.dims<"bags">>)
    -> tensor<?x16xf32, #rec.dims<"bags", 16>>
  %1 = rec.unary relu %0 : (tensor<?x16xf32, #rec.dims<"bags", 16>>) -> tensor<?x16xf32, #rec.dims<"bags", 16>>
  return %1 : tensor<?x16xf32, #rec.dims<"bags", 16>>
}

// A recurrent layer takes blocks of rows: it is alone, and its weights are inputs.
// CHECK-LABEL: func.func @recurrence
// CHECK: rec.fusion {{ *}}rows rows [true](%arg0)
// CHECK-NEXT: ^bb0
// CHECK-NEXT: rec.unary
// CHECK: rec.fusion {{ *}}rows rows [true, false](%{{.*}}, %{{.*}})
// CHECK-NEXT: ^bb0
// CHECK-NEXT: rec.recurrence
// CHECK-NEXT: rec.yield
// CHECK: rec.fusion {{ *}}rows rows [true]
func.func @recurrence(%x: tensor<8x5x2xf32>) -> tensor<8x2xf32> {
  %r = rec.constant "r" = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %0 = rec.unary relu %x : (tensor<8x5x2xf32>) -> tensor<8x5x2xf32>
  %y, %h = rec.recurrence rnn forward %0 recurrence %r
    : (tensor<8x5x2xf32>, tensor<2x2xf32>) -> (tensor<8x5x2xf32>, tensor<8x2xf32>)
  %1 = rec.unary relu %h : (tensor<8x2xf32>) -> tensor<8x2xf32>
  return %1 : tensor<8x2xf32>
}
