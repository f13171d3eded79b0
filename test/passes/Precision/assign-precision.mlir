// RUN: reckon-opt --rec-assign-precision %s | FileCheck %s
// RUN: reckon-opt --rec-assign-precision --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// CHECK-LABEL: func.func @main
// CHECK: rec.embedding %{{.*}} {rec.precision = {accumulate = f32, compute = f32, storage = f32}} :
// CHECK: rec.linear %{{.*}} {rec.precision = {accumulate = f32, compute = f32, storage = f32}} :
// CHECK: rec.unary relu %{{[0-9]+}} :
func.func @main(%i: tensor<8xi64>, %w: tensor<16x4xf32>) -> tensor<8x4xf32> {
  %t = rec.constant dense<1.0> : tensor<200x16xf32>
  %0 = rec.embedding %t, %i : (tensor<200x16xf32>, tensor<8xi64>) -> tensor<8x16xf32>
  %1 = rec.linear %0, %w : (tensor<8x16xf32>, tensor<16x4xf32>) -> tensor<8x4xf32>
  %2 = rec.unary relu %1 : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return %2 : tensor<8x4xf32>
}

// Narrow floats sum in single precision.
// CHECK-LABEL: func.func @half
// CHECK: rec.linear %{{.*}} {rec.precision = {accumulate = f32, compute = f16, storage = f16}} :
func.func @half(%x: tensor<8x16xf16>, %w: tensor<16x4xf16>) -> tensor<8x4xf16> {
  %0 = rec.linear %x, %w : (tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16>
  return %0 : tensor<8x4xf16>
}

// STATS: (S) 3 ops-assigned
