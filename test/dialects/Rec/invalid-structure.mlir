// RUN: reckon-opt --split-input-file --allow-unregistered-dialect --verify-diagnostics=only-expected %s

// constant C1
func.func @f() {
  // expected-error @below {{[C1] the value is not a ranked tensor but 'vector<4xf32>'}}
  %0 = rec.constant dense<1.0> : vector<4xf32>
  return
}

// -----

// constant C1: sparse
func.func @f() {
  // expected-error @below {{'rec.constant' op [C1] the value is neither dense nor a dense resource}}
  %0 = rec.constant sparse<[[0, 1]], [1.0]> : tensor<2x2xf32>
  return
}

// -----

// constant C1: a resource of another size
func.func @f() {
  // expected-error @below {{'rec.constant' op [C1] the resource 'short' has 8 bytes, not those of 'tensor<4xf32>'}}
  %0 = rec.constant dense_resource<short> : tensor<4xf32>
  return
}
{-#
  dialect_resources: { builtin: { short: "0x040000000000803F0000803F" } }
#-}

// -----

// dims C1
func.func @f() {
  // expected-error @below {{'rec.dims' op [C1] 2 sizes do not fill 'tensor<3xi64>'}}
  %0 = rec.dims <"batch", 2> : tensor<3xi64>
  return
}

// -----

// dims C1: a scalar holds one
func.func @f() {
  // expected-error @below {{'rec.dims' op [C1] 2 sizes do not fill 'tensor<i64>'}}
  %0 = rec.dims <"batch", 2> : tensor<i64>
  return
}

// -----

// fusion C1
func.func @f(%x: tensor<8x13xf32>) {
  // expected-error @below {{'rec.fusion' op [C1] the block arguments do not have the types of the inputs}}
  %0 = rec.fusion rows rows [true] (%x) : (tensor<8x13xf32>) -> tensor<8x14xf32> {
  ^bb0(%a: tensor<8x14xf32>):
    rec.yield %a : tensor<8x14xf32>
  }
  return
}

// -----

// fusion C1: results
func.func @f(%x: tensor<8x13xf32>) {
  // expected-error @below {{'rec.fusion' op [C1] the yielded values do not have the types of the results}}
  %0 = rec.fusion rows rows [true] (%x) : (tensor<8x13xf32>) -> tensor<8x14xf32> {
  ^bb0(%a: tensor<8x13xf32>):
    rec.yield %a : tensor<8x13xf32>
  }
  return
}

// -----

// fusion C1: terminator
func.func @f(%x: tensor<8x13xf32>) {
  // expected-error @below {{'rec.fusion' op [C1] the region does not end with rec.yield}}
  %0 = rec.fusion rows rows [true] (%x) : (tensor<8x13xf32>) -> tensor<8x13xf32> {
  ^bb0(%a: tensor<8x13xf32>):
    "test.end"() : () -> ()
  }
  return
}

// -----

// fusion C2
func.func @f(%x: tensor<8x13xf32>) {
  // expected-error @below {{'rec.fusion' op [C2] 'row_inputs' has 2 entries for 1 inputs}}
  %0 = rec.fusion rows rows [true, false] (%x) : (tensor<8x13xf32>) -> tensor<8x13xf32> {
  ^bb0(%a: tensor<8x13xf32>):
    rec.yield %a : tensor<8x13xf32>
  }
  return
}

// -----

// fusion C3
func.func @f(%x: tensor<?x13xf32, #rec.dims<"batch", 13>>, %y: tensor<?x13xf32, #rec.dims<"seq", 13>>) {
  // expected-error @below {{'rec.fusion' op [C3] row input 1 has leading size 'seq' where others have 'batch'}}
  %0 = rec.fusion rows rows [true, true] (%x, %y)
    : (tensor<?x13xf32, #rec.dims<"batch", 13>>, tensor<?x13xf32, #rec.dims<"seq", 13>>)
    -> tensor<?x13xf32, #rec.dims<"batch", 13>> {
  ^bb0(%a: tensor<?x13xf32, #rec.dims<"batch", 13>>, %b: tensor<?x13xf32, #rec.dims<"seq", 13>>):
    rec.yield %a : tensor<?x13xf32, #rec.dims<"batch", 13>>
  }
  return
}

// -----

// fusion C3: scalars have no rows
func.func @f(%x: tensor<f32>) {
  // expected-error @below {{'rec.fusion' op [C3] result 0 is a scalar in a region of rows}}
  %0 = rec.fusion rows rows [false] (%x) : (tensor<f32>) -> tensor<f32> {
  ^bb0(%a: tensor<f32>):
    rec.yield %a : tensor<f32>
  }
  return
}

// -----

// join C1
func.func @f(%x: tensor<8x16xf32>) {
  %0 = rec.fusion rows rows [true] (%x) : (tensor<8x16xf32>) -> tensor<8x16xf32> {
  ^bb0(%a: tensor<8x16xf32>):
    rec.yield %a : tensor<8x16xf32>
  }
  // expected-error @below {{'rec.join' op [C1] axis 2 is outside rank 2}}
  %1 = rec.join %0 axis 2 : (tensor<8x16xf32>) -> tensor<8x16xf32>
  return
}

// -----

// join C2
func.func @f(%x: tensor<8x16xf32>) {
  // expected-error @below {{'rec.join' op [C2] operand 0 is not the result of a fusion region}}
  %0 = rec.join %x axis 1 : (tensor<8x16xf32>) -> tensor<8x16xf32>
  return
}

// -----

// join C2: twice in one
func.func @f(%x: tensor<8x16xf32>) {
  %0 = rec.fusion rows rows [true] (%x) : (tensor<8x16xf32>) -> tensor<8x16xf32> {
  ^bb0(%a: tensor<8x16xf32>):
    rec.yield %a : tensor<8x16xf32>
  }
  // expected-error @below {{'rec.join' op [C2] operand 1 occurs twice}}
  %1 = rec.join %0, %0 axis 1 : (tensor<8x16xf32>, tensor<8x16xf32>) -> tensor<8x32xf32>
  return
}

// -----

// join C2: in two
func.func @f(%x: tensor<8x16xf32>) {
  %0 = rec.fusion rows rows [true] (%x) : (tensor<8x16xf32>) -> tensor<8x16xf32> {
  ^bb0(%a: tensor<8x16xf32>):
    rec.yield %a : tensor<8x16xf32>
  }
  // expected-error @below {{'rec.join' op [C2] operand 0 lies in another join, too}}
  %1 = rec.join %0 axis 1 : (tensor<8x16xf32>) -> tensor<8x16xf32>
  // expected-note @below {{the other join}}
  %2 = rec.join %0 axis 0 : (tensor<8x16xf32>) -> tensor<8x16xf32>
  return
}

// -----

// data_size C1
func.func @f(%x: tensor<8xi64>) {
  // expected-error @below {{'rec.data_size' op [C1] the size comes from 'tensor<8xi64>', not from booleans or an int64 scalar}}
  rec.data_size "%n:x" %x : tensor<8xi64>
  return
}

// -----

// data_size C2
func.func @f(%x: tensor<8xi1>) {
  // expected-error @below {{'rec.data_size' op [C2] the dimension 'x' does not start with '%n:'}}
  rec.data_size "x" %x : tensor<8xi1>
  return
}

// -----

// prefix C1
func.func @f(%x: tensor<8x2xi64>) {
  // expected-error @below {{'rec.prefix' op [C1] 'tensor<?x3xi64, #rec.dims<"%n:m", 3>>' differs from 'tensor<8x2xi64>' in more than the leading size}}
  %0 = rec.prefix %x : (tensor<8x2xi64>) -> tensor<?x3xi64, #rec.dims<"%n:m", 3>>
  return
}
