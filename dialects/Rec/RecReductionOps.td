//===- RecReductionOps.td - Reductions, norms, sorting ---------------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_RECREDUCTIONOPS
#define RECKON_DIALECTS_REC_RECREDUCTIONOPS

include "dialects/Rec/RecLayers.td"

def Rec_ReduceOp : Rec_Layer<"reduce", [Rec_FlopsPerInput<2>, Rec_StoresFloats, Rec_Prominence<1>]> {
  let summary = "A reduction over axes";
  let description = [{
    `l1` sum |x|; `l2` sqrt sum x^2; `sum_square` sum x^2; `log_sum` log sum x; `log_sum_exp` log sum e^x, computed
    without overflow. Over no elements: 0 for sums, 1 for `prod`, -inf (or the least integer) for `max`, +inf (the
    greatest) for `min`, NaN (or 0) for `mean`. `max` and `min` propagate NaN. Integer means truncate.
    With `keepdims` reduced sizes become 1.

    Constraints:
    - (C1) axes are strictly increasing and inside the rank.
    - (C2) `l2`, `log_sum` and `log_sum_exp` take floats or integers; booleans are for `max` and `min` alone.

    Example: `%0 = rec.reduce sum %x axes [1] {keepdims} : (tensor<8x16xf32>) -> tensor<8x1xf32>`
  }];
  let arguments = (ins Rec_ReduceKindAttr:$kind, Rec_Tensor:$x, DenseI64ArrayAttr:$axes, UnitAttr:$keepdims);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = "`` $kind $x `axes` $axes attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    std::optional<::reckon::rec::RowUses> getRowUses();
    ::reckon::rec::Narrowing getNarrowing();
    ::reckon::rec::Rounding getRounding();
  }];
}

def Rec_ArgReduceOp : Rec_Layer<"arg_reduce",
    [Rec_RowsAroundAxis, Rec_FlopsPerInput<2>, Rec_Narrows<"orders">, Rec_Rounds<"nothing">, Rec_StoresNothing,
     Rec_Prominence<2>]> {
  let summary = "Where along an axis the greatest or least element is";
  let description = [{
    `kind` is `max` or `min`. Among equals the first, or with `select_last` the last. A NaN counts as greater than (for
    `min`, less than) every number. The result is int64.

    Constraints:
    - (C1) 0 <= axis < rank; kind is max or min.

    Example: `%0 = rec.arg_reduce max %x axis 1 : (tensor<8x16xf32>) -> tensor<8xi64>`
  }];
  let arguments = (ins Rec_ReduceKindAttr:$kind, Rec_NumberTensor:$x, I64Attr:$axis, UnitAttr:$keepdims,
                       UnitAttr:$select_last);
  let results = (outs RankedTensorOf<[I64]>:$result);
  let assemblyFormat = "`` $kind $x `axis` $axis attr-dict `:` functional-type(operands, results)";
}

def Rec_SoftmaxOp : Rec_Layer<"softmax",
    [Rec_RowsAroundAxis, Rec_FlopsPerInput<10>, Rec_Narrows<"follows">, Rec_Rounds<"sums">, Rec_Stores<0>,
     Rec_Prominence<2>]> {
  let summary = "Softmax or its logarithm along an axis";
  let description = [{
    `e^(x - max) / sum e^(x - max)`, or with `log` its logarithm `x - max - log sum e^(x - max)`.

    Constraints:
    - (C1) 0 <= axis < rank.

    Example: `%0 = rec.softmax %x axis 1 : (tensor<8x16xf32>) -> tensor<8x16xf32>`
  }];
  let arguments = (ins Rec_FloatTensor:$x, I64Attr:$axis, UnitAttr:$log);
  let results = (outs Rec_FloatTensor:$result);
  let assemblyFormat = "$x `axis` $axis attr-dict `:` functional-type(operands, results)";
}

