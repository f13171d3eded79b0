//===- Passes.td - The normalize phase -------------------------------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_NORMALIZE_PASSES
#define RECKON_PASSES_NORMALIZE_PASSES

include "mlir/Pass/PassBase.td"

class Normalize_Pass<string flag> : Pass<flag, "::mlir::func::FuncOp"> {
  let dependentDialects = ["::reckon::rec::RecDialect"];
}

//===----------------------------------------------------------------------===//
// Embedding bags
//===----------------------------------------------------------------------===//

def RaiseAtenEmbeddingBag : Normalize_Pass<"rec-raise-aten-embedding-bag"> {
  let summary = "Raise the ATen fallback of old exporters to embedding_bag";
  let description = [{
    The node is `ATen(operator = "embedding_bag")` of any domain: weight, indices, offsets, then the arguments of
    `aten::embedding_bag`, as attributes or as constant operands at their place in its schema.

    Requires: the importer's output.
    Guarantees: such nodes whose table is a float matrix, whose ids and offsets are typed, and whose results other than the
    first are unused, are `rec.embedding_bag`; two-dimensional ids give the fixed-width form.
    Does not do: nodes with per-sample weights in a mode other than sum; those stay and are reported as unsupported.
    Example: test/passes/Normalize/raise-aten-embedding-bag.mlir
  }];
  let statistics = [Statistic<"numRaised", "bags-raised", "ATen nodes that became embedding_bag">];
}

def RaiseLoopEmbeddingBag : Normalize_Pass<"rec-raise-loop-embedding-bag"> {
  let summary = "Raise loops that stack one pooled row an iteration to embedding_bag";
  let description = [{
    TorchScript's exporter writes an embedding bag as a Loop over the bags with a scan output: the ids from `offsets[i]` to
    `offsets[i + 1]` are sliced, their rows gathered, scaled by per-sample weights when there are, and reduced by sum, mean or
    max. Bounds are compared as symbols, so any way of writing `offsets[i + 1]` matches; no name is looked at.

    Requires: the importer's output; shape arithmetic is `rec.dims`.
    Guarantees: a scan output of such a loop is a `rec.embedding_bag` when the loop runs once a bag. Bounds equally spaced over
    all ids give the fixed-width form; bounds that end with the number of ids the offsets form; other bounds the offsets
    form with `include_last_offset`. The loop is erased once none of its results is used.
    An empty bag of a mean or a maximum, for which ONNX defines no value, is zeros, as in the exporter's source.
    Does not do: loops over anything else; they stay.
    Example: test/passes/Normalize/raise-loop-embedding-bag.mlir
  }];
  let statistics = [Statistic<"numRaised", "bags-raised", "loops that became embedding_bag">];
}

