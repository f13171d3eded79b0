// Elements of a top-k of unknown k are counted by warps of the grid; integers are combined at their places at the same time,
// in one block, and a scatter without reduction looks its updates up.
// RUN: reckon-compile %s --target=cuda --emit=ptx -o - | FileCheck %s
// RUN: reckon-compile %s --target=cuda --stop-after=codegen -o - | FileCheck %s --check-prefix=PLAN

// CHECK-LABEL: .visible .entry whole_topk
// CHECK-COUNT-5: shfl.sync.bfly.b32
// CHECK: ret;
// CHECK-LABEL: .visible .entry whole_scatter_elements
// CHECK: .reqntid 1024
// CHECK: bar.sync
// CHECK: atom{{.*}}.max.s64
// CHECK: ret;
// CHECK-LABEL: .visible .entry rows_
// CHECK-NOT: atom
// PLAN-DAG: plan.kernel @whole_topk {{.*}}grid = <"floordiv(max({{.*}}32*n{{.*}}
// PLAN-DAG: plan.kernel @whole_scatter_elements {{.*}}grid = <1>
func.func @main(%x: tensor<?xf32, #rec.dims<"n">> {rec.name = "x"}, %u: tensor<?xf32, #rec.dims<"n">> {rec.name = "u"})
    -> (tensor<?xf32, #rec.dims<"n">> {rec.name = "v"}, tensor<?xf32, #rec.dims<"n">> {rec.name = "y"}) {
  %values, %indices = rec.topk %x k "n" axis 0 : (tensor<?xf32, #rec.dims<"n">>) -> (tensor<?xf32, #rec.dims<"n">>, tensor<?xi64, #rec.dims<"n">>)
  %0 = rec.scatter_elements %x, %indices, %u axis 0 : (tensor<?xf32, #rec.dims<"n">>, tensor<?xi64, #rec.dims<"n">>, tensor<?xf32, #rec.dims<"n">>) -> tensor<?xf32, #rec.dims<"n">>
  return %values, %0 : tensor<?xf32, #rec.dims<"n">>, tensor<?xf32, #rec.dims<"n">>
}
