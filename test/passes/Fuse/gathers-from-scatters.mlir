// RUN: reckon-opt --rec-gathers-from-scatters %s | FileCheck %s
// RUN: reckon-opt --rec-gathers-from-scatters --mlir-pass-statistics %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS
// STATS: (S) 2 scatters

// Rows: the last of the updates of each is looked up, behind which there is a row for none.
// CHECK-LABEL: func.func @rows
func.func @rows(%x: tensor<?x16xf32, #rec.dims<"n", 16>>, %i: tensor<?x1xi64, #rec.dims<"m", 1>>, %u: tensor<?x16xf32, #rec.dims<"m", 16>>) -> tensor<?x16xf32, #rec.dims<"n", 16>> {
  // CHECK-DAG: %[[NONE:.*]] = rec.broadcast %{{.*}} -> tensor<?xi64, #rec.dims<"n">>
  // CHECK-DAG: %[[NUMBERS:.*]] = rec.iota axis 0 {{.*}} tensor<?xi64, #rec.dims<"m">>
  // CHECK: %[[OWNER:.*]] = rec.scatter_nd %[[NONE]], %arg1, %[[NUMBERS]] {reduction = #rec<reduce_kind max>}
  // CHECK: %[[ROWS:.*]] = rec.pad %arg2, %{{.*}} low [0, 0] high [1, 0]
  // CHECK: %[[AT:.*]] = rec.binary max %[[OWNER]]
  // CHECK: %[[PICKED:.*]] = rec.gather %[[ROWS]], %[[AT]] axis 0
  // CHECK: %[[HAS:.*]] = rec.compare ge %[[OWNER]]
  // CHECK: %[[COLUMN:.*]] = rec.reshape %[[HAS]] : {{.*}} -> tensor<?x1xi1, #rec.dims<"n", 1>>
  // CHECK: rec.select %[[COLUMN]], %[[PICKED]], %arg0
  %0 = rec.scatter_nd %x, %i, %u : (tensor<?x16xf32, #rec.dims<"n", 16>>, tensor<?x1xi64, #rec.dims<"m", 1>>, tensor<?x16xf32, #rec.dims<"m", 16>>) -> tensor<?x16xf32, #rec.dims<"n", 16>>
  return %0 : tensor<?x16xf32, #rec.dims<"n", 16>>
}

// Elements.
// CHECK-LABEL: func.func @elements
func.func @elements(%x: tensor<?x8xf32, #rec.dims<"n", 8>>, %i: tensor<?x8xi64, #rec.dims<"m", 8>>, %u: tensor<?x8xf32, #rec.dims<"m", 8>>) -> tensor<?x8xf32, #rec.dims<"n", 8>> {
  // CHECK: %[[NUMBERS:.*]] = rec.reshape %{{.*}} : (tensor<?xi64, #rec.dims<"8*m">>) -> tensor<?x8xi64, #rec.dims<"m", 8>>
  // CHECK: %[[OWNER:.*]] = rec.scatter_elements %{{.*}}, %arg1, %[[NUMBERS]] axis 0 {reduction = #rec<reduce_kind max>}
  // CHECK: %[[FLAT:.*]] = rec.reshape %arg2 : {{.*}} -> tensor<?xf32, #rec.dims<"8*m">>
  // CHECK: rec.pad %[[FLAT]]
  // CHECK: rec.gather
  %0 = rec.scatter_elements %x, %i, %u axis 0 : (tensor<?x8xf32, #rec.dims<"n", 8>>, tensor<?x8xi64, #rec.dims<"m", 8>>, tensor<?x8xf32, #rec.dims<"m", 8>>) -> tensor<?x8xf32, #rec.dims<"n", 8>>
  return %0 : tensor<?x8xf32, #rec.dims<"n", 8>>
}

// What has a reduction combines; a few updates are written at once.
// CHECK-LABEL: func.func @others
func.func @others(%x: tensor<?xf32, #rec.dims<"n">>, %i: tensor<?xi64, #rec.dims<"m">>, %u: tensor<?xf32, #rec.dims<"m">>, %j: tensor<4xi64>, %v: tensor<4xf32>) -> tensor<?xf32, #rec.dims<"n">> {
  // CHECK-NOT: rec.gather
  %0 = rec.scatter_elements %x, %i, %u axis 0 {reduction = #rec<reduce_kind sum>} : (tensor<?xf32, #rec.dims<"n">>, tensor<?xi64, #rec.dims<"m">>, tensor<?xf32, #rec.dims<"m">>) -> tensor<?xf32, #rec.dims<"n">>
  %1 = rec.scatter_elements %0, %j, %v axis 0 : (tensor<?xf32, #rec.dims<"n">>, tensor<4xi64>, tensor<4xf32>) -> tensor<?xf32, #rec.dims<"n">>
  return %1 : tensor<?xf32, #rec.dims<"n">>
}
