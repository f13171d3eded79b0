// Of several bad ids a run names the one at the lowest position, and of those at one position the one of the first table,
// however the rows are split among threads and in whatever order a kernel meets them.
// RUN: rm -rf %t && mkdir %t && reckon-compile %s -o %t/m.rkn
// RUN: %python -c "import numpy as n; l = n.zeros((3000, 2), n.int64); l[2000, 0] = 7; l[2900, 1] = 9; r = n.zeros(3000, n.int64); r[2500] = 8; r[2700] = -1; n.save('%t/l.npy', l); n.save('%t/r.npy', r); l[1250, 0] = 6; n.save('%t/tie.npy', l)"
// RUN: not reckon-run %t/m.rkn --input left=%t/l.npy --input right=%t/r.npy --output-dir %t --threads=1 2>&1 | FileCheck %s --check-prefix=LOWEST
// RUN: not reckon-run %t/m.rkn --input left=%t/l.npy --input right=%t/r.npy --output-dir %t --threads=4 2>&1 | FileCheck %s --check-prefix=LOWEST
// LOWEST: input 'right' -> table 'b': id 8 at position 2500 is outside [0, 5)
// RUN: not reckon-run %t/m.rkn --input left=%t/tie.npy --input right=%t/r.npy --output-dir %t --threads=1 2>&1 | FileCheck %s --check-prefix=TIE
// RUN: not reckon-run %t/m.rkn --input left=%t/tie.npy --input right=%t/r.npy --output-dir %t --threads=4 2>&1 | FileCheck %s --check-prefix=TIE
// TIE: input 'left' -> table 'a': id 6 at position 2500 is outside [0, 3)

// One kernel has both lookups, of a row at a time.
// RUN: reckon-inspect %t/m.rkn | FileCheck %s --check-prefix=ONE
// ONE: Chains (1, 1 dispatches):

// RUN: reckon-compile %s --target=cuda --emit=ptx -o %t/m.ptx && FileCheck %s --check-prefix=PTX --input-file=%t/m.ptx
// The device does the same: one thread at a time compares with what is there.
// PTX: .func reckon_report(
// PTX: ld.acquire.gpu.global.b32
// PTX: setp.eq.b32 {{.*}}, -1;
// PTX: ld.relaxed.gpu.global.b64
// PTX: atom.acquire.gpu.global.cas.b32 {{.*}}, -1;
// PTX: st.relaxed.gpu.global.b64
// PTX: st.release.gpu.global.b32

func.func @main(%left: tensor<?x2xi64, #rec.dims<"batch", 2>> {rec.name = "left"},
                %right: tensor<?xi64, #rec.dims<"batch">> {rec.name = "right"})
    -> (tensor<?x8xf32, #rec.dims<"batch", 8>> {rec.name = "y"}) {
  %a = rec.constant "a" = dense<1.0> : tensor<3x4xf32>
  %b = rec.constant "b" = dense<2.0> : tensor<5x4xf32>
  %0 = rec.embedding_bag sum %a, %left
    : (tensor<3x4xf32>, tensor<?x2xi64, #rec.dims<"batch", 2>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  %1 = rec.embedding %b, %right
    : (tensor<5x4xf32>, tensor<?xi64, #rec.dims<"batch">>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  %2 = rec.concat %0, %1 axis 1
    : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x8xf32, #rec.dims<"batch", 8>>
  return %2 : tensor<?x8xf32, #rec.dims<"batch", 8>>
}
