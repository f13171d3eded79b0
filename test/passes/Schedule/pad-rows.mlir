// RUN: reckon-opt --plan-outline-kernels=row-alignment=16 --split-input-file %s | FileCheck %s
// RUN: reckon-opt --plan-outline-kernels=row-alignment=16 --split-input-file --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// RUN: reckon-opt --plan-outline-kernels --split-input-file %s | FileCheck %s --check-prefix=DENSE
// RUN: sed 's/x5x/x100x/g; s/<5x/<100x/g; s/, 5>/, 100>/g' %s | reckon-opt --plan-outline-kernels=row-alignment=16 --split-input-file | FileCheck %s --check-prefix=LINES

// STATS: 1 padded
// STATS: 1 padded

// What a GEMM reads lies in rows of 16 bytes or more; results of the model stay dense, and so does what no GEMM reads.
// CHECK: plan.kernel @gemm_a {{.*}}operands [<strides = <4, 1>, row = true>, <strides = <5, 1>>, <strides = <8, 1>>]
// CHECK: plan.kernel @gemm_b {{.*}}operands [<strides = <8, 1>, row = true>, <strides = <3, 1>>, <strides = <3, 1>>]
// CHECK: %[[W:.*]] = plan.alloc : <f32, <"batch", 8>>
// CHECK: %[[S:.*]] = plan.slice %[[W]] axis 1 offset 0 : <f32, <"batch", 8>> -> <f32, <"batch", 5>>
// CHECK: %[[N:.*]] = plan.alloc : <f32, <"batch", 3>>
// CHECK: plan.dispatch @gemm_a(%{{.*}}, %{{.*}}, %[[S]])
// CHECK: plan.dispatch @gemm_b(%[[S]], %{{.*}}, %[[N]])
// DENSE-NOT: plan.slice {{.*}} offset 0
// Rows of 400 bytes grow to 448, not to 512: that would be more than an eighth.
// LINES: plan.alloc : <f32, <"batch", 112>>
func.func @main(%x: tensor<?x4xf32, #rec.dims<"batch", 4>> {rec.name = "x"})
    -> (tensor<?x3xf32, #rec.dims<"batch", 3>> {rec.name = "y"}) {
  %w = rec.constant "a" = dense<1.0> : tensor<4x5xf32>
  %v = rec.constant "b" = dense<1.0> : tensor<5x3xf32>
  %0 = rec.fusion gemm rows [true, false] (%x, %w)
      : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4x5xf32>) -> tensor<?x5xf32, #rec.dims<"batch", 5>> {
  ^bb0(%a: tensor<?x4xf32, #rec.dims<"batch", 4>>, %b: tensor<4x5xf32>):
    %5 = rec.linear %a, %b : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4x5xf32>) -> tensor<?x5xf32, #rec.dims<"batch", 5>>
    rec.yield %5 : tensor<?x5xf32, #rec.dims<"batch", 5>>
  }
  %1 = rec.fusion gemm rows [true, false] (%0, %v)
      : (tensor<?x5xf32, #rec.dims<"batch", 5>>, tensor<5x3xf32>) -> tensor<?x3xf32, #rec.dims<"batch", 3>> {
  ^bb0(%a: tensor<?x5xf32, #rec.dims<"batch", 5>>, %b: tensor<5x3xf32>):
    %5 = rec.linear %a, %b : (tensor<?x5xf32, #rec.dims<"batch", 5>>, tensor<5x3xf32>) -> tensor<?x3xf32, #rec.dims<"batch", 3>>
    rec.yield %5 : tensor<?x3xf32, #rec.dims<"batch", 3>>
  }
  %2 = rec.fusion rows rows [true] (%1)
      : (tensor<?x3xf32, #rec.dims<"batch", 3>>) -> tensor<?x3xf32, #rec.dims<"batch", 3>> {
  ^bb0(%a: tensor<?x3xf32, #rec.dims<"batch", 3>>):
    %5 = rec.unary exp %a : (tensor<?x3xf32, #rec.dims<"batch", 3>>) -> tensor<?x3xf32, #rec.dims<"batch", 3>>
    rec.yield %5 : tensor<?x3xf32, #rec.dims<"batch", 3>>
  }
  return %2 : tensor<?x3xf32, #rec.dims<"batch", 3>>
}

// -----

// What a GEMM reads a part of lies in such rows, too.
// CHECK: plan.kernel @gemm_c {{.*}}operands [<strides = <16, 1>, row = true>, <strides = <3, 1>>, <strides = <3, 1>>]
// CHECK: %[[P:.*]] = plan.alloc : <f32, <"batch", 16>>
// CHECK: %[[Q:.*]] = plan.slice %[[P]] axis 1 offset 4 : <f32, <"batch", 16>> -> <f32, <"batch", 6>>
// CHECK: plan.dispatch @gemm_c(%[[Q]],
func.func @main(%x: tensor<?x13xf32, #rec.dims<"batch", 13>> {rec.name = "x"})
    -> (tensor<?x3xf32, #rec.dims<"batch", 3>> {rec.name = "y"}) {
  %v = rec.constant "c" = dense<1.0> : tensor<6x3xf32>
  %0 = rec.fusion rows rows [true] (%x) : (tensor<?x13xf32, #rec.dims<"batch", 13>>) -> tensor<?x13xf32, #rec.dims<"batch", 13>> {
  ^bb0(%a: tensor<?x13xf32, #rec.dims<"batch", 13>>):
    %5 = rec.unary exp %a : (tensor<?x13xf32, #rec.dims<"batch", 13>>) -> tensor<?x13xf32, #rec.dims<"batch", 13>>
    rec.yield %5 : tensor<?x13xf32, #rec.dims<"batch", 13>>
  }
  %1 = rec.fusion rows rows [true] (%0) : (tensor<?x13xf32, #rec.dims<"batch", 13>>) -> tensor<?x6xf32, #rec.dims<"batch", 6>> {
  ^bb0(%a: tensor<?x13xf32, #rec.dims<"batch", 13>>):
    %5 = rec.slice %a starts <0, 4> sizes <"batch", 6> steps [1, 1]
      : (tensor<?x13xf32, #rec.dims<"batch", 13>>) -> tensor<?x6xf32, #rec.dims<"batch", 6>>
    rec.yield %5 : tensor<?x6xf32, #rec.dims<"batch", 6>>
  }
  %2 = rec.fusion gemm rows [true, false] (%1, %v)
      : (tensor<?x6xf32, #rec.dims<"batch", 6>>, tensor<6x3xf32>) -> tensor<?x3xf32, #rec.dims<"batch", 3>> {
  ^bb0(%a: tensor<?x6xf32, #rec.dims<"batch", 6>>, %b: tensor<6x3xf32>):
    %5 = rec.linear %a, %b : (tensor<?x6xf32, #rec.dims<"batch", 6>>, tensor<6x3xf32>) -> tensor<?x3xf32, #rec.dims<"batch", 3>>
    rec.yield %5 : tensor<?x3xf32, #rec.dims<"batch", 3>>
  }
  return %2 : tensor<?x3xf32, #rec.dims<"batch", 3>>
}
