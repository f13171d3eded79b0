// RUN: reckon-opt --split-input-file --verify-diagnostics=only-expected %s

// concat C1
func.func @f() {
  // expected-error @below {{'rec.concat' op [C1] there is no operand}}
  %0 = rec.concat axis 0 : () -> tensor<0xf32>
  return
}

// -----

// concat C1: ranks
func.func @f(%a: tensor<8x2xf32>, %b: tensor<8xf32>) {
  // expected-error @below {{'rec.concat' op [C1] operand 1 is 'tensor<8xf32>', operand 0 'tensor<8x2xf32>': ranks and element types must agree}}
  %0 = rec.concat %a, %b axis 1 : (tensor<8x2xf32>, tensor<8xf32>) -> tensor<8x3xf32>
  return
}

// -----

// concat C1: scalars
func.func @f(%a: tensor<f32>) {
  // expected-error @below {{'rec.concat' op [C1] operand 0 is a scalar}}
  %0 = rec.concat %a axis 0 : (tensor<f32>) -> tensor<1xf32>
  return
}

// -----

// concat C2
func.func @f(%a: tensor<?x2xf32, #rec.dims<"batch", 2>>, %b: tensor<?x2xf32, #rec.dims<"seq", 2>>) {
  // expected-error @below {{'rec.concat' op [C2] operand 1 has size 'seq' in dimension 0 where others have 'batch'}}
  %0 = rec.concat %a, %b axis 1 : (tensor<?x2xf32, #rec.dims<"batch", 2>>, tensor<?x2xf32, #rec.dims<"seq", 2>>)
    -> tensor<?x4xf32, #rec.dims<"batch", 4>>
  return
}

// -----

// concat C2: axis
func.func @f(%a: tensor<8x2xf32>) {
  // expected-error @below {{'rec.concat' op [C2] axis 2 is outside rank 2}}
  %0 = rec.concat %a axis 2 : (tensor<8x2xf32>) -> tensor<8x2xf32>
  return
}

// -----

// slice C1
func.func @f(%x: tensor<8x4xf32>) {
  // expected-error @below {{'rec.slice' op [C1] 1 starts, 2 sizes and 2 steps on a tensor of rank 2}}
  %0 = rec.slice %x starts <0> sizes <8, 2> steps [1, 1] : (tensor<8x4xf32>) -> tensor<8x2xf32>
  return
}

// -----

// slice C1: steps
func.func @f(%x: tensor<8x4xf32>) {
  // expected-error @below {{'rec.slice' op [C1] the step of dimension 1 is 0}}
  %0 = rec.slice %x starts <0, 0> sizes <8, 2> steps [1, 0] : (tensor<8x4xf32>) -> tensor<8x2xf32>
  return
}

// -----

// slice C2
func.func @f(%x: tensor<8x4xf32>) {
  // expected-error @below {{'rec.slice' op [C2] element '4' of dimension 1 lies outside its size '4'}}
  %0 = rec.slice %x starts <0, 2> sizes <8, 3> steps [1, 1] : (tensor<8x4xf32>) -> tensor<8x3xf32>
  return
}

// -----

// slice C2: backwards
func.func @f(%x: tensor<8x4xf32>) {
  // expected-error @below {{'rec.slice' op [C2] element '-1' of dimension 1 lies outside its size '4'}}
  %0 = rec.slice %x starts <0, 3> sizes <8, 3> steps [1, -2] : (tensor<8x4xf32>) -> tensor<8x3xf32>
  return
}

// -----

// slice C2: named sizes
func.func @f(%x: tensor<?xf32, #rec.dims<"batch">>) {
  // expected-error @below {{'rec.slice' op [C2] element 'batch' of dimension 0 lies outside its size 'batch'}}
  %0 = rec.slice %x starts <1> sizes <"batch"> steps [1]
    : (tensor<?xf32, #rec.dims<"batch">>) -> tensor<?xf32, #rec.dims<"batch">>
  return
}

// -----

// slice C3
func.func @f(%x: tensor<8x4xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<8x3xf32>' are incompatible with return type(s) of operation 'tensor<8x4xf32>'}}
  %0 = rec.slice %x starts <0, 1> sizes <8, 3> steps [1, 1] : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return
}

// -----

// reshape C1
func.func @f(%x: tensor<?x6xf32, #rec.dims<"batch", 6>>) {
  // expected-error @below {{'rec.reshape' op [C1] the operand has '6*batch' elements, the result '5*batch'}}
  %0 = rec.reshape %x : (tensor<?x6xf32, #rec.dims<"batch", 6>>) -> tensor<?x5xf32, #rec.dims<"batch", 5>>
  return
}

// -----

// reshape C1: element types
func.func @f(%x: tensor<6xf32>) {
  // expected-error @below {{'rec.reshape' op [C1] the operand holds 'f32', the result 'i32'}}
  %0 = rec.reshape %x : (tensor<6xf32>) -> tensor<2x3xi32>
  return
}

// -----

// transpose C1
func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @below {{'rec.transpose' op [C1] perm repeats 1 or it is outside rank 2}}
  %0 = rec.transpose %x perm [1, 1] : (tensor<2x3xf32>) -> tensor<3x3xf32>
  return
}

// -----

// transpose C1: length
func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @below {{'rec.transpose' op [C1] perm has 1 entries for rank 2}}
  %0 = rec.transpose %x perm [1] : (tensor<2x3xf32>) -> tensor<3xf32>
  return
}

// -----

// broadcast C1
func.func @f(%x: tensor<3x1xf32>) {
  // expected-error @below {{'rec.broadcast' op [C1] shape [3, 1] does not broadcast to [2, 4]}}
  %0 = rec.broadcast %x : (tensor<3x1xf32>) -> tensor<2x4xf32>
  return
}

// -----

// broadcast C1: the operand is the larger one
func.func @f(%x: tensor<3x4xf32>) {
  // expected-error @below {{'rec.broadcast' op [C1] shape [3, 4] does not broadcast to [1, 4]}}
  %0 = rec.broadcast %x : (tensor<3x4xf32>) -> tensor<1x4xf32>
  return
}

// -----

// broadcast C1: element types
func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{'rec.broadcast' op [C1] the operand holds 'f32', the result 'f16'}}
  %0 = rec.broadcast %x : (tensor<4xf32>) -> tensor<3x4xf16>
  return
}

