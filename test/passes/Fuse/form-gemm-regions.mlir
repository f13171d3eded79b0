// RUN: reckon-opt --rec-form-gemm-regions %s | FileCheck %s
// RUN: reckon-opt --rec-form-gemm-regions --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// RUN: reckon-opt --rec-form-gemm-regions=low-rank=false %s | FileCheck %s --check-prefix=SPLIT
// RUN: reckon-opt --rec-form-gemm-regions --remarks-filter-missed=.* %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: remark: {{.*}}rec.unary not fused with the linear layer that it reads: other layers read the product, too
// REMARK: remark: {{.*}}no GEMM kernel: its weight or bias is computed
// REMARK: remark: {{.*}}no GEMM kernel: its elements are not f32, f16 or bf16
// REMARK: remark: {{.*}}the epilogue would read too many rows, or leave more than one value

// STATS: 14 regions
// STATS: 13 absorbed
// STATS: 1 casts
// STATS: 1 low-rank

// CHECK-LABEL: func.func @activation
// CHECK: rec.fusion {{ *}}gemm rows [true, false, false](%arg0, %{{.*}}, %{{.*}})
// CHECK: rec.linear
// CHECK-NEXT: %[[Y:.*]] = rec.unary relu
// CHECK-NEXT: rec.yield %[[Y]]
func.func @activation(%x: tensor<8x4xf32>) -> tensor<8x6xf32> {
  %w = rec.constant "w" = dense<1.0> : tensor<4x6xf32>
  %b = rec.constant "b" = dense<1.0> : tensor<6xf32>
  %0 = rec.linear %x, %w, %b : (tensor<8x4xf32>, tensor<4x6xf32>, tensor<6xf32>) -> tensor<8x6xf32>
  %1 = rec.unary relu %0 : (tensor<8x6xf32>) -> tensor<8x6xf32>
  return %1 : tensor<8x6xf32>
}

// x * sigmoid(x) reads the product twice; one value leaves all the same.
// CHECK-LABEL: func.func @diamond
// CHECK: rec.linear
// CHECK-NEXT: rec.unary sigmoid
// CHECK-NEXT: rec.binary mul
// CHECK-NEXT: rec.yield
func.func @diamond(%x: tensor<8x4xf32>) -> tensor<8x6xf32> {
  %w = rec.constant "w" = dense<1.0> : tensor<4x6xf32>
  %0 = rec.linear %x, %w : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %1 = rec.unary sigmoid %0 : (tensor<8x6xf32>) -> tensor<8x6xf32>
  %2 = rec.binary mul %0, %1 : (tensor<8x6xf32>, tensor<8x6xf32>) -> tensor<8x6xf32>
  return %2 : tensor<8x6xf32>
}

// The product itself is returned too: nothing can be absorbed.
// CHECK-LABEL: func.func @second_reader
// CHECK: %[[P:.*]] = rec.fusion
// CHECK-NOT: rec.unary
// CHECK: rec.yield
// CHECK: rec.unary relu %[[P]]
func.func @second_reader(%x: tensor<8x4xf32>) -> (tensor<8x6xf32>, tensor<8x6xf32>) {
  %w = rec.constant "w" = dense<1.0> : tensor<4x6xf32>
  %0 = rec.linear %x, %w : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %1 = rec.unary relu %0 : (tensor<8x6xf32>) -> tensor<8x6xf32>
  return %0, %1 : tensor<8x6xf32>, tensor<8x6xf32>
}

// Other operands: a row of values with spelled-out unit dimensions, rows with one value, a scalar, a residual.
// CHECK-LABEL: func.func @operands
// CHECK: rec.fusion {{ *}}gemm rows [true, false, false, true, true](%arg0, %{{.*}}, %{{.*}}, %arg1, %arg2) : (tensor<8x4xf32>, tensor<4x6xf32>, tensor<6xf32>, tensor<8x1xf32>, tensor<8x6xf32>)
// CHECK: rec.constant dense<2.000000e+00> : tensor<f32>
// CHECK: rec.binary max
// CHECK-NEXT: rec.yield
func.func @operands(%x: tensor<8x4xf32>, %gate: tensor<8x1xf32>, %r: tensor<8x6xf32>) -> tensor<8x6xf32> {
  %w = rec.constant "w" = dense<1.0> : tensor<4x6xf32>
  %row = rec.constant "row" = dense<[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]> : tensor<1x6xf32>
  %two = rec.constant dense<2.0> : tensor<f32>
  %0 = rec.linear %x, %w : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %1 = rec.binary add %0, %row : (tensor<8x6xf32>, tensor<1x6xf32>) -> tensor<8x6xf32>
  %2 = rec.binary mul %1, %gate : (tensor<8x6xf32>, tensor<8x1xf32>) -> tensor<8x6xf32>
  %3 = rec.binary add %2, %r : (tensor<8x6xf32>, tensor<8x6xf32>) -> tensor<8x6xf32>
  %4 = rec.binary max %3, %two : (tensor<8x6xf32>, tensor<f32>) -> tensor<8x6xf32>
  return %4 : tensor<8x6xf32>
}

