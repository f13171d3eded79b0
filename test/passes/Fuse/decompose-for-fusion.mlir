// RUN: reckon-opt --rec-decompose-for-fusion %s | FileCheck %s
// RUN: reckon-opt --rec-decompose-for-fusion --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// STATS: 2 cross-layers
// STATS: 2 batch-norms

// CHECK-LABEL: func.func @full_rank
// CHECK: %[[P:.*]] = rec.linear %arg1, %{{.*}}, %{{.*}} :
// CHECK: %[[S:.*]] = rec.binary mul %[[P]], %arg0
// CHECK: %[[R:.*]] = rec.binary add %[[S]], %arg1
// CHECK: return %[[R]]
func.func @full_rank(%x0: tensor<8x4xf32>, %x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %w = rec.constant dense<1.0> : tensor<4x4xf32>
  %b = rec.constant dense<1.0> : tensor<4xf32>
  %0 = rec.cross_layer %x0, %x weight %w bias %b
    : (tensor<8x4xf32>, tensor<8x4xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}

// CHECK-LABEL: func.func @low_rank
// CHECK: %[[D:.*]] = rec.linear %arg1, %{{.*}} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4x2xf32>) -> tensor<?x2xf32, #rec.dims<"batch", 2>>
// CHECK: %[[P:.*]] = rec.linear %[[D]], %{{.*}} :
// CHECK: rec.binary mul %[[P]], %arg0
func.func @low_rank(%x0: tensor<?x4xf32, #rec.dims<"batch", 4>>, %x: tensor<?x4xf32, #rec.dims<"batch", 4>>)
    -> tensor<?x4xf32, #rec.dims<"batch", 4>> {
  %v = rec.constant dense<1.0> : tensor<4x2xf32>
  %u = rec.constant dense<1.0> : tensor<2x4xf32>
  %0 = rec.cross_layer %x0, %x down %v weight %u
    : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4x2xf32>, tensor<2x4xf32>)
    -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  return %0 : tensor<?x4xf32, #rec.dims<"batch", 4>>
}

// (x - 1) / sqrt(3 + 1) * 4 + 7 = x * 2 + 5.
// CHECK-LABEL: func.func @batch_norm
// CHECK-DAG: %[[A:.*]] = rec.constant dense<2.000000e+00> : tensor<4xf32>
// CHECK-DAG: %[[B:.*]] = rec.constant dense<5.000000e+00> : tensor<4xf32>
// CHECK: %[[S:.*]] = rec.binary mul %arg0, %[[A]]
// CHECK: rec.binary add %[[S]], %[[B]]
func.func @batch_norm(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %s = rec.constant dense<4.0> : tensor<4xf32>
  %b = rec.constant dense<7.0> : tensor<4xf32>
  %m = rec.constant dense<1.0> : tensor<4xf32>
  %v = rec.constant dense<3.0> : tensor<4xf32>
  %0 = rec.batch_norm %x, %s, %b, %m, %v epsilon 1.0
    : (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}

// The channel is the second of three dimensions.
// CHECK-LABEL: func.func @batch_norm_of_sequences
// CHECK: rec.binary mul %arg0, %{{.*}} : (tensor<8x4x6xf32>, tensor<4x1xf32>) -> tensor<8x4x6xf32>
func.func @batch_norm_of_sequences(%x: tensor<8x4x6xf32>) -> tensor<8x4x6xf32> {
  %c = rec.constant dense<1.0> : tensor<4xf32>
  %0 = rec.batch_norm %x, %c, %c, %c, %c epsilon 1.0
    : (tensor<8x4x6xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<8x4x6xf32>
  return %0 : tensor<8x4x6xf32>
}

// CHECK-LABEL: func.func @computed_statistics
// CHECK: rec.batch_norm
func.func @computed_statistics(%x: tensor<8x4xf32>, %m: tensor<4xf32>) -> tensor<8x4xf32> {
  %c = rec.constant dense<1.0> : tensor<4xf32>
  %0 = rec.batch_norm %x, %c, %c, %m, %c epsilon 1.0
    : (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}
