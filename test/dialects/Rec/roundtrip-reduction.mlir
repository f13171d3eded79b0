// RUN: reckon-opt %s | reckon-opt | FileCheck %s
// RUN: reckon-opt %s --mlir-print-op-generic | reckon-opt | FileCheck %s

// CHECK-LABEL: func.func @reductions
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x16xf32, #rec.dims<"batch", 16>>
func.func @reductions(%x: tensor<?x16xf32, #rec.dims<"batch", 16>>) {
  // CHECK: rec.reduce sum %[[X]] axes [0, 1] : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<f32>
  %0 = rec.reduce sum %x axes [0, 1] : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<f32>
  // CHECK: rec.reduce log_sum_exp %[[X]] axes [1] {keepdims} : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?x1xf32, #rec.dims<"batch", 1>>
  %1 = rec.reduce log_sum_exp %x axes [1] {keepdims}
    : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?x1xf32, #rec.dims<"batch", 1>>
  // CHECK: rec.arg_reduce max %[[X]] axis 1 : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?xi64, #rec.dims<"batch">>
  %2 = rec.arg_reduce max %x axis 1 : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?xi64, #rec.dims<"batch">>
  // CHECK: rec.arg_reduce min %[[X]] axis 1 {keepdims, select_last} : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?x1xi64, #rec.dims<"batch", 1>>
  %3 = rec.arg_reduce min %x axis 1 {keepdims, select_last}
    : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?x1xi64, #rec.dims<"batch", 1>>
  // CHECK: rec.softmax %[[X]] axis 1 {log} : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  %4 = rec.softmax %x axis 1 {log}
    : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  // CHECK: rec.cumsum %[[X]] axis 0 {exclusive, reverse} : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  %5 = rec.cumsum %x axis 0 {exclusive, reverse}
    : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  return
}

// CHECK-LABEL: func.func @norms
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x16xf32, #rec.dims<"batch", 16>>, %[[S:[a-z0-9]+]]: tensor<16xf32>
func.func @norms(%x: tensor<?x16xf32, #rec.dims<"batch", 16>>, %s: tensor<16xf32>) {
  // CHECK: rec.layer_norm %[[X]] axis 1 epsilon 1.000000e-05 : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  %0 = rec.layer_norm %x axis 1 epsilon 1.000000e-05
    : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  // CHECK: rec.layer_norm %[[X]] bias %[[S]] axis 1 epsilon 1.000000e-05 : (tensor<?x16xf32, #rec.dims<"batch", 16>>, tensor<16xf32>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  %1 = rec.layer_norm %x bias %s axis 1 epsilon 1.000000e-05
    : (tensor<?x16xf32, #rec.dims<"batch", 16>>, tensor<16xf32>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  // CHECK: rec.layer_norm %[[X]] scale %[[S]] bias %[[S]] axis 1 epsilon 1.000000e-05 : (tensor<?x16xf32, #rec.dims<"batch", 16>>, tensor<16xf32>, tensor<16xf32>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  %2 = rec.layer_norm %x scale %s bias %s axis 1 epsilon 1.000000e-05
    : (tensor<?x16xf32, #rec.dims<"batch", 16>>, tensor<16xf32>, tensor<16xf32>)
    -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  // CHECK: rec.batch_norm %[[X]], %[[S]], %[[S]], %[[S]], %[[S]] epsilon 1.000000e-05 : (tensor<?x16xf32, #rec.dims<"batch", 16>>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  %3 = rec.batch_norm %x, %s, %s, %s, %s epsilon 1.000000e-05
    : (tensor<?x16xf32, #rec.dims<"batch", 16>>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>)
    -> tensor<?x16xf32, #rec.dims<"batch", 16>>
  return
}

// CHECK-LABEL: func.func @topk
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x16xf32, #rec.dims<"batch", 16>>
func.func @topk(%x: tensor<?x16xf32, #rec.dims<"batch", 16>>) {
  // CHECK: rec.topk %[[X]] k 5 axis 1 : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> (tensor<?x5xf32, #rec.dims<"batch", 5>>, tensor<?x5xi64, #rec.dims<"batch", 5>>)
  %values, %indices = rec.topk %x k 5 axis 1
    : (tensor<?x16xf32, #rec.dims<"batch", 16>>)
    -> (tensor<?x5xf32, #rec.dims<"batch", 5>>, tensor<?x5xi64, #rec.dims<"batch", 5>>)
  // CHECK: rec.topk %[[X]] k 16 axis 1 {smallest} : (tensor<?x16xf32, #rec.dims<"batch", 16>>) -> (tensor<?x16xf32, #rec.dims<"batch", 16>>, tensor<?x16xi64, #rec.dims<"batch", 16>>)
  %least, %where = rec.topk %x k 16 axis 1 {smallest}
    : (tensor<?x16xf32, #rec.dims<"batch", 16>>)
    -> (tensor<?x16xf32, #rec.dims<"batch", 16>>, tensor<?x16xi64, #rec.dims<"batch", 16>>)
  return
}
