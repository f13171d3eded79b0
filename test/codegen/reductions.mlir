// Reductions that keep the last axis: lanes in registers, whole and in part, over one axis and over two, of sizes known and
// not; beside reductions along the last axis.
// RUN: reckon-compile %s -o %t.rkn --verify | FileCheck %s
// RUN: reckon-compile %s -o %t.rkn --verify --host-cpu=x86-64-v3 | FileCheck %s
// RUN: reckon-compile %s -o %t.rkn --precision=bf16 --verify | FileCheck %s
// CHECK-COUNT-14: verify batch 1: {{.*}}, ok

// A step loads, adds and stores nothing.
// RUN: reckon-compile %s -o - --emit=mlir --stop-after=codegen --host-cpu=x86-64-v4 | FileCheck %s --check-prefix=CODE
// CODE-LABEL: llvm.func internal @rows_reduce.body
// CODE: llvm.load {{.*}} -> vector<16xf32>
// CODE: llvm.intr.masked.load {{.*}} -> vector<16xf32>
// CODE-NOT: store
// CODE: llvm.fadd {{.*}} : vector<16xf32>
// CODE: llvm.br

func.func @main(%a: tensor<?x9x20xf32, #rec.dims<"batch", 9, 20>> {rec.name = "a"},
                %b: tensor<?x3x4x70xf32, #rec.dims<"batch", 3, 4, 70>> {rec.name = "b"},
                %c: tensor<?x5x?xf32, #rec.dims<"batch", 5, "seq">> {rec.name = "c"},
                %d: tensor<?x6x7xf32, #rec.dims<"batch", 6, 7>> {rec.name = "d"})
    -> (tensor<?x20xf32, #rec.dims<"batch", 20>> {rec.name = "r_sum"},
        tensor<?x20xf32, #rec.dims<"batch", 20>> {rec.name = "r_mean"},
        tensor<?x20xf32, #rec.dims<"batch", 20>> {rec.name = "r_max"},
        tensor<?x20xf32, #rec.dims<"batch", 20>> {rec.name = "r_min"},
        tensor<?x20xf32, #rec.dims<"batch", 20>> {rec.name = "r_l1"},
        tensor<?x20xf32, #rec.dims<"batch", 20>> {rec.name = "r_l2"},
        tensor<?x20xf32, #rec.dims<"batch", 20>> {rec.name = "r_sum_square"},
        tensor<?x20xf32, #rec.dims<"batch", 20>> {rec.name = "r_prod"},
        tensor<?x1x1x70xf32, #rec.dims<"batch", 1, 1, 70>> {rec.name = "r_two"},
        tensor<?x4x70xf32, #rec.dims<"batch", 4, 70>> {rec.name = "r_outer"},
        tensor<?x?xf32, #rec.dims<"batch", "seq">> {rec.name = "r_dynamic"},
        tensor<?x6xf32, #rec.dims<"batch", 6>> {rec.name = "r_along"},
        tensor<?x7xf32, #rec.dims<"batch", 7>> {rec.name = "r_logs"},
        tensor<?x7xf32, #rec.dims<"batch", 7>> {rec.name = "r_inline"}) {
  %sum = rec.reduce sum %a axes [1] : (tensor<?x9x20xf32, #rec.dims<"batch", 9, 20>>) -> tensor<?x20xf32, #rec.dims<"batch", 20>>
  %mean = rec.reduce mean %a axes [1] : (tensor<?x9x20xf32, #rec.dims<"batch", 9, 20>>) -> tensor<?x20xf32, #rec.dims<"batch", 20>>
  %max = rec.reduce max %a axes [1] : (tensor<?x9x20xf32, #rec.dims<"batch", 9, 20>>) -> tensor<?x20xf32, #rec.dims<"batch", 20>>
  %min = rec.reduce min %a axes [1] : (tensor<?x9x20xf32, #rec.dims<"batch", 9, 20>>) -> tensor<?x20xf32, #rec.dims<"batch", 20>>
  %l1 = rec.reduce l1 %a axes [1] : (tensor<?x9x20xf32, #rec.dims<"batch", 9, 20>>) -> tensor<?x20xf32, #rec.dims<"batch", 20>>
  %l2 = rec.reduce l2 %a axes [1] : (tensor<?x9x20xf32, #rec.dims<"batch", 9, 20>>) -> tensor<?x20xf32, #rec.dims<"batch", 20>>
  %sum_square = rec.reduce sum_square %a axes [1] : (tensor<?x9x20xf32, #rec.dims<"batch", 9, 20>>) -> tensor<?x20xf32, #rec.dims<"batch", 20>>
  %prod = rec.reduce prod %a axes [1] : (tensor<?x9x20xf32, #rec.dims<"batch", 9, 20>>) -> tensor<?x20xf32, #rec.dims<"batch", 20>>
  %two = rec.reduce mean %b axes [1, 2] {keepdims} : (tensor<?x3x4x70xf32, #rec.dims<"batch", 3, 4, 70>>) -> tensor<?x1x1x70xf32, #rec.dims<"batch", 1, 1, 70>>
  %outer = rec.reduce max %b axes [1] : (tensor<?x3x4x70xf32, #rec.dims<"batch", 3, 4, 70>>) -> tensor<?x4x70xf32, #rec.dims<"batch", 4, 70>>
  %dynamic = rec.reduce sum %c axes [1] : (tensor<?x5x?xf32, #rec.dims<"batch", 5, "seq">>) -> tensor<?x?xf32, #rec.dims<"batch", "seq">>
  %along = rec.reduce sum %d axes [2] : (tensor<?x6x7xf32, #rec.dims<"batch", 6, 7>>) -> tensor<?x6xf32, #rec.dims<"batch", 6>>
  %logs = rec.reduce log_sum_exp %d axes [1] : (tensor<?x6x7xf32, #rec.dims<"batch", 6, 7>>) -> tensor<?x7xf32, #rec.dims<"batch", 7>>
  %p = rec.binary mul %d, %d : (tensor<?x6x7xf32, #rec.dims<"batch", 6, 7>>, tensor<?x6x7xf32, #rec.dims<"batch", 6, 7>>) -> tensor<?x6x7xf32, #rec.dims<"batch", 6, 7>>
  %inline = rec.reduce sum %p axes [1] : (tensor<?x6x7xf32, #rec.dims<"batch", 6, 7>>) -> tensor<?x7xf32, #rec.dims<"batch", 7>>
  return %sum, %mean, %max, %min, %l1, %l2, %sum_square, %prod, %two, %outer, %dynamic, %along, %logs, %inline : tensor<?x20xf32, #rec.dims<"batch", 20>>,
    tensor<?x20xf32, #rec.dims<"batch", 20>>,
    tensor<?x20xf32, #rec.dims<"batch", 20>>,
    tensor<?x20xf32, #rec.dims<"batch", 20>>,
    tensor<?x20xf32, #rec.dims<"batch", 20>>,
    tensor<?x20xf32, #rec.dims<"batch", 20>>,
    tensor<?x20xf32, #rec.dims<"batch", 20>>,
    tensor<?x20xf32, #rec.dims<"batch", 20>>,
    tensor<?x1x1x70xf32, #rec.dims<"batch", 1, 1, 70>>,
    tensor<?x4x70xf32, #rec.dims<"batch", 4, 70>>,
    tensor<?x?xf32, #rec.dims<"batch", "seq">>,
    tensor<?x6xf32, #rec.dims<"batch", 6>>,
    tensor<?x7xf32, #rec.dims<"batch", 7>>,
    tensor<?x7xf32, #rec.dims<"batch", 7>>
}
