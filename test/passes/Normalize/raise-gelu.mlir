// RUN: reckon-opt --rec-raise-gelu %s | FileCheck %s
// RUN: reckon-opt --rec-raise-gelu --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

!x = tensor<8x16xf32>

// CHECK-LABEL: func.func @erf
// CHECK: %[[G:.*]] = rec.unary gelu %arg0
// CHECK: return %[[G]]
func.func @erf(%x: !x) -> !x {
  %root = rec.constant dense<1.41421354> : tensor<f32>
  %one = rec.constant dense<1.0> : tensor<f32>
  %half = rec.constant dense<0.5> : tensor<f32>
  %0 = rec.binary div %x, %root : (!x, tensor<f32>) -> !x
  %1 = rec.unary erf %0 : (!x) -> !x
  %2 = rec.binary add %1, %one : (!x, tensor<f32>) -> !x
  %3 = rec.binary mul %x, %2 : (!x, !x) -> !x
  %4 = rec.binary mul %3, %half : (!x, tensor<f32>) -> !x
  return %4 : !x
}

// CHECK-LABEL: func.func @tanh
// CHECK: %[[G:.*]] = rec.unary gelu_tanh %arg0
// CHECK: return %[[G]]
func.func @tanh(%x: !x) -> !x {
  %scale = rec.constant dense<0.797884583> : tensor<f32>
  %cubic = rec.constant dense<0.044715> : tensor<f32>
  %three = rec.constant dense<3.0> : tensor<f32>
  %one = rec.constant dense<1.0> : tensor<f32>
  %half = rec.constant dense<0.5> : tensor<f32>
  %0 = rec.binary mul %x, %half : (!x, tensor<f32>) -> !x
  %1 = rec.binary pow %x, %three : (!x, tensor<f32>) -> !x
  %2 = rec.binary mul %1, %cubic : (!x, tensor<f32>) -> !x
  %3 = rec.binary add %x, %2 : (!x, !x) -> !x
  %4 = rec.binary mul %3, %scale : (!x, tensor<f32>) -> !x
  %5 = rec.unary tanh %4 : (!x) -> !x
  %6 = rec.binary add %5, %one : (!x, tensor<f32>) -> !x
  %7 = rec.binary mul %0, %6 : (!x, !x) -> !x
  return %7 : !x
}

// The root of three.
// CHECK-LABEL: func.func @keep
// CHECK-NOT: gelu
// CHECK: return
func.func @keep(%x: !x) -> !x {
  %root = rec.constant dense<1.732> : tensor<f32>
  %one = rec.constant dense<1.0> : tensor<f32>
  %half = rec.constant dense<0.5> : tensor<f32>
  %0 = rec.binary div %x, %root : (!x, tensor<f32>) -> !x
  %1 = rec.unary erf %0 : (!x) -> !x
  %2 = rec.binary add %1, %one : (!x, tensor<f32>) -> !x
  %3 = rec.binary mul %x, %2 : (!x, !x) -> !x
  %4 = rec.binary mul %3, %half : (!x, tensor<f32>) -> !x
  return %4 : !x
}

// STATS: (S) 2 gelus-raised
