// RUN: reckon-opt --rec-assign-precision %s | FileCheck %s
// RUN: reckon-opt --rec-assign-precision --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// RUN: reckon-opt --rec-assign-precision="tf32" %s | FileCheck %s --check-prefix=TF32

// CHECK-LABEL: func.func @main
// CHECK: rec.embedding %{{.*}} {rec.precision = #rec.precision<storage = f32, compute = f32, accumulate = f32>} :
// CHECK: rec.linear %{{.*}} {rec.precision = #rec.precision<storage = f32, compute = f32, accumulate = f32>} :
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
// CHECK: rec.linear %{{.*}} {rec.precision = #rec.precision<storage = f16, compute = f16, accumulate = f32>} :
func.func @half(%x: tensor<8x16xf16>, %w: tensor<16x4xf16>) -> tensor<8x4xf16> {
  %0 = rec.linear %x, %w : (tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16>
  return %0 : tensor<8x4xf16>
}

// Reductions and norms add up, too; integers add up in their own type.
// CHECK-LABEL: func.func @sums
// CHECK: rec.softmax {{.*}} {rec.precision = #rec.precision<storage = bf16, compute = bf16, accumulate = f32>}
// CHECK: rec.reduce sum {{.*}} {rec.precision = #rec.precision<storage = bf16, compute = bf16, accumulate = f32>}
// CHECK: rec.reduce sum %arg1 axes [1] :
// CHECK: rec.matmul {{.*}} {rec.precision = #rec.precision<storage = i64, compute = i64, accumulate = i64>}
func.func @sums(%x: tensor<8x8xbf16>, %i: tensor<8x8xi64>) -> (tensor<8xbf16>, tensor<8xi64>, tensor<8x8xi64>) {
  %0 = rec.softmax %x axis 1 : (tensor<8x8xbf16>) -> tensor<8x8xbf16>
  %1 = rec.reduce sum %0 axes [1] : (tensor<8x8xbf16>) -> tensor<8xbf16>
  %2 = rec.reduce sum %i axes [1] : (tensor<8x8xi64>) -> tensor<8xi64>
  %3 = rec.matmul %i, %i : (tensor<8x8xi64>, tensor<8x8xi64>) -> tensor<8x8xi64>
  return %1, %2, %3 : tensor<8xbf16>, tensor<8xi64>, tensor<8x8xi64>
}

// Products may be rounded to tf32, lookups have none.
// TF32-LABEL: func.func @main
// TF32: rec.embedding {{.*}} {rec.precision = #rec.precision<storage = f32, compute = f32, accumulate = f32>} :
// TF32: rec.linear {{.*}} {rec.precision = #rec.precision<storage = f32, compute = tf32, accumulate = f32>} :

// STATS: (S) 6 ops-assigned
