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

#endif // RECKON_PASSES_NORMALIZE_PASSES
