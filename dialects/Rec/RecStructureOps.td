//===- RecStructureOps.td - Constants, imported nodes, regions -------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_RECSTRUCTUREOPS
#define RECKON_DIALECTS_REC_RECSTRUCTUREOPS

include "dialects/Rec/RecLayers.td"
include "mlir/IR/RegionKindInterface.td"

def Rec_ConstantOp : Rec_Op<"constant", [Pure, ConstantLike, Rec_InferTypes]> {
  let summary = "A weight, a table or a folded value";
  let description = [{
    `name` is the ONNX initializer's name when there is one; it survives to the engine.

    Constraints:
    - (C1) the value is a dense ranked tensor; the data of a `dense_resource`, when there, has the size of the tensor: booleans
      take one byte an element.

    Example:
    ```mlir
    %w = rec.constant "bot.0.weight" = dense<1.0> : tensor<13x64xf32>
    %one = rec.constant dense<1> : tensor<i64>
    ```
  }];
  let arguments = (ins ElementsAttr:$value, OptionalAttr<StrAttr>:$name);
  let results = (outs Rec_StoredTensor:$result);
  let assemblyFormat = "($name^ `=`)? attr-dict $value";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Rec_DimsOp : Rec_StatedLayer<"dims",
    [ConstantLike, Rec_NoRows, Rec_FlopsPerElement<1>, Rec_Narrows<"stays">, Rec_Rounds<"nothing">, Rec_StoresNothing,
     Rec_Prominence<1>]> {
  let summary = "Sizes as an int64 tensor";
  let description = [{
    The value of ONNX shape arithmetic: each element is a size expression, known when the batch is.

    Constraints:
    - (C1) the result is `tensor<i64>` with one size, or `tensor<Nxi64>` with N sizes.

    Example: `%s = rec.dims <"batch", 26, 16> : tensor<3xi64>`
  }];
  let arguments = (ins Rec_DimsAttr:$sizes);
  let results = (outs RankedTensorOf<[I64]>:$result);
  let assemblyFormat = "$sizes attr-dict `:` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
}

def Rec_OnnxOp : Rec_Op<"onnx"> {
  let summary = "An ONNX node that is not a layer yet";
  let description = [{
    The importer writes every node as this op; `rec-convert-onnx` turns it into layers once the types of its operands are
    known, and the raising passes match loops and sequences in this form. One that survives the normalize phase is an
    unsupported operator, and the compiler lists them all.

    Attributes keep their ONNX names in `attrs` (numbers, strings, arrays, `dense` tensors); an absent optional operand
    has type `none` (`rec.none`). A subgraph is a region: block arguments are its inputs, `rec.yield` its outputs, and outer
    values are used directly. `domain` is empty for ai.onnx; `opset` is the domain's version in the model.

    Example:
    ```mlir
    %1 = rec.onnx "Gemm"(%0, %w, %b) {attrs = {transB = 1 : i64}, domain = "", opset = 17 : i64}
      : (tensor<?x13xf32, #rec.dims<"batch", 13>>, tensor<64x13xf32>, tensor<64xf32>) -> tensor<*xf32>
    ```
  }];
  let arguments = (ins StrAttr:$opType, Variadic<Rec_OnnxValue>:$operands, DefaultValuedAttr<DictionaryAttr, "{}">:$attrs,
                       DefaultValuedStrAttr<StrAttr, "">:$domain, DefaultValuedAttr<I64Attr, "0">:$opset);
  let results = (outs Variadic<Rec_OnnxValue>:$outputs);
  let regions = (region VariadicRegion<MaxSizedRegion<1>>:$subgraphs);
  let assemblyFormat = "$opType `(` $operands `)` attr-dict `:` functional-type($operands, $outputs) $subgraphs";
}

def Rec_DataSizeOp : Rec_Op<"data_size"> {
  let summary = "A dimension whose size the data decide";
  let description = [{
    Gives the dimension `dim` its size: the number of true elements of a boolean tensor, which is at most the number of all
    of them, or the value of an int64 scalar, which must not be negative. Its name starts with `%n:`, as no name of a model
    does. Only before `rec-bound-data-sizes`: no size of a plan depends on data.
    Constraints:
    - (C1) the operand is a boolean tensor or an int64 scalar.
    - (C2) the name starts with `%n:`.
    Example:
    ```mlir
    %m = rec.compare gt %x, %x : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xi1>
    rec.data_size "%n:mask" %m : tensor<8xi1>
    ```
  }];
  let arguments = (ins StrAttr:$dim, Rec_Tensor:$source);
  let assemblyFormat = "$dim $source attr-dict `:` type($source)";
  let hasVerifier = 1;
}

def Rec_PrefixOp : Rec_Op<"prefix", [Pure]> {
  let summary = "The first elements along the leading dimension, as many as a dimension says";
  let description = [{
    A view of x as a tensor with fewer rows, whose number depends on the dimensions of `rec.data_size`. Only before
    `rec-bound-data-sizes`, for which it is x itself.
    Constraints:
    - (C1) result and x differ in their leading size alone.
    Example:
    ```mlir
    %0 = rec.prefix %x : (tensor<8x2xi64>) -> tensor<?x2xi64, #rec.dims<"%n:mask", 2>>
    ```
  }];
  let arguments = (ins Rec_Tensor:$x);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Rec_NoneOp : Rec_Op<"none", [Pure]> {
  let summary = "An absent optional operand of a `rec.onnx` node";
  let results = (outs NoneType:$result);
  let assemblyFormat = "attr-dict";
}

def Rec_YieldOp : Rec_Op<"yield", [Pure, Terminator, ReturnLike]> {
  let summary = "Ends a subgraph or a fusion region";
  let arguments = (ins Variadic<AnyType>:$operands);
  let assemblyFormat = "attr-dict ($operands^ `:` type($operands))?";
  let builders = [OpBuilder<(ins), [{ build($_builder, $_state, ::mlir::ValueRange()); }]>];
}

def Rec_FusionOp : Rec_Op<"fusion", [Pure, IsolatedFromAbove, SingleBlock]> {
  let summary = "Layers that become one kernel";
  let description = [{
    Created by the fuse phase. `kind` says how codegen emits it: `gemm` (one linear layer and its epilogue), `lookup` and
    `rows` (every result row depends only on the same row of the row operands), `whole` (one op with no such structure).

    Constraints:
    - (C1) the block arguments have the types of the inputs, the yielded values those of the results.
    - (C2) `row_inputs` has one entry an input: true when row r of the results needs only row r of that input.
    - (C3) in kinds other than `whole` all results and row inputs have the same leading size.

    Example:
    ```mlir
    %0 = rec.fusion gemm rows [true, false] (%x, %w) : (tensor<8x13xf32>, tensor<13x64xf32>) -> tensor<8x64xf32> {
    ^bb0(%a: tensor<8x13xf32>, %b: tensor<13x64xf32>):
      %1 = rec.linear %a, %b : (tensor<8x13xf32>, tensor<13x64xf32>) -> tensor<8x64xf32>
      %2 = rec.unary relu %1 : (tensor<8x64xf32>) -> tensor<8x64xf32>
      rec.yield %2 : tensor<8x64xf32>
    }
    ```
  }];
  let arguments = (ins Rec_RegionKindAttr:$kind, DenseBoolArrayAttr:$row_inputs, Variadic<Rec_StoredTensor>:$inputs);
  let results = (outs Variadic<Rec_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `` $kind `rows` $row_inputs `(` $inputs `)` attr-dict `:` functional-type($inputs, $outputs) $body
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Rec_JoinOp : Rec_Op<"join", [Pure, Rec_InferTypes, Rec_MovesData]> {
  let summary = "Operands that already lie side by side in one buffer";
  let description = [{
    A concat whose operands are written straight into their slice of the result: it moves no data. Created by the fuse
    phase; the schedule gives the operands slices of the result's buffer.

    Constraints:
    - (C1) as rec.concat.
    - (C2) every operand is the result of a fusion region and an operand of no other join, and once in this one.

    Example:
    ```mlir
    %0 = rec.fusion rows rows [true] (%x) : (tensor<8x16xf32>) -> tensor<8x16xf32> {
    ^bb0(%a: tensor<8x16xf32>):
      %2 = rec.unary relu %a : (tensor<8x16xf32>) -> tensor<8x16xf32>
      rec.yield %2 : tensor<8x16xf32>
    }
    %1 = rec.join %0 axis 1 : (tensor<8x16xf32>) -> tensor<8x16xf32>
    ```
  }];
  let arguments = (ins Variadic<Rec_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = "$inputs `axis` $axis attr-dict `:` functional-type($inputs, $result)";
  let hasVerifier = 1;
}

#endif // RECKON_DIALECTS_REC_RECSTRUCTUREOPS