def Rec_LayerNormOp : Rec_Layer<"layer_norm",
    [AttrSizedOperandSegments, Rec_RowsAroundAxis, Rec_FlopsPerElement<5>, Rec_Narrows<"follows">, Rec_Rounds<"sums">,
     Rec_Stores<0>, Rec_Prominence<2>]> {
  let summary = "Normalisation over the last dimensions";
  let description = [{
    `(x - mean) / sqrt(variance + epsilon) * scale + bias`, mean and (biased) variance over the dimensions from `axis` on.

    Constraints:
    - (C1) 0 <= axis < rank.
    - (C2) scale and bias, when there, broadcast to x's sizes from axis on and share its element type.

    Example:
    ```mlir
    %0 = rec.layer_norm %x scale %s bias %b axis 1 epsilon 1.0e-5
      : (tensor<8x64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<8x64xf32>
    ```
  }];
  let arguments = (ins Rec_FloatTensor:$x, Optional<Rec_FloatTensor>:$scale, Optional<Rec_FloatTensor>:$bias,
                       I64Attr:$axis, F64Attr:$epsilon);
  let results = (outs Rec_FloatTensor:$result);
  let assemblyFormat = [{
    $x (`scale` $scale^)? (`bias` $bias^)? `axis` $axis `epsilon` $epsilon attr-dict
    `:` functional-type(operands, results)
  }];
}

def Rec_BatchNormOp : Rec_Layer<"batch_norm",
    [Rec_RowsOfFirst, Rec_FlopsPerElement<1>, Rec_Narrows<"follows">, Rec_Rounds<"sums">, Rec_Stores<0>,
     Rec_Prominence<1>]> {
  let summary = "Normalisation by trained statistics, per channel";
  let description = [{
    `(x - mean[c]) / sqrt(variance[c] + epsilon) * scale[c] + bias[c]`, c the second dimension.

    Constraints:
    - (C1) x has rank 2 or more.
    - (C2) scale, bias, mean and variance have rank 1, x's second size and its element type.

    Example:
    ```mlir
    %0 = rec.batch_norm %x, %s, %b, %m, %v epsilon 1.0e-5
      : (tensor<8x64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<8x64xf32>
    ```
  }];
  let arguments = (ins Rec_FloatTensor:$x, Rec_FloatTensor:$scale, Rec_FloatTensor:$bias, Rec_FloatTensor:$mean,
                       Rec_FloatTensor:$variance, F64Attr:$epsilon);
  let results = (outs Rec_FloatTensor:$result);
  let assemblyFormat = [{
    $x `,` $scale `,` $bias `,` $mean `,` $variance `epsilon` $epsilon attr-dict
    `:` functional-type(operands, results)
  }];
}

def Rec_TopKOp : Rec_Layer<"topk",
    [Rec_RowsAroundAxis, Rec_FlopsPerInput<10>, Rec_Narrows<"orders">, Rec_Rounds<"nothing">, Rec_StoresNothing,
     Rec_Prominence<4>]> {
  let summary = "The k greatest or least elements along an axis, with their indices";
  let description = [{
    Sorted, greatest first (or with `smallest`, least first); among equals the lower index comes first. A NaN counts as
    greater than every number. `sorted = false` in a model allows any order; this op always sorts.

    Constraints:
    - (C1) 0 <= axis < rank; k is one size, not negative and at most the size of the axis, where it can be told.
    - (C2) values have x's element type, indices are int64; both have x's shape with k on the axis.

    Example: `%v, %i = rec.topk %x k 20 axis 1 : (tensor<8x2000xf32>) -> (tensor<8x20xf32>, tensor<8x20xi64>)`;
    a k in named dimensions is written `k "batch"`.
  }];
  let arguments = (ins Rec_NumberTensor:$x, Rec_DimsAttr:$k, I64Attr:$axis, UnitAttr:$smallest);
  let results = (outs Rec_NumberTensor:$values, RankedTensorOf<[I64]>:$indices);
  let assemblyFormat = "$x `k` custom<Size>($k) `axis` $axis attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = "::reckon::SizeExpr getCount() { return getK().getSize(0); }";
}

def Rec_CumSumOp : Rec_Layer<"cumsum",
    [Rec_RowsAroundAxis, Rec_FlopsPerInput<2>, Rec_Narrows<"grows">, Rec_Rounds<"sums">, Rec_StoresFloats,
     Rec_Prominence<2>]> {
  let summary = "Running sums along an axis";
  let description = [{
    `exclusive` leaves out the element itself; `reverse` runs from the end.

    Constraints:
    - (C1) 0 <= axis < rank.

    Example: `%0 = rec.cumsum %x axis 0 : (tensor<8xf32>) -> tensor<8xf32>`
  }];
  let arguments = (ins Rec_NumberTensor:$x, I64Attr:$axis, UnitAttr:$exclusive, UnitAttr:$reverse);
  let results = (outs Rec_NumberTensor:$result);
  let assemblyFormat = "$x `axis` $axis attr-dict `:` functional-type(operands, results)";
}

#endif // RECKON_DIALECTS_REC_RECREDUCTIONOPS
