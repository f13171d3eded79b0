// RUN: reckon-opt --split-input-file --rec-lower-floats="to=f16" --verify-diagnostics %s | FileCheck %s
// RUN: reckon-opt --split-input-file --rec-lower-floats="to=bf16" %s 2>/dev/null | FileCheck %s --check-prefix=BF16
// RUN: reckon-opt --split-input-file --rec-lower-floats --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// Weights and tables become narrow and keep their names; the function's types stay. The input is rounded where it meets
// the first weight, and the output is computed in single precision from the last product.
// STATS: (S) 5 ops-lowered
// STATS: (S) 1 ops-kept
// STATS: (S) 4 constants-narrowed
// STATS: (S) 2 casts
// CHECK-LABEL: func.func @model
// CHECK-SAME: %[[X:.*]]: tensor<8x16xf32>, %[[I:.*]]: tensor<8xi64>) -> tensor<8x1xf32>
// CHECK-DAG: %[[XN:.*]] = rec.cast %[[X]] : (tensor<8x16xf32>) -> tensor<8x16xf16>
// CHECK-DAG: %[[T:.*]] = rec.constant "table" = dense<1.000000e+00> : tensor<200x16xf16>
// CHECK-DAG: %[[W:.*]] = rec.constant "weight" = dense<5.000000e-01> : tensor<16x16xf16>
// CHECK: %[[E:.*]] = rec.embedding %[[T]], %[[I]]
// CHECK: %[[L:.*]] = rec.linear %[[XN]], %[[W]]
// CHECK: %[[R:.*]] = rec.unary relu %[[L]] : (tensor<8x16xf16>)
// CHECK: %[[C:.*]] = rec.concat %[[E]], %[[R]] axis 1
// CHECK: %[[Y:.*]] = rec.linear %[[C]]
// CHECK: %[[WIDE:.*]] = rec.cast %[[Y]] : (tensor<8x1xf16>) -> tensor<8x1xf32>
// CHECK: %[[S:.*]] = rec.unary sigmoid %[[WIDE]] : (tensor<8x1xf32>)
// CHECK: return %[[S]] : tensor<8x1xf32>
// BF16-LABEL: func.func @model
// BF16: rec.linear {{.*}} : (tensor<8x16xbf16>, tensor<16x16xbf16>) -> tensor<8x16xbf16>
func.func @model(%x: tensor<8x16xf32>, %i: tensor<8xi64>) -> tensor<8x1xf32> {
  %t = rec.constant "table" = dense<1.0> : tensor<200x16xf32>
  %w = rec.constant "weight" = dense<0.5> : tensor<16x16xf32>
  %v = rec.constant "last" = dense<0.5> : tensor<32x1xf32>
  %b = rec.constant "bias" = dense<[0.1]> : tensor<1xf32>
  %0 = rec.embedding %t, %i : (tensor<200x16xf32>, tensor<8xi64>) -> tensor<8x16xf32>
  %1 = rec.linear %x, %w : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  %2 = rec.unary relu %1 : (tensor<8x16xf32>) -> tensor<8x16xf32>
  %3 = rec.concat %0, %2 axis 1 : (tensor<8x16xf32>, tensor<8x16xf32>) -> tensor<8x32xf32>
  %4 = rec.linear %3, %v, %b : (tensor<8x32xf32>, tensor<32x1xf32>, tensor<1xf32>) -> tensor<8x1xf32>
  %5 = rec.unary sigmoid %4 : (tensor<8x1xf32>) -> tensor<8x1xf32>
  return %5 : tensor<8x1xf32>
}

// -----

// Elements round to nearest, ties to even.
// CHECK-LABEL: func.func @rounding
// CHECK: dense<[9.99{{[0-9]+}}e-02, 1.000000e+00, 1.00195{{[0-9]*}}{{(e\+00)?}}, 0x7C00, 5.960460e-08, 0.000000e+00]> : tensor<6xf16>
// BF16-LABEL: func.func @rounding
// BF16: dense<[1.000980e-01, 1.000000e+00, 1.000000e+00, 0x7F80, 6.007030e-08, 9.968060e-10]> : tensor<6xbf16>
func.func @rounding(%i: tensor<8xi64>) -> tensor<8xf32> {
  %t = rec.constant dense<[0.1, 1.00048828125, 1.00146484375, 0x7F800000, 6.0e-8, 1.0e-9]> : tensor<6xf32>
  %0 = rec.gather %t, %i axis 0 : (tensor<6xf32>, tensor<8xi64>) -> tensor<8xf32>
  %1 = rec.reshape %0 : (tensor<8xf32>) -> tensor<8x1xf32>
  %2 = rec.reduce max %1 axes [1] : (tensor<8x1xf32>) -> tensor<8xf32>
  return %2 : tensor<8xf32>
}

