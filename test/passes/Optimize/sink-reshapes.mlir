// RUN: reckon-opt --rec-sink-reshapes %s | FileCheck %s
// RUN: reckon-opt --rec-sink-reshapes --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// CHECK-LABEL: func.func @sink
// CHECK: %[[L:.*]] = rec.linear
// CHECK: %[[R:.*]] = rec.unary relu %[[L]] : (tensor<32x3xf32>)
// CHECK: %[[S:.*]] = rec.binary add %[[R]], %{{.*}} : (tensor<32x3xf32>, tensor<f32>)
// CHECK: rec.reshape %[[S]] : (tensor<32x3xf32>) -> tensor<8x4x3xf32>
func.func @sink(%x: tensor<32x2xf32>, %w: tensor<2x3xf32>) -> tensor<8x4x3xf32> {
  %one = rec.constant dense<1.0> : tensor<f32>
  %0 = rec.linear %x, %w : (tensor<32x2xf32>, tensor<2x3xf32>) -> tensor<32x3xf32>
  %1 = rec.reshape %0 : (tensor<32x3xf32>) -> tensor<8x4x3xf32>
  %2 = rec.unary relu %1 : (tensor<8x4x3xf32>) -> tensor<8x4x3xf32>
  %3 = rec.binary add %2, %one : (tensor<8x4x3xf32>, tensor<f32>) -> tensor<8x4x3xf32>
  return %3 : tensor<8x4x3xf32>
}

// The other operand broadcasts against the new shape.
// CHECK-LABEL: func.func @keep
// CHECK: rec.reshape
// CHECK-NEXT: rec.binary add
func.func @keep(%x: tensor<32x3xf32>, %y: tensor<4x3xf32>) -> tensor<8x4x3xf32> {
  %0 = rec.reshape %x : (tensor<32x3xf32>) -> tensor<8x4x3xf32>
  %1 = rec.binary add %0, %y : (tensor<8x4x3xf32>, tensor<4x3xf32>) -> tensor<8x4x3xf32>
  return %1 : tensor<8x4x3xf32>
}

// STATS: (S) 2 reshapes-sunk
