//===- RecDenseOps.td - Layers that multiply -------------------------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_RECDENSEOPS
#define RECKON_DIALECTS_REC_RECDENSEOPS

include "dialects/Rec/RecLayers.td"

def Rec_LinearOp : Rec_Layer<"linear",
    [Rec_Product, Rec_Narrows<"multiplies">, Rec_Rounds<"sums">, Rec_Stores<1>, Rec_Prominence<4>]> {
  let summary = "x W + b";
  let description = [{
    `result[i..., n] = sum_k x[i..., k] * weight[k, n] + bias[n]`. The weight is inputs x outputs: the transpose of
    PyTorch's, so that a row of the result reads rows of the weight.

    Constraints:
    - (C1) x has rank 1 or more and its last size is the weight's first.
    - (C2) the weight has rank 2; the bias, when there is one, has rank 1 and the weight's last size.
    - (C3) all share one float element type.

    Example:
    ```mlir
    %0 = rec.linear %x, %w, %b : (tensor<8x13xf32>, tensor<13x64xf32>, tensor<64xf32>) -> tensor<8x64xf32>
    ```
  }];
  let arguments = (ins Rec_FloatTensor:$x, Rec_FloatTensor:$weight, Optional<Rec_FloatTensor>:$bias);
  let results = (outs Rec_FloatTensor:$result);
  let assemblyFormat = "$x `,` $weight (`,` $bias^)? attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    std::optional<::reckon::rec::RowUses> getRowUses();
    int64_t getFlops(const ::reckon::rec::SizeEstimate &sizes);
  }];
}

def Rec_MatmulOp : Rec_Layer<"matmul",
    [Rec_Product, Rec_Narrows<"multiplies">, Rec_Rounds<"sums">, Rec_Stores<1>, Rec_Prominence<4>]> {
  let summary = "Batched matrix product with numpy's rules";
  let description = [{
    Rank-1 operands gain, and the result loses, a unit dimension; leading dimensions broadcast. `transpose_a` and
    `transpose_b` swap the last two dimensions of an operand of rank 2 or more first. Integers wrap.

    Constraints:
    - (C1) both have rank 1 or more and the inner sizes agree.
    - (C2) leading sizes are equal or one of them is 1.
    - (C3) both share one element type.
    - (C4) a transposed operand has rank 2 or more.

    Example: `%0 = rec.matmul %a, %b {transpose_b} : (tensor<8x4x16xf32>, tensor<8x4x16xf32>) -> tensor<8x4x4xf32>`
  }];
  let arguments = (ins Rec_NumberTensor:$a, Rec_NumberTensor:$b, UnitAttr:$transpose_a, UnitAttr:$transpose_b);
  let results = (outs Rec_NumberTensor:$result);
  let assemblyFormat = "$a `,` $b attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    std::optional<::reckon::rec::RowUses> getRowUses();
    int64_t getFlops(const ::reckon::rec::SizeEstimate &sizes);
  }];
}

def Rec_DotInteractionOp : Rec_Layer<"dot_interaction",
    [Rec_Product, Rec_RowsOfFirst, Rec_Narrows<"multiplies">, Rec_Rounds<"sums">, Rec_Stores<0>, Rec_Prominence<5>]> {
  let summary = "Dot products of all pairs of features";
  let description = [{
    For features `x[b, i, :]`, row-major over the pairs of the triangle: `lower` is i > j (i the row), `upper` is i < j;
    `self_interaction` adds i = j. With F features the result has F(F-1)/2 columns, or F(F+1)/2 with self-interaction.

    Constraints:
    - (C1) x has rank 3 with a static number of features.

    Example: `%0 = rec.dot_interaction lower %x : (tensor<8x27x16xf32>) -> tensor<8x351xf32>`
  }];
  let arguments = (ins Rec_TriangleAttr:$triangle, Rec_FloatTensor:$x, UnitAttr:$self_interaction);
  let results = (outs Rec_FloatTensor:$result);
  let assemblyFormat = "`` $triangle $x attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = "int64_t getFlops(const ::reckon::rec::SizeEstimate &sizes);";
}