// -----

// A bound that keeps a divisor from zero stays above zero, so the division stays in single precision; the norm is summed
// and kept in it.
// CHECK-LABEL: func.func @normalise
// CHECK: %[[L:.*]] = rec.linear {{.*}} -> tensor<8x16xf16>
// CHECK: %[[WIDE:.*]] = rec.cast %[[L]] : (tensor<8x16xf16>) -> tensor<8x16xf32>
// CHECK: rec.reduce l2 %[[WIDE]] {{.*}} -> tensor<8x1xf32>
// CHECK: rec.binary max {{.*}} -> tensor<8x1xf32>
// CHECK: rec.binary div %[[WIDE]], {{.*}} -> tensor<8x16xf32>
// CHECK: rec.linear {{.*}} -> tensor<8x4xf16>
func.func @normalise(%x: tensor<8x16xf32>) -> tensor<8x4xf32> {
  %w = rec.constant dense<0.5> : tensor<16x16xf32>
  %v = rec.constant dense<0.5> : tensor<16x4xf32>
  %eps = rec.constant dense<1.0e-12> : tensor<f32>
  %0 = rec.linear %x, %w : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  %1 = rec.reduce l2 %0 axes [1] {keepdims} : (tensor<8x16xf32>) -> tensor<8x1xf32>
  %2 = rec.binary max %1, %eps : (tensor<8x1xf32>, tensor<f32>) -> tensor<8x1xf32>
  %3 = rec.binary div %0, %2 : (tensor<8x16xf32>, tensor<8x1xf32>) -> tensor<8x16xf32>
  %4 = rec.linear %3, %v : (tensor<8x16xf32>, tensor<16x4xf32>) -> tensor<8x4xf32>
  return %4 : tensor<8x4xf32>
}

// -----

// The mask's -1e9 would be an infinity, and a row of nothing else a NaN.
// CHECK-LABEL: func.func @masked
// CHECK: rec.select {{.*}} -> tensor<8x16xf32>
// CHECK: rec.softmax {{.*}} : (tensor<8x16xf32>) -> tensor<8x16xf32>
// CHECK: rec.linear {{.*}} -> tensor<8x4xf16>
// BF16-LABEL: func.func @masked
// BF16: rec.select {{.*}} -> tensor<8x16xbf16>
// BF16: rec.softmax {{.*}} -> tensor<8x16xbf16>
func.func @masked(%x: tensor<8x16xf32>, %m: tensor<8x16xi1>) -> tensor<8x4xf32> {
  %w = rec.constant dense<0.5> : tensor<16x16xf32>
  %v = rec.constant dense<0.5> : tensor<16x4xf32>
  %none = rec.constant dense<-1.0e9> : tensor<f32>
  %0 = rec.linear %x, %w : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  %1 = rec.select %m, %0, %none : (tensor<8x16xi1>, tensor<8x16xf32>, tensor<f32>) -> tensor<8x16xf32>
  %2 = rec.softmax %1 axis 1 : (tensor<8x16xf32>) -> tensor<8x16xf32>
  %3 = rec.linear %2, %v : (tensor<8x16xf32>, tensor<16x4xf32>) -> tensor<8x4xf32>
  return %3 : tensor<8x4xf32>
}

// -----

// A weight that does not fit keeps its layer in single precision.
// CHECK-LABEL: func.func @overflow
// CHECK: rec.linear {{.*}} -> tensor<8x16xf32>
func.func @overflow(%x: tensor<8x16xf32>) -> tensor<8x16xf32> {
  %w = rec.constant "huge" = dense<1.0e6> : tensor<16x16xf32>
  // expected-warning@+1 {{rec.linear stays in single precision: 'huge' holds 1.000000e+06, which f16 cannot}}
  %0 = rec.linear %x, %w : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  return %0 : tensor<8x16xf32>
}

// -----

