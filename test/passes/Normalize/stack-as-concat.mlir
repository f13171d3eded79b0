// RUN: reckon-opt --rec-stack-as-concat %s | FileCheck %s
// RUN: reckon-opt --rec-stack-as-concat --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// A matrix, and a stack that is one already.
// CHECK-LABEL: func.func @stack
// CHECK: %[[S:.*]] = rec.reshape %arg1 : (tensor<8x2x16xf32>) -> tensor<8x32xf32>
// CHECK: %[[C:.*]] = rec.concat %arg0, %[[S]] axis 1 : (tensor<8x16xf32>, tensor<8x32xf32>) -> tensor<8x48xf32>
// CHECK: rec.reshape %[[C]] : (tensor<8x48xf32>) -> tensor<8x3x16xf32>
func.func @stack(%a: tensor<8x16xf32>, %b: tensor<8x2x16xf32>) -> tensor<8x3x16xf32> {
  %0 = rec.reshape %a : (tensor<8x16xf32>) -> tensor<8x1x16xf32>
  %1 = rec.concat %0, %b axis 1 : (tensor<8x1x16xf32>, tensor<8x2x16xf32>) -> tensor<8x3x16xf32>
  return %1 : tensor<8x3x16xf32>
}

// Along the last dimension rows interleave.
// CHECK-LABEL: func.func @last
// CHECK: rec.concat %{{.*}} axis 2
func.func @last(%a: tensor<8x16xf32>, %b: tensor<8x16xf32>) -> tensor<8x16x2xf32> {
  %0 = rec.reshape %a : (tensor<8x16xf32>) -> tensor<8x16x1xf32>
  %1 = rec.reshape %b : (tensor<8x16xf32>) -> tensor<8x16x1xf32>
  %2 = rec.concat %0, %1 axis 2 : (tensor<8x16x1xf32>, tensor<8x16x1xf32>) -> tensor<8x16x2xf32>
  return %2 : tensor<8x16x2xf32>
}

// STATS: (S) 1 stacks-flattened
