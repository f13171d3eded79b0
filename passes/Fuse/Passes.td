//===- Passes.td - Passes of the fuse phase ---------------------*- tablegen -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_FUSE_PASSES
#define RECKON_PASSES_FUSE_PASSES

include "mlir/Pass/PassBase.td"

class Fuse_Pass<string flag> : Pass<flag, "::mlir::func::FuncOp"> {
  let dependentDialects = ["::reckon::rec::RecDialect"];
}

def DecomposeForFusion : Fuse_Pass<"rec-decompose-for-fusion"> {
  let summary = "Write composite layers as the linear and pointwise layers a GEMM region is made of";
  let description = [{
    A cross layer becomes one or two linear layers, a product and a sum; a batch normalisation with constant statistics
    becomes a product and a sum, computed in double precision.

    Requires: the precision phase is done.
    Guarantees: no `rec.cross_layer`; a `rec.batch_norm` is left only where one of its statistics is no constant.
    Does not: fold the product into neighbouring weights; that is the optimize phase's.

    Example: test/passes/Fuse/decompose-for-fusion.mlir
  }];
  let statistics = [
    Statistic<"numCrossLayers", "cross-layers", "Cross layers decomposed">,
    Statistic<"numBatchNorms", "batch-norms", "Batch normalisations decomposed">
  ];
}

def LinearFromConv : Fuse_Pass<"rec-linear-from-conv"> {
  let summary = "Write convolutions as linear layers over windows of channels";
  let description = [{
    A convolution in one group with constant weights becomes a `rec.linear` between two transposes: channels are its last
    dimension. Where its window is more than one position, or it has steps or padding, the windows of all positions are written side by
    side first, as a concat of slices, if there are at most 64 positions and 1024 multiplications a result. Unary layers and casts behind it
    that alone read it come before the second transpose, where they are the linear layer's epilogue.

    Requires: the precision phase is done.
    Guarantees: no convolution of one position in one group with constant weights.
    Does not: touch convolutions of few channels, which loops compute faster than windows are written.

    Example: test/passes/Fuse/linear-from-conv.mlir
  }];
  let statistics = [Statistic<"numConvs", "convs", "Convolutions turned into linear layers">];
}

def MergeLeadingDims : Fuse_Pass<"rec-merge-leading-dims"> {
  let summary = "Let batched products of a few heads and many samples have a row for each pair";
  let description = [{
    The rows of a kernel are its first dimension. Where that is a constant of 2 to 64 and the second is not, as in models that stack
    heads before the batch, batched products get both as one first dimension, and so do the softmax and pointwise layers around them; what they
    read and give is reshaped.

    Requires: the precision phase is done.
    Guarantees: no product of two batched operands with such leading dimensions.
    Does not: touch products with an operand that has other leading dimensions, and layers without a product.

    Example: test/passes/Fuse/merge-leading-dims.mlir
  }];
  let statistics = [Statistic<"numLayers", "layers", "Layers whose leading dimensions are one">];
}

def GathersFromScatters : Fuse_Pass<"rec-gathers-from-scatters"> {
  let summary = "Let every place of a scatter look up its update";
  let description = [{
    A scatter without reduction writes in order, for of updates to one place the last stays. What has no order is which update that
    is: the greatest of the numbers of all that go there. So a scatter of these numbers with the reduction `max`, on -1,
    comes first, and each place of the result is that update, or x where there is none, which is any number of threads' work,
    one kernel with the layers behind it.

    Requires: the precision phase is done.
    Guarantees: no scatter without reduction, but of at most 64 updates.
    Does not: touch scatters with a reduction.

    Example: test/passes/Fuse/gathers-from-scatters.mlir
  }];
  let statistics = [Statistic<"numScatters", "scatters", "Scatters turned into gathers">];
}

def FormGemmRegions : Fuse_Pass<"rec-form-gemm-regions"> {
  let summary = "Put each linear layer and its epilogue into a region of kind gemm";
  let description = [{
    A root is a `rec.linear` in f32, f16 or bf16 whose x has rank 2 or more and whose weight and bias are constants. It absorbs a
    conversion between floats that only it reads, of at most 64 columns, and the
    pointwise layers (unary, binary, compare, select, casts of floats) after it that have its shape, as long as one value alone leaves the
    region. Their other operands do not depend on the root and are a scalar, a row of N values, or of the root's shape
    with the last size N or 1; when they would be more than four of the last kind, none of them is read. With `low-rank`, a linear layer read by one other linear layer alone, and narrower than
    both its input and that layer's output, is one region with it: the intermediate never leaves the kernel. A pair's columns cannot
    be split over threads, so large weights, which alone make few rows slow, are not paired.

    Requires: decompose-for-fusion.
    Guarantees: every such linear layer is in a region; weights and biases are inputs of the region.
    Does not: touch linear layers on other types or with computed weights; form-row-regions takes them.

    Example: test/passes/Fuse/form-gemm-regions.mlir
  }];
  let options = [
    Option<"lowRank", "low-rank", "bool", /*default=*/"true", "Put low-rank pairs of linear layers into one region">,
    Option<"maxRank", "max-rank", "int64_t", /*default=*/"1024", "The widest intermediate of a low-rank pair">,
    Option<"maxPairWeights", "max-pair-weights", "int64_t", /*default=*/"65536", "The most elements of a pair's weights">
  ];
  let statistics = [
    Statistic<"numRegions", "regions", "Regions of kind gemm">,
    Statistic<"numAbsorbed", "absorbed", "Pointwise layers absorbed into them">,
    Statistic<"numCasts", "casts", "Conversions of thin rows absorbed into them">,
    Statistic<"numLowRank", "low-rank", "Regions that hold a low-rank pair">
  ];
}

