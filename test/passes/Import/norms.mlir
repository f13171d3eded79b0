// RUN: reckon-opt --rec-convert-onnx %s | FileCheck %s

// CHECK-LABEL: func.func @layer_norm(
// CHECK: %[[V0:.*]] = rec.layer_norm %arg0 scale %arg1 bias %arg2 axis 1 epsilon 5.000000e-01 : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: return %[[V0]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @layer_norm(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>, %arg1: tensor<4xf32>, %arg2: tensor<4xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "LayerNormalization"(%arg0, %arg1, %arg2) {attrs = {epsilon = 0.5 : f32}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4xf32>, tensor<4xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @layer_norm_moments(
// CHECK: %[[V0:.*]] = rec.layer_norm %arg0 scale %arg1 axis 1 epsilon 5.000000e-01 : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4xf32>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V1:.*]] = rec.reduce mean %arg0 axes [1] {keepdims} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x1xf32, #rec.dims<"batch", 1>>
// CHECK-NEXT: %[[V2:.*]] = rec.binary sub %arg0, %[[V1]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x1xf32, #rec.dims<"batch", 1>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V3:.*]] = rec.binary mul %[[V2]], %[[V2]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V4:.*]] = rec.reduce mean %[[V3]] axes [1] {keepdims} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x1xf32, #rec.dims<"batch", 1>>
// CHECK-NEXT: %[[V5:.*]] = rec.constant dense<5.000000e-01> : tensor<f32>
// CHECK-NEXT: %[[V6:.*]] = rec.binary add %[[V4]], %[[V5]] : (tensor<?x1xf32, #rec.dims<"batch", 1>>, tensor<f32>) -> tensor<?x1xf32, #rec.dims<"batch", 1>>
// CHECK-NEXT: %[[V7:.*]] = rec.unary rsqrt %[[V6]] : (tensor<?x1xf32, #rec.dims<"batch", 1>>) -> tensor<?x1xf32, #rec.dims<"batch", 1>>
// CHECK-NEXT: return %[[V0]], %[[V1]], %[[V7]] : tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x1xf32, #rec.dims<"batch", 1>>, tensor<?x1xf32, #rec.dims<"batch", 1>>
func.func @layer_norm_moments(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>, %arg1: tensor<4xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %r:3 = rec.onnx "LayerNormalization"(%arg0, %arg1) {attrs = {epsilon = 0.5 : f32}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<4xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %r#0, %r#1, %r#2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// CHECK-LABEL: func.func @batch_norm(
// CHECK: %[[V0:.*]] = rec.batch_norm %arg0, %arg1, %arg2, %arg3, %arg4 epsilon 5.000000e-01 : (tensor<?x3xf32, #rec.dims<"batch", 3>>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<?x3xf32, #rec.dims<"batch", 3>>
// CHECK-NEXT: return %[[V0]] : tensor<?x3xf32, #rec.dims<"batch", 3>>
func.func @batch_norm(%arg0: tensor<?x3xf32, #rec.dims<"batch", 3>>, %arg1: tensor<3xf32>, %arg2: tensor<3xf32>, %arg3: tensor<3xf32>, %arg4: tensor<3xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "BatchNormalization"(%arg0, %arg1, %arg2, %arg3, %arg4) {attrs = {epsilon = 0.5 : f32}, opset = 17 : i64} : (tensor<?x3xf32, #rec.dims<"batch", 3>>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @batch_norm_training(
// CHECK: %[[V0:.*]] = rec.reduce mean %arg0 axes [0] {keepdims} : (tensor<?x3xf32, #rec.dims<"batch", 3>>) -> tensor<1x3xf32>
// CHECK-NEXT: %[[V1:.*]] = rec.binary sub %arg0, %[[V0]] : (tensor<?x3xf32, #rec.dims<"batch", 3>>, tensor<1x3xf32>) -> tensor<?x3xf32, #rec.dims<"batch", 3>>
// CHECK-NEXT: %[[V2:.*]] = rec.binary mul %[[V1]], %[[V1]] : (tensor<?x3xf32, #rec.dims<"batch", 3>>, tensor<?x3xf32, #rec.dims<"batch", 3>>) -> tensor<?x3xf32, #rec.dims<"batch", 3>>
// CHECK-NEXT: %[[V3:.*]] = rec.reduce mean %[[V2]] axes [0] {keepdims} : (tensor<?x3xf32, #rec.dims<"batch", 3>>) -> tensor<1x3xf32>
// CHECK-NEXT: %[[V4:.*]] = rec.reshape %[[V0]] : (tensor<1x3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %[[V5:.*]] = rec.reshape %[[V3]] : (tensor<1x3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %[[V6:.*]] = rec.batch_norm %arg0, %arg1, %arg2, %[[V4]], %[[V5]] epsilon 5.000000e-01 : (tensor<?x3xf32, #rec.dims<"batch", 3>>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<?x3xf32, #rec.dims<"batch", 3>>
// CHECK-NEXT: %[[V7:.*]] = rec.constant dense<5.000000e-01> : tensor<f32>
// CHECK-NEXT: %[[V8:.*]] = rec.binary mul %arg3, %[[V7]] : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
// CHECK-NEXT: %[[V9:.*]] = rec.constant dense<5.000000e-01> : tensor<f32>
// CHECK-NEXT: %[[V10:.*]] = rec.binary mul %[[V4]], %[[V9]] : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
// CHECK-NEXT: %[[V11:.*]] = rec.binary add %[[V8]], %[[V10]] : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %[[V12:.*]] = rec.constant dense<5.000000e-01> : tensor<f32>
// CHECK-NEXT: %[[V13:.*]] = rec.binary mul %arg4, %[[V12]] : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
// CHECK-NEXT: %[[V14:.*]] = rec.constant dense<5.000000e-01> : tensor<f32>
// CHECK-NEXT: %[[V15:.*]] = rec.binary mul %[[V5]], %[[V14]] : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
// CHECK-NEXT: %[[V16:.*]] = rec.binary add %[[V13]], %[[V15]] : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: return %[[V6]], %[[V11]], %[[V16]] : tensor<?x3xf32, #rec.dims<"batch", 3>>, tensor<3xf32>, tensor<3xf32>
func.func @batch_norm_training(%arg0: tensor<?x3xf32, #rec.dims<"batch", 3>>, %arg1: tensor<3xf32>, %arg2: tensor<3xf32>, %arg3: tensor<3xf32>, %arg4: tensor<3xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %r:3 = rec.onnx "BatchNormalization"(%arg0, %arg1, %arg2, %arg3, %arg4) {attrs = {epsilon = 0.5 : f32, momentum = 0.5 : f32, training_mode = 1 : i64}, opset = 17 : i64} : (tensor<?x3xf32, #rec.dims<"batch", 3>>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %r#0, %r#1, %r#2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// CHECK-LABEL: func.func @instance_norm(
// CHECK: %[[V0:.*]] = rec.reduce mean %arg0 axes [2] {keepdims} : (tensor<2x3x4xf32>) -> tensor<2x3x1xf32>
// CHECK-NEXT: %[[V1:.*]] = rec.binary sub %arg0, %[[V0]] : (tensor<2x3x4xf32>, tensor<2x3x1xf32>) -> tensor<2x3x4xf32>
// CHECK-NEXT: %[[V2:.*]] = rec.binary mul %[[V1]], %[[V1]] : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
// CHECK-NEXT: %[[V3:.*]] = rec.reduce mean %[[V2]] axes [2] {keepdims} : (tensor<2x3x4xf32>) -> tensor<2x3x1xf32>
// CHECK-NEXT: %[[V4:.*]] = rec.constant dense<5.000000e-01> : tensor<f32>
// CHECK-NEXT: %[[V5:.*]] = rec.binary add %[[V3]], %[[V4]] : (tensor<2x3x1xf32>, tensor<f32>) -> tensor<2x3x1xf32>
// CHECK-NEXT: %[[V6:.*]] = rec.unary rsqrt %[[V5]] : (tensor<2x3x1xf32>) -> tensor<2x3x1xf32>
// CHECK-NEXT: %[[V7:.*]] = rec.binary mul %[[V1]], %[[V6]] : (tensor<2x3x4xf32>, tensor<2x3x1xf32>) -> tensor<2x3x4xf32>
// CHECK-NEXT: %[[V8:.*]] = rec.reshape %arg1 : (tensor<3xf32>) -> tensor<1x3x1xf32>
// CHECK-NEXT: %[[V9:.*]] = rec.binary mul %[[V7]], %[[V8]] : (tensor<2x3x4xf32>, tensor<1x3x1xf32>) -> tensor<2x3x4xf32>
// CHECK-NEXT: %[[V10:.*]] = rec.reshape %arg2 : (tensor<3xf32>) -> tensor<1x3x1xf32>
// CHECK-NEXT: %[[V11:.*]] = rec.binary add %[[V9]], %[[V10]] : (tensor<2x3x4xf32>, tensor<1x3x1xf32>) -> tensor<2x3x4xf32>
// CHECK-NEXT: return %[[V11]] : tensor<2x3x4xf32>
func.func @instance_norm(%arg0: tensor<2x3x4xf32>, %arg1: tensor<3xf32>, %arg2: tensor<3xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "InstanceNormalization"(%arg0, %arg1, %arg2) {attrs = {epsilon = 0.5 : f32}, opset = 17 : i64} : (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @group_norm(
// CHECK: %[[V0:.*]] = rec.reshape %arg0 : (tensor<2x6x4xf32>) -> tensor<2x3x2x4xf32>
// CHECK-NEXT: %[[V1:.*]] = rec.reduce mean %[[V0]] axes [2, 3] {keepdims} : (tensor<2x3x2x4xf32>) -> tensor<2x3x1x1xf32>
// CHECK-NEXT: %[[V2:.*]] = rec.binary sub %[[V0]], %[[V1]] : (tensor<2x3x2x4xf32>, tensor<2x3x1x1xf32>) -> tensor<2x3x2x4xf32>
// CHECK-NEXT: %[[V3:.*]] = rec.binary mul %[[V2]], %[[V2]] : (tensor<2x3x2x4xf32>, tensor<2x3x2x4xf32>) -> tensor<2x3x2x4xf32>
// CHECK-NEXT: %[[V4:.*]] = rec.reduce mean %[[V3]] axes [2, 3] {keepdims} : (tensor<2x3x2x4xf32>) -> tensor<2x3x1x1xf32>
// CHECK-NEXT: %[[V5:.*]] = rec.constant dense<5.000000e-01> : tensor<f32>
// CHECK-NEXT: %[[V6:.*]] = rec.binary add %[[V4]], %[[V5]] : (tensor<2x3x1x1xf32>, tensor<f32>) -> tensor<2x3x1x1xf32>
// CHECK-NEXT: %[[V7:.*]] = rec.unary rsqrt %[[V6]] : (tensor<2x3x1x1xf32>) -> tensor<2x3x1x1xf32>
// CHECK-NEXT: %[[V8:.*]] = rec.binary mul %[[V2]], %[[V7]] : (tensor<2x3x2x4xf32>, tensor<2x3x1x1xf32>) -> tensor<2x3x2x4xf32>
// CHECK-NEXT: %[[V9:.*]] = rec.reshape %arg1 : (tensor<6xf32>) -> tensor<1x3x2x1xf32>
// CHECK-NEXT: %[[V10:.*]] = rec.binary mul %[[V8]], %[[V9]] : (tensor<2x3x2x4xf32>, tensor<1x3x2x1xf32>) -> tensor<2x3x2x4xf32>
// CHECK-NEXT: %[[V11:.*]] = rec.reshape %arg2 : (tensor<6xf32>) -> tensor<1x3x2x1xf32>
// CHECK-NEXT: %[[V12:.*]] = rec.binary add %[[V10]], %[[V11]] : (tensor<2x3x2x4xf32>, tensor<1x3x2x1xf32>) -> tensor<2x3x2x4xf32>
// CHECK-NEXT: %[[V13:.*]] = rec.reshape %[[V12]] : (tensor<2x3x2x4xf32>) -> tensor<2x6x4xf32>
// CHECK-NEXT: return %[[V13]] : tensor<2x6x4xf32>
func.func @group_norm(%arg0: tensor<2x6x4xf32>, %arg1: tensor<6xf32>, %arg2: tensor<6xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "GroupNormalization"(%arg0, %arg1, %arg2) {attrs = {epsilon = 0.5 : f32, num_groups = 3 : i64}, opset = 21 : i64} : (tensor<2x6x4xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @lp_norm(
// CHECK: %[[V0:.*]] = rec.reduce l1 %arg0 axes [1] {keepdims} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<?x1xf32, #rec.dims<"batch", 1>>
// CHECK-NEXT: %[[V1:.*]] = rec.binary div %arg0, %[[V0]] : (tensor<?x4xf32, #rec.dims<"batch", 4>>, tensor<?x1xf32, #rec.dims<"batch", 1>>) -> tensor<?x4xf32, #rec.dims<"batch", 4>>
// CHECK-NEXT: %[[V2:.*]] = rec.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V3:.*]] = rec.compare eq %[[V0]], %[[V2]]
// CHECK-NEXT: %[[V4:.*]] = rec.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V5:.*]] = rec.select %[[V3]], %[[V4]], %[[V1]]
// CHECK-NEXT: return %[[V5]] : tensor<?x4xf32, #rec.dims<"batch", 4>>
func.func @lp_norm(%arg0: tensor<?x4xf32, #rec.dims<"batch", 4>>) -> (tensor<*xf32>) {
  %r = rec.onnx "LpNormalization"(%arg0) {attrs = {p = 1 : i64}, opset = 17 : i64} : (tensor<?x4xf32, #rec.dims<"batch", 4>>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}

// CHECK-LABEL: func.func @lrn(
// CHECK: %[[V0:.*]] = rec.binary mul %arg0, %arg0 : (tensor<2x5x3x3xf32>, tensor<2x5x3x3xf32>) -> tensor<2x5x3x3xf32>
// CHECK-NEXT: %[[V1:.*]] = rec.reshape %[[V0]] : (tensor<2x5x3x3xf32>) -> tensor<2x5x9xf32>
// CHECK-NEXT: %[[V2:.*]] = rec.transpose %[[V1]] perm [0, 2, 1] : (tensor<2x5x9xf32>) -> tensor<2x9x5xf32>
// CHECK-NEXT: %[[V3:.*]] = rec.pool_window average %[[V2]] window [3] strides [1] pads [1, 1] dilations [1] {count_include_pad} : (tensor<2x9x5xf32>) -> tensor<2x9x5xf32>
// CHECK-NEXT: %[[V4:.*]] = rec.transpose %[[V3]] perm [0, 2, 1] : (tensor<2x9x5xf32>) -> tensor<2x5x9xf32>
// CHECK-NEXT: %[[V5:.*]] = rec.reshape %[[V4]] : (tensor<2x5x9xf32>) -> tensor<2x5x3x3xf32>
// CHECK-NEXT: %[[V6:.*]] = rec.constant dense<5.000000e-01> : tensor<f32>
// CHECK-NEXT: %[[V7:.*]] = rec.binary mul %[[V5]], %[[V6]] : (tensor<2x5x3x3xf32>, tensor<f32>) -> tensor<2x5x3x3xf32>
// CHECK-NEXT: %[[V8:.*]] = rec.constant dense<1.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V9:.*]] = rec.binary add %[[V7]], %[[V8]] : (tensor<2x5x3x3xf32>, tensor<f32>) -> tensor<2x5x3x3xf32>
// CHECK-NEXT: %[[V10:.*]] = rec.constant dense<2.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[V11:.*]] = rec.binary pow %[[V9]], %[[V10]] : (tensor<2x5x3x3xf32>, tensor<f32>) -> tensor<2x5x3x3xf32>
// CHECK-NEXT: %[[V12:.*]] = rec.binary div %arg0, %[[V11]] : (tensor<2x5x3x3xf32>, tensor<2x5x3x3xf32>) -> tensor<2x5x3x3xf32>
// CHECK-NEXT: return %[[V12]] : tensor<2x5x3x3xf32>
func.func @lrn(%arg0: tensor<2x5x3x3xf32>) -> (tensor<*xf32>) {
  %r = rec.onnx "LRN"(%arg0) {attrs = {size = 3 : i64, alpha = 0.5 : f32, beta = 2.0 : f32}, opset = 17 : i64} : (tensor<2x5x3x3xf32>) -> tensor<*xf32>
  return %r : tensor<*xf32>
}
