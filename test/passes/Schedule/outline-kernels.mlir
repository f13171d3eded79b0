// RUN: reckon-opt --plan-outline-kernels --split-input-file %s | FileCheck %s
// RUN: reckon-opt --plan-outline-kernels --mlir-pass-statistics --split-input-file %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// STATS: 3 kernels
// STATS: 3 dispatches
// STATS: 0 views

// A constant that lookups alone read is a table. Producers of a join write slices of its buffer, and kernels know the
// strides.
// CHECK: plan.kernel @gemm_bot_0 {{ *}}gemm dims ["batch"] operands [<strides = <4, 1>, row = true>, <strides = <16, 1>>, <strides = <32, 1>>] {
// CHECK: plan.kernel @lookup_emb {{ *}}lookup dims ["batch", "%rows:0"] operands [<strides = <16, 1>, rows_dim = 1>, <strides = <1>, row = true>, <strides = <32, 1>>] {
// CHECK: plan.program @main dims ["batch", "rows:emb"] {
// CHECK-DAG: %[[X:.*]] = plan.input "dense" : <f32, <"batch", 4>>
// CHECK-DAG: %[[I:.*]] = plan.input "ids" : <i64, <"batch">>
// CHECK-DAG: %[[Y:.*]] = plan.output "click" : <f32, <"batch", 1>>
// CHECK-DAG: %[[W:.*]] = plan.weight "bot.0.weight"
// CHECK-DAG: %[[T:.*]] = plan.table "emb" dense<1.000000e+00> : tensor<100x16xf32> {out_of_range = #rec<out_of_range zero>} : <f32, <"rows:emb", 16>>
// CHECK-DAG: %[[J:.*]] = plan.alloc : <f32, <"batch", 32>>
// CHECK-DAG: %[[A:.*]] = plan.slice %[[J]] axis 1 offset 0
// CHECK-DAG: %[[B:.*]] = plan.slice %[[J]] axis 1 offset 16
// CHECK: plan.dispatch @gemm_bot_0(%[[X]], %[[W]], %[[A]]) {nodes = ["/bot/Gemm"]}
// CHECK: plan.dispatch @lookup_emb(%[[T]], %[[I]], %[[B]])
// CHECK: plan.dispatch @gemm_top_0(%[[J]], %{{.*}}, %[[Y]])
// CHECK-NOT: func.func
func.func @main(%x: tensor<?x4xf32, #rec.dims<"batch", 4>> {rec.name = "dense"},
                %ids: tensor<?xi64, #rec.dims<"batch">> {rec.name = "ids"})
    -> (tensor<?x1xf32, #rec.dims<"batch", 1>> {rec.name = "click"}) {
  %w = rec.constant "bot.0.weight" = dense<1.0> : tensor<4x16xf32>
  %t = rec.constant "emb" = dense<1.0> : tensor<100x16xf32>
  %v = rec.constant "top.0.weight" = dense<1.0> : tensor<32x1xf32>
  %0 = rec.fusion gemm rows [true, false] (%x, %w)
      : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4x16xf32>) -> tensor<?x16xf32, #rec.dims<"batch", 16>> {
  ^bb0(%a: tensor<?x4xf32, #rec.dims<"batch", 4>>, %b: tensor<4x16xf32>):
    %5 = rec.linear %a, %b
      : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4x16xf32>) -> tensor<?x16xf32, #rec.dims<"batch", 16>> loc("/bot/Gemm")
    rec.yield %5 : tensor<?x16xf32, #rec.dims<"batch", 16>>
  }
  %1 = rec.fusion lookup rows [false, true] (%t, %ids)
      : (tensor<100x16xf32>, tensor<?xi64, #rec.dims<"batch">>) -> tensor<?x16xf32, #rec.dims<"batch", 16>> {
  ^bb0(%a: tensor<100x16xf32>, %b: tensor<?xi64, #rec.dims<"batch">>):
    %5 = rec.embedding %a, %b {out_of_range = #rec<out_of_range zero>}
      : (tensor<100x16xf32>, tensor<?xi64, #rec.dims<"batch">>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
    rec.yield %5 : tensor<?x16xf32, #rec.dims<"batch", 16>>
  }
  %2 = rec.join %0, %1 axis 1
    : (tensor<?x16xf32, #rec.dims<"batch", 16>>, tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?x32xf32, #rec.dims<"batch", 32>>
  %3 = rec.fusion gemm rows [true, false] (%2, %v)
      : (tensor<?x32xf32, #rec.dims<"batch", 32>>, tensor<32x1xf32>) -> tensor<?x1xf32, #rec.dims<"batch", 1>> {
  ^bb0(%a: tensor<?x32xf32, #rec.dims<"batch", 32>>, %b: tensor<32x1xf32>):
    %5 = rec.linear %a, %b
      : (tensor<?x32xf32, #rec.dims<"batch", 32>>, tensor<32x1xf32>) -> tensor<?x1xf32, #rec.dims<"batch", 1>>
    rec.yield %5 : tensor<?x1xf32, #rec.dims<"batch", 1>>
  }
  return %3 : tensor<?x1xf32, #rec.dims<"batch", 1>>
}

// -----

// Equal regions share a kernel; what is read otherwise than by lookups is a weight.
// STATS: 2 kernels
// STATS: 3 dispatches
// CHECK: plan.kernel @rows_unary
// CHECK: plan.kernel @lookup_t
// CHECK-SAME: dims [] operands [<strides = <4, 1>>, <strides = <1>, row = true>, <strides = <4, 1>>]
// CHECK-NOT: plan.kernel
// CHECK: plan.program @main dims [] {
// CHECK: plan.weight "t"
// CHECK-COUNT-2: plan.dispatch @rows_unary
// CHECK: plan.dispatch @lookup_t
func.func @main(%x: tensor<8x4xf32>, %i: tensor<8xi64>) -> (tensor<8x4xf32>, tensor<8x4xf32>) {
  %t = rec.constant "t" = dense<1.0> : tensor<8x4xf32>
  %0 = rec.fusion rows rows [true] (%x) : (tensor<8x4xf32>) -> tensor<8x4xf32> {
  ^bb0(%a: tensor<8x4xf32>):
    %3 = rec.unary relu %a : (tensor<8x4xf32>) -> tensor<8x4xf32>
    rec.yield %3 : tensor<8x4xf32>
  }
  %1 = rec.fusion rows rows [true] (%t) : (tensor<8x4xf32>) -> tensor<8x4xf32> {
  ^bb0(%a: tensor<8x4xf32>):
    %3 = rec.unary relu %a : (tensor<8x4xf32>) -> tensor<8x4xf32>
    rec.yield %3 : tensor<8x4xf32>
  }
  %2 = rec.fusion lookup rows [false, true] (%t, %i) : (tensor<8x4xf32>, tensor<8xi64>) -> tensor<8x4xf32> {
  ^bb0(%a: tensor<8x4xf32>, %b: tensor<8xi64>):
    %3 = rec.embedding %a, %b : (tensor<8x4xf32>, tensor<8xi64>) -> tensor<8x4xf32>
    rec.yield %3 : tensor<8x4xf32>
  }
  return %0, %2 : tensor<8x4xf32>, tensor<8x4xf32>
}

// -----

// So do lookups in tables of any number of rows.
// STATS: 1 kernels
// STATS: 2 dispatches
// CHECK: plan.kernel @lookup_a lookup dims ["%rows:0"] operands [<strides = <4, 1>, rows_dim = 0>,
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<?x4xf32, #rec.dims<"%rows:0", 4>>, %{{.*}}: tensor<8xi64>):
// CHECK-NOT: plan.kernel
// CHECK: plan.program @main dims ["rows:a", "rows:b"] {
// CHECK-DAG: %[[A:.*]] = plan.table "a" {{.*}}: tensor<8x4xf32>
// CHECK-DAG: %[[B:.*]] = plan.table "b" {{.*}}: tensor<9x4xf32>
// CHECK: plan.dispatch @lookup_a(%[[A]],
// CHECK: plan.dispatch @lookup_a(%[[B]],
func.func @main(%i: tensor<8xi64>) -> (tensor<8x4xf32>, tensor<8x4xf32>) {
  %a = rec.constant "a" = dense<1.0> : tensor<8x4xf32>
  %b = rec.constant "b" = dense<1.0> : tensor<9x4xf32>
  %0 = rec.fusion lookup rows [false, true] (%a, %i) : (tensor<8x4xf32>, tensor<8xi64>) -> tensor<8x4xf32> {
  ^bb0(%t: tensor<8x4xf32>, %j: tensor<8xi64>):
    %2 = rec.embedding %t, %j : (tensor<8x4xf32>, tensor<8xi64>) -> tensor<8x4xf32>
    rec.yield %2 : tensor<8x4xf32>
  }
  %1 = rec.fusion lookup rows [false, true] (%b, %i) : (tensor<9x4xf32>, tensor<8xi64>) -> tensor<8x4xf32> {
  ^bb0(%t: tensor<9x4xf32>, %j: tensor<8xi64>):
    %2 = rec.embedding %t, %j : (tensor<9x4xf32>, tensor<8xi64>) -> tensor<8x4xf32>
    rec.yield %2 : tensor<8x4xf32>
  }
  return %0, %1 : tensor<8x4xf32>, tensor<8x4xf32>
}

// -----

// Reshapes move nothing: one before a reader, one that makes a result.
// STATS: 2 kernels
// STATS: 2 dispatches
// STATS: 2 views
// CHECK: plan.program @main
// CHECK-DAG: %[[X:.*]] = plan.input
// CHECK-DAG: %[[Y:.*]] = plan.output "output_0" : <f32, <"100*n">>
// CHECK-DAG: %[[V:.*]] = plan.view %[[X]] : <f32, <"100*n", 4>> -> <f32, <"n", 400>>
// CHECK-DAG: %[[R:.*]] = plan.view %[[Y]] : <f32, <"100*n">> -> <f32, <"n", 100>>
// CHECK: plan.dispatch @rows_slice(%[[V]], %[[S:.*]]) :
// CHECK: plan.dispatch @rows_unary(%[[S]], %[[R]]) :
// CHECK-NOT: plan.dispatch
func.func @main(%x: tensor<?x4xf32, #rec.dims<"100*n", 4>>, %n: tensor<?xf32, #rec.dims<"n">>) -> tensor<?xf32, #rec.dims<"100*n">> {
  %0 = rec.fusion whole rows [false] (%x) : (tensor<?x4xf32, #rec.dims<"100*n", 4>>) -> tensor<?x400xf32, #rec.dims<"n", 400>> {
  ^bb0(%a: tensor<?x4xf32, #rec.dims<"100*n", 4>>):
    %4 = rec.reshape %a : (tensor<?x4xf32, #rec.dims<"100*n", 4>>) -> tensor<?x400xf32, #rec.dims<"n", 400>>
    rec.yield %4 : tensor<?x400xf32, #rec.dims<"n", 400>>
  }
  %1 = rec.fusion rows rows [true] (%0) : (tensor<?x400xf32, #rec.dims<"n", 400>>) -> tensor<?x100xf32, #rec.dims<"n", 100>> {
  ^bb0(%a: tensor<?x400xf32, #rec.dims<"n", 400>>):
    %4 = rec.slice %a starts <0, 0> sizes <"n", 100> steps [1, 1]
      : (tensor<?x400xf32, #rec.dims<"n", 400>>) -> tensor<?x100xf32, #rec.dims<"n", 100>>
    rec.yield %4 : tensor<?x100xf32, #rec.dims<"n", 100>>
  }
  %2 = rec.fusion rows rows [true] (%1) : (tensor<?x100xf32, #rec.dims<"n", 100>>) -> tensor<?x100xf32, #rec.dims<"n", 100>> {
  ^bb0(%a: tensor<?x100xf32, #rec.dims<"n", 100>>):
    %4 = rec.unary relu %a : (tensor<?x100xf32, #rec.dims<"n", 100>>) -> tensor<?x100xf32, #rec.dims<"n", 100>>
    rec.yield %4 : tensor<?x100xf32, #rec.dims<"n", 100>>
  }
  %3 = rec.fusion whole rows [false] (%2) : (tensor<?x100xf32, #rec.dims<"n", 100>>) -> tensor<?xf32, #rec.dims<"100*n">> {
  ^bb0(%a: tensor<?x100xf32, #rec.dims<"n", 100>>):
    %4 = rec.reshape %a : (tensor<?x100xf32, #rec.dims<"n", 100>>) -> tensor<?xf32, #rec.dims<"100*n">>
    rec.yield %4 : tensor<?xf32, #rec.dims<"100*n">>
  }
  return %3 : tensor<?xf32, #rec.dims<"100*n">>
}

// -----

// Parts of a value are read where they are: columns; a step of each row; but not of the model's input, nor what is a result of the model,
// is reshaped, or steps over elements.
// STATS: 8 kernels
// STATS: 10 dispatches
// STATS: 3 views
// CHECK: plan.kernel @rows_unary_1 {{.*}}operands [<strides = <24, 4, 1>, row = true>, <strides = <12, 4, 1>>]
// CHECK: plan.kernel @rows_unary_2 {{.*}}operands [<strides = <24, 1>, row = true>, <strides = <4, 1>>]
// CHECK: plan.program @main
// CHECK-DAG: %[[X:.*]] = plan.input "input_0"
// CHECK-DAG: %[[A:.*]] = plan.alloc : <f32, <"n", 6, 4>>
// CHECK-DAG: %[[B:.*]] = plan.slice %[[A]] axis 1 offset 2 : <f32, <"n", 6, 4>> -> <f32, <"n", 3, 4>>
// CHECK-DAG: %[[V:.*]] = plan.view %[[A]] : <f32, <"n", 6, 4>> -> <f32, <"n", 24>>
// CHECK-DAG: %[[C:.*]] = plan.slice %[[V]] axis 1 offset 20 : <f32, <"n", 24>> -> <f32, <"n", 4>>
// CHECK: plan.dispatch @rows_unary(%[[X]], %[[A]])
// CHECK-NEXT: plan.dispatch @rows_unary_1(%[[B]],
// CHECK-NEXT: plan.dispatch @rows_unary_2(%[[C]],
// CHECK-NEXT: plan.dispatch @rows_slice(%[[A]],
// CHECK-NEXT: plan.dispatch @rows_unary_3(
// CHECK-NEXT: plan.dispatch @rows_slice(%[[X]],
// CHECK-NEXT: plan.dispatch @rows_unary_4(
// CHECK-NEXT: plan.dispatch @rows_slice_1(%[[A]],
// CHECK-NEXT: plan.dispatch @rows_unary_4(
// CHECK-NEXT: plan.dispatch @rows_slice_2(%[[A]],
// CHECK-NOT: plan.dispatch
!x = tensor<?x6x4xf32, #rec.dims<"n", 6, 4>>
!three = tensor<?x3x4xf32, #rec.dims<"n", 3, 4>>
!one = tensor<?x1x4xf32, #rec.dims<"n", 1, 4>>
!row = tensor<?x4xf32, #rec.dims<"n", 4>>
!flat = tensor<?x12xf32, #rec.dims<"n", 12>>
func.func @main(%x: !x) -> (!three, !row, !flat, !three, !three, !three) {
  %whole = rec.fusion rows rows [true] (%x) : (!x) -> !x {
  ^bb0(%a: !x):
    %0 = rec.unary neg %a : (!x) -> !x
    rec.yield %0 : !x
  }
  %steps = rec.fusion rows rows [true] (%whole) : (!x) -> !three {
  ^bb0(%a: !x):
    %0 = rec.slice %a starts <0, 2, 0> sizes <"n", 3, 4> steps [1, 1, 1] : (!x) -> !three
    rec.yield %0 : !three
  }
  %tanh = rec.fusion rows rows [true] (%steps) : (!three) -> !three {
  ^bb0(%a: !three):
    %0 = rec.unary tanh %a : (!three) -> !three
    rec.yield %0 : !three
  }
  %last = rec.fusion rows rows [true] (%whole) : (!x) -> !row {
  ^bb0(%a: !x):
    %0 = rec.slice %a starts <0, 5, 0> sizes <"n", 1, 4> steps [1, 1, 1] : (!x) -> !one
    %1 = rec.reshape %0 : (!one) -> !row
    rec.yield %1 : !row
  }
  %exp = rec.fusion rows rows [true] (%last) : (!row) -> !row {
  ^bb0(%a: !row):
    %0 = rec.unary exp %a : (!row) -> !row
    rec.yield %0 : !row
  }
  %dense = rec.fusion rows rows [true] (%whole) : (!x) -> !three {
  ^bb0(%a: !x):
    %0 = rec.slice %a starts <0, 0, 0> sizes <"n", 3, 4> steps [1, 1, 1] : (!x) -> !three
    rec.yield %0 : !three
  }
  %flat = rec.fusion rows rows [true] (%dense) : (!three) -> !flat {
  ^bb0(%a: !three):
    %0 = rec.reshape %a : (!three) -> !flat
    rec.yield %0 : !flat
  }
  %relu = rec.fusion rows rows [true] (%flat) : (!flat) -> !flat {
  ^bb0(%a: !flat):
    %0 = rec.unary relu %a : (!flat) -> !flat
    rec.yield %0 : !flat
  }
  %given = rec.fusion rows rows [true] (%x) : (!x) -> !three {
  ^bb0(%a: !x):
    %0 = rec.slice %a starts <0, 0, 0> sizes <"n", 3, 4> steps [1, 1, 1] : (!x) -> !three
    rec.yield %0 : !three
  }
  %relu1 = rec.fusion rows rows [true] (%given) : (!three) -> !three {
  ^bb0(%a: !three):
    %0 = rec.unary relu %a : (!three) -> !three
    rec.yield %0 : !three
  }
  %odd = rec.fusion rows rows [true] (%whole) : (!x) -> !three {
  ^bb0(%a: !x):
    %0 = rec.slice %a starts <0, 1, 0> sizes <"n", 3, 4> steps [1, 2, 1] : (!x) -> !three
    rec.yield %0 : !three
  }
  %relu2 = rec.fusion rows rows [true] (%odd) : (!three) -> !three {
  ^bb0(%a: !three):
    %0 = rec.unary relu %a : (!three) -> !three
    rec.yield %0 : !three
  }
  %result = rec.fusion rows rows [true] (%whole) : (!x) -> !three {
  ^bb0(%a: !x):
    %0 = rec.slice %a starts <0, 3, 0> sizes <"n", 3, 4> steps [1, 1, 1] : (!x) -> !three
    rec.yield %0 : !three
  }
  return %tanh, %exp, %relu, %relu1, %relu2, %result : !three, !row, !flat, !three, !three, !three
}
