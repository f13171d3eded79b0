// Loops over elements say that no iteration depends on another, so that LLVM makes vectors of short ones too: what is left beyond
// whole vectors is masked where masks cost nothing. So do the loops of sums, but for those around them.
// RUN: reckon-compile %s -o %t.rkn --verify | FileCheck %s
// RUN: reckon-compile %s -o %t.rkn --verify --host-cpu=x86-64-v3 | FileCheck %s
// CHECK: verify batch 1: {{.*}}, ok

// RUN: reckon-compile %s -o - --emit=mlir --stop-after=codegen --host-cpu=x86-64-v4 | FileCheck %s --check-prefix=MASKED
// MASKED: #[[ROLLED:loop_unroll]] = #llvm.loop_unroll<disable = true>
// MASKED: #[[VECTORIZE:loop_vectorize]] = #llvm.loop_vectorize<predicateEnable = true>
// MASKED: #[[MASK:loop_annotation]] = #llvm.loop_annotation<vectorize = #[[VECTORIZE]], unroll = #[[ROLLED]], parallelAccesses = #access_group>
// MASKED: #[[SHORT:loop_annotation1]] = #llvm.loop_annotation<vectorize = #[[VECTORIZE]], unroll = #[[ROLLED]], parallelAccesses = #access_group1>
// MASKED: #[[LONG:loop_annotation2]] = #llvm.loop_annotation<parallelAccesses = #access_group2>
// MASKED: #[[SUM:loop_annotation3]] = #llvm.loop_annotation<vectorize = #[[VECTORIZE]], parallelAccesses = #access_group3>
// MASKED-LABEL: llvm.func internal @rows_compare.body
// MASKED: llvm.store {{.*}}access_groups = [#access_group]
// MASKED: llvm.br {{.*}} {llvm.loop_annotation = #[[MASK]]}
// MASKED: llvm.br {{.*}} {llvm.loop_annotation = #[[SHORT]]}
// MASKED-LABEL: llvm.func internal @rows_unary.body
// MASKED: llvm.br {{.*}} {llvm.loop_annotation = #[[LONG]]}
// MASKED-LABEL: llvm.func internal @rows_reduce.body
// MASKED: llvm.br {{.*}} {llvm.loop_annotation = #[[SUM]]}
// MASKED-NOT: llvm.loop_annotation

// RUN: reckon-compile %s -o - --emit=mlir --stop-after=codegen --host-cpu=x86-64-v3 | FileCheck %s --check-prefix=WHOLE
// WHOLE-NOT: predicateEnable
// WHOLE: llvm.loop_annotation<unroll = #loop_unroll, parallelAccesses = #access_group>
func.func @main(%a: tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>> {rec.name = "a"},
                %m: tensor<?x1x14xi64, #rec.dims<"batch", 1, 14>> {rec.name = "m"},
                %c: tensor<?x?xf32, #rec.dims<"batch", "seq">> {rec.name = "c"})
    -> (tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>> {rec.name = "short"},
        tensor<?x?xf32, #rec.dims<"batch", "seq">> {rec.name = "long"},
        tensor<?x6xf32, #rec.dims<"batch", 6>> {rec.name = "sum"}) {
  %zero = rec.constant dense<0> : tensor<1xi64>
  %low = rec.constant dense<-1.0e9> : tensor<1xf32>
  %0 = rec.compare gt %m, %zero : (tensor<?x1x14xi64, #rec.dims<"batch", 1, 14>>, tensor<1xi64>) -> tensor<?x1x14xi1, #rec.dims<"batch", 1, 14>>
  %1 = rec.select %0, %a, %low : (tensor<?x1x14xi1, #rec.dims<"batch", 1, 14>>, tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>>, tensor<1xf32>)
    -> tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>>
  %2 = rec.unary silu %1 : (tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>>) -> tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>>
  %3 = rec.unary exp %c : (tensor<?x?xf32, #rec.dims<"batch", "seq">>) -> tensor<?x?xf32, #rec.dims<"batch", "seq">>
  %4 = rec.reduce sum %a axes [2] : (tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>>) -> tensor<?x6xf32, #rec.dims<"batch", 6>>
  return %2, %3, %4 : tensor<?x6x14xf32, #rec.dims<"batch", 6, 14>>, tensor<?x?xf32, #rec.dims<"batch", "seq">>,
    tensor<?x6xf32, #rec.dims<"batch", 6>>
}