def FormAttentionRegions : Fuse_Pass<"rec-form-attention-regions"> {
  let summary = "Put attention over many keys into regions of their own";
  let description = [{
    Two products in half precision, the second with weights that softmax or pointwise layers make of the first, are one region of kind
    `whole` where a kernel that goes over tiles of keys is faster than one that has a group of threads for each row: from 128 keys on, or
    where their number is dynamic. With them go the layers between, reshapes, transposes and slices of their operands, the
    reshapes and transposes of the result, and the masks that are computed from places of queries and keys, as far as nothing else reads them.

    Requires: form-gemm-regions.
    Guarantees: each such attention is in a region with nothing but what it reads.
    Does not: touch attention over few keys, in single precision, or whose weights other layers read, which form-row-regions takes.

    Example: test/passes/Fuse/form-attention-regions.mlir
  }];
  let statistics = [Statistic<"numRegions", "regions", "Regions of one attention">];
}

def OrderConcats : Fuse_Pass<"rec-order-concats"> {
  let summary = "Put the operands of a concat that fill whole vectors first";
  let description = [{
    Where only linear layers with constant weights read a concat along its last axis, the order of its operands is free:
    the rows of the weights follow. Operands whose width is a multiple of `row-alignment` bytes go first, so that each of
    them begins at such a multiple: thirteen dense features before 416 columns of embeddings would leave every row of
    those where only single elements can be written. A weight that is reordered loses its ONNX name.

    Requires: decompose-for-fusion.
    Guarantees: in such a concat no operand of whole vectors begins within one.
    Does not: pad.

    Example: test/passes/Fuse/order-concats.mlir
  }];
  let options = [Option<"rowAlignment", "row-alignment", "int64_t", /*default=*/"16", "Bytes of a vector">];
  let statistics = [Statistic<"numOrdered", "ordered", "Concats whose operands were reordered">];
}

def SplitConcats : Fuse_Pass<"rec-split-concats"> {
  let summary = "Choose the concats that producers write through, and gather the operands that row regions produce";
  let description = [{
    A concat is to be joined when a GEMM region produces an operand of it, or it has more than 64 operands, and a GEMM
    region or the caller reads it; `rec.join` marks it. In such a concat, and in any with more than 64 operands, neighbouring
    operands that no GEMM region writes become one operand for every 64: an inner concat, which form-row-regions places
    in the region of its producers.

    Requires: form-gemm-regions.
    Guarantees: what join-concats should take is marked.
    Does not: change other concats, which stay inside row regions.

    Example: test/passes/Fuse/split-concats.mlir
  }];
  let statistics = [
    Statistic<"numJoins", "joins", "Concats marked for joining">,
    Statistic<"numInner", "inner-concats", "Inner concats made">
  ];
}

def FormRowRegions : Fuse_Pass<"rec-form-row-regions"> {
  let summary = "Group all other layers into the largest regions that any range of rows can run alone";
  let description = [{
    Row-local layers of one leading size that feed each other by row join one region of kind `rows`, or `lookup` when it
    holds lookups alone, as long as no path leaves the region and returns, and up to 512 layers and 64 lookups. A layer that is not row-local is a region of
    its own, of kind `whole`. Constants of at most 64 elements and splats are copied into the regions that use them;
    larger ones, weights and tables are inputs.

    Requires: form-gemm-regions; split-concats.
    Guarantees: every layer is in exactly one region, but for concats that join-concats takes; the block is in
    topological order.
    Does not: merge regions that only share inputs.

    Example: test/passes/Fuse/form-row-regions.mlir
  }];
  let statistics = [
    Statistic<"numRows", "rows", "Regions of kind rows">,
    Statistic<"numLookup", "lookup", "Regions of kind lookup">,
    Statistic<"numWhole", "whole", "Regions of kind whole">,
    Statistic<"numLayers", "layers", "Layers in these regions">
  ];
}

def JoinConcats : Fuse_Pass<"rec-join-concats"> {
  let summary = "Let the producers of a concat write their slice of it";
  let description = [{
    A concat outside all regions becomes a `rec.join`. An operand that is no region's result, or that is an operand of
    another join already, is copied by a region of its own first.

    Requires: form-row-regions.
    Guarantees: no `rec.concat` outside regions.
    Does not: look into regions.

    Example: test/passes/Fuse/join-concats.mlir
  }];
  let statistics = [
    Statistic<"numJoins", "joins", "Concats turned into joins">,
    Statistic<"numCopies", "copies", "Operands that had to be copied">
  ];
}

def IsolateResults : Fuse_Pass<"rec-isolate-results"> {
  let summary = "Give every result of the model memory of its own";
  let description = [{
    A returned value that is an argument, a constant, an operand of a join or returned before is copied by a region of
    its own.

    Requires: join-concats.
    Guarantees: each returned value is the result of a region or a join, no operand of a join, and returned once.
    Does not: change how a value is computed.

    Example: test/passes/Fuse/isolate-results.mlir
  }];
  let statistics = [Statistic<"numCopies", "copies", "Results that had to be copied">];
}

def VerifyFused : Fuse_Pass<"rec-verify-fused"> {
  let summary = "Check the invariant of the fuse phase";
  let description = [{
    Every layer lies in exactly one region: outside regions there are only `rec.constant`, `rec.fusion`, `rec.join` and
    `func.return`; inside, layers and constants. No concat inside a region could have been a join. Results are as
    isolate-results leaves them.

    Example: test/passes/Fuse/verify-fused.mlir
  }];
}

#endif // RECKON_PASSES_FUSE_PASSES