// -----

// pad C1
func.func @f(%x: tensor<8x4xf32>, %v: tensor<f32>) {
  // expected-error @below {{'rec.pad' op [C1] 1 low and 2 high entries on a tensor of rank 2}}
  %0 = rec.pad %x, %v low [1] high [0, 2] : (tensor<8x4xf32>, tensor<f32>) -> tensor<9x6xf32>
  return
}

// -----

// pad C1: negative
func.func @f(%x: tensor<8x4xf32>, %v: tensor<f32>) {
  // expected-error @below {{'rec.pad' op [C1] dimension 1 has the negative padding -1}}
  %0 = rec.pad %x, %v low [0, -1] high [0, 2] : (tensor<8x4xf32>, tensor<f32>) -> tensor<8x5xf32>
  return
}

// -----

// pad C2
func.func @f(%x: tensor<8x4xf32>, %v: tensor<1xf32>) {
  // expected-error @below {{'rec.pad' op [C2] the value is 'tensor<1xf32>', expected a scalar of 'f32'}}
  %0 = rec.pad %x, %v low [0, 1] high [0, 2] : (tensor<8x4xf32>, tensor<1xf32>) -> tensor<8x7xf32>
  return
}

// -----

// gather C1
func.func @f(%x: tensor<8x26xi64>, %i: tensor<i64>) {
  // expected-error @below {{'rec.gather' op [C1] axis 2 is outside rank 2}}
  %0 = rec.gather %x, %i axis 2 : (tensor<8x26xi64>, tensor<i64>) -> tensor<8xi64>
  return
}

// -----

// gather_elements C1
func.func @f(%x: tensor<8x26xi64>, %i: tensor<9x2xi64>) {
  // expected-error @below {{'rec.gather_elements' op [C1] the indices have size '9' in dimension 0, more than '8' of x}}
  %0 = rec.gather_elements %x, %i axis 1 : (tensor<8x26xi64>, tensor<9x2xi64>) -> tensor<9x2xi64>
  return
}

// -----

// gather_elements C1: ranks
func.func @f(%x: tensor<8x26xi64>, %i: tensor<8xi64>) {
  // expected-error @below {{'rec.gather_elements' op [C1] x has rank 2, the indices 1, expected one rank above 0}}
  %0 = rec.gather_elements %x, %i axis 1 : (tensor<8x26xi64>, tensor<8xi64>) -> tensor<8xi64>
  return
}

// -----

// gather_elements C1: axis
func.func @f(%x: tensor<8x26xi64>, %i: tensor<8x2xi64>) {
  // expected-error @below {{'rec.gather_elements' op [C1] axis 2 is outside rank 2}}
  %0 = rec.gather_elements %x, %i axis 2 : (tensor<8x26xi64>, tensor<8x2xi64>) -> tensor<8x2xi64>
  return
}

// -----

// gather_elements C2
func.func @f(%x: tensor<8x26xi64>, %i: tensor<8x2xi64>) {
  // expected-error @below {{inferred type(s) 'tensor<8x2xi64>' are incompatible}}
  %0 = rec.gather_elements %x, %i axis 1 : (tensor<8x26xi64>, tensor<8x2xi64>) -> tensor<8x26xi64>
  return
}

