//===- Passes.td - Passes of the import phase ------------------------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_IMPORT_PASSES
#define RECKON_PASSES_IMPORT_PASSES

include "mlir/Pass/PassBase.td"

def ConvertOnnx : Pass<"rec-convert-onnx", "::mlir::func::FuncOp"> {
  let summary = "Make layers of ONNX nodes";
  let description = [{
    Walks the function's body in order and replaces each `rec.onnx` whose operands are ranked tensors by layers that
    compute the same. Shape arithmetic becomes `rec.dims` or constants on the way, so that the targets of Reshape, Expand,
    Slice and their like become result types.

    Where a node needs two different dynamic dimensions to be equal, such as a sum of two inputs without dimension names,
    one takes the other's place in the whole function. The engine then checks it on the inputs of every run.

    Requires: nothing; running it again after other passes have typed more values converts more.

    Guarantees: afterwards a `rec.onnx` in the function's body is one of (1) an operator that has no converter, (2) one that
    has one but cannot be expressed, with the reason in the attribute `rec.reason`, (3) one with an operand whose shape
    depends on such an op. The function's type follows its operands. Nothing is dead.

    With `unroll-loops` a Loop whose number of iterations is known is written out, iteration by iteration. That comes after
    the passes that know what some loops compute as a whole.

    Does not do: look into the subgraphs of a Loop that is not unrolled.

    Example:
    ```mlir
    %0 = rec.onnx "Relu"(%x) {opset = 17 : i64} : (tensor<8x4xf32>) -> tensor<*xf32>
    // becomes
    %0 = rec.unary relu %x : (tensor<8x4xf32>) -> tensor<8x4xf32>
    ```
  }];
  let options = [
    Option<"unrollLoops", "unroll-loops", "bool", /*default=*/"false", "write out the iterations of loops">
  ];
  let statistics = [
    Statistic<"converted", "converted", "ONNX nodes converted to layers">,
    Statistic<"remaining", "remaining", "ONNX nodes that remain">,
    Statistic<"unified", "dims-unified", "dimensions that turned out equal to others">
  ];
  let dependentDialects = ["::reckon::rec::RecDialect"];
}

def FreeBatch : Pass<"rec-free-batch", "::mlir::func::FuncOp"> {
  let summary = "Make a batch that an exporter has fixed a dimension again";
  let description = [{
    All inputs with a fixed size in the dimension `axis` have one there, the batch of the example that the model was exported
    with. It becomes the dimension `batch`, and so it does in the constant shapes of Reshape, Expand and ConstantOfShape, and
    in repeated numbers such as the first states of recurrent layers.

    Requires: the importer's output.

    Guarantees: no input has a fixed size in the dimension. What else fixes the batch makes it equal to a constant where the
    nodes are converted, which warns.

    Does not do: tell the batch from another size that happens to be the same in a constant shape.
  }];
  let options = [Option<"axis", "axis", "int64_t", /*default=*/"0", "the dimension of the inputs that is the batch">];
  let dependentDialects = ["::reckon::rec::RecDialect"];
}

def ReportUnsupported : Pass<"rec-report-unsupported", "::mlir::func::FuncOp"> {
  let summary = "Refuse a model with operators that are not supported";
  let description = [{
    Fails with one error that lists every operator that is still a `rec.onnx`, with the names of its nodes and the reason
    when the operator itself is known; nodes that merely wait for the result of one of these are left out. Inputs and
    outputs that are no ranked tensors are listed, too.

    Requires: `rec-convert-onnx` has run.

    Guarantees: afterwards there is no `rec.onnx` in the function, and every value in its body is a ranked tensor.

    Does not do: change anything.
  }];
}

def VerifyImported : Pass<"rec-verify-imported", "::mlir::ModuleOp"> {
  let summary = "Check the invariant of the import phase";
  let description = [{
    One function with one block; every dynamic dimension of its arguments has a name; it holds layers, each of which gives
    ranked tensors, and ONNX nodes. A node that is left has no converter, or states in `rec.reason` why it could not be
    converted, or waits for another one.

    Example: test/passes/Import/verify-imported.mlir
  }];
}

#endif // RECKON_PASSES_IMPORT_PASSES
