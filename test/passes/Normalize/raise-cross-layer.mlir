// RUN: reckon-opt --rec-raise-cross-layer %s | FileCheck %s
// RUN: reckon-opt --rec-raise-cross-layer --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

!x = tensor<8x12xf32>

// Full rank on x0 itself, then low rank on its result.
// CHECK-LABEL: func.func @cross
// CHECK: %[[A:.*]] = rec.cross_layer %arg0, %arg0 weight %{{.*}} bias %{{.*}} :
// CHECK: %[[B:.*]] = rec.cross_layer %arg0, %[[A]] down %{{.*}} weight %{{.*}} bias %{{.*}} :
// CHECK: return %[[B]]
func.func @cross(%x: !x) -> !x {
  %w = rec.constant dense<1.0> : tensor<12x12xf32>
  %v = rec.constant dense<1.0> : tensor<12x4xf32>
  %u = rec.constant dense<1.0> : tensor<4x12xf32>
  %b = rec.constant dense<1.0> : tensor<12xf32>
  %0 = rec.linear %x, %w, %b : (!x, tensor<12x12xf32>, tensor<12xf32>) -> !x
  %1 = rec.binary mul %x, %0 : (!x, !x) -> !x
  %2 = rec.binary add %1, %x : (!x, !x) -> !x
  %3 = rec.linear %2, %v : (!x, tensor<12x4xf32>) -> tensor<8x4xf32>
  %4 = rec.linear %3, %u, %b : (tensor<8x4xf32>, tensor<4x12xf32>, tensor<12xf32>) -> !x
  %5 = rec.binary mul %4, %x : (!x, !x) -> !x
  %6 = rec.binary add %2, %5 : (!x, !x) -> !x
  return %6 : !x
}

// The gate is a layer of another value; the gate is used elsewhere.
// CHECK-LABEL: func.func @keep
// CHECK-NOT: cross_layer
// CHECK: return
func.func @keep(%x: !x, %y: !x) -> (!x, !x, !x) {
  %w = rec.constant dense<1.0> : tensor<12x12xf32>
  %0 = rec.linear %y, %w : (!x, tensor<12x12xf32>) -> !x
  %1 = rec.binary mul %x, %0 : (!x, !x) -> !x
  %2 = rec.binary add %1, %x : (!x, !x) -> !x
  %3 = rec.linear %x, %w : (!x, tensor<12x12xf32>) -> !x
  %4 = rec.binary mul %x, %3 : (!x, !x) -> !x
  %5 = rec.binary add %4, %x : (!x, !x) -> !x
  return %2, %3, %5 : !x, !x, !x
}

// STATS: (S) 2 cross-layers-raised