// Counts, ids computed from floats, and what a top-k orders are exact or as exact as can be. A comparison with zero is as
// good on the narrow value.
// CHECK-LABEL: func.func @decisions
// CHECK: rec.cast %{{.*}} : (tensor<8x16xi1>) -> tensor<8x16xf32>
// CHECK: rec.reduce sum {{.*}} -> tensor<8xf32>
// CHECK: %[[B:.*]] = rec.binary mul %arg0, {{.*}} : (tensor<8x16xf32>, tensor<f32>)
// CHECK: %[[F:.*]] = rec.unary floor %[[B]] : (tensor<8x16xf32>)
// CHECK: rec.cast %[[F]] : (tensor<8x16xf32>) -> tensor<8x16xi64>
// CHECK: %[[L:.*]] = rec.linear {{.*}} -> tensor<8x16xf16>
// CHECK: rec.compare gt %[[L]], {{.*}} : (tensor<8x16xf16>, tensor<f16>) -> tensor<8x16xi1>
// CHECK: %[[W:.*]] = rec.unary tanh {{.*}} : (tensor<8x16xf32>)
// CHECK: rec.topk %[[W]]
func.func @decisions(%x: tensor<8x16xf32>, %m: tensor<8x16xi1>)
    -> (tensor<8xf32>, tensor<8x16xi64>, tensor<8x16xi1>, tensor<8x2xf32>, tensor<8x2xi64>) {
  %ones = rec.cast %m : (tensor<8x16xi1>) -> tensor<8x16xf32>
  %count = rec.reduce sum %ones axes [1] : (tensor<8x16xf32>) -> tensor<8xf32>
  %ten = rec.constant dense<10.0> : tensor<f32>
  %0 = rec.binary mul %x, %ten : (tensor<8x16xf32>, tensor<f32>) -> tensor<8x16xf32>
  %1 = rec.unary floor %0 : (tensor<8x16xf32>) -> tensor<8x16xf32>
  %2 = rec.cast %1 : (tensor<8x16xf32>) -> tensor<8x16xi64>
  %w = rec.constant dense<0.5> : tensor<16x16xf32>
  %3 = rec.linear %x, %w : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  %zero = rec.constant dense<0.0> : tensor<f32>
  %4 = rec.compare gt %3, %zero : (tensor<8x16xf32>, tensor<f32>) -> tensor<8x16xi1>
  %5 = rec.unary tanh %3 : (tensor<8x16xf32>) -> tensor<8x16xf32>
  %v, %i = rec.topk %5 k 2 axis 1 : (tensor<8x16xf32>) -> (tensor<8x2xf32>, tensor<8x2xi64>)
  return %count, %2, %4, %v, %i
    : tensor<8xf32>, tensor<8x16xi64>, tensor<8x16xi1>, tensor<8x2xf32>, tensor<8x2xi64>
}

// -----

// Double precision, integers, and what the model itself stores in half are left alone.
// CHECK-LABEL: func.func @others
// CHECK: rec.binary add {{.*}} : (tensor<8xf64>, tensor<8xf64>)
// CHECK: rec.unary relu {{.*}} : (tensor<8xf16>)
// BF16-LABEL: func.func @others
// BF16: rec.unary relu {{.*}} : (tensor<8xf16>)
func.func @others(%a: tensor<8xf64>, %h: tensor<8xf16>) -> (tensor<8xf64>, tensor<8xf16>) {
  %0 = rec.binary add %a, %a : (tensor<8xf64>, tensor<8xf64>) -> tensor<8xf64>
  %1 = rec.unary relu %h : (tensor<8xf16>) -> tensor<8xf16>
  return %0, %1 : tensor<8xf64>, tensor<8xf16>
}

// -----

// Rows in an encoding stay, whatever they hold, and decode to the narrow type.
// CHECK-LABEL: func.func @encoded
// CHECK: rec.constant "table" = dense_resource<rows{{.*}}> : tensor<200x16x!rec.encoded<int8_fbgemm, f16>>
// CHECK: rec.embedding {{.*}} -> tensor<8x16xf16>
// BF16-LABEL: func.func @encoded
// BF16: rec.embedding {{.*}} : (tensor<200x16x!rec.encoded<int8_fbgemm, bf16>>, tensor<8xi64>) -> tensor<8x16xbf16>
func.func @encoded(%i: tensor<8xi64>) -> tensor<8x1xf32> {
  %t = rec.constant "table" = dense_resource<rows> : tensor<200x16x!rec.encoded<int8_fbgemm, f32>>
  %w = rec.constant "weight" = dense<0.5> : tensor<16x1xf32>
  %0 = rec.embedding %t, %i : (tensor<200x16x!rec.encoded<int8_fbgemm, f32>>, tensor<8xi64>) -> tensor<8x16xf32>
  %1 = rec.linear %0, %w : (tensor<8x16xf32>, tensor<16x1xf32>) -> tensor<8x1xf32>
  return %1 : tensor<8x1xf32>
}