def Rec_CrossLayerOp : Rec_Layer<"cross_layer",
    [AttrSizedOperandSegments, Rec_Product, Rec_FlopsPerElement<1>, Rec_Narrows<"multiplies">, Rec_Rounds<"sums">,
     Rec_Prominence<1>]> {
  let summary = "A cross layer of DCN, full or low rank";
  let description = [{
    `result = x0 * (x W + b) + x`, or with a low-rank weight `result = x0 * ((x V) U + b) + x`.
    Source: Wang et al., "DCN V2", 2021, equations (1) and (2).

    Constraints:
    - (C1) x0 and x have rank 2 and the same shape, batch x width.
    - (C2) the weight is width x width; with `down`, down is width x rank and the weight rank x width.
    - (C3) the bias, when there is one, has rank 1 and width entries.
    - (C4) all share one float element type.

    Example:
    ```mlir
    %0 = rec.cross_layer %x0, %x down %v weight %u bias %b
      : (tensor<8x429xf32>, tensor<8x429xf32>, tensor<429x64xf32>, tensor<64x429xf32>, tensor<429xf32>)
      -> tensor<8x429xf32>
    ```
  }];
  let arguments = (ins Rec_FloatTensor:$x0, Rec_FloatTensor:$x, Optional<Rec_FloatTensor>:$down,
                       Rec_FloatTensor:$weight, Optional<Rec_FloatTensor>:$bias);
  let results = (outs Rec_FloatTensor:$result);
  let assemblyFormat = [{
    $x0 `,` $x (`down` $down^)? `weight` $weight (`bias` $bias^)? attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    std::optional<::reckon::rec::RowUses> getRowUses();
    ::mlir::Value getStoredOperand() { return getWeight(); }
  }];
}

