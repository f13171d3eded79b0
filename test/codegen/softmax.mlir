// Softmax along axes of every kind: short, of many vectors, of a size known at run time, not contiguous, of one element,
// of half floats, and the logarithm.
// RUN: reckon-compile %s -o %t.rkn --verify | FileCheck %s
// RUN: reckon-compile %s -o %t.rkn --verify --host-cpu=x86-64-v3 | FileCheck %s
// RUN: reckon-compile %s -o %t.half.rkn --precision=bf16 --verify | FileCheck %s
// CHECK-COUNT-10: verify batch 1: {{.*}}, ok

// Whole vectors, and nothing that is compared for NaN element by element.
// RUN: reckon-compile %s -o - --emit=mlir --stop-after=codegen --host-cpu=x86-64-v4 | FileCheck %s --check-prefix=CODE
// CODE: llvm.intr.masked.load {{.*}} -> vector<16xf32>
// CODE-NOT: llvm.intr.vector.reduce.fmax
// CODE: llvm.shufflevector {{.*}} [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]
// CODE: llvm.fcmp "ogt"

func.func @main(%a: tensor<?x20xf32, #rec.dims<"batch", 20>> {rec.name = "a"},
                %b: tensor<?x1003xf32, #rec.dims<"batch", 1003>> {rec.name = "b"},
                %c: tensor<?x3x?xf32, #rec.dims<"batch", 3, "seq">> {rec.name = "c"},
                %d: tensor<?x5x7xf32, #rec.dims<"batch", 5, 7>> {rec.name = "d"})
    -> (tensor<?x20xf32, #rec.dims<"batch", 20>> {rec.name = "short"},
        tensor<?x1003xf32, #rec.dims<"batch", 1003>> {rec.name = "long"},
        tensor<?x3x?xf32, #rec.dims<"batch", 3, "seq">> {rec.name = "dynamic"},
        tensor<?x5x7xf32, #rec.dims<"batch", 5, 7>> {rec.name = "across"},
        tensor<?x5x7xf32, #rec.dims<"batch", 5, 7>> {rec.name = "along"},
        tensor<?x20xf32, #rec.dims<"batch", 20>> {rec.name = "log"},
        tensor<?x1003xf32, #rec.dims<"batch", 1003>> {rec.name = "log_long"},
        tensor<?x5x7xf32, #rec.dims<"batch", 5, 7>> {rec.name = "log_across"},
        tensor<?x3x?xf32, #rec.dims<"batch", 3, "seq">> {rec.name = "across_dynamic"},
        tensor<?x5x1xf32, #rec.dims<"batch", 5, 1>> {rec.name = "single"}) {
  %0 = rec.softmax %a axis 1 : (tensor<?x20xf32, #rec.dims<"batch", 20>>) -> tensor<?x20xf32, #rec.dims<"batch", 20>>
  %1 = rec.softmax %b axis 1 : (tensor<?x1003xf32, #rec.dims<"batch", 1003>>) -> tensor<?x1003xf32, #rec.dims<"batch", 1003>>
  %2 = rec.softmax %c axis 2 : (tensor<?x3x?xf32, #rec.dims<"batch", 3, "seq">>) -> tensor<?x3x?xf32, #rec.dims<"batch", 3, "seq">>
  %3 = rec.softmax %d axis 1 : (tensor<?x5x7xf32, #rec.dims<"batch", 5, 7>>) -> tensor<?x5x7xf32, #rec.dims<"batch", 5, 7>>
  %4 = rec.softmax %d axis 2 : (tensor<?x5x7xf32, #rec.dims<"batch", 5, 7>>) -> tensor<?x5x7xf32, #rec.dims<"batch", 5, 7>>
  %log_long = rec.softmax %b axis 1 {log} : (tensor<?x1003xf32, #rec.dims<"batch", 1003>>) -> tensor<?x1003xf32, #rec.dims<"batch", 1003>>
  %log_across = rec.softmax %d axis 1 {log} : (tensor<?x5x7xf32, #rec.dims<"batch", 5, 7>>) -> tensor<?x5x7xf32, #rec.dims<"batch", 5, 7>>
  %across = rec.softmax %c axis 1 : (tensor<?x3x?xf32, #rec.dims<"batch", 3, "seq">>) -> tensor<?x3x?xf32, #rec.dims<"batch", 3, "seq">>
  %5 = rec.softmax %a axis 1 {log} : (tensor<?x20xf32, #rec.dims<"batch", 20>>) -> tensor<?x20xf32, #rec.dims<"batch", 20>>
  %6 = rec.slice %d starts <0, 0, 2> sizes <"batch", 5, 1> steps [1, 1, 1]
    : (tensor<?x5x7xf32, #rec.dims<"batch", 5, 7>>) -> tensor<?x5x1xf32, #rec.dims<"batch", 5, 1>>
  %7 = rec.softmax %6 axis 2 : (tensor<?x5x1xf32, #rec.dims<"batch", 5, 1>>) -> tensor<?x5x1xf32, #rec.dims<"batch", 5, 1>>
  return %0, %1, %2, %3, %4, %5, %log_long, %log_across, %across, %7 : tensor<?x20xf32, #rec.dims<"batch", 20>>, tensor<?x1003xf32, #rec.dims<"batch", 1003>>,
    tensor<?x3x?xf32, #rec.dims<"batch", 3, "seq">>, tensor<?x5x7xf32, #rec.dims<"batch", 5, 7>>,
    tensor<?x5x7xf32, #rec.dims<"batch", 5, 7>>, tensor<?x20xf32, #rec.dims<"batch", 20>>, tensor<?x1003xf32, #rec.dims<"batch", 1003>>,
    tensor<?x5x7xf32, #rec.dims<"batch", 5, 7>>, tensor<?x3x?xf32, #rec.dims<"batch", 3, "seq">>, tensor<?x5x1xf32, #rec.dims<"batch", 5, 1>>
}
