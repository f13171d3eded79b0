// RUN: reckon-opt --rec-normalize-recurrence --rec-fold-constants --canonicalize %s | FileCheck %s
// RUN: reckon-opt --rec-normalize-recurrence --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// STATS: (S) 4 recurrences-expanded

// All biases are sums but that of the state that a reset gate multiplies. The transposes around the layer meet those that
// put the batch first.
// CHECK-LABEL: func.func @gru
// CHECK-SAME: %[[X:.*]]: tensor<?x5x2xf32
// CHECK-DAG: %[[W:.*]] = rec.constant "w" = dense<{{\[\[}}1.000000e+00, 3.000000e+00, 5.000000e+00], [2.000000e+00, 4.000000e+00, 6.000000e+00]]> : tensor<2x3xf32>
// CHECK-DAG: %[[R:.*]] = rec.constant "r" = dense<{{\[\[}}1.000000e+00, 2.000000e+00, 3.000000e+00]]> : tensor<1x3xf32>
// CHECK-DAG: %[[SUM:.*]] = rec.constant dense<[5.000000e+00, 7.000000e+00, 3.000000e+00]> : tensor<3xf32>
// CHECK-DAG: %[[APART:.*]] = rec.constant dense<6.000000e+00> : tensor<1xf32>
// CHECK: %[[G:.*]] = rec.linear %[[X]], %[[W]], %[[SUM]] : {{.*}} -> tensor<?x5x3xf32, #rec.dims<"batch", 5, 3>>
// CHECK-NEXT: %[[Y:.*]], %[[H:.*]] = rec.recurrence gru forward %[[G]] recurrence %[[R]] bias %[[APART]] {linear_before_reset} : {{.*}} -> (tensor<?x5x1xf32, #rec.dims<"batch", 5, 1>>, tensor<?x1xf32, #rec.dims<"batch", 1>>)
// CHECK-NEXT: return %[[Y]]
func.func @gru(%x: tensor<?x5x2xf32, #rec.dims<"batch", 5, 2>>) -> tensor<?x5x1xf32, #rec.dims<"batch", 5, 1>> {
  %w = rec.constant "w" = dense<[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]]> : tensor<1x3x2xf32>
  %r = rec.constant "r" = dense<[[[1.0], [2.0], [3.0]]]> : tensor<1x3x1xf32>
  %b = rec.constant "b" = dense<[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]> : tensor<1x6xf32>
  %0 = rec.transpose %x perm [1, 0, 2]
    : (tensor<?x5x2xf32, #rec.dims<"batch", 5, 2>>) -> tensor<5x?x2xf32, #rec.dims<5, "batch", 2>>
  %1:2 = rec.rnn gru forward %0 weight %w recurrence %r bias %b {linear_before_reset}
    : (tensor<5x?x2xf32, #rec.dims<5, "batch", 2>>, tensor<1x3x2xf32>, tensor<1x3x1xf32>, tensor<1x6xf32>)
    -> (tensor<5x1x?x1xf32, #rec.dims<5, 1, "batch", 1>>, tensor<1x?x1xf32, #rec.dims<1, "batch", 1>>)
  %2 = rec.reshape %1#0
    : (tensor<5x1x?x1xf32, #rec.dims<5, 1, "batch", 1>>) -> tensor<5x?x1xf32, #rec.dims<5, "batch", 1>>
  %3 = rec.transpose %2 perm [1, 0, 2]
    : (tensor<5x?x1xf32, #rec.dims<5, "batch", 1>>) -> tensor<?x5x1xf32, #rec.dims<"batch", 5, 1>>
  return %3 : tensor<?x5x1xf32, #rec.dims<"batch", 5, 1>>
}

// Two directions side by side, also in states.
// CHECK-LABEL: func.func @lstm
// CHECK-SAME: %[[X:.*]]: tensor<?x5x2xf32, {{.*}}>, %[[H:.*]]: tensor<2x?x1xf32, {{.*}}>, %[[N:.*]]: tensor<?xi32, {{.*}}>)
// CHECK: %[[G:.*]] = rec.linear %[[X]], %{{.*}} : {{.*}} -> tensor<?x5x8xf32, #rec.dims<"batch", 5, 8>>
// CHECK: %[[T:.*]] = rec.reshape %[[H]] : {{.*}} -> tensor<2x?xf32, #rec.dims<2, "batch">>
// CHECK: %[[I:.*]] = rec.transpose %[[T]] perm [1, 0] : {{.*}} -> tensor<?x2xf32, #rec.dims<"batch", 2>>
// CHECK: %[[Y:.*]], %{{.*}}, %{{.*}} = rec.recurrence lstm bidirectional %[[G]] recurrence %{{.*}} lengths %[[N]] initial_h %[[I]] : ({{.*}}, tensor<2x4xf32>, {{.*}}) ->
// CHECK-NEXT: return %[[Y]] : tensor<?x5x2xf32, #rec.dims<"batch", 5, 2>>
func.func @lstm(%x: tensor<?x5x2xf32, #rec.dims<"batch", 5, 2>>, %h: tensor<2x?x1xf32, #rec.dims<2, "batch", 1>>,
                %n: tensor<?xi32, #rec.dims<"batch">>) -> tensor<?x5x2xf32, #rec.dims<"batch", 5, 2>> {
  %w = rec.constant "w" = dense<[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]]> : tensor<2x4x2xf32>
  %r = rec.constant "r" = dense<[[[1.0], [2.0], [3.0], [4.0]], [[5.0], [6.0], [7.0], [8.0]]]> : tensor<2x4x1xf32>
  %0 = rec.transpose %x perm [1, 0, 2]
    : (tensor<?x5x2xf32, #rec.dims<"batch", 5, 2>>) -> tensor<5x?x2xf32, #rec.dims<5, "batch", 2>>
  %1:3 = rec.rnn lstm bidirectional %0 weight %w recurrence %r lengths %n initial_h %h
    : (tensor<5x?x2xf32, #rec.dims<5, "batch", 2>>, tensor<2x4x2xf32>, tensor<2x4x1xf32>, tensor<?xi32, #rec.dims<"batch">>, tensor<2x?x1xf32, #rec.dims<2, "batch", 1>>)
    -> (tensor<5x2x?x1xf32, #rec.dims<5, 2, "batch", 1>>, tensor<2x?x1xf32, #rec.dims<2, "batch", 1>>, tensor<2x?x1xf32, #rec.dims<2, "batch", 1>>)
  %2 = rec.transpose %1#0 perm [0, 2, 1, 3]
    : (tensor<5x2x?x1xf32, #rec.dims<5, 2, "batch", 1>>) -> tensor<5x?x2x1xf32, #rec.dims<5, "batch", 2, 1>>
  %3 = rec.reshape %2
    : (tensor<5x?x2x1xf32, #rec.dims<5, "batch", 2, 1>>) -> tensor<5x?x2xf32, #rec.dims<5, "batch", 2>>
  %4 = rec.transpose %3 perm [1, 0, 2]
    : (tensor<5x?x2xf32, #rec.dims<5, "batch", 2>>) -> tensor<?x5x2xf32, #rec.dims<"batch", 5, 2>>
  return %4 : tensor<?x5x2xf32, #rec.dims<"batch", 5, 2>>
}

// Without linear_before_reset all biases are sums.
// CHECK-LABEL: func.func @reset_first
// CHECK: rec.constant dense<[5.000000e+00, 7.000000e+00, 9.000000e+00]> : tensor<3xf32>
// CHECK: rec.recurrence gru reverse %{{.*}} recurrence %{{[^ ]*}} :
func.func @reset_first(%x: tensor<5x7x1xf32>) -> tensor<1x7x1xf32> {
  %w = rec.constant "w" = dense<[[[1.0], [2.0], [3.0]]]> : tensor<1x3x1xf32>
  %b = rec.constant "b" = dense<[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]> : tensor<1x6xf32>
  %0:2 = rec.rnn gru reverse %x weight %w recurrence %w bias %b
    : (tensor<5x7x1xf32>, tensor<1x3x1xf32>, tensor<1x3x1xf32>, tensor<1x6xf32>) -> (tensor<5x1x7x1xf32>, tensor<1x7x1xf32>)
  return %0#1 : tensor<1x7x1xf32>
}

// A computed weight multiplies as a matrix.
// CHECK-LABEL: func.func @computed
// CHECK: rec.matmul
// CHECK: rec.recurrence rnn forward
func.func @computed(%x: tensor<5x7x2xf32>, %w: tensor<1x3x2xf32>, %r: tensor<1x3x3xf32>) -> tensor<1x7x3xf32> {
  %0:2 = rec.rnn rnn forward %x weight %w recurrence %r
    : (tensor<5x7x2xf32>, tensor<1x3x2xf32>, tensor<1x3x3xf32>) -> (tensor<5x1x7x3xf32>, tensor<1x7x3xf32>)
  return %0#1 : tensor<1x7x3xf32>
}

// Sizes without names stay: they could not be told apart behind a reshape.
// CHECK-LABEL: func.func @anonymous
// CHECK: rec.rnn
func.func @anonymous(%x: tensor<?x7x2xf32>, %w: tensor<1x3x2xf32>, %r: tensor<1x3x3xf32>) -> tensor<1x7x3xf32> {
  %0:2 = rec.rnn rnn forward %x weight %w recurrence %r
    : (tensor<?x7x2xf32>, tensor<1x3x2xf32>, tensor<1x3x3xf32>) -> (tensor<?x1x7x3xf32>, tensor<1x7x3xf32>)
  return %0#1 : tensor<1x7x3xf32>
}