def Rec_FmTermOp : Rec_Layer<"fm_term",
    [Rec_RowsOfFirst, Rec_FlopsPerInput<2>, Rec_Narrows<"multiplies">, Rec_Rounds<"sums">, Rec_Stores<0>,
     Rec_Prominence<5>]> {
  let summary = "The second-order term of a factorisation machine";
  let description = [{
    `result[b, d] = ((sum_f x[b, f, d])^2 - sum_f x[b, f, d]^2) / 2`, summed over d as well when `sum_dim`: then
    `result[b, 0]`. Source: Rendle, "Factorization Machines", 2010, lemma 3.1.

    Constraints:
    - (C1) x has rank 3: batch x features x dim.
    - (C2) the result is batch x dim, or batch x 1 with `sum_dim`.

    Example: `%0 = rec.fm_term %x {sum_dim} : (tensor<8x26x16xf32>) -> tensor<8x1xf32>`
  }];
  let arguments = (ins Rec_FloatTensor:$x, UnitAttr:$sum_dim);
  let results = (outs Rec_FloatTensor:$result);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def Rec_EinsumOp : Rec_StatedLayer<"einsum",
    [Rec_NoRows, Rec_FlopsPerElement<1>, Rec_Narrows<"multiplies">, Rec_Rounds<"sums">, Rec_StoresNothing,
     Rec_Prominence<1>]> {
  let summary = "Einstein summation; the normalize phase rewrites it";
  let description = [{
    `equation` in explicit form: lower and upper case labels, one arrow, no spaces, no ellipsis.

    Constraints:
    - (C1) the equation has one term an operand, as long as its rank, and each label one size.
    - (C2) the result's shape is that of the output term; all share one element type.

    Example:
    ```mlir
    %0 = rec.einsum "bi,bj->bij"(%a, %b) : (tensor<8x3xf32>, tensor<8x4xf32>) -> tensor<8x3x4xf32>
    ```
  }];
  let arguments = (ins StrAttr:$equation, Variadic<Rec_NumberTensor>:$inputs);
  let results = (outs Rec_NumberTensor:$result);
  let assemblyFormat = "$equation `(` $inputs `)` attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Rec_CellKind : Rec_Enum<"CellKind", "what a recurrent layer computes at a step", ["rnn", "gru", "lstm"]>;
def Rec_Direction : Rec_Enum<"Direction", "in which order a recurrent layer goes over its steps",
                             ["forward", "reverse", "bidirectional"]>;
def Rec_CellKindAttr : Rec_EnumAttr<Rec_CellKind, "cell_kind">;
def Rec_DirectionAttr : Rec_EnumAttr<Rec_Direction, "direction">;

def Rec_RnnOp : Rec_Layer<"rnn",
    [AttrSizedOperandSegments, Rec_IndexOpInterface, Rec_NoRows, Rec_Narrows<"stays">, Rec_Rounds<"sums">,
     Rec_Stores<1>, Rec_Prominence<4>]> {
  let summary = "A recurrent layer: RNN, GRU or LSTM over a sequence";
  let description = [{
    ONNX's operators of these names with their default activations, in layout 0. `y[t, d, n, :]` is the state of direction d
    after step t of sequence n, `y_h` the state after the last step, `y_c` the last cell state of an `lstm`. Direction 0 is
    forward, or `reverse`, when the steps go from the last to the first; `bidirectional` has both, forward first.
    Gates are stacked along the second dimension of `weight` and `recurrence`: z, r, h of a `gru`, i, o, f, c of an
    `lstm`. `bias` is the bias of the input's product, then that of the state's. Sequence n has `lengths[n]` steps, all
    without lengths: beyond them y is zero, and a reverse direction begins at the last of them. A length outside [0, steps]
    fails the run. States begin as zeros unless given. With `linear_before_reset` a `gru` multiplies by the reset gate after
    the product with the recurrence, not before. `peepholes` are the factors of the cell state in the gates i, o, f.

    Constraints:
    - (C1) x has rank 3: steps x batch x inputs.
    - (C2) the weight is directions x gates*hidden x inputs, the recurrence directions x gates*hidden x hidden, with static
      directions and hidden; there are two directions when `bidirectional`, else one.
    - (C3) the bias is directions x 2*gates*hidden.
    - (C4) the lengths have rank 1 and an entry a sequence of the batch.
    - (C5) initial states are directions x batch x hidden; a cell state is for `lstm` alone.
    - (C6) peepholes are directions x 3*hidden and for `lstm` alone; `linear_before_reset` is for `gru` alone.
    - (C7) all floats share one element type.
    - (C8) an `lstm` has three results, the others two.

    Example:
    ```mlir
    %y, %h = rec.rnn gru forward %x weight %w recurrence %r
      : (tensor<5x8x4xf32>, tensor<1x9x4xf32>, tensor<1x9x3xf32>) -> (tensor<5x1x8x3xf32>, tensor<1x8x3xf32>)
    ```
  }];
  let arguments = (ins Rec_CellKindAttr:$cell, Rec_DirectionAttr:$direction, Rec_FloatTensor:$x, Rec_FloatTensor:$weight,
                       Rec_FloatTensor:$recurrence, Optional<Rec_FloatTensor>:$bias, Optional<Rec_IdTensor>:$lengths,
                       Optional<Rec_FloatTensor>:$initial_h, Optional<Rec_FloatTensor>:$initial_c,
                       Optional<Rec_FloatTensor>:$peepholes, UnitAttr:$linear_before_reset);
  let results = (outs Rec_FloatTensor:$y, Rec_FloatTensor:$y_h, Optional<Rec_FloatTensor>:$y_c);
  let assemblyFormat = [{
    `` $cell `` $direction $x `weight` $weight `recurrence` $recurrence (`bias` $bias^)? (`lengths` $lengths^)?
    (`initial_h` $initial_h^)? (`initial_c` $initial_c^)? (`peepholes` $peepholes^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    static int64_t getNumGates(::reckon::rec::CellKind cell);
    int64_t getNumGates() { return getNumGates(getCell()); }
    int64_t getNumDirections() { return getWeight().getType().getDimSize(0); }
    int64_t getHidden() { return getRecurrence().getType().getDimSize(2); }
    ::mlir::Value getIndices() { return getLengths(); }
    int64_t getIndexedAxis(int64_t) { return 0; }
    ::reckon::rec::IndexRange getIndexRange(int64_t steps) { return {0, steps}; }
    int64_t getFlops(const ::reckon::rec::SizeEstimate &sizes);
  }];
}

def Rec_RecurrenceOp : Rec_Layer<"recurrence",
    [AttrSizedOperandSegments, Rec_IndexOpInterface, Rec_TakesRowBlocks, Rec_Narrows<"multiplies">, Rec_Rounds<"sums">,
     Rec_Stores<1>, Rec_Prominence<4>]> {
  let summary = "The steps of a recurrent layer, after the products of its input";
  let description = [{
    A `rec.rnn` whose products of the input with the weight, and the biases that are added to these, were computed before: `x`
    has them for all steps. The batch comes first everywhere, directions lie side by side in the last dimension, and a unit's
    gates are stacked as in `rec.rnn`: column `(d * gates + g) * hidden + j` of x is gate g of unit j in direction d, column
    `d * hidden + j` of the results and of the states is unit j. The recurrence is turned: row `d * hidden + k` has what unit k
    gives to the gates of direction d. `bias` is added to the product of the state that the reset gate of a `gru` with
    `linear_before_reset` multiplies; all other biases are in x. All else is as in `rec.rnn`. States stay in single precision
    between the steps where the operands are narrow, and are rounded as factors of the products.

    Constraints:
    - (C1) x has rank 3: batch x steps x directions*gates*hidden.
    - (C2) the recurrence is directions*hidden x gates*hidden, both static; there are two directions when `bidirectional`.
    - (C3) the bias has directions*hidden entries and is for a `gru` with `linear_before_reset`, which is for `gru` alone.
    - (C4) the lengths have rank 1 and an entry a sequence of the batch.
    - (C5) initial states are batch x directions*hidden; a cell state is for `lstm` alone.
    - (C6) peepholes are directions x 3*hidden and for `lstm` alone.
    - (C7) all floats share one element type.
    - (C8) an `lstm` has three results, the others two.

    Example:
    ```mlir
    %y, %h = rec.recurrence gru forward %x recurrence %r
      : (tensor<8x5x9xf32>, tensor<3x9xf32>) -> (tensor<8x5x3xf32>, tensor<8x3xf32>)
    ```
  }];
  let arguments = (ins Rec_CellKindAttr:$cell, Rec_DirectionAttr:$direction, Rec_FloatTensor:$x,
                       Rec_FloatTensor:$recurrence, Optional<Rec_FloatTensor>:$bias, Optional<Rec_IdTensor>:$lengths,
                       Optional<Rec_FloatTensor>:$initial_h, Optional<Rec_FloatTensor>:$initial_c,
                       Optional<Rec_FloatTensor>:$peepholes, UnitAttr:$linear_before_reset);
  let results = (outs Rec_FloatTensor:$y, Rec_FloatTensor:$y_h, Optional<Rec_FloatTensor>:$y_c);
  let assemblyFormat = [{
    `` $cell `` $direction $x `recurrence` $recurrence (`bias` $bias^)? (`lengths` $lengths^)? (`initial_h` $initial_h^)?
    (`initial_c` $initial_c^)? (`peepholes` $peepholes^)? attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    int64_t getNumGates();
    int64_t getNumDirections() { return getDirection() == Direction::bidirectional ? 2 : 1; }
    int64_t getHidden() { return getRecurrence().getType().getDimSize(1) / getNumGates(); }
    ::mlir::Value getIndices() { return getLengths(); }
    int64_t getIndexedAxis(int64_t) { return 1; }
    ::reckon::rec::IndexRange getIndexRange(int64_t steps) { return {0, steps}; }
    ::std::optional<::reckon::rec::RowUses> getRowUses();
    int64_t getFlops(const ::reckon::rec::SizeEstimate &sizes);
  }];
}

def Rec_ConvOp : Rec_Layer<"conv",
    [Rec_Product, Rec_RowsOfFirst, Rec_Narrows<"multiplies">, Rec_Rounds<"sums">, Rec_Stores<1>, Rec_Prominence<4>]> {
  let summary = "Convolution over one or two spatial dimensions";
  let description = [{
    Cross-correlation as in ONNX: x is batch x channels x spatial..., the weight outputs x channels/groups x window....
    `pads` is all begins, then all ends.

    Constraints:
    - (C1) x and weight have the same rank, 3 or 4; strides and dilations have one positive entry a spatial dimension, pads
      two, none negative.
    - (C2) `groups` divides channels and outputs; the weight's second size is channels/groups.
    - (C3) the bias, when there is one, has rank 1 and as many entries as outputs.
    - (C4) window and spatial sizes of the weight are static; the dilated window fits the padded input.
    - (C5) all share one float element type.

    Example:
    ```mlir
    %0 = rec.conv %x, %w strides [1] pads [1, 1] dilations [1] groups 1
      : (tensor<8x4x10xf32>, tensor<6x4x3xf32>) -> tensor<8x6x10xf32>
    ```
  }];
  let arguments = (ins Rec_FloatTensor:$x, Rec_FloatTensor:$weight, Optional<Rec_FloatTensor>:$bias,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations,
                       I64Attr:$groups);
  let results = (outs Rec_FloatTensor:$result);
  let assemblyFormat = [{
    $x `,` $weight (`,` $bias^)? `strides` $strides `pads` $pads `dilations` $dilations `groups` $groups attr-dict
    `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = "int64_t getFlops(const ::reckon::rec::SizeEstimate &sizes);";
}

def Rec_PoolWindowOp : Rec_Layer<"pool_window",
    [Rec_RowsOfFirst, Rec_Narrows<"follows">, Rec_Rounds<"result">, Rec_StoresNothing, Rec_Prominence<2>]> {
  let summary = "Maximum or average over sliding windows";
  let description = [{
    As ONNX MaxPool and AveragePool over one to three spatial dimensions. Padding counts in an average only with
    `count_include_pad`. `ceil_mode` rounds the output sizes up. A window wholly in the padding does not occur.

    Constraints:
    - (C1) x has rank 3 to 5; window, strides and dilations have one positive entry a spatial dimension, pads two, none
      negative.
    - (C2) the dilated window fits the padded input, where it can be told; rounded up, all but less than a stride of it.

    Example:
    ```mlir
    %0 = rec.pool_window max %x window [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1]
      : (tensor<1x3x8x8xf32>) -> tensor<1x3x4x4xf32>
    ```
  }];
  let arguments = (ins Rec_WindowKindAttr:$kind, Rec_NumberTensor:$x, DenseI64ArrayAttr:$window,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations,
                       UnitAttr:$ceil_mode, UnitAttr:$count_include_pad);
  let results = (outs Rec_NumberTensor:$result);
  let assemblyFormat = [{
    `` $kind $x `window` $window `strides` $strides `pads` $pads `dilations` $dilations attr-dict
    `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = "int64_t getFlops(const ::reckon::rec::SizeEstimate &sizes);";
}

#endif // RECKON_DIALECTS_REC_RECDENSEOPS
