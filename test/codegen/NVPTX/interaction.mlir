// Lookups and the products of all pairs of features in one kernel: rows go to shared memory asynchronously, half floats
// through tensor cores, single floats through fused multiply-adds.
// RUN: reckon-compile %s --target=cuda --emit=ptx -o %t.ptx && FileCheck %s --input-file=%t.ptx
// RUN: sed 's/f16/bf16/g' %s > %t.bf16.mlir && reckon-compile %t.bf16.mlir --target=cuda --emit=ptx -o - | FileCheck %s --check-prefix=BF16
// RUN: sed 's/f16/f32/g' %s > %t.f32.mlir && reckon-compile %t.f32.mlir --target=cuda --emit=ptx -o - | FileCheck %s --check-prefix=F32
// RUN: sed 's/32x/8x/g; s/x32x/x8x/g; s/32>/8>/g; s/x96x/x24x/g; s/96>/24>/g; s/x64x/x16x/g; s/64>/16>/g' %s > %t.8.mlir && reckon-compile %t.8.mlir --target=cuda --emit=ptx -o - | FileCheck %s --check-prefix=SHORT

// CHECK: cp.async.cg.shared.global
// CHECK: cp.async.commit_group
// CHECK: cp.async.wait_group 0
// CHECK: ldmatrix.sync.aligned.m8n8.x4.shared.b16
// CHECK-COUNT-2: mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32
// CHECK-NOT: .local
// BF16: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// F32: cp.async.cg.shared.global
// F32-NOT: mma.sync
// F32: ld.shared.v4
// F32: fma.rn.f32
// Rows of 16 bytes are half of what tensor cores take: another kernel.
// SHORT-NOT: mma.sync
func.func @main(%dense: tensor<?x32xf16, #rec.dims<"batch", 32>> {rec.name = "dense"},
                %ids: tensor<?x2xi64, #rec.dims<"batch", 2>> {rec.name = "ids"})
    -> (tensor<?x3xf16, #rec.dims<"batch", 3>> {rec.name = "pairs"}) {
  %t = rec.constant "t" = dense<1.0> : tensor<50x32xf16>
  %u = rec.constant "u" = dense<2.0> : tensor<60x32xf16>
  %0 = rec.multi_lookup %ids[%t, %u] starts [0, 1] counts [1, 1] modes [0, 0] padding_ids [-1, -1]
    : (tensor<?x2xi64, #rec.dims<"batch", 2>>, tensor<50x32xf16>, tensor<60x32xf16>)
    -> tensor<?x64xf16, #rec.dims<"batch", 64>>
  %1 = rec.concat %dense, %0 axis 1
    : (tensor<?x32xf16, #rec.dims<"batch", 32>>, tensor<?x64xf16, #rec.dims<"batch", 64>>)
    -> tensor<?x96xf16, #rec.dims<"batch", 96>>
  %2 = rec.reshape %1 : (tensor<?x96xf16, #rec.dims<"batch", 96>>) -> tensor<?x3x32xf16, #rec.dims<"batch", 3, 32>>
  %3 = rec.dot_interaction lower %2
    : (tensor<?x3x32xf16, #rec.dims<"batch", 3, 32>>) -> tensor<?x3xf16, #rec.dims<"batch", 3>>
  return %3 : tensor<?x3xf16, #rec.dims<"batch", 3>>
}
