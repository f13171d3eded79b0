// RUN: reckon-opt %s --pass-pipeline='builtin.module(func.func(rec-fold-constants))' | FileCheck %s

// CHECK-LABEL: func @arithmetic
func.func @arithmetic() -> tensor<2xf32> {
  // CHECK: %[[C:.*]] = rec.constant dense<[5.000000e-01, 1.000000e+00]> : tensor<2xf32>
  // CHECK-NEXT: return %[[C]]
  %a = rec.constant "a" = dense<[1.0, 2.0]> : tensor<2xf32>
  %b = rec.constant dense<2.0> : tensor<f32>
  %0 = rec.binary div %a, %b : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %1 = rec.unary relu %0 : (tensor<2xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}

// CHECK-LABEL: func @two_results
func.func @two_results() -> (tensor<1xf32>, tensor<1xi64>) {
  // CHECK-DAG: %[[V:.*]] = rec.constant dense<3.000000e+00> : tensor<1xf32>
  // CHECK-DAG: %[[I:.*]] = rec.constant dense<1> : tensor<1xi64>
  // CHECK: return %[[V]], %[[I]]
  %a = rec.constant dense<[1.0, 3.0]> : tensor<2xf32>
  %v, %i = rec.topk %a k 1 axis 0 : (tensor<2xf32>) -> (tensor<1xf32>, tensor<1xi64>)
  return %v, %i : tensor<1xf32>, tensor<1xi64>
}

// A moved weight keeps its name; one that others read as it was does not share it.
// CHECK-LABEL: func @names
func.func @names(%x: tensor<1x2xf32>) -> (tensor<1x3xf32>, tensor<3x2xf32>, tensor<2x3xf32>) {
  // CHECK: %[[W:.*]] = rec.constant "w" = dense<{{.*}}> : tensor<2x3xf32>
  // CHECK: rec.linear %{{.*}}, %[[W]]
  // CHECK-DAG: %[[T:.*]] = rec.constant "t" = dense<{{.*}}> : tensor<3x2xf32>
  // CHECK-DAG: %[[TT:.*]] = rec.constant dense<{{.*}}> : tensor<2x3xf32>
  // CHECK: return %{{.*}}, %[[T]], %[[TT]]
  %w = rec.constant "w" = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %wt = rec.transpose %w perm [1, 0] : (tensor<3x2xf32>) -> tensor<2x3xf32>
  %0 = rec.linear %x, %wt : (tensor<1x2xf32>, tensor<2x3xf32>) -> tensor<1x3xf32>
  %t = rec.constant "t" = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]> : tensor<3x2xf32>
  %tt = rec.transpose %t perm [1, 0] : (tensor<3x2xf32>) -> tensor<2x3xf32>
  return %0, %t, %tt : tensor<1x3xf32>, tensor<3x2xf32>, tensor<2x3xf32>
}

// 256 KiB from four bytes stay an op, and a table is not copied.
// CHECK-LABEL: func @too_large
func.func @too_large(%ids: tensor<2xi64>) -> (tensor<256x256xf32>, tensor<2x64xf32>, tensor<64x500xf32>) {
  // CHECK: rec.broadcast
  // CHECK: rec.embedding
  // CHECK: rec.transpose
  %z = rec.constant dense<0.0> : tensor<f32>
  %0 = rec.broadcast %z : (tensor<f32>) -> tensor<256x256xf32>
  %t = rec.constant "table" = dense<1.0> : tensor<500x64xf32>
  %1 = rec.embedding %t, %ids : (tensor<500x64xf32>, tensor<2xi64>) -> tensor<2x64xf32>
  %2 = rec.transpose %t perm [1, 0] : (tensor<500x64xf32>) -> tensor<64x500xf32>
  return %0, %1, %2 : tensor<256x256xf32>, tensor<2x64xf32>, tensor<64x500xf32>
}

// CHECK-LABEL: func @has_no_value
func.func @has_no_value() -> tensor<1xf32> {
  // CHECK: rec.gather
  %x = rec.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %i = rec.constant dense<[5]> : tensor<1xi64>
  %0 = rec.gather %x, %i axis 0 : (tensor<2xf32>, tensor<1xi64>) -> tensor<1xf32>
  return %0 : tensor<1xf32>
}
