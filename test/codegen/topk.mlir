// Ties go to the lower index and NaN ranks above every number, in the filtered way (long axis) and the general one.
// RUN: rm -rf %t && mkdir %t && %python %S/Inputs/topk.py write %t
// RUN: sed 's/KK/20/g' %s > %t/wide.mlir && reckon-compile %t/wide.mlir -o %t/wide.rkn
// RUN: reckon-run %t/wide.rkn --input x=%t/x.npy --output-dir %t && %python %S/Inputs/topk.py check %t 20 | FileCheck %s
// RUN: sed 's/KK/900/g' %s > %t/long.mlir && reckon-compile %t/long.mlir -o %t/long.rkn --host-cpu=x86-64-v3
// RUN: reckon-run %t/long.rkn --input x=%t/x.npy --output-dir %t && %python %S/Inputs/topk.py check %t 900 | FileCheck %s
// RUN: reckon-compile %t/wide.mlir -o %t/v3.rkn --host-cpu=x86-64-v3
// RUN: reckon-run %t/v3.rkn --input x=%t/x.npy --output-dir %t && %python %S/Inputs/topk.py check %t 20 | FileCheck %s
// REQUIRES: avx2
// CHECK: top-k agrees with a stable sort

func.func @main(%x: tensor<?x1003xf32, #rec.dims<"batch", 1003>> {rec.name = "x"})
    -> (tensor<?xKKxf32, #rec.dims<"batch", KK>> {rec.name = "greatest"},
        tensor<?xKKxi64, #rec.dims<"batch", KK>> {rec.name = "greatest_at"},
        tensor<?xKKxf32, #rec.dims<"batch", KK>> {rec.name = "least"},
        tensor<?xKKxi64, #rec.dims<"batch", KK>> {rec.name = "least_at"}) {
  %0, %1 = rec.topk %x k KK axis 1 : (tensor<?x1003xf32, #rec.dims<"batch", 1003>>)
    -> (tensor<?xKKxf32, #rec.dims<"batch", KK>>, tensor<?xKKxi64, #rec.dims<"batch", KK>>)
  %2, %3 = rec.topk %x k KK axis 1 {smallest} : (tensor<?x1003xf32, #rec.dims<"batch", 1003>>)
    -> (tensor<?xKKxf32, #rec.dims<"batch", KK>>, tensor<?xKKxi64, #rec.dims<"batch", KK>>)
  return %0, %1, %2, %3 : tensor<?xKKxf32, #rec.dims<"batch", KK>>, tensor<?xKKxi64, #rec.dims<"batch", KK>>,
    tensor<?xKKxf32, #rec.dims<"batch", KK>>, tensor<?xKKxi64, #rec.dims<"batch", KK>>
}
