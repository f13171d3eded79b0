// RUN: reckon-opt --rec-bound-data-sizes --split-input-file %s | FileCheck %s
// RUN: reckon-opt --rec-bound-data-sizes --mlir-pass-statistics --split-input-file %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS

// STATS: sizes-bounded
// STATS: operands-masked

// Row by row nothing is masked; a sum sees zeros.
// CHECK-LABEL: func.func @sum(
// CHECK-NOT: %n:
// CHECK: %[[EXP:.*]] = rec.unary exp %{{.*}} : (tensor<8x4xf32>) -> tensor<8x4xf32>
// CHECK: %[[PLACE:.*]] = rec.iota axis 0 {{.*}} : tensor<8x1xi64>
// CHECK: %[[COUNTS:.*]] = rec.compare lt %[[PLACE]], %{{.*}} : (tensor<8x1xi64>, tensor<i64>) -> tensor<8x1xi1>
// CHECK: %[[MASKED:.*]] = rec.select %[[COUNTS]], %[[EXP]], %{{.*}} : (tensor<8x1xi1>, tensor<8x4xf32>, tensor<f32>) -> tensor<8x4xf32>
// CHECK: rec.reduce sum %[[MASKED]] axes [0] : (tensor<8x4xf32>) -> tensor<4xf32>
func.func @sum(%m: tensor<8xi1>, %x: tensor<8x4xf32>) -> tensor<4xf32> {
  rec.data_size "%n:m" %m : tensor<8xi1>
  %0 = rec.prefix %x : (tensor<8x4xf32>) -> tensor<?x4xf32, #rec.dims<"%n:m", 4>>
  %1 = rec.unary exp %0 : (tensor<?x4xf32, #rec.dims<"%n:m", 4>>) -> tensor<?x4xf32, #rec.dims<"%n:m", 4>>
  %2 = rec.reduce sum %1 axes [0] : (tensor<?x4xf32, #rec.dims<"%n:m", 4>>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}

// -----

// Updates that do not count go behind the end, which is cut off.
// CHECK-LABEL: func.func @scatter(
// CHECK: %[[WIDE:.*]] = rec.pad %arg2, %{{.*}} low [0, 0] high [1, 0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<9x4xf32>
// CHECK: %[[ALL:.*]] = rec.scatter_nd %[[WIDE]], %{{.*}}, %{{.*}} : (tensor<9x4xf32>, tensor<8x1xi64>, tensor<8x4xf32>) -> tensor<9x4xf32>
// CHECK: rec.slice %[[ALL]] starts <0, 0> sizes <8, 4> steps [1, 1] : (tensor<9x4xf32>) -> tensor<8x4xf32>
func.func @scatter(%m: tensor<8xi1>, %i: tensor<8x1xi64>, %x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  rec.data_size "%n:m" %m : tensor<8xi1>
  %0 = rec.prefix %i : (tensor<8x1xi64>) -> tensor<?x1xi64, #rec.dims<"%n:m", 1>>
  %1 = rec.prefix %x : (tensor<8x4xf32>) -> tensor<?x4xf32, #rec.dims<"%n:m", 4>>
  %2 = rec.scatter_nd %x, %0, %1 : (tensor<8x4xf32>, tensor<?x1xi64, #rec.dims<"%n:m", 1>>, tensor<?x4xf32, #rec.dims<"%n:m", 4>>) -> tensor<8x4xf32>
  return %2 : tensor<8x4xf32>
}

// -----

// The number itself is a value, wherever the canonicaliser has lifted rec.dims to.
// CHECK-LABEL: func.func @count(
// CHECK: %[[CAST:.*]] = rec.cast %arg0 : (tensor<8xi1>) -> tensor<8xi64>
// CHECK: %[[COUNT:.*]] = rec.reduce sum %[[CAST]] axes [0] : (tensor<8xi64>) -> tensor<i64>
// CHECK: rec.concat
func.func @count(%m: tensor<8xi1>) -> tensor<2xi64> {
  %0 = rec.dims <"%n:m", 4> : tensor<2xi64>
  rec.data_size "%n:m" %m : tensor<8xi1>
  return %0 : tensor<2xi64>
}

// -----

// A slice that data end is bounded by its axis.
// CHECK-LABEL: func.func @slice(
// CHECK: rec.reduce sum %{{.*}} axes [1] : (tensor<8x6xf32>) -> tensor<8xf32>
func.func @slice(%n: tensor<i64>, %x: tensor<8x6xf32>) -> tensor<8xf32> {
  rec.data_size "%n:n" %n : tensor<i64>
  %0 = rec.slice %x starts <0, 0> sizes <8, "min(%n:n, 6)"> steps [1, 1] : (tensor<8x6xf32>) -> tensor<8x?xf32, #rec.dims<8, "min(%n:n, 6)">>
  %1 = rec.reduce sum %0 axes [1] : (tensor<8x?xf32, #rec.dims<8, "min(%n:n, 6)">>) -> tensor<8xf32>
  return %1 : tensor<8xf32>
}

// -----

// What data may break fails the run; what holds for every number that there can be is dropped.
// CHECK-LABEL: func.func @requirements(
// CHECK-SAME: attributes {rec.requirements = []}
// CHECK: %[[HOLDS:.*]] = rec.compare ge %{{.*}}, %{{.*}} : (tensor<i64>, tensor<i64>) -> tensor<i1>
// CHECK: %[[INDEX:.*]] = rec.select %[[HOLDS]]
// CHECK: %[[CHECKED:.*]] = rec.gather %{{.*}}, %[[INDEX]] axis 0
// CHECK-NEXT: return %[[CHECKED]]
func.func @requirements(%m: tensor<8xi1>) -> tensor<1xi64>
    attributes {rec.requirements = [#rec.requirement<at_least <"%n:m", 2>, "two", "two of them">,
                                    #rec.requirement<at_least <8, "%n:m">, "all", "no more than all">]} {
  rec.data_size "%n:m" %m : tensor<8xi1>
  %0 = rec.dims <"%n:m"> : tensor<1xi64>
  return %0 : tensor<1xi64>
}
