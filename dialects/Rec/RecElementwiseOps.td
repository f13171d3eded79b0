//===- RecElementwiseOps.td - Functions of each element --------------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_RECELEMENTWISEOPS
#define RECKON_DIALECTS_REC_RECELEMENTWISEOPS

include "dialects/Rec/RecLayers.td"

def Rec_UnaryOp : Rec_Layer<"unary", !listconcat(Rec_PointwiseTraits, [Rec_Prominence<1>])> {
  let summary = "One function on every element";
  let description = [{
    Definitions that are not the mathematical function of that name: `relu` max(x, 0), NaN stays NaN; `gelu`
    x/2 (1 + erf(x/sqrt 2)); `gelu_tanh` its tanh approximation; `silu` x sigmoid(x); `mish` x tanh(softplus(x));
    `hard_swish` x max(0, min(1, x/6 + 1/2)); `softsign` x/(1+|x|); `round` half to even; `sign` of NaN is NaN;
    `is_inf` and `is_nan` give booleans. `abs`, `neg` of the least integer wrap.

    Constraints:
    - (C1) `logical_not` takes booleans; `bitwise_not` integers; `abs`, `neg`, `sign`, `relu` numbers; all other kinds
      floats.
    - (C2) the result has the operand's type, with element i1 for `is_inf` and `is_nan`.

    Example: `%0 = rec.unary relu %x : (tensor<8x64xf32>) -> tensor<8x64xf32>`
  }];
  let arguments = (ins Rec_UnaryKindAttr:$kind, Rec_Tensor:$x);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = "`` $kind $x attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let extraClassDeclaration = [{
    int64_t getFlops(const ::reckon::rec::SizeEstimate &sizes);
    ::reckon::rec::Narrowing getNarrowing();
    ::reckon::rec::Rounding getRounding();
  }];
}

def Rec_BinaryOp : Rec_Layer<"binary", !listconcat(Rec_PointwiseTraits, [Rec_FlopsPerElement<1>, Rec_Prominence<1>])> {
  let summary = "One function on every pair of elements, with numpy broadcasting";
  let description = [{
    Integers wrap; integer division truncates and by zero gives zero; `mod` has the divisor's sign (Python), `fmod` the
    dividend's (C). `max` and `min` propagate NaN and may give either of two zeros. Shifting by the width or more gives zero. `pow` may take an exponent of
    another number type; the result has the base's.

    Constraints:
    - (C1) sizes, aligned at the last dimension, are equal or one of them is 1.
    - (C2) both share one element type, but for `pow`.
    - (C3) `logical_*` take booleans; `bitwise_*` and `shift_*` integers; all other kinds numbers.

    Example: `%0 = rec.binary add %a, %b : (tensor<8x64xf32>, tensor<64xf32>) -> tensor<8x64xf32>`
  }];
  let arguments = (ins Rec_BinaryKindAttr:$kind, Rec_Tensor:$a, Rec_Tensor:$b);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = "`` $kind $a `,` $b attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::reckon::rec::Narrowing getNarrowing();
    ::reckon::rec::Rounding getRounding();
  }];
}

def Rec_CompareOp : Rec_Layer<"compare",
    !listconcat(Rec_PointwiseTraits, [Rec_FlopsPerElement<1>, Rec_Narrows<"steps">, Rec_Rounds<"nothing">,
                                      Rec_Prominence<1>])> {
  let summary = "Comparison of every pair of elements, with numpy broadcasting";
  let description = [{
    Every comparison with a NaN is false, but for `ne`, which is true.

    Constraints:
    - (C1) sizes, aligned at the last dimension, are equal or one of them is 1.
    - (C2) both share one element type; booleans only for `eq` and `ne`.

    Example: `%0 = rec.compare lt %a, %b : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xi1>`
  }];
  let arguments = (ins Rec_CompareKindAttr:$kind, Rec_Tensor:$a, Rec_Tensor:$b);
  let results = (outs Rec_BoolTensor:$result);
  let assemblyFormat = "`` $kind $a `,` $b attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Rec_SelectOp : Rec_Layer<"select",
    !listconcat(Rec_PointwiseTraits, [Rec_FlopsPerElement<1>, Rec_Narrows<"maps">, Rec_Rounds<"nothing">,
                                      Rec_Prominence<1>])> {
  let summary = "One of two values for every element, with numpy broadcasting";
  let description = [{
    Constraints:
    - (C1) sizes, aligned at the last dimension, are equal or one of them is 1.
    - (C2) both values share one element type.

    Example: `%0 = rec.select %c, %a, %b : (tensor<8xi1>, tensor<8xf32>, tensor<f32>) -> tensor<8xf32>`
  }];
  let arguments = (ins Rec_BoolTensor:$condition, Rec_Tensor:$a, Rec_Tensor:$b);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = "$condition `,` $a `,` $b attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Rec_CastOp : Rec_StatedLayer<"cast",
    !listconcat(Rec_PointwiseTraits, [Rec_FlopsPerElement<1>, Rec_Prominence<0>])> {
  let summary = "Another element type";
  let description = [{
    Float to integer truncates; out of range is not an error and its value unspecified. Anything to boolean is `!= 0`.
    Narrowing floats round to nearest, ties to even. Integers wrap.

    Constraints:
    - (C1) operand and result have the same shape and dimension names.

    Example: `%0 = rec.cast %x : (tensor<8xi64>) -> tensor<8xf32>`
  }];
  let arguments = (ins Rec_Tensor:$x);
  let results = (outs Rec_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::reckon::rec::Narrowing getNarrowing();
    ::reckon::rec::Rounding getRounding();
  }];
}

#endif // RECKON_DIALECTS_REC_RECELEMENTWISEOPS
