// RUN: split-file %s %t
// RUN: reckon-opt %t/tables.mlir --rec-set-table-formats="tables=a=plain" | FileCheck %s
// RUN: reckon-opt %t/tables.mlir --rec-set-table-formats="tables=a=plain" --mlir-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// RUN: reckon-opt %t/tables.mlir --rec-set-table-formats="tables=a=int8_fbgemm,b=plain" | FileCheck %s --check-prefix=INT8
// RUN: not reckon-opt %t/tables.mlir --rec-set-table-formats="tables=x=plain" 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not reckon-opt %t/tables.mlir --rec-set-table-formats="tables=w=plain" 2>&1 | FileCheck %s --check-prefix=WEIGHT
// RUN: not reckon-opt %t/tables.mlir --rec-set-table-formats="tables=a=best" 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not reckon-opt %t/encoded.mlir --split-input-file 2>&1 | FileCheck %s --check-prefix=TYPE

// Rows without data: they come with the binding. Other tables stay.
// CHECK-LABEL: func.func @main
// CHECK: rec.constant "a" = dense_resource<a{{.*}}> : tensor<8x4xf32>
// CHECK: rec.constant "b" = dense<2.0{{.*}}> : tensor<8x4xf32>
// STATS: (S) 1 table-formats-set
// INT8: rec.constant "a" = dense_resource<a{{.*}}> : tensor<8x4x!rec.encoded<int8_fbgemm, f32>>
// INT8: rec.constant "b" = dense_resource<b{{.*}}> : tensor<8x4xf32>
// INT8: rec.embedding {{.*}} : (tensor<8x4x!rec.encoded<int8_fbgemm, f32>>, tensor<3xi64>) -> tensor<3x4xf32>
// NONE: 'x' is no table: no lookup reads it
// WEIGHT: 'w' is no table: something else than lookups reads it
// FORMAT: table 'a': there is no format of rows 'best'
// TYPE: [C1] plain rows have the type of their elements, 'f32'
// TYPE: there is no encoding of rows 'best'

//--- tables.mlir
func.func @main(%ids: tensor<3xi64>, %x: tensor<3x4xf32>) -> (tensor<3x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>) {
  %a = rec.constant "a" = dense<1.0> : tensor<8x4xf32>
  %b = rec.constant "b" = dense<2.0> : tensor<8x4xf32>
  %w = rec.constant "w" = dense<3.0> : tensor<3x4xf32>
  %0 = rec.embedding %a, %ids : (tensor<8x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  %1 = rec.embedding %b, %ids : (tensor<8x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  %2 = rec.binary add %x, %w : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  return %0, %1, %2 : tensor<3x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>
}

//--- encoded.mlir
func.func private @plain(tensor<8x4x!rec.encoded<plain, f32>>)
// -----
func.func private @unknown(tensor<8x4x!rec.encoded<best, f32>>)
