// RUN: reckon-opt --rec-fold-batch-norm %s | FileCheck %s
// RUN: reckon-opt --rec-fold-batch-norm --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// scale 2, bias 1, mean 3, variance 1: 2 x - 5.
// CHECK-LABEL: func.func @linear
// CHECK-DAG: %[[W:.*]] = rec.constant dense<{{\[\[}}2.000000e+00, 4.000000e+00]]> : tensor<1x2xf32>
// CHECK-DAG: %[[B:.*]] = rec.constant dense<[-3.000000e+00, -1.000000e+00]> : tensor<2xf32>
// CHECK: %[[L:.*]] = rec.linear %arg0, %[[W]], %[[B]]
// CHECK: return %[[L]]
func.func @linear(%x: tensor<8x1xf32>) -> tensor<8x2xf32> {
  %w = rec.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %wb = rec.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %s = rec.constant dense<2.0> : tensor<2xf32>
  %b = rec.constant dense<1.0> : tensor<2xf32>
  %m = rec.constant dense<3.0> : tensor<2xf32>
  %v = rec.constant dense<1.0> : tensor<2xf32>
  %0 = rec.linear %x, %w, %wb : (tensor<8x1xf32>, tensor<1x2xf32>, tensor<2xf32>) -> tensor<8x2xf32>
  %1 = rec.batch_norm %0, %s, %b, %m, %v epsilon 0.0
    : (tensor<8x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<8x2xf32>
  return %1 : tensor<8x2xf32>
}

// Before the layer: the weight's rows are scaled, its bias gains -5 (1 + 2).
// CHECK-LABEL: func.func @next
// CHECK-DAG: %[[W:.*]] = rec.constant dense<{{\[\[}}2.000000e+00], [4.000000e+00]]> : tensor<2x1xf32>
// CHECK-DAG: %[[B:.*]] = rec.constant dense<-1.500000e+01> : tensor<1xf32>
// CHECK: rec.linear %arg0, %[[W]], %[[B]]
func.func @next(%x: tensor<8x2xf32>) -> tensor<8x1xf32> {
  %w = rec.constant dense<[[1.0], [2.0]]> : tensor<2x1xf32>
  %s = rec.constant dense<2.0> : tensor<2xf32>
  %b = rec.constant dense<1.0> : tensor<2xf32>
  %m = rec.constant dense<3.0> : tensor<2xf32>
  %v = rec.constant dense<1.0> : tensor<2xf32>
  %0 = rec.batch_norm %x, %s, %b, %m, %v epsilon 0.0
    : (tensor<8x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<8x2xf32>
  %1 = rec.linear %0, %w : (tensor<8x2xf32>, tensor<2x1xf32>) -> tensor<8x1xf32>
  return %1 : tensor<8x1xf32>
}

// CHECK-LABEL: func.func @conv
// CHECK-DAG: %[[W:.*]] = rec.constant dense<{{\[\[\[}}2.000000e+00, 4.000000e+00]], {{\[\[}}6.000000e+00, 8.000000e+00]]]> : tensor<2x1x2xf32>
// CHECK-DAG: %[[B:.*]] = rec.constant dense<-5.000000e+00> : tensor<2xf32>
// CHECK: rec.conv %arg0, %[[W]], %[[B]]
func.func @conv(%x: tensor<8x1x5xf32>) -> tensor<8x2x4xf32> {
  %w = rec.constant dense<[[[1.0, 2.0]], [[3.0, 4.0]]]> : tensor<2x1x2xf32>
  %s = rec.constant dense<2.0> : tensor<2xf32>
  %b = rec.constant dense<1.0> : tensor<2xf32>
  %m = rec.constant dense<3.0> : tensor<2xf32>
  %v = rec.constant dense<1.0> : tensor<2xf32>
  %0 = rec.conv %x, %w strides [1] pads [0, 0] dilations [1] groups 1
    : (tensor<8x1x5xf32>, tensor<2x1x2xf32>) -> tensor<8x2x4xf32>
  %1 = rec.batch_norm %0, %s, %b, %m, %v epsilon 0.0
    : (tensor<8x2x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<8x2x4xf32>
  return %1 : tensor<8x2x4xf32>
}

// Nothing to fold into.
// CHECK-LABEL: func.func @alone
// CHECK: %[[F:.*]] = rec.constant dense<2.000000e+00> : tensor<2x1xf32>
// CHECK: %[[P:.*]] = rec.binary mul %arg0, %[[F]]
// CHECK: %[[S:.*]] = rec.constant dense<-5.000000e+00> : tensor<2x1xf32>
// CHECK: rec.binary add %[[P]], %[[S]]
func.func @alone(%x: tensor<8x2x4xf32>) -> tensor<8x2x4xf32> {
  %s = rec.constant dense<2.0> : tensor<2xf32>
  %b = rec.constant dense<1.0> : tensor<2xf32>
  %m = rec.constant dense<3.0> : tensor<2xf32>
  %v = rec.constant dense<1.0> : tensor<2xf32>
  %0 = rec.batch_norm %x, %s, %b, %m, %v epsilon 0.0
    : (tensor<8x2x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<8x2x4xf32>
  return %0 : tensor<8x2x4xf32>
}

// A statistic that is computed.
// CHECK-LABEL: func.func @keep
// CHECK: rec.batch_norm
func.func @keep(%x: tensor<8x2xf32>, %m: tensor<2xf32>) -> tensor<8x2xf32> {
  %s = rec.constant dense<2.0> : tensor<2xf32>
  %0 = rec.batch_norm %x, %s, %s, %m, %s epsilon 0.0
    : (tensor<8x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<8x2xf32>
  return %0 : tensor<8x2xf32>
}

// STATS: (S) 3 norms-folded
// STATS: (S) 1 norms-expanded