// -----

// gather_nd C1
func.func @f(%x: tensor<27x8xf32>, %i: tensor<351x3xi64>) {
  // expected-error @below {{'rec.gather_nd' op [C1] indices of shape [351, 3] do not end in a static tuple length of 1 to 2}}
  %0 = rec.gather_nd %x, %i batch_dims 0 : (tensor<27x8xf32>, tensor<351x3xi64>) -> tensor<351xf32>
  return
}

// -----

// gather_nd C1: batch_dims
func.func @f(%x: tensor<27x8xf32>, %i: tensor<27x1xi64>) {
  // expected-error @below {{'rec.gather_nd' op [C1] batch_dims is 2 with x of rank 2 and indices of rank 2}}
  %0 = rec.gather_nd %x, %i batch_dims 2 : (tensor<27x8xf32>, tensor<27x1xi64>) -> tensor<27xf32>
  return
}

// -----

// gather_nd C2
func.func @f(%x: tensor<27x8xf32>, %i: tensor<26x1xi64>) {
  // expected-error @below {{'rec.gather_nd' op [C2] dimension 0 has size '27' in x and '26' in the indices}}
  %0 = rec.gather_nd %x, %i batch_dims 1 : (tensor<27x8xf32>, tensor<26x1xi64>) -> tensor<26xf32>
  return
}

// -----

// iota C1
func.func @f() {
  // expected-error @below {{'rec.iota' op [C1] axis 1 is outside rank 1}}
  %0 = rec.iota axis 1 start 0.0 step 1.0 : tensor<8xi64>
  return
}

// -----

// scatter_nd C1
func.func @f(%x: tensor<8x3xf32>, %i: tensor<4x1xi64>, %u: tensor<4x2xf32>) {
  // expected-error @below {{'rec.scatter_nd' op [C1] the updates have shape [4, 2], expected [4, 3]}}
  %0 = rec.scatter_nd %x, %i, %u : (tensor<8x3xf32>, tensor<4x1xi64>, tensor<4x2xf32>) -> tensor<8x3xf32>
  return
}

// -----

// scatter_nd C1: tuples
func.func @f(%x: tensor<8xf32>, %i: tensor<4x?xi64>, %u: tensor<4xf32>) {
  // expected-error @below {{'rec.scatter_nd' op [C1] indices of shape [4, ?] do not end in a static tuple length of 1 to 1}}
  %0 = rec.scatter_nd %x, %i, %u : (tensor<8xf32>, tensor<4x?xi64>, tensor<4xf32>) -> tensor<8xf32>
  return
}

// -----

// scatter_nd C2
func.func @f(%x: tensor<8xf32>, %i: tensor<4x1xi64>, %u: tensor<4xf16>) {
  // expected-error @below {{'rec.scatter_nd' op [C2] x holds 'f32', the updates 'f16'}}
  %0 = rec.scatter_nd %x, %i, %u : (tensor<8xf32>, tensor<4x1xi64>, tensor<4xf16>) -> tensor<8xf32>
  return
}

// -----

// scatter_elements C1
func.func @f(%x: tensor<8x3xf32>, %i: tensor<2x3xi64>, %u: tensor<2x2xf32>) {
  // expected-error @below {{'rec.scatter_elements' op [C1] the indices have shape [2, 3], the updates [2, 2]}}
  %0 = rec.scatter_elements %x, %i, %u axis 0
    : (tensor<8x3xf32>, tensor<2x3xi64>, tensor<2x2xf32>) -> tensor<8x3xf32>
  return
}

// -----

// scatter_elements C1: axis
func.func @f(%x: tensor<8x3xf32>, %i: tensor<2x3xi64>, %u: tensor<2x3xf32>) {
  // expected-error @below {{'rec.scatter_elements' op [C1] axis 2 is outside rank 2}}
  %0 = rec.scatter_elements %x, %i, %u axis 2
    : (tensor<8x3xf32>, tensor<2x3xi64>, tensor<2x3xf32>) -> tensor<8x3xf32>
  return
}

// -----

// scatter_elements C2
func.func @f(%x: tensor<8x3xf32>, %i: tensor<2x3xi64>, %u: tensor<2x3xf32>) {
  // expected-error @below {{'rec.scatter_elements' op [C2] the reduction is 'mean', expected 'sum', 'prod', 'max' or 'min'}}
  %0 = rec.scatter_elements %x, %i, %u axis 0 {reduction = #rec<reduce_kind mean>}
    : (tensor<8x3xf32>, tensor<2x3xi64>, tensor<2x3xf32>) -> tensor<8x3xf32>
  return
}
