// The greatest elements of rows: a block a row, or for short rows and few results a warp; the order of keys is that of the
// result. Candidates are counted in shared memory.
// RUN: reckon-compile %s --target=cuda --emit=ptx -o - | FileCheck %s
// RUN: sed 's/2000/100/g; s/x20x/x10x/g; s/, 20>/, 10>/g; s/k 20/k 10/' %s > %t.mlir && reckon-compile %t.mlir --target=cuda --emit=ptx -o - | FileCheck %s --check-prefix=SHORT
// RUN: sed 's/f32/i32/g' %s > %t.i32.mlir && reckon-compile %t.i32.mlir --target=cuda --emit=ptx -o - | FileCheck %s --check-prefix=OTHER

// CHECK: .reqntid 256
// CHECK: shfl.sync.bfly.b32
// CHECK: bar{{(rier)?}}.sync
// CHECK: atom{{.*}}.shared{{.*}}.add
// SHORT: .reqntid 128
// SHORT-NOT: bar{{(rier)?}}.sync {{ *}}0
// SHORT: shfl.sync.bfly.b32
// Integers go to the generic emitter.
// OTHER-NOT: .reqntid 256
func.func @main(%x: tensor<?x2000xf32, #rec.dims<"batch", 2000>> {rec.name = "x"})
    -> (tensor<?x20xf32, #rec.dims<"batch", 20>> {rec.name = "values"},
        tensor<?x20xi64, #rec.dims<"batch", 20>> {rec.name = "indices"}) {
  %values, %indices = rec.topk %x k 20 axis 1 : (tensor<?x2000xf32, #rec.dims<"batch", 2000>>)
    -> (tensor<?x20xf32, #rec.dims<"batch", 20>>, tensor<?x20xi64, #rec.dims<"batch", 20>>)
  return %values, %indices : tensor<?x20xf32, #rec.dims<"batch", 20>>, tensor<?x20xi64, #rec.dims<"batch", 20>>
}
