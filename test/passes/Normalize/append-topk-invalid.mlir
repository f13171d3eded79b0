// RUN: split-file %s %t
// RUN: not reckon-opt --rec-append-topk="scores=3:s" %t/two.mlir 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not reckon-opt --rec-append-topk="scores=3" %t/two.mlir 2>&1 | FileCheck %s --check-prefix=WHICH
// RUN: not reckon-opt --rec-append-topk="scores=3:cube" %t/two.mlir 2>&1 | FileCheck %s --check-prefix=CUBE
// RUN: not reckon-opt --rec-append-topk="scores=3:is" %t/two.mlir 2>&1 | FileCheck %s --check-prefix=BOOL
// RUN: not reckon-opt --rec-append-topk="scores=3" %t/few.mlir 2>&1 | FileCheck %s --check-prefix=FEW
// RUN: not reckon-opt --rec-append-topk="scores=1" %t/scalar.mlir 2>&1 | FileCheck %s --check-prefix=SCALAR
// RUN: not reckon-opt --rec-append-topk="scores=1:s" %t/taken.mlir 2>&1 | FileCheck %s --check-prefix=TAKEN
// RUN: not reckon-opt --rec-append-topk="scores=0" %t/few.mlir 2>&1 | FileCheck %s --check-prefix=COUNT
// RUN: not reckon-opt --rec-append-topk="scores=2:" %t/few.mlir 2>&1 | FileCheck %s --check-prefix=COUNT

// NONE: --append-topk=3:s:0:0: error: the model has no output 's'; there are 'cube', 'is'
// WHICH: --append-topk=3:0:0: error: the model has the outputs 'cube', 'is': add which of them holds the scores, K:OUTPUT
// CUBE: --append-topk=3:cube:0:0: error: output 'cube' has the shape [4, 5, 6]: scores are [candidates], [candidates, 1] or [users, candidates]
// BOOL: --append-topk=3:is:0:0: error: output 'is' is 'tensor<4xi1>': scores are numbers
// FEW: --append-topk=3:0:0: error: output 's' has the shape [8, 2]: there are no 3 best of 2 candidates
// SCALAR: --append-topk=1:0:0: error: output 'output_0' has the shape []: scores are
// TAKEN: --append-topk=1:s:0:0: error: the model has an output 's_indices' already
// COUNT: error: expected K or K:OUTPUT with a K of at least 1

//--- two.mlir
func.func @main(%a: tensor<4x5x6xf32>, %b: tensor<4xi1>) -> (tensor<4x5x6xf32> {rec.name = "cube"}, tensor<4xi1> {rec.name = "is"}) {
  return %a, %b : tensor<4x5x6xf32>, tensor<4xi1>
}

//--- few.mlir
func.func @main(%a: tensor<8x2xf32>) -> (tensor<8x2xf32> {rec.name = "s"}) {
  return %a : tensor<8x2xf32>
}

//--- scalar.mlir
func.func @main(%a: tensor<f32>) -> tensor<f32> {
  return %a : tensor<f32>
}

//--- taken.mlir
func.func @main(%a: tensor<8xf32>) -> (tensor<8xf32> {rec.name = "s"}, tensor<8xf32> {rec.name = "s_indices"}) {
  return %a, %a : tensor<8xf32>, tensor<8xf32>
}
