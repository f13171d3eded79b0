// RUN: reckon-opt %s | reckon-opt | FileCheck %s
// RUN: reckon-opt %s --mlir-print-op-generic | reckon-opt | FileCheck %s

// CHECK-LABEL: func.func @linear
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x13xf32, #rec.dims<"batch", 13>>
// CHECK-SAME: %[[W:[a-z0-9]+]]: tensor<13x64xf32>
// CHECK-SAME: %[[B:[a-z0-9]+]]: tensor<64xf32>
func.func @linear(%x: tensor<?x13xf32, #rec.dims<"batch", 13>>, %w: tensor<13x64xf32>, %b: tensor<64xf32>) {
  // CHECK: rec.linear %[[X]], %[[W]] : (tensor<?x13xf32, #rec.dims<"batch", 13>>, tensor<13x64xf32>) -> tensor<?x64xf32, #rec.dims<"batch", 64>>
  %0 = rec.linear %x, %w
    : (tensor<?x13xf32, #rec.dims<"batch", 13>>, tensor<13x64xf32>) -> tensor<?x64xf32, #rec.dims<"batch", 64>>
  // CHECK: rec.linear %[[X]], %[[W]], %[[B]] : (tensor<?x13xf32, #rec.dims<"batch", 13>>, tensor<13x64xf32>, tensor<64xf32>) -> tensor<?x64xf32, #rec.dims<"batch", 64>>
  %1 = rec.linear %x, %w, %b
    : (tensor<?x13xf32, #rec.dims<"batch", 13>>, tensor<13x64xf32>, tensor<64xf32>)
    -> tensor<?x64xf32, #rec.dims<"batch", 64>>
  return
}

// CHECK-LABEL: func.func @matmul
// CHECK-SAME: %[[A:[a-z0-9]+]]: tensor<?x4x16xf32, #rec.dims<"batch", 4, 16>>, %[[V:[a-z0-9]+]]: tensor<16xf32>
func.func @matmul(%a: tensor<?x4x16xf32, #rec.dims<"batch", 4, 16>>, %v: tensor<16xf32>) {
  // CHECK: rec.matmul %[[A]], %[[A]] {transpose_b} : (tensor<?x4x16xf32, #rec.dims<"batch", 4, 16>>, tensor<?x4x16xf32, #rec.dims<"batch", 4, 16>>) -> tensor<?x4x4xf32, #rec.dims<"batch", 4, 4>>
  %0 = rec.matmul %a, %a {transpose_b}
    : (tensor<?x4x16xf32, #rec.dims<"batch", 4, 16>>, tensor<?x4x16xf32, #rec.dims<"batch", 4, 16>>)
    -> tensor<?x4x4xf32, #rec.dims<"batch", 4, 4>>
  // CHECK: rec.matmul %[[A]], %[[A]] {transpose_a} : (tensor<?x4x16xf32, #rec.dims<"batch", 4, 16>>, tensor<?x4x16xf32, #rec.dims<"batch", 4, 16>>) -> tensor<?x16x16xf32, #rec.dims<"batch", 16, 16>>
  %1 = rec.matmul %a, %a {transpose_a}
    : (tensor<?x4x16xf32, #rec.dims<"batch", 4, 16>>, tensor<?x4x16xf32, #rec.dims<"batch", 4, 16>>)
    -> tensor<?x16x16xf32, #rec.dims<"batch", 16, 16>>
  // CHECK: rec.matmul %[[A]], %[[V]] : (tensor<?x4x16xf32, #rec.dims<"batch", 4, 16>>, tensor<16xf32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  %2 = rec.matmul %a, %v
    : (tensor<?x4x16xf32, #rec.dims<"batch", 4, 16>>, tensor<16xf32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  // CHECK: rec.matmul %[[V]], %[[V]] : (tensor<16xf32>, tensor<16xf32>) -> tensor<f32>
  %3 = rec.matmul %v, %v : (tensor<16xf32>, tensor<16xf32>) -> tensor<f32>
  return
}

// CHECK-LABEL: func.func @interactions
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x27x16xf32, #rec.dims<"batch", 27, 16>>
func.func @interactions(%x: tensor<?x27x16xf32, #rec.dims<"batch", 27, 16>>) {
  // CHECK: rec.dot_interaction lower %[[X]] : (tensor<?x27x16xf32, #rec.dims<"batch", 27, 16>>) -> tensor<?x351xf32, #rec.dims<"batch", 351>>
  %0 = rec.dot_interaction lower %x
    : (tensor<?x27x16xf32, #rec.dims<"batch", 27, 16>>) -> tensor<?x351xf32, #rec.dims<"batch", 351>>
  // CHECK: rec.dot_interaction upper %[[X]] {self_interaction} : (tensor<?x27x16xf32, #rec.dims<"batch", 27, 16>>) -> tensor<?x378xf32, #rec.dims<"batch", 378>>
  %1 = rec.dot_interaction upper %x {self_interaction}
    : (tensor<?x27x16xf32, #rec.dims<"batch", 27, 16>>) -> tensor<?x378xf32, #rec.dims<"batch", 378>>
  // CHECK: rec.fm_term %[[X]] : (tensor<?x27x16xf32, #rec.dims<"batch", 27, 16>>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  %2 = rec.fm_term %x : (tensor<?x27x16xf32, #rec.dims<"batch", 27, 16>>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  // CHECK: rec.fm_term %[[X]] {sum_dim} : (tensor<?x27x16xf32, #rec.dims<"batch", 27, 16>>) -> tensor<?x1xf32, #rec.dims<"batch", 1>>
  %3 = rec.fm_term %x {sum_dim}
    : (tensor<?x27x16xf32, #rec.dims<"batch", 27, 16>>) -> tensor<?x1xf32, #rec.dims<"batch", 1>>
  return
}

// CHECK-LABEL: func.func @cross_layer
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<8x429xf32>
// CHECK-SAME: %[[V:[a-z0-9]+]]: tensor<429x64xf32>
// CHECK-SAME: %[[U:[a-z0-9]+]]: tensor<64x429xf32>
// CHECK-SAME: %[[W:[a-z0-9]+]]: tensor<429x429xf32>
// CHECK-SAME: %[[B:[a-z0-9]+]]: tensor<429xf32>
func.func @cross_layer(
    %x: tensor<8x429xf32>,
    %v: tensor<429x64xf32>,
    %u: tensor<64x429xf32>,
    %w: tensor<429x429xf32>,
    %b: tensor<429xf32>) {
  // CHECK: rec.cross_layer %[[X]], %[[X]] weight %[[W]] : (tensor<8x429xf32>, tensor<8x429xf32>, tensor<429x429xf32>) -> tensor<8x429xf32>
  %0 = rec.cross_layer %x, %x weight %w
    : (tensor<8x429xf32>, tensor<8x429xf32>, tensor<429x429xf32>) -> tensor<8x429xf32>
  // CHECK: rec.cross_layer %[[X]], %[[X]] down %[[V]] weight %[[U]] bias %[[B]] : (tensor<8x429xf32>, tensor<8x429xf32>, tensor<429x64xf32>, tensor<64x429xf32>, tensor<429xf32>) -> tensor<8x429xf32>
  %1 = rec.cross_layer %x, %x down %v weight %u bias %b
    : (tensor<8x429xf32>, tensor<8x429xf32>, tensor<429x64xf32>, tensor<64x429xf32>, tensor<429xf32>)
    -> tensor<8x429xf32>
  return
}

// CHECK-LABEL: func.func @einsum
// CHECK-SAME: %[[A:[a-z0-9]+]]: tensor<8x3xf32>, %[[B:[a-z0-9]+]]: tensor<8x4xf32>
func.func @einsum(%a: tensor<8x3xf32>, %b: tensor<8x4xf32>) {
  // CHECK: rec.einsum "bi,bj->bij"(%[[A]], %[[B]]) : (tensor<8x3xf32>, tensor<8x4xf32>) -> tensor<8x3x4xf32>
  %0 = rec.einsum "bi,bj->bij"(%a, %b) : (tensor<8x3xf32>, tensor<8x4xf32>) -> tensor<8x3x4xf32>
  // CHECK: rec.einsum "bi->"(%[[A]]) : (tensor<8x3xf32>) -> tensor<f32>
  %1 = rec.einsum "bi->"(%a) : (tensor<8x3xf32>) -> tensor<f32>
  return
}

// CHECK-LABEL: func.func @windows
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x4x10xf32, #rec.dims<"batch", 4, 10>>
// CHECK-SAME: %[[W:[a-z0-9]+]]: tensor<6x2x3xf32>
// CHECK-SAME: %[[B:[a-z0-9]+]]: tensor<6xf32>
// CHECK-SAME: %[[Y:[a-z0-9]+]]: tensor<1x3x?x7xf32, #rec.dims<1, 3, "height", 7>>
func.func @windows(
    %x: tensor<?x4x10xf32, #rec.dims<"batch", 4, 10>>,
    %w: tensor<6x2x3xf32>,
    %b: tensor<6xf32>,
    %y: tensor<1x3x?x7xf32, #rec.dims<1, 3, "height", 7>>) {
  // CHECK: rec.conv %[[X]], %[[W]] strides [1] pads [1, 1] dilations [1] groups 2 : (tensor<?x4x10xf32, #rec.dims<"batch", 4, 10>>, tensor<6x2x3xf32>) -> tensor<?x6x10xf32, #rec.dims<"batch", 6, 10>>
  %0 = rec.conv %x, %w strides [1] pads [1, 1] dilations [1] groups 2
    : (tensor<?x4x10xf32, #rec.dims<"batch", 4, 10>>, tensor<6x2x3xf32>)
    -> tensor<?x6x10xf32, #rec.dims<"batch", 6, 10>>
  // CHECK: rec.conv %[[X]], %[[W]], %[[B]] strides [2] pads [0, 0] dilations [2] groups 2 : (tensor<?x4x10xf32, #rec.dims<"batch", 4, 10>>, tensor<6x2x3xf32>, tensor<6xf32>) -> tensor<?x6x3xf32, #rec.dims<"batch", 6, 3>>
  %1 = rec.conv %x, %w, %b strides [2] pads [0, 0] dilations [2] groups 2
    : (tensor<?x4x10xf32, #rec.dims<"batch", 4, 10>>, tensor<6x2x3xf32>, tensor<6xf32>)
    -> tensor<?x6x3xf32, #rec.dims<"batch", 6, 3>>
  // CHECK: rec.pool_window max %[[Y]] window [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<1x3x?x7xf32, #rec.dims<1, 3, "height", 7>>) -> tensor<1x3x?x3xf32, #rec.dims<1, 3, "floordiv(height, 2)", 3>>
  %2 = rec.pool_window max %y window [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1]
    : (tensor<1x3x?x7xf32, #rec.dims<1, 3, "height", 7>>)
    -> tensor<1x3x?x3xf32, #rec.dims<1, 3, "floordiv(height, 2)", 3>>
  // CHECK: rec.pool_window average %[[X]] window [3] strides [2] pads [0, 0] dilations [1] {ceil_mode, count_include_pad} : (tensor<?x4x10xf32, #rec.dims<"batch", 4, 10>>) -> tensor<?x4x5xf32, #rec.dims<"batch", 4, 5>>
  %3 = rec.pool_window average %x window [3] strides [2] pads [0, 0] dilations [1] {ceil_mode, count_include_pad}
    : (tensor<?x4x10xf32, #rec.dims<"batch", 4, 10>>) -> tensor<?x4x5xf32, #rec.dims<"batch", 4, 5>>
  return
}

// CHECK-LABEL: func.func @recurrence
func.func @recurrence(
    %x: tensor<?x?x9xf32, #rec.dims<"batch", "seq", 9>>, %r: tensor<3x9xf32>, %b: tensor<3xf32>,
    %x2: tensor<?x?x24xf32, #rec.dims<"batch", "seq", 24>>, %r2: tensor<6x12xf32>,
    %lengths: tensor<?xi32, #rec.dims<"batch">>, %h: tensor<?x6xf32, #rec.dims<"batch", 6>>, %p: tensor<2x9xf32>) {
  // CHECK: rec.recurrence gru reverse %{{.*}} recurrence %{{.*}} bias %{{.*}} {linear_before_reset} : (tensor<?x?x9xf32, #rec.dims<"batch", "seq", 9>>, tensor<3x9xf32>, tensor<3xf32>) -> (tensor<?x?x3xf32, #rec.dims<"batch", "seq", 3>>, tensor<?x3xf32, #rec.dims<"batch", 3>>)
  %0:2 = rec.recurrence gru reverse %x recurrence %r bias %b {linear_before_reset}
    : (tensor<?x?x9xf32, #rec.dims<"batch", "seq", 9>>, tensor<3x9xf32>, tensor<3xf32>)
    -> (tensor<?x?x3xf32, #rec.dims<"batch", "seq", 3>>, tensor<?x3xf32, #rec.dims<"batch", 3>>)
  // CHECK: rec.recurrence lstm bidirectional %{{.*}} recurrence %{{.*}} lengths %{{.*}} initial_h %[[H:.*]] initial_c %[[H]] peepholes %{{.*}} : (tensor<?x?x24xf32, #rec.dims<"batch", "seq", 24>>, tensor<6x12xf32>, tensor<?xi32, #rec.dims<"batch">>, tensor<?x6xf32, #rec.dims<"batch", 6>>, tensor<?x6xf32, #rec.dims<"batch", 6>>, tensor<2x9xf32>)
  %1:3 = rec.recurrence lstm bidirectional %x2 recurrence %r2 lengths %lengths initial_h %h initial_c %h peepholes %p
    : (tensor<?x?x24xf32, #rec.dims<"batch", "seq", 24>>, tensor<6x12xf32>, tensor<?xi32, #rec.dims<"batch">>, tensor<?x6xf32, #rec.dims<"batch", 6>>, tensor<?x6xf32, #rec.dims<"batch", 6>>, tensor<2x9xf32>)
    -> (tensor<?x?x6xf32, #rec.dims<"batch", "seq", 6>>, tensor<?x6xf32, #rec.dims<"batch", 6>>, tensor<?x6xf32, #rec.dims<"batch", 6>>)
  return
}

// CHECK-LABEL: func.func @recurrent(
func.func @recurrent(
    %x: tensor<?x?x4xf32, #rec.dims<"seq", "batch", 4>>,
    %w: tensor<1x9x4xf32>, %r: tensor<1x9x3xf32>, %b: tensor<1x18xf32>,
    %w2: tensor<2x12x4xf32>, %r2: tensor<2x12x3xf32>,
    %lengths: tensor<?xi32, #rec.dims<"batch">>, %h: tensor<2x?x3xf32, #rec.dims<2, "batch", 3>>, %p: tensor<2x9xf32>) {
  // CHECK: rec.rnn gru reverse %{{.*}} weight %{{.*}} recurrence %{{.*}} bias %{{.*}} {linear_before_reset} : (tensor<?x?x4xf32, #rec.dims<"seq", "batch", 4>>, tensor<1x9x4xf32>, tensor<1x9x3xf32>, tensor<1x18xf32>) -> (tensor<?x1x?x3xf32, #rec.dims<"seq", 1, "batch", 3>>, tensor<1x?x3xf32, #rec.dims<1, "batch", 3>>)
  %0:2 = rec.rnn gru reverse %x weight %w recurrence %r bias %b {linear_before_reset}
    : (tensor<?x?x4xf32, #rec.dims<"seq", "batch", 4>>, tensor<1x9x4xf32>, tensor<1x9x3xf32>, tensor<1x18xf32>)
    -> (tensor<?x1x?x3xf32, #rec.dims<"seq", 1, "batch", 3>>, tensor<1x?x3xf32, #rec.dims<1, "batch", 3>>)
  // CHECK: rec.rnn lstm bidirectional %{{.*}} weight %{{.*}} recurrence %{{.*}} lengths %{{.*}} initial_h %[[H:.*]] initial_c %[[H]] peepholes %{{.*}} : (tensor<?x?x4xf32, #rec.dims<"seq", "batch", 4>>, tensor<2x12x4xf32>, tensor<2x12x3xf32>, tensor<?xi32, #rec.dims<"batch">>, tensor<2x?x3xf32, #rec.dims<2, "batch", 3>>, tensor<2x?x3xf32, #rec.dims<2, "batch", 3>>, tensor<2x9xf32>) -> (tensor<?x2x?x3xf32, #rec.dims<"seq", 2, "batch", 3>>, tensor<2x?x3xf32, #rec.dims<2, "batch", 3>>, tensor<2x?x3xf32, #rec.dims<2, "batch", 3>>)
  %1:3 = rec.rnn lstm bidirectional %x weight %w2 recurrence %r2 lengths %lengths initial_h %h initial_c %h peepholes %p
    : (tensor<?x?x4xf32, #rec.dims<"seq", "batch", 4>>, tensor<2x12x4xf32>, tensor<2x12x3xf32>, tensor<?xi32, #rec.dims<"batch">>, tensor<2x?x3xf32, #rec.dims<2, "batch", 3>>, tensor<2x?x3xf32, #rec.dims<2, "batch", 3>>, tensor<2x9xf32>)
    -> (tensor<?x2x?x3xf32, #rec.dims<"seq", 2, "batch", 3>>, tensor<2x?x3xf32, #rec.dims<2, "batch", 3>>, tensor<2x?x3xf32, #rec.dims<2, "batch", 3>>)
  return
}