def RaiseSequenceEmbeddingBag : Normalize_Pass<"rec-raise-sequence-embedding-bag"> {
  let summary = "Raise loops that append one pooled row to a sequence to embedding_bag";
  let description = [{
    The dynamo exporter gathers the rows of all ids, multiplies them by per-sample weights (ones when there are none), and
    appends one row a bag to a sequence that ConcatFromSequence joins: zeros when `offsets[i] == offsets[i + 1]`, else the sum,
    mean or maximum of a slice of the rows. For the last bag a mean divides by, and a maximum runs to, the number of ids; with
    `include_last_offset` that is its bound by the definition of the source, and is taken as such. With a padding id an inner
    loop first collects the positions of the other ids.

    Requires: the importer's output; shape arithmetic is `rec.dims`.
    Guarantees: the result of such a ConcatFromSequence is a `rec.embedding_bag`, in the form chosen as in
    `rec-raise-loop-embedding-bag`; sequence, loop and what only they used are erased.
    Does not do: sequences of anything else; they stay.
    Example: test/passes/Normalize/raise-sequence-embedding-bag.mlir
  }];
  let statistics = [Statistic<"numRaised", "bags-raised", "sequences that became embedding_bag">];
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

def BoundDataSizes : Normalize_Pass<"rec-bound-data-sizes"> {
  let summary = "Give dimensions whose size the data decide their greatest size";
  let description = [{
    A tensor of as many rows as a mask has true elements becomes one of as many as the mask has elements. The rows that it
    stood for come first; layers that work on each row by itself do so on all, and those that mix rows get the others masked:
    sums see zeros, maxima the least element, indices and updates that do not count write nowhere. The number itself, where
    the model computes with it, is a value like any other.

    Requires: no `rec.onnx` is left, else it does nothing and the phase's verifier reports those.

    Guarantees: no `rec.data_size`, no `rec.prefix` and no dimension whose name begins with `%n:` is left. Sizes of a plan,
    and so the captured graph of a set of sizes, do not depend on data.

    Does not do: outputs of such a size, sizes that nothing bounds, layers that need to know where the last row is (a
    reversed scan of norms, a convolution along such a dimension). They are refused by name.

    Example:
    ```mlir
    rec.data_size "%n:mask" %m : tensor<8xi1>
    %1 = rec.prefix %0 : (tensor<8x4xf32>) -> tensor<?x4xf32, #rec.dims<"%n:mask", 4>>
    %2 = rec.reduce sum %1 axes [0] : (tensor<?x4xf32, #rec.dims<"%n:mask", 4>>) -> tensor<4xf32>
    // becomes
    %1 = rec.iota axis 0 start 0.0 step 1.0 : tensor<8x1xi64>
    %2 = rec.compare lt %1, %count : (tensor<8x1xi64>, tensor<i64>) -> tensor<8x1xi1>
    %3 = rec.select %2, %0, %zero : (tensor<8x1xi1>, tensor<8x4xf32>, tensor<f32>) -> tensor<8x4xf32>
    %4 = rec.reduce sum %3 axes [0] : (tensor<8x4xf32>) -> tensor<4xf32>
    ```
  }];
  let statistics = [
    Statistic<"numBounded", "sizes-bounded", "dimensions that data decide">,
    Statistic<"numMasked", "operands-masked", "operands of which a part does not count">
  ];
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

def FoldConstants : Normalize_Pass<"rec-fold-constants"> {
  let summary = "Evaluate layers whose operands are all constants";
  let description = [{
    The reference evaluator computes in double precision and the result is rounded once.

    Guarantees: a pure layer of constants is a constant, unless that would grow the model: results above 64 KiB fold only
    when they are no more than four times their operands, and never when they are looked up in, or are a copy of, a table
    that a lookup reads. A transposed or reshaped weight with no other use keeps its ONNX name. Constants left without a
    use are erased.
    Does not do: ops inside fusion regions; ops without a value, such as a gather outside its axis, which fails at run time.
    Example: test/passes/Normalize/fold-constants.mlir
  }];
  let statistics = [Statistic<"numFolded", "layers-folded", "layers evaluated at compile time">];
}

//===----------------------------------------------------------------------===//
// Lookups
//===----------------------------------------------------------------------===//

def RaiseEmbedding : Normalize_Pass<"rec-raise-embedding"> {
  let summary = "Raise row gathers from a constant table to embedding";
  let description = [{
    Requires: nothing.
    Guarantees: a `rec.gather` along the first dimension of a constant float matrix, by ids that are not constant, is a
    `rec.embedding`. ONNX lets a negative index count from the end; from here on it is an id out of range, unless
    `rec-wrap-negative-ids` follows.
    Does not do: gathers from computed tensors, or along other dimensions.
    Example: test/passes/Normalize/raise-embedding.mlir
  }];
  let statistics = [Statistic<"numRaised", "embeddings-raised", "gathers that became embedding">];
}

def SimplifyGathers : Normalize_Pass<"rec-simplify-gathers"> {
  let summary = "Gather along the dimension that is meant";
  let description = [{
    PyTorch's exporters write `x[:, indices]` as a transpose, a gather along the first dimension, and a transpose back.

    Requires: nothing.
    Guarantees: a `rec.gather_nd` by tuples of one index is a `rec.gather`; a gather by a vector between two transposes
    comes before both, where the canonicaliser merges them.
    Does not do: gathers by scalars or matrices of indices.
    Example: test/passes/Normalize/simplify-gathers.mlir
  }];
  let statistics = [Statistic<"numSimplified", "gathers-simplified", "gathers moved or written as one">];
}

def SliceConstantGathers : Normalize_Pass<"rec-slice-constant-gathers"> {
  let summary = "Turn gathers of equally spaced constant indices into slices";
  let description = [{
    Exporters pick a column of an id matrix by a Gather with a constant index. As a slice it is visible which columns of which
    matrix a lookup reads.

    Requires: constants folded.
    Guarantees: a `rec.gather` from a value that is not constant, by a constant scalar or vector of equally spaced indices
    inside the dimension, is a `rec.slice`, reshaped when the index is a scalar.
    Does not do: indices in a dynamic dimension, unless one counted from its end: whether they are inside shows at run time.
    Example: test/passes/Normalize/slice-constant-gathers.mlir
  }];
  let statistics = [Statistic<"numSliced", "gathers-sliced", "gathers that became slices">];
}

//===----------------------------------------------------------------------===//
// Interactions
//===----------------------------------------------------------------------===//

def StackAsConcat : Normalize_Pass<"rec-stack-as-concat"> {
  let summary = "Turn stacks of matrices into one concat of matrices";
  let description = [{
    Requires: nothing.
    Guarantees: a `rec.concat` of tensors batch x k x dim along the middle, at least one of them a reshaped matrix, is a
    concat of matrices along their columns, reshaped: the same elements in the same order, in the form that producers can
    write into.
    Does not do: stacks along the last dimension, which interleave.
    Example: test/passes/Normalize/stack-as-concat.mlir
  }];
  let statistics = [Statistic<"numFlattened", "stacks-flattened", "stacks that became concats of matrices">];
}

def RaiseDotInteraction : Normalize_Pass<"rec-raise-dot-interaction"> {
  let summary = "Raise triangular picks from the products of all pairs to dot_interaction";
  let description = [{
    The exporters compute x · xᵀ over the features and pick the pairs by constant indices, between transposes and reshapes that
    differ: `GatherND` by (i, j), or `Gather` by i * features + j of the flattened products. Here each chain is followed
    symbolically, and what counts is which pairs arrive, and in which order.

    Requires: constants folded.
    Guarantees: a value batch x pairs that holds exactly the pairs of the lower or upper triangle, with or without the
    diagonal, in row-major order, of the products of a batch x features x dim tensor with itself, is a
    `rec.dot_interaction`; so is the sum over dim of a product of features picked in such an order.
    Does not do: other selections of pairs.
    Example: test/passes/Normalize/raise-dot-interaction.mlir
  }];
  let statistics = [Statistic<"numRaised", "interactions-raised", "triangles that became dot_interaction">];
}

def RaiseFmTerm : Normalize_Pass<"rec-raise-fm-term"> {
  let summary = "Raise half the difference of squared sum and sum of squares to fm_term";
  let description = [{
    Requires: nothing.
    Guarantees: `((sum_f x)^2 - sum_f x^2) / 2` over the features of a batch x features x dim tensor is a `rec.fm_term`,
    whichever way squares and the half are written; summed over dim, before or after the half, it is one with `sum_dim`.
    Does not do: terms without the half.
    Example: test/passes/Normalize/raise-fm-term.mlir
  }];
  let statistics = [Statistic<"numRaised", "terms-raised", "expressions that became fm_term">];
}

def RaiseCrossLayer : Normalize_Pass<"rec-raise-cross-layer"> {
  let summary = "Raise x0 * linear(x) + x to cross_layer";
  let description = [{
    Requires: products with constant matrices are `rec.linear`.
    Guarantees: such a sum of matrices is a `rec.cross_layer`; two linear layers in a row, the first without bias, give the
    low-rank form. What is absorbed has no other use.
    Does not do: mixtures of experts.
    Example: test/passes/Normalize/raise-cross-layer.mlir
  }];
  let statistics = [Statistic<"numRaised", "cross-layers-raised", "sums that became cross_layer">];
}

//===----------------------------------------------------------------------===//
// Dense layers
//===----------------------------------------------------------------------===//

def LinearFromMatmul : Normalize_Pass<"rec-linear-from-matmul"> {
  let summary = "Turn products with a constant matrix into linear layers";
  let description = [{
    Requires: constants folded.
    Guarantees: a `rec.matmul` by a constant float matrix is a `rec.linear`, the constant transposed when the product asks for
    it; a constant vector added to a linear layer without bias that has no other use is its bias. A constant matrix times the transpose
    of a matrix is the transpose of a linear layer, and so with a bias of one column.
    Does not do: products of two computed tensors.
    Example: test/passes/Normalize/linear-from-matmul.mlir
  }];
  let statistics = [Statistic<"numLinears", "linears-made", "products that became linear">, Statistic<"numBiases", "biases-absorbed", "additions that became a bias">];
}

def NormalizeEinsum : Normalize_Pass<"rec-normalize-einsum"> {
  let summary = "Expand Einstein sums into products of matrices";
  let description = [{
    Requires: nothing.
    Guarantees: a `rec.einsum` of named or static sizes without a label twice in one term is `rec.reduce`, `rec.transpose`,
    `rec.reshape` and, for each pair of terms from the left, one `rec.matmul` (a `rec.binary mul` when nothing is summed).
    Does not do: diagonals, which `rec-verify-normalized` reports.
    Example: test/passes/Normalize/normalize-einsum.mlir
  }];
  let statistics = [Statistic<"numExpanded", "einsums-expanded", "einsums that became products">];
}

def NormalizeRecurrence : Normalize_Pass<"rec-normalize-recurrence"> {
  let summary = "Take the products of its input out of a recurrent layer";
  let description = [{
    Requires: constants folded.
    Guarantees: a `rec.rnn` of named or static sizes is a `rec.recurrence`, whose batch comes first, behind a `rec.linear` (a
    `rec.matmul` and an addition where a factor is computed) that multiplies the inputs of all steps and adds the biases that
    are sums; transposes and reshapes of operands and results, and layers of constants, which `rec-fold-constants` folds.
    Does not do: layers with a size that has no name, which `rec-verify-normalized` reports.
    Example: test/passes/Normalize/normalize-recurrence.mlir
  }];
  let statistics = [Statistic<"numExpanded", "recurrences-expanded", "recurrent layers that became a product and steps">];
}

//===----------------------------------------------------------------------===//
// Functions written out
//===----------------------------------------------------------------------===//

def RaiseLayerNorm : Normalize_Pass<"rec-raise-layer-norm"> {
  let summary = "Raise normalisation by mean and variance to layer_norm";
  let description = [{
    Requires: nothing.
    Guarantees: `(x - mean) / sqrt(mean((x - mean)^2) + epsilon)`, the means over the last dimensions, is a `rec.layer_norm`,
    also when it multiplies by the reciprocal; a constant factor and a constant summand over the normalised dimensions
    become its scale and bias.
    Does not do: normalisation over other dimensions.
    Example: test/passes/Normalize/raise-layer-norm.mlir
  }];
  let statistics = [Statistic<"numRaised", "norms-raised", "quotients that became layer_norm">, Statistic<"numAffine", "affine-absorbed", "factors and summands that became scale or bias">];
}

def RaiseGelu : Normalize_Pass<"rec-raise-gelu"> {
  let summary = "Raise the two written-out forms of GELU to one function";
  let description = [{
    Requires: nothing.
    Guarantees: `x/2 (1 + erf(x / sqrt 2))` is `rec.unary gelu`, `x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))` is
    `rec.unary gelu_tanh`, in any order of the factors, with constants right to 1e-5.
    Does not do: the sigmoid approximation.
    Example: test/passes/Normalize/raise-gelu.mlir
  }];
  let statistics = [Statistic<"numRaised", "gelus-raised", "products that became gelu">];
}

def RaiseSilu : Normalize_Pass<"rec-raise-silu"> {
  let summary = "Raise x sigmoid(x) to silu";
  let description = [{
    Requires: nothing.
    Guarantees: `x * sigmoid(x)` is `rec.unary silu`.
    Does not do: `x * sigmoid(c x)`.
    Example: test/passes/Normalize/raise-silu.mlir
  }];
  let statistics = [Statistic<"numRaised", "silus-raised", "products that became silu">];
}

def RaiseSoftmax : Normalize_Pass<"rec-raise-softmax"> {
  let summary = "Raise exponentials over their sum to softmax";
  let description = [{
    Requires: nothing.
    Guarantees: `e^x / sum e^x` over one dimension is a `rec.softmax`, with or without the maximum subtracted first; its
    logarithm is one with `log`.
    Does not do: sums over several dimensions.
    Example: test/passes/Normalize/raise-softmax.mlir
  }];
  let statistics = [Statistic<"numRaised", "softmaxes-raised", "quotients that became softmax">];
}

def RaiseL2Norm : Normalize_Pass<"rec-raise-l2-norm"> {
  let summary = "Raise roots of sums of squares to one reduction";
  let description = [{
    Requires: nothing.
    Guarantees: the sum of a value's squares is `rec.reduce sum_square`, its root `rec.reduce l2`. Division by it stays: codegen
    treats a reduction and what divides by it as one region.
    Does not do: other norms.
    Example: test/passes/Normalize/raise-l2-norm.mlir
  }];
  let statistics = [Statistic<"numRaised", "norms-raised", "sums and roots that became one reduction">];
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

def WrapNegativeIds : Normalize_Pass<"rec-wrap-negative-ids"> {
  let summary = "Let negative ids count from the end of their table";
  let description = [{
    Requires: the lookups are raised.
    Guarantees: the policy of every lookup that failed on ids outside its table is `wrap`, which is ONNX's Gather.
    Does not do: change lookups of another policy, or gathers, which wrap as they are.
    Example: test/passes/Normalize/wrap-negative-ids.mlir
  }];
  let statistics = [Statistic<"numLookups", "lookups-wrapped", "lookups whose negative ids count from the end">];
}

def SetTableFormats : Normalize_Pass<"rec-set-table-formats"> {
  let summary = "Give tables the format of the rows that will be bound";
  let description = [{
    Requires: the lookups are raised.
    Guarantees: each table of the option is read by lookups alone, has the element type of its format and no data: its rows
    come with the binding.
    Does not do: encode the rows of the model.
    Example: test/passes/Normalize/set-table-formats.mlir
  }];
  let options = [ListOption<"tables", "tables", "std::string", "NAME=FORMAT; `plain` keeps the type of the elements">];
  let statistics = [Statistic<"numTables", "table-formats-set", "tables whose rows come with the binding">];
}

def AppendTopK : Normalize_Pass<"rec-append-topk"> {
  let summary = "Give the best candidates in place of all scores";
  let description = [{
    `scores` is `K` or `K:OUTPUT`; OUTPUT, which may be left out where there is one, has the shape [candidates],
    [candidates, 1] or [users, candidates].

    Requires: shapes are inferred.
    Guarantees: in place of OUTPUT there are `OUTPUT_values` and `OUTPUT_indices`, the K greatest scores (of each user) and
    their places among the candidates, as `rec.topk` orders them: [K] or [users, K]. A number of candidates that is not known
    must be K at least: the layer's requirement, checked at run time.
    Does not do: keep OUTPUT.
    Example: test/passes/Normalize/append-topk.mlir
  }];
  let options = [Option<"scores", "scores", "std::string", /*default=*/"", "K or K:OUTPUT">];
  let statistics = [Statistic<"numAppended", "topks-appended", "outputs of which the best are given">];
}

//===----------------------------------------------------------------------===//
// Invariants
//===----------------------------------------------------------------------===//

def VerifyNormalized : Normalize_Pass<"rec-verify-normalized"> {
  let summary = "Check what the normalize phase promises";
  let description = [{
    Requires: nothing.
    Guarantees: fails, listing every unsupported operator with its nodes, unless there is no `rec.onnx`, no sequence, no
    `rec.einsum`, no `rec.rnn` and every result is a ranked tensor.
    Does not do: change anything.
    Example: test/passes/Normalize/verify-normalized.mlir
  }];
}

#endif // RECKON_PASSES_NORMALIZE_PASSES
