// A cross layer whose input is also its x0 reads it in the epilogue: it is no part of a kernel of several layers, which would have no
// such matrix in memory.
// RUN: reckon-compile %s -o %t.rkn --target=cuda
// RUN: reckon-inspect %t.rkn | FileCheck %s
// CHECK-NOT: stack_
// CHECK-NOT: chain_
// CHECK: gemm_{{.*}}splitk8
func.func @main(%x: tensor<?x2xbf16, #rec.dims<"batch", 2>> {rec.name = "x"}) -> (tensor<?x64xbf16, #rec.dims<"batch", 64>> {rec.name = "y"}) {
  %w = rec.constant "w" = dense<5.000000e-01> : tensor<2x64xbf16>
  %b = rec.constant "b" = dense<2.500000e-01> : tensor<64xbf16>
  %v = rec.constant "v" = dense<1.250000e-01> : tensor<64x64xbf16>
  %0 = rec.linear %x, %w, %b : (tensor<?x2xbf16, #rec.dims<"batch", 2>>, tensor<2x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16, #rec.dims<"batch", 64>>
  %1 = rec.cross_layer %0, %0 weight %v : (tensor<?x64xbf16, #rec.dims<"batch", 64>>, tensor<?x64xbf16, #rec.dims<"batch", 64>>, tensor<64x64xbf16>) -> tensor<?x64xbf16, #rec.dims<"batch", 64>>
  return %1 : tensor<?x64xbf16, #rec.dims<"batch", 64>>
}
