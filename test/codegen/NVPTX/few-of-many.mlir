// A few of an unknown number of elements are inserted by a thread a row: counting would compare all pairs. So are 300 of 50,000.
// RUN: reckon-compile %s --target=cuda --emit=ptx -o - | FileCheck %s
// RUN: sed 's/x?xf32/x50000xf32/g; s/"items"/50000/g; s/k 20/k 300/; s/x20x/x300x/g; s/, 20>/, 300>/g' %s > %t.mlir && reckon-compile %t.mlir --target=cuda --emit=ptx -o - | FileCheck %s

// CHECK: .visible .entry rows_topk
// CHECK-NOT: shfl.sync
// CHECK: ret;
func.func @main(%x: tensor<?x?xf32, #rec.dims<"batch", "items">> {rec.name = "x"})
    -> (tensor<?x20xf32, #rec.dims<"batch", 20>> {rec.name = "v"}, tensor<?x20xi64, #rec.dims<"batch", 20>> {rec.name = "i"}) {
  %values, %indices = rec.topk %x k 20 axis 1 : (tensor<?x?xf32, #rec.dims<"batch", "items">>) -> (tensor<?x20xf32, #rec.dims<"batch", 20>>, tensor<?x20xi64, #rec.dims<"batch", 20>>)
  return %values, %indices : tensor<?x20xf32, #rec.dims<"batch", 20>>, tensor<?x20xi64, #rec.dims<"batch", 20>>
}
