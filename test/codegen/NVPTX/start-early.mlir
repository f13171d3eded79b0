// Kernels start before those that they wait for have ended, and let those behind them start. What is constant during a
// run is read before the wait, anything else after it. GPUs before sm_90 cannot do that.
// RUN: reckon-compile %s --target=cuda:sm_90a -o %t.ptx --emit=ptx && FileCheck %s --input-file=%t.ptx
// RUN: reckon-compile %s --target=cuda:sm_80 -o - --emit=ptx | FileCheck %s --check-prefix=OLD
// RUN: reckon-compile %s --target=cuda:sm_90a -o %t.rkn && reckon-inspect %t.rkn | FileCheck %s --check-prefix=ENGINE
// RUN: reckon-compile %s --target=cuda:sm_80 -o %t.rkn && reckon-inspect %t.rkn --json | FileCheck %s --check-prefix=OLD-ENGINE

// OLD-NOT: griddepcontrol
// ENGINE: rows_dot_interaction: rows, 128 threads, {{.*}}starts early
// OLD-ENGINE: "uses_pdl": false
// OLD-ENGINE-NOT: "uses_pdl": true

// Fragments of the weight and the bias come first, then activations, for which no read-only cache will do.
// CHECK: .entry gemm_v_splitk8(
// CHECK: griddepcontrol.launch_dependents
// CHECK: ld.global.nc.v4
// CHECK: griddepcontrol.wait
// CHECK-NOT: .nc
// CHECK: ld.global.v4
// CHECK: mma.sync

// All threads that touch memory of the run wait; the first stages get their weights before.
// CHECK: .entry gemm_v_wgmma64x64(
// CHECK: griddepcontrol.launch_dependents
// CHECK: griddepcontrol.wait
// CHECK: wgmma.mma_async
// CHECK: prefetch.tensormap
// CHECK: mbarrier.arrive.expect_tx
// CHECK: cp.async.bulk.tensor.2d
// CHECK: griddepcontrol.wait
// CHECK: cp.async.bulk.tensor.2d

// Rows of tables are under way before the wait, the vector from inside the run comes after it.
// CHECK: .entry rows_dot_interaction(
// CHECK: griddepcontrol.launch_dependents
// CHECK: ld.global.nc
// CHECK: cp.async.cg.shared.global
// CHECK: griddepcontrol.wait
// CHECK: cp.async.cg.shared.global
// CHECK: st.global

func.func @main(%dense: tensor<?x128xf16, #rec.dims<"batch", 128>> {rec.name = "dense"},
                %ids: tensor<?x2xi64, #rec.dims<"batch", 2>> {rec.name = "ids"})
    -> (tensor<?x3xf16, #rec.dims<"batch", 3>> {rec.name = "pairs"}) {
  %t = rec.constant "t" = dense<1.0> : tensor<50x128xf16>
  %u = rec.constant "u" = dense<2.0> : tensor<60x128xf16>
  %w = rec.constant "w" = dense<1.0> : tensor<128x256xf16>
  %b = rec.constant "b" = dense<1.0> : tensor<128xf16>
  %0 = rec.linear %dense, %w : (tensor<?x128xf16, #rec.dims<"batch", 128>>, tensor<128x256xf16>)
    -> tensor<?x256xf16, #rec.dims<"batch", 256>>
  %v = rec.constant "v" = dense<0.5> : tensor<256x128xf16>
  %x = rec.linear %0, %v, %b : (tensor<?x256xf16, #rec.dims<"batch", 256>>, tensor<256x128xf16>, tensor<128xf16>)
    -> tensor<?x128xf16, #rec.dims<"batch", 128>>
  %1 = rec.multi_lookup %ids[%t, %u] starts [0, 1] counts [1, 1] modes [0, 0] padding_ids [-1, -1]
    : (tensor<?x2xi64, #rec.dims<"batch", 2>>, tensor<50x128xf16>, tensor<60x128xf16>)
    -> tensor<?x256xf16, #rec.dims<"batch", 256>>
  %2 = rec.concat %x, %1 axis 1
    : (tensor<?x128xf16, #rec.dims<"batch", 128>>, tensor<?x256xf16, #rec.dims<"batch", 256>>)
    -> tensor<?x384xf16, #rec.dims<"batch", 384>>
  %3 = rec.reshape %2 : (tensor<?x384xf16, #rec.dims<"batch", 384>>) -> tensor<?x3x128xf16, #rec.dims<"batch", 3, 128>>
  %4 = rec.dot_interaction lower %3
    : (tensor<?x3x128xf16, #rec.dims<"batch", 3, 128>>) -> tensor<?x3xf16, #rec.dims<"batch", 3>>
  return %4 : tensor<?x3xf16, #rec.dims<"batch", 3>>
}
