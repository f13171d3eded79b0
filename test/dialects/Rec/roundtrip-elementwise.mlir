// RUN: reckon-opt %s | reckon-opt | FileCheck %s
// RUN: reckon-opt %s --mlir-print-op-generic | reckon-opt | FileCheck %s

// CHECK-LABEL: func.func @elementwise
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x16xf32, #rec.dims<"batch", 16>>
// CHECK-SAME: %[[V:[a-z0-9]+]]: tensor<16xf32>
// CHECK-SAME: %[[N:[a-z0-9]+]]: tensor<1x16xi32>
// CHECK-SAME: %[[C:[a-z0-9]+]]: tensor<?x1xi1, #rec.dims<"batch", 1>>
func.func @elementwise(
    %x: tensor<?x16xf32, #rec.dims<"batch", 16>>,
    %v: tensor<16xf32>,
    %n: tensor<1x16xi32>,
    %c: tensor<?x1xi1, #rec.dims<"batch", 1>>) {
  // CHECK: rec.unary gelu_tanh %[[X]] : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  %0 = rec.unary gelu_tanh %x : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  // CHECK: rec.unary is_nan %[[X]] : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?x16xi1, #rec.dims<"batch", 16>>
  %1 = rec.unary is_nan %x : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?x16xi1, #rec.dims<"batch", 16>>
  // CHECK: rec.binary sub %[[V]], %[[X]] : (tensor<16xf32>, tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  %2 = rec.binary sub %v, %x
    : (tensor<16xf32>, tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  // CHECK: rec.binary pow %[[X]], %[[N]] : (tensor<?x16xf32, #rec.dims<"batch", 16>>, tensor<1x16xi32>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  %3 = rec.binary pow %x, %n
    : (tensor<?x16xf32, #rec.dims<"batch", 16>>, tensor<1x16xi32>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  // CHECK: rec.compare ge %[[X]], %[[V]] : (tensor<?x16xf32, #rec.dims<"batch", 16>>, tensor<16xf32>) -> tensor<?x16xi1, #rec.dims<"batch", 16>>
  %4 = rec.compare ge %x, %v
    : (tensor<?x16xf32, #rec.dims<"batch", 16>>, tensor<16xf32>) -> tensor<?x16xi1, #rec.dims<"batch", 16>>
  // CHECK: rec.select %[[C]], %[[X]], %[[V]] : (tensor<?x1xi1, #rec.dims<"batch", 1>>, tensor<?x16xf32, #rec.dims<"batch", 16>>, tensor<16xf32>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  %5 = rec.select %c, %x, %v
    : (tensor<?x1xi1, #rec.dims<"batch", 1>>, tensor<?x16xf32, #rec.dims<"batch", 16>>, tensor<16xf32>)
    -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  // CHECK: rec.cast %[[X]] : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?x16xbf16, #rec.dims<"batch", 16>>
  %6 = rec.cast %x : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?x16xbf16, #rec.dims<"batch", 16>>
  return
}

// CHECK-LABEL: func.func @anonymous
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?xf32>
// CHECK-SAME: %[[Y:[a-z0-9]+]]: tensor<?xf32, #rec.dims<"batch">>
// CHECK-SAME: %[[Z:[a-z0-9]+]]: tensor<8xf32>
func.func @anonymous(%x: tensor<?xf32>, %y: tensor<?xf32, #rec.dims<"batch">>, %z: tensor<8xf32>) {
  // CHECK: rec.binary add %[[X]], %[[Y]] : (tensor<?xf32>, tensor<?xf32, #rec.dims<"batch">>) -> tensor<?xf32, #rec.dims<"batch">>
  %0 = rec.binary add %x, %y : (tensor<?xf32>, tensor<?xf32, #rec.dims<"batch">>) -> tensor<?xf32, #rec.dims<"batch">>
  // CHECK: rec.binary add %[[X]], %[[Z]] : (tensor<?xf32>, tensor<8xf32>) -> tensor<8xf32>
  %1 = rec.binary add %x, %z : (tensor<?xf32>, tensor<8xf32>) -> tensor<8xf32>
  // CHECK: rec.binary add %[[X]], %[[Z]] : (tensor<?xf32>, tensor<8xf32>) -> tensor<?xf32>
  %2 = rec.binary add %x, %z : (tensor<?xf32>, tensor<8xf32>) -> tensor<?xf32>
  // CHECK: rec.unary neg %[[X]] : (tensor<?xf32>) -> tensor<?xf32, #rec.dims<"seq">>
  %3 = rec.unary neg %x : (tensor<?xf32>) -> tensor<?xf32, #rec.dims<"seq">>
  return
}
