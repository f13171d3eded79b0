// RUN: reckon-opt --rec-bound-data-sizes --split-input-file --verify-diagnostics %s

func.func @output(%m: tensor<8xi1>, %x: tensor<8x4xf32>) -> (tensor<?x4xf32, #rec.dims<"%n:m", 4>> {rec.name = "y"}) {
  rec.data_size "%n:m" %m : tensor<8xi1>
  %0 = rec.prefix %x : (tensor<8x4xf32>) -> tensor<?x4xf32, #rec.dims<"%n:m", 4>>
  // expected-error @below {{output 'y' has the shape [%n:m, 4], which data decide; Reckon has no such outputs}}
  return %0 : tensor<?x4xf32, #rec.dims<"%n:m", 4>>
}

// -----

func.func @unbounded(%n: tensor<i64>) -> tensor<i64> {
  rec.data_size "%n:n" %n : tensor<i64>
  // expected-error @below {{the size n is decided by data, and nothing says how great it may be}}
  %0 = rec.iota axis 0 start 0.0 step 1.0 : tensor<?xi64, #rec.dims<"%n:n">>
  %1 = rec.reduce sum %0 axes [0] : (tensor<?xi64, #rec.dims<"%n:n">>) -> tensor<i64>
  return %1 : tensor<i64>
}

// -----

func.func @reshape(%m: tensor<8xi1>, %x: tensor<8x4xf32>) -> tensor<f32> {
  rec.data_size "%n:m" %m : tensor<8xi1>
  %0 = rec.prefix %x : (tensor<8x4xf32>) -> tensor<?x4xf32, #rec.dims<"%n:m", 4>>
  %1 = rec.transpose %0 perm [1, 0] : (tensor<?x4xf32, #rec.dims<"%n:m", 4>>) -> tensor<4x?xf32, #rec.dims<4, "%n:m">>
  // expected-error @below {{a reshape of a dimension whose size the data decide is not supported}}
  %2 = rec.reshape %1 : (tensor<4x?xf32, #rec.dims<4, "%n:m">>) -> tensor<?xf32, #rec.dims<"4*%n:m">>
  %3 = rec.reduce sum %2 axes [0] : (tensor<?xf32, #rec.dims<"4*%n:m">>) -> tensor<f32>
  return %3 : tensor<f32>
}

// -----

func.func @layer(%m: tensor<8xi1>, %x: tensor<8x4xf32>) -> tensor<f32> {
  rec.data_size "%n:m" %m : tensor<8xi1>
  %0 = rec.prefix %x : (tensor<8x4xf32>) -> tensor<?x4xf32, #rec.dims<"%n:m", 4>>
  // expected-error @below {{layer 'rec.layer_norm' of a dimension whose size the data decide is not supported}}
  %1 = rec.layer_norm %0 axis 0 epsilon 1.0e-5 : (tensor<?x4xf32, #rec.dims<"%n:m", 4>>) -> tensor<?x4xf32, #rec.dims<"%n:m", 4>>
  %2 = rec.reduce sum %1 axes [0, 1] : (tensor<?x4xf32, #rec.dims<"%n:m", 4>>) -> tensor<f32>
  return %2 : tensor<f32>
}
