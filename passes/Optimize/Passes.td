//===- Passes.td - The optimize phase ---------------------------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_OPTIMIZE_PASSES
#define RECKON_PASSES_OPTIMIZE_PASSES

include "mlir/Pass/PassBase.td"

class Optimize_Pass<string flag> : Pass<flag, "::mlir::func::FuncOp"> {
  let dependentDialects = ["::reckon::rec::RecDialect"];
}

def SimplifyAlgebra : Optimize_Pass<"rec-simplify-algebra"> {
  let summary = "Apply identities that change no bit of a result";
  let description = [{
    Requires: nothing.
    Guarantees: a transpose of the last two dimensions that feeds a `rec.matmul` is a flag of it; a function that changes
    nothing in another's range (relu of relu, of abs, of sigmoid; rounding of rounded values) is gone; a maximum with zero
    is `relu`.
    Does not do: identities that hold for real numbers alone.
    Example: test/passes/Optimize/simplify-algebra.mlir
  }];
  let statistics = [
    Statistic<"numSimplified", "simplified", "identities applied">
  ];
}

def FoldBatchNorm : Optimize_Pass<"rec-fold-batch-norm"> {
  let summary = "Fold trained statistics into neighbouring weights";
  let description = [{
    Requires: constants folded.
    Guarantees: a `rec.batch_norm` with constant statistics is part of the linear layer or convolution before it, or of the
    linear layer after it, when that has constant weights and the value between them no other use; elsewhere it is a product
    and a sum. New weights are computed in double precision and rounded once; they have no ONNX name, because they are no
    longer the model's.
    Does not do: computed statistics.
    Example: test/passes/Optimize/fold-batch-norm.mlir
  }];
  let statistics = [
    Statistic<"numFolded", "norms-folded", "normalisations folded into weights">,
    Statistic<"numExpanded", "norms-expanded", "normalisations that became a product and a sum">
  ];
}

def SinkReshapes : Optimize_Pass<"rec-sink-reshapes"> {
  let summary = "Move reshapes below pointwise layers";
  let description = [{
    A linear layer and its activation belong into one kernel, and a reshape between them hides that.

    Requires: nothing.
    Guarantees: no reshape with one use stands between a computed value and a unary layer, or a binary layer whose other
    operand is reshaped alike or a scalar.
    Does not do: layers that broadcast.
    Example: test/passes/Optimize/sink-reshapes.mlir
  }];
  let statistics = [
    Statistic<"numSunk", "reshapes-sunk", "pointwise layers that moved above a reshape">
  ];
}

def HoistSlices : Optimize_Pass<"rec-hoist-slices"> {
  let summary = "Compute only what slices keep";
  let description = [{
    Sequence models score their last step alone, but slice it out behind all of their layers.

    Requires: constants folded.
    Guarantees: a slice that reads a linear layer, a product, a layer norm, softmax, reduction, transpose, reshape, broadcast, concat or
    pointwise layer is one of its operands instead, when slices alone read the layer and keep, together, fewer elements than it has, and what
    they keep is a box of each operand. Parts of constants, such as the columns of a linear layer's weight, are constants of their own,
    without an ONNX name. Slices of slices are one.
    Does not do: lookups and gathers, whose indices are checked; recurrent layers.
    Example: test/passes/Optimize/hoist-slices.mlir
  }];
  let statistics = [Statistic<"numHoisted", "slices-hoisted", "slices that moved above the layer they read">];
}

def MergeLinears : Optimize_Pass<"rec-merge-linears"> {
  let summary = "Compute small linear layers that share an input at once";
  let description = [{
    Requires: constants folded.
    Guarantees: linear layers of one input, with constant weights, each with at most 256 outputs and no more outputs than
    inputs, and all followed by the same function or none, are one layer whose result is sliced. Reading the input once
    then saves at least what copying a slice could cost.
    Does not do: wide layers, which are bound by arithmetic.
    Example: test/passes/Optimize/merge-linears.mlir
  }];
  let statistics = [
    Statistic<"numMerged", "linears-merged", "linear layers merged">
  ];
}

def SumScalarLookups : Optimize_Pass<"rec-sum-scalar-lookups"> {
  let summary = "Turn sums of scalar lookups into one reduction";
  let description = [{
    The wide part of a model adds one number a feature: a chain of additions of lookups from tables of dim 1.

    Requires: nothing.
    Guarantees: two or more lookups of dim 1 with one use in a tree of additions are the operands of a `rec.concat`, whose sum
    over the columns is added to the other summands. The order of the additions changes, and with it rounding.
    Does not do: trees whose inner sums are used elsewhere.
    Example: test/passes/Optimize/sum-scalar-lookups.mlir
  }];
  let statistics = [
    Statistic<"numSums", "sums-made", "trees of additions that became a reduction">
  ];
}

def MergeLookups : Optimize_Pass<"rec-merge-lookups"> {
  let summary = "Merge the lookups of one id matrix";
  let description = [{
    Requires: gathers of columns are slices.
    Guarantees: lookups that read whole columns of one id matrix (embeddings of a column, bags of fixed width without
    weights), whose tables share an element type, and that feed the same concat of columns, or none and share a dim, are one
    `rec.multi_lookup` in the order of the concat, or several when there are more tables than one kernel holds. Each use reads a slice of the result; the canonicaliser joins the
    neighbouring slices of a concat, and drops a concat of all of them.
    Does not do: bags with offsets; merge lookups across concats, which would turn two contiguous results into strided ones.
    Example: test/passes/Optimize/merge-lookups.mlir
  }];
  let options = [
    Option<"maxTables", "max-tables", "unsigned", /*default=*/"::reckon::maxLookups", "The tables of one multi-lookup">
  ];
  let statistics = [
    Statistic<"numMultiLookups", "multi-lookups", "multi-table lookups made">,
    Statistic<"numMerged", "lookups-merged", "lookups merged into them">
  ];
}

def VerifyOptimized : Optimize_Pass<"rec-verify-optimized"> {
  let summary = "Check what the optimize phase promises";
  let description = [{
    Requires: nothing.
    Guarantees: fails, naming the op, when a result without effects is unused.
    Does not do: change anything.
    Example: test/passes/Optimize/verify-optimized.mlir
  }];
}

#endif // RECKON_PASSES_OPTIMIZE_PASSES
