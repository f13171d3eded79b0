// RUN: reckon-opt --rec-form-gemm-regions --rec-split-concats %s | FileCheck %s
// RUN: reckon-opt --rec-form-gemm-regions --rec-split-concats --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// STATS: 2 joins
// STATS: 3 inner-concats

// CHECK-LABEL: func.func @run_of_others
// CHECK: %[[G:.*]] = rec.fusion
// CHECK: %[[I:.*]] = rec.concat %arg1, %arg2 axis 1 : (tensor<8x2xf32>, tensor<8x3xf32>) -> tensor<8x5xf32>
// CHECK: rec.concat %[[I]], %[[G]], %arg1 axis 1 {rec.join}
func.func @run_of_others(%x: tensor<8x4xf32>, %a: tensor<8x2xf32>, %b: tensor<8x3xf32>) -> tensor<8x13xf32> {
  %w = rec.constant "w" = dense<1.0> : tensor<4x6xf32>
  %0 = rec.linear %x, %w : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %1 = rec.concat %a, %b, %0, %a axis 1
    : (tensor<8x2xf32>, tensor<8x3xf32>, tensor<8x6xf32>, tensor<8x2xf32>) -> tensor<8x13xf32>
  return %1 : tensor<8x13xf32>
}

// Row-local layers alone read the concat: it stays as it is.
// CHECK-LABEL: func.func @inside_rows
// CHECK: rec.concat %arg1, %arg1, %{{.*}} axis 1
func.func @inside_rows(%x: tensor<8x4xf32>, %a: tensor<8x2xf32>) -> tensor<8x10xf32> {
  %w = rec.constant "w" = dense<1.0> : tensor<4x6xf32>
  %0 = rec.linear %x, %w : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %1 = rec.concat %a, %a, %0 axis 1 : (tensor<8x2xf32>, tensor<8x2xf32>, tensor<8x6xf32>) -> tensor<8x10xf32>
  %2 = rec.softmax %1 axis 1 : (tensor<8x10xf32>) -> tensor<8x10xf32>
  return %2 : tensor<8x10xf32>
}

// More operands than one region takes: one inner concat for every 64, and a join although no GEMM region writes it.
// CHECK-LABEL: func.func @many
// CHECK: %[[A:.*]] = rec.concat {{.*}} -> tensor<8x64xf32>
// CHECK: %[[B:.*]] = rec.concat {{.*}} -> tensor<8x2xf32>
// CHECK: rec.concat %[[A]], %[[B]] axis 1 {rec.join} : (tensor<8x64xf32>, tensor<8x2xf32>) -> tensor<8x66xf32>
func.func @many(%a: tensor<8x1xf32>) -> tensor<8x66xf32> {
  %0 = rec.concat %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a,
    %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a,
    %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a, %a axis 1 : (tensor<8x1xf32>, tensor<8x1xf32>,
    tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>,
    tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>,
    tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>,
    tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>,
    tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>,
    tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>,
    tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>,
    tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>,
    tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>,
    tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>,
    tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>, tensor<8x1xf32>) -> tensor<8x66xf32>
  return %0 : tensor<8x66xf32>
}
