// An attention head over slices of one product: its operands are read where they are, by whole vectors. Nothing is copied
// element by element, which takes a division to find an element, and the result goes where the reshape wants it.
// RUN: reckon-compile %s -o - --emit=mlir --stop-after=codegen --host-cpu=x86-64-v4 | FileCheck %s --implicit-check-not=llvm.sdiv --implicit-check-not=llvm.srem
// RUN: reckon-compile %s -o %t.rkn --verify | FileCheck %s --check-prefix=RIGHT

// CHECK: llvm.func {{.*}}@rows_matmul.body
// Keys are contiguous along what is summed: blocks of 16 x 16 change their order.
// CHECK: llvm.shufflevector
// CHECK: llvm.intr.fma(%{{.*}}) : (vector<16xf32>
// RIGHT: verify batch 1: {{.*}}, ok

func.func @main(%x: tensor<?x20x96xf32, #rec.dims<"batch", 20, 96>> {rec.name = "x"})
    -> (tensor<?x20x32xf32, #rec.dims<"batch", 20, 32>> {rec.name = "y"}) {
  %0 = rec.slice %x starts <0, 0, 0> sizes <"batch", 20, 32> steps [1, 1, 1]
    : (tensor<?x20x96xf32, #rec.dims<"batch", 20, 96>>) -> tensor<?x20x32xf32, #rec.dims<"batch", 20, 32>>
  %1 = rec.slice %x starts <0, 0, 32> sizes <"batch", 20, 32> steps [1, 1, 1]
    : (tensor<?x20x96xf32, #rec.dims<"batch", 20, 96>>) -> tensor<?x20x32xf32, #rec.dims<"batch", 20, 32>>
  %2 = rec.slice %x starts <0, 0, 64> sizes <"batch", 20, 32> steps [1, 1, 1]
    : (tensor<?x20x96xf32, #rec.dims<"batch", 20, 96>>) -> tensor<?x20x32xf32, #rec.dims<"batch", 20, 32>>
  %3 = rec.reshape %0 : (tensor<?x20x32xf32, #rec.dims<"batch", 20, 32>>) -> tensor<?x20x2x16xf32, #rec.dims<"batch", 20, 2, 16>>
  %4 = rec.reshape %1 : (tensor<?x20x32xf32, #rec.dims<"batch", 20, 32>>) -> tensor<?x20x2x16xf32, #rec.dims<"batch", 20, 2, 16>>
  %5 = rec.reshape %2 : (tensor<?x20x32xf32, #rec.dims<"batch", 20, 32>>) -> tensor<?x20x2x16xf32, #rec.dims<"batch", 20, 2, 16>>
  %q = rec.transpose %3 perm [0, 2, 1, 3]
    : (tensor<?x20x2x16xf32, #rec.dims<"batch", 20, 2, 16>>) -> tensor<?x2x20x16xf32, #rec.dims<"batch", 2, 20, 16>>
  %k = rec.transpose %4 perm [0, 2, 3, 1]
    : (tensor<?x20x2x16xf32, #rec.dims<"batch", 20, 2, 16>>) -> tensor<?x2x16x20xf32, #rec.dims<"batch", 2, 16, 20>>
  %v = rec.transpose %5 perm [0, 2, 1, 3]
    : (tensor<?x20x2x16xf32, #rec.dims<"batch", 20, 2, 16>>) -> tensor<?x2x20x16xf32, #rec.dims<"batch", 2, 20, 16>>
  %6 = rec.matmul %q, %k : (tensor<?x2x20x16xf32, #rec.dims<"batch", 2, 20, 16>>, tensor<?x2x16x20xf32, #rec.dims<"batch", 2, 16, 20>>)
    -> tensor<?x2x20x20xf32, #rec.dims<"batch", 2, 20, 20>>
  %7 = rec.softmax %6 axis 3 : (tensor<?x2x20x20xf32, #rec.dims<"batch", 2, 20, 20>>) -> tensor<?x2x20x20xf32, #rec.dims<"batch", 2, 20, 20>>
  %8 = rec.matmul %7, %v : (tensor<?x2x20x20xf32, #rec.dims<"batch", 2, 20, 20>>, tensor<?x2x20x16xf32, #rec.dims<"batch", 2, 20, 16>>)
    -> tensor<?x2x20x16xf32, #rec.dims<"batch", 2, 20, 16>>
  %9 = rec.transpose %8 perm [0, 2, 1, 3]
    : (tensor<?x2x20x16xf32, #rec.dims<"batch", 2, 20, 16>>) -> tensor<?x20x2x16xf32, #rec.dims<"batch", 20, 2, 16>>
  %10 = rec.reshape %9 : (tensor<?x20x2x16xf32, #rec.dims<"batch", 20, 2, 16>>) -> tensor<?x20x32xf32, #rec.dims<"batch", 20, 32>>
  return %10 : tensor<?x20x32xf32, #rec.dims<"batch", 20, 32>>
}
