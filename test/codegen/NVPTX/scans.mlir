// A running sum along memory is a warp's, by shuffles; along another dimension a thread takes a line. A line that is alone is a block's.
// RUN: reckon-compile %s --target=cuda --emit=ptx -o - | FileCheck %s
// RUN: sed 's/axis 1/axis 1 {exclusive, reverse}/; s/f32/i64/g' %s > %t.i64.mlir && reckon-compile %t.i64.mlir --target=cuda --emit=ptx -o - | FileCheck %s --check-prefix=WIDE
// RUN: sed 's/axis 1/axis 0/; s/f32/f64/g' %s > %t.down.mlir && reckon-compile %t.down.mlir --target=cuda --emit=ptx -o - | FileCheck %s --check-prefix=DOWN
// RUN: sed 's/f32/f64/g' %s > %t.f64.mlir && reckon-compile %t.f64.mlir --target=cuda --emit=ptx -o - | FileCheck %s --check-prefix=WIDE
// RUN: sed 's/f32/i8/g' %s > %t.i8.mlir && reckon-compile %t.i8.mlir --target=cuda --emit=ptx -o - | FileCheck %s
// RUN: sed 's/?x1000x/?x/g; s/, 1000>/>/g; s/axis 1/axis 0/' %s > %t.line.mlir && reckon-compile %t.line.mlir --target=cuda --emit=ptx -o - | FileCheck %s --check-prefix=LINE

// LINE: .visible .entry
// LINE: .reqntid 1024
// LINE-COUNT-5: shfl.sync.idx.b32
// LINE: st.shared
// LINE: bar.sync
// LINE: ld.shared
// LINE-COUNT-5: shfl.sync.idx.b32
// LINE: bar.sync
// CHECK: .visible .entry
// CHECK-COUNT-6: shfl.sync.idx.b32
// WIDE: .visible .entry
// WIDE-COUNT-12: shfl.sync.idx.b32
// DOWN: .visible .entry
// DOWN-NOT: shfl.sync
// DOWN: ret;
func.func @main(%x: tensor<?x1000xf32, #rec.dims<"batch", 1000>> {rec.name = "x"})
    -> (tensor<?x1000xf32, #rec.dims<"batch", 1000>> {rec.name = "y"}) {
  %0 = rec.cumsum %x axis 1 : (tensor<?x1000xf32, #rec.dims<"batch", 1000>>) -> tensor<?x1000xf32, #rec.dims<"batch", 1000>>
  return %0 : tensor<?x1000xf32, #rec.dims<"batch", 1000>>
}
