// RUN: reckon-opt --rec-form-gemm-regions --rec-split-concats --rec-form-row-regions --rec-join-concats %s | FileCheck %s
// RUN: reckon-opt --rec-form-gemm-regions --rec-split-concats --rec-form-row-regions --rec-join-concats --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// STATS: 3 joins
// STATS: 2 copies

// The bottom network and the interaction write one buffer; the first concat is inside the interaction's region.
// CHECK-LABEL: func.func @interaction
// CHECK: %[[BOT:.*]] = rec.fusion {{ *}}gemm
// CHECK: %[[DOT:.*]] = rec.fusion {{ *}}rows
// CHECK: rec.concat
// CHECK: rec.dot_interaction
// CHECK: %[[X:.*]] = rec.join %[[BOT]], %[[DOT]] axis 1
// CHECK: rec.fusion {{ *}}gemm rows [true, false](%[[X]]
func.func @interaction(%dense: tensor<8x4xf32>, %e: tensor<8x16xf32>) -> tensor<8x1xf32> {
  %w = rec.constant "bot" = dense<1.0> : tensor<4x16xf32>
  %v = rec.constant "top" = dense<1.0> : tensor<17x1xf32>
  %0 = rec.linear %dense, %w : (tensor<8x4xf32>, tensor<4x16xf32>) -> tensor<8x16xf32>
  %1 = rec.concat %0, %e axis 1 : (tensor<8x16xf32>, tensor<8x16xf32>) -> tensor<8x32xf32>
  %2 = rec.reshape %1 : (tensor<8x32xf32>) -> tensor<8x2x16xf32>
  %3 = rec.dot_interaction lower %2 : (tensor<8x2x16xf32>) -> tensor<8x1xf32>
  %4 = rec.concat %0, %3 axis 1 : (tensor<8x16xf32>, tensor<8x1xf32>) -> tensor<8x17xf32>
  %5 = rec.linear %4, %v : (tensor<8x17xf32>, tensor<17x1xf32>) -> tensor<8x1xf32>
  return %5 : tensor<8x1xf32>
}

// An argument has memory of its own already, and so has what another join took.
// CHECK-LABEL: func.func @copies
// CHECK: %[[G:.*]] = rec.fusion {{ *}}gemm
// CHECK: %[[ARG:.*]] = rec.fusion {{ *}}rows rows [true](%arg1)
// CHECK-NEXT: ^bb0(%[[IN:.*]]: tensor<8x4xf32>):
// CHECK-NEXT: rec.yield %[[IN]]
// CHECK: rec.join %[[G]], %[[ARG]] axis 1
// CHECK: %[[H:.*]] = rec.fusion {{ *}}gemm
// CHECK: %[[AGAIN:.*]] = rec.fusion {{ *}}rows rows [true](%[[G]])
// CHECK: rec.join %[[AGAIN]], %[[H]] axis 1
func.func @copies(%x: tensor<8x4xf32>, %a: tensor<8x4xf32>) -> (tensor<8x10xf32>, tensor<8x12xf32>) {
  %w = rec.constant "w" = dense<1.0> : tensor<4x6xf32>
  %0 = rec.linear %x, %w : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %1 = rec.concat %0, %a axis 1 : (tensor<8x6xf32>, tensor<8x4xf32>) -> tensor<8x10xf32>
  %2 = rec.linear %a, %w : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %3 = rec.concat %0, %2 axis 1 : (tensor<8x6xf32>, tensor<8x6xf32>) -> tensor<8x12xf32>
  return %1, %3 : tensor<8x10xf32>, tensor<8x12xf32>
}

// A concat of the leading dimension, or with sizes that only the run knows, is a copy.
// CHECK-LABEL: func.func @no_slices
// CHECK-NOT: rec.join
// CHECK: return
func.func @no_slices(%x: tensor<8x4xf32>, %y: tensor<?x?x4xf32, #rec.dims<"b", "n", 4>>)
    -> (tensor<16x6xf32>, tensor<?x?x12xf32, #rec.dims<"b", "n", 12>>) {
  %w = rec.constant "w" = dense<1.0> : tensor<4x6xf32>
  %0 = rec.linear %x, %w : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %1 = rec.concat %0, %0 axis 0 : (tensor<8x6xf32>, tensor<8x6xf32>) -> tensor<16x6xf32>
  %2 = rec.linear %y, %w : (tensor<?x?x4xf32, #rec.dims<"b", "n", 4>>, tensor<4x6xf32>) -> tensor<?x?x6xf32, #rec.dims<"b", "n", 6>>
  %3 = rec.concat %2, %2 axis 2 : (tensor<?x?x6xf32, #rec.dims<"b", "n", 6>>, tensor<?x?x6xf32, #rec.dims<"b", "n", 6>>)
    -> tensor<?x?x12xf32, #rec.dims<"b", "n", 12>>
  return %1, %3 : tensor<16x6xf32>, tensor<?x?x12xf32, #rec.dims<"b", "n", 12>>
}