// The second operand of the sum is made of the product by another way: absorbing the sum would close a cycle.
// CHECK-LABEL: func.func @no_cycle
// CHECK: rec.fusion {{ *}}gemm
// CHECK-NOT: rec.binary
// CHECK: rec.yield
// CHECK: rec.softmax
// CHECK: rec.binary add
func.func @no_cycle(%x: tensor<8x4xf32>) -> tensor<8x6xf32> {
  %w = rec.constant "w" = dense<1.0> : tensor<4x6xf32>
  %0 = rec.linear %x, %w : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %1 = rec.softmax %0 axis 1 : (tensor<8x6xf32>) -> tensor<8x6xf32>
  %2 = rec.binary add %0, %1 : (tensor<8x6xf32>, tensor<8x6xf32>) -> tensor<8x6xf32>
  return %2 : tensor<8x6xf32>
}

// CHECK-LABEL: func.func @compare_and_select
// CHECK: rec.linear
// CHECK: rec.compare gt
// CHECK-NEXT: rec.select
// CHECK-NEXT: rec.yield
func.func @compare_and_select(%x: tensor<8x4xf32>) -> tensor<8x6xf32> {
  %w = rec.constant "w" = dense<1.0> : tensor<4x6xf32>
  %zero = rec.constant dense<0.0> : tensor<f32>
  %0 = rec.linear %x, %w : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %1 = rec.compare gt %0, %zero : (tensor<8x6xf32>, tensor<f32>) -> tensor<8x6xi1>
  %2 = rec.select %1, %0, %zero : (tensor<8x6xi1>, tensor<8x6xf32>, tensor<f32>) -> tensor<8x6xf32>
  return %2 : tensor<8x6xf32>
}

// CHECK-LABEL: func.func @low_rank
// CHECK: rec.fusion {{ *}}gemm rows [true, false, false, true](%arg0, %{{.*}}, %{{.*}}, %arg1)
// CHECK: %[[D:.*]] = rec.linear
// CHECK-NEXT: rec.linear %[[D]]
// CHECK-NEXT: rec.binary mul
// CHECK-NEXT: rec.binary add
// CHECK-NEXT: rec.yield
// SPLIT-LABEL: func.func @low_rank
// SPLIT-COUNT-2: rec.fusion
func.func @low_rank(%x: tensor<8x6xf32>, %x0: tensor<8x6xf32>) -> tensor<8x6xf32> {
  %v = rec.constant "v" = dense<1.0> : tensor<6x2xf32>
  %u = rec.constant "u" = dense<1.0> : tensor<2x6xf32>
  %0 = rec.linear %x, %v : (tensor<8x6xf32>, tensor<6x2xf32>) -> tensor<8x2xf32>
  %1 = rec.linear %0, %u : (tensor<8x2xf32>, tensor<2x6xf32>) -> tensor<8x6xf32>
  %2 = rec.binary mul %1, %x0 : (tensor<8x6xf32>, tensor<8x6xf32>) -> tensor<8x6xf32>
  %3 = rec.binary add %2, %x : (tensor<8x6xf32>, tensor<8x6xf32>) -> tensor<8x6xf32>
  return %3 : tensor<8x6xf32>
}

// Two layers in a row that are no bottleneck stay two regions.
// CHECK-LABEL: func.func @wide_pair
// CHECK-COUNT-2: rec.fusion
func.func @wide_pair(%x: tensor<8x2xf32>) -> tensor<8x2xf32> {
  %v = rec.constant "v" = dense<1.0> : tensor<2x6xf32>
  %u = rec.constant "u" = dense<1.0> : tensor<6x2xf32>
  %0 = rec.linear %x, %v : (tensor<8x2xf32>, tensor<2x6xf32>) -> tensor<8x6xf32>
  %1 = rec.linear %0, %u : (tensor<8x6xf32>, tensor<6x2xf32>) -> tensor<8x2xf32>
  return %1 : tensor<8x2xf32>
}

// CHECK-LABEL: func.func @left_alone
// CHECK-NOT: rec.fusion
// CHECK: return
func.func @left_alone(%x: tensor<8x4xf32>, %w: tensor<4x6xf32>, %d: tensor<8x4xf64>)
    -> (tensor<8x6xf32>, tensor<8x6xf64>) {
  %w64 = rec.constant "w64" = dense<1.0> : tensor<4x6xf64>
  %0 = rec.linear %x, %w : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %1 = rec.linear %d, %w64 : (tensor<8x4xf64>, tensor<4x6xf64>) -> tensor<8x6xf64>
  return %0, %1 : tensor<8x6xf32>, tensor<8x6xf64>
}

