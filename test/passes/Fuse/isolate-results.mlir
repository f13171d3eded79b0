// RUN: reckon-opt --rec-isolate-results %s | FileCheck %s
// RUN: reckon-opt --rec-isolate-results --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// STATS: 4 copies

// CHECK-LABEL: func.func @returns
// CHECK: %[[C:.*]] = rec.constant
// CHECK: %[[R:.*]] = rec.fusion {{ *}}rows
// CHECK: %[[ARG:.*]] = rec.fusion {{ *}}rows rows [true](%arg0)
// CHECK: %[[CONST:.*]] = rec.fusion {{ *}}whole rows [false](%[[C]])
// CHECK: %[[AGAIN:.*]] = rec.fusion {{ *}}rows rows [true](%[[R]])
// CHECK: return %[[ARG]], %[[CONST]], %[[R]], %[[AGAIN]]
func.func @returns(%x: tensor<8x4xf32>) -> (tensor<8x4xf32>, tensor<f32>, tensor<8x4xf32>, tensor<8x4xf32>) {
  %c = rec.constant dense<1.0> : tensor<f32>
  %0 = rec.fusion rows rows [true] (%x) : (tensor<8x4xf32>) -> tensor<8x4xf32> {
  ^bb0(%a: tensor<8x4xf32>):
    %1 = rec.unary relu %a : (tensor<8x4xf32>) -> tensor<8x4xf32>
    rec.yield %1 : tensor<8x4xf32>
  }
  return %x, %c, %0, %0 : tensor<8x4xf32>, tensor<f32>, tensor<8x4xf32>, tensor<8x4xf32>
}

// A slice of a join is no dense tensor.
// CHECK-LABEL: func.func @joined
// CHECK: %[[R:.*]]:2 = rec.fusion
// CHECK: %[[J:.*]] = rec.join
// CHECK: %[[COPY:.*]] = rec.fusion {{ *}}rows rows [true](%[[R]]#0)
// CHECK: return %[[J]], %[[COPY]]
func.func @joined(%x: tensor<8x4xf32>) -> (tensor<8x8xf32>, tensor<8x4xf32>) {
  %0:2 = rec.fusion rows rows [true] (%x) : (tensor<8x4xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>) {
  ^bb0(%a: tensor<8x4xf32>):
    %1 = rec.unary relu %a : (tensor<8x4xf32>) -> tensor<8x4xf32>
    rec.yield %1, %a : tensor<8x4xf32>, tensor<8x4xf32>
  }
  %2 = rec.join %0#0, %0#1 axis 1 : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x8xf32>
  return %2, %0#0 : tensor<8x8xf32>, tensor<8x4xf32>
}
