// A factorisation-machine term and sums of scalar tables are computed where their rows are read, in f32; the rows go
// where the network reads them, behind them a stretch of an input that is cast on the way.
// RUN: reckon-compile %s --target=cuda --emit=ptx -o - | FileCheck %s
// Rows and scalars of one id are read together; no kernel but this one, once for few rows, once for many.
// CHECK: .entry rows_fm_term(
// CHECK: griddepcontrol.wait
// CHECK: .entry rows_fm_term_1(
// CHECK-NOT: griddepcontrol
// CHECK: ld.global.nc.v4.b32
// CHECK: ld.global.nc.b16
// CHECK: cvt.rn.f16.f32
// CHECK: fma.rn.f32
// CHECK: shfl.sync.bfly.b32
// CHECK-NOT: .entry
func.func @main(%dense: tensor<?x3xf32, #rec.dims<"batch", 3>> {rec.name = "dense"},
                %ids: tensor<?x2xi64, #rec.dims<"batch", 2>> {rec.name = "ids"})
    -> (tensor<?x1xf32, #rec.dims<"batch", 1>> {rec.name = "term"},
        tensor<?x35xf16, #rec.dims<"batch", 35>> {rec.name = "rows"}) {
  %t = rec.constant "t" = dense<1.0> : tensor<50x16xf16>
  %u = rec.constant "u" = dense<2.0> : tensor<60x16xf16>
  %v = rec.constant "v" = dense<3.0> : tensor<50x1xf16>
  %w = rec.constant "w" = dense<4.0> : tensor<60x1xf16>
  %0 = rec.multi_lookup %ids[%t, %u] starts [0, 1] counts [1, 1] modes [0, 0] padding_ids [-1, -1]
    : (tensor<?x2xi64, #rec.dims<"batch", 2>>, tensor<50x16xf16>, tensor<60x16xf16>)
    -> tensor<?x32xf16, #rec.dims<"batch", 32>>
  %1 = rec.reshape %0 : (tensor<?x32xf16, #rec.dims<"batch", 32>>) -> tensor<?x2x16xf16, #rec.dims<"batch", 2, 16>>
  %2 = rec.fm_term %1 {sum_dim}
    : (tensor<?x2x16xf16, #rec.dims<"batch", 2, 16>>) -> tensor<?x1xf16, #rec.dims<"batch", 1>>
  %3 = rec.cast %2 : (tensor<?x1xf16, #rec.dims<"batch", 1>>) -> tensor<?x1xf32, #rec.dims<"batch", 1>>
  %4 = rec.multi_lookup %ids[%v, %w] starts [0, 1] counts [1, 1] modes [0, 0] padding_ids [-1, -1]
    : (tensor<?x2xi64, #rec.dims<"batch", 2>>, tensor<50x1xf16>, tensor<60x1xf16>)
    -> tensor<?x2xf16, #rec.dims<"batch", 2>>
  %5 = rec.cast %4 : (tensor<?x2xf16, #rec.dims<"batch", 2>>) -> tensor<?x2xf32, #rec.dims<"batch", 2>>
  %6 = rec.reduce sum %5 axes [1] {keepdims}
    : (tensor<?x2xf32, #rec.dims<"batch", 2>>) -> tensor<?x1xf32, #rec.dims<"batch", 1>>
  %7 = rec.binary add %3, %6 : (tensor<?x1xf32, #rec.dims<"batch", 1>>, tensor<?x1xf32, #rec.dims<"batch", 1>>)
    -> tensor<?x1xf32, #rec.dims<"batch", 1>>
  %8 = rec.cast %dense : (tensor<?x3xf32, #rec.dims<"batch", 3>>) -> tensor<?x3xf16, #rec.dims<"batch", 3>>
  %9 = rec.concat %0, %8 axis 1
    : (tensor<?x32xf16, #rec.dims<"batch", 32>>, tensor<?x3xf16, #rec.dims<"batch", 3>>)
    -> tensor<?x35xf16, #rec.dims<"batch", 35>>
  return %7, %9 : tensor<?x1xf32, #rec.dims<"batch", 1>>, tensor<?x35xf16, #rec.dims<"batch", 35>>
}