// A long sum stays with the lookups that feed it.
// CHECK-LABEL: func.func @crowd
// CHECK: rec.fusion
// CHECK: rec.linear
// CHECK-NEXT: rec.unary
// CHECK-NEXT: rec.yield
// CHECK-COUNT-5: rec.binary add
func.func @crowd(%x: tensor<8x4xf32>, %a: tensor<8x1xf32>, %b: tensor<8x1xf32>, %c: tensor<8x1xf32>, %d: tensor<8x1xf32>,
                 %e: tensor<8x1xf32>) -> tensor<8x1xf32> {
  %w = rec.constant "w" = dense<1.0> : tensor<4x1xf32>
  %0 = rec.linear %x, %w : (tensor<8x4xf32>, tensor<4x1xf32>) -> tensor<8x1xf32>
  %1 = rec.unary relu %0 : (tensor<8x1xf32>) -> tensor<8x1xf32>
  %2 = rec.binary add %1, %a : (tensor<8x1xf32>, tensor<8x1xf32>) -> tensor<8x1xf32>
  %3 = rec.binary add %2, %b : (tensor<8x1xf32>, tensor<8x1xf32>) -> tensor<8x1xf32>
  %4 = rec.binary add %3, %c : (tensor<8x1xf32>, tensor<8x1xf32>) -> tensor<8x1xf32>
  %5 = rec.binary add %4, %d : (tensor<8x1xf32>, tensor<8x1xf32>) -> tensor<8x1xf32>
  %6 = rec.binary add %5, %e : (tensor<8x1xf32>, tensor<8x1xf32>) -> tensor<8x1xf32>
  return %6 : tensor<8x1xf32>
}

// A conversion of thin rows that only the layer reads is part of it; wide ones are not, and neither are integers.
// CHECK-LABEL: func.func @casts
// CHECK: rec.fusion gemm rows [true, false](%arg0, %{{.*}}) : (tensor<8x13xf32>, tensor<13x64xf16>) -> tensor<8x64xf32>
// CHECK: rec.cast %{{.*}} : (tensor<8x13xf32>) -> tensor<8x13xf16>
// CHECK: rec.linear
// CHECK: rec.cast %{{.*}} : (tensor<8x64xf16>) -> tensor<8x64xf32>
// CHECK: %[[WIDE:.*]] = rec.cast %arg1
// CHECK: rec.fusion gemm rows [true, false](%[[WIDE]], %{{.*}}) : (tensor<8x65xf16>, tensor<65x64xf16>) -> tensor<8x64xf16>
func.func @casts(%x: tensor<8x13xf32>, %y: tensor<8x65xf32>) -> (tensor<8x64xf32>, tensor<8x64xf16>) {
  %w = rec.constant dense<0.5> : tensor<13x64xf16>
  %v = rec.constant dense<0.5> : tensor<65x64xf16>
  %0 = rec.cast %x : (tensor<8x13xf32>) -> tensor<8x13xf16>
  %1 = rec.linear %0, %w : (tensor<8x13xf16>, tensor<13x64xf16>) -> tensor<8x64xf16>
  %2 = rec.cast %1 : (tensor<8x64xf16>) -> tensor<8x64xf32>
  %3 = rec.cast %y : (tensor<8x65xf32>) -> tensor<8x65xf16>
  %4 = rec.linear %3, %v : (tensor<8x65xf16>, tensor<65x64xf16>) -> tensor<8x64xf16>
  return %2, %4 : tensor<8x64xf32>, tensor<8x64xf16>
}

// Large weights: each layer is a region, whose columns threads share.
// CHECK-LABEL: func.func @heavy_pair
// CHECK: rec.fusion
// CHECK: rec.linear
// CHECK-NEXT: rec.yield
// CHECK: rec.fusion
// CHECK: rec.linear
func.func @heavy_pair(%x: tensor<8x16xf32>) -> tensor<8x9000xf32> {
  %v = rec.constant "v" = dense<1.0> : tensor<16x8xf32>
  %u = rec.constant "u" = dense<1.0> : tensor<8x9000xf32>
  %0 = rec.linear %x, %v : (tensor<8x16xf32>, tensor<16x8xf32>) -> tensor<8x8xf32>
  %1 = rec.linear %0, %u : (tensor<8x8xf32>, tensor<8x9000xf32>) -> tensor<8x9000xf32>
  return %1 : tensor<8x9000xf32>
}
