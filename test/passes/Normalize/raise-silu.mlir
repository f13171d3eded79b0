// RUN: reckon-opt --rec-raise-silu %s | FileCheck %s
// RUN: reckon-opt --rec-raise-silu --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// CHECK-LABEL: func.func @silu
// CHECK: rec.unary silu %arg0
func.func @silu(%x: tensor<8x16xf32>) -> tensor<8x16xf32> {
  %0 = rec.unary sigmoid %x : (tensor<8x16xf32>) -> tensor<8x16xf32>
  %1 = rec.binary mul %0, %x : (tensor<8x16xf32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  return %1 : tensor<8x16xf32>
}

// A gate on another value.
// CHECK-LABEL: func.func @keep
// CHECK-NOT: silu
// CHECK: return
func.func @keep(%x: tensor<8x16xf32>, %y: tensor<8x16xf32>) -> tensor<8x16xf32> {
  %0 = rec.unary sigmoid %x : (tensor<8x16xf32>) -> tensor<8x16xf32>
  %1 = rec.binary mul %0, %y : (tensor<8x16xf32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  return %1 : tensor<8x16xf32>
}

// STATS: (S) 1 silus-raised
