//===- EmbeddingBags.h - Recognising and building bags --------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//
//
// What the exported forms of an embedding bag share: rows of a table, possibly scaled, between bounds that come from a
// vector of offsets, reduced to one row.
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_NORMALIZE_EMBEDDINGBAGS_H
#define RECKON_PASSES_NORMALIZE_EMBEDDINGBAGS_H

#include "passes/Normalize/LoopSymbols.h"

#include "mlir/IR/Builders.h"

namespace reckon::rec {

/// Rows of a table by flat ids, each scaled when there are weights. All values are ranked.
struct BagRows {
  mlir::Value table;   ///< rows x dim, float
  mlir::Value ids;     ///< rank 1
  mlir::Value weights; ///< null, or as many elements as ids, of any shape
};

/// Rows gathered as a whole: `Gather(table, ids)`, or its product with weights that broadcast along the rows.
std::optional<BagRows> matchRows(mlir::Value rows);

/// Whether every element is a constant 1.
bool isAllOnes(mlir::Value value);

/// The vector V when `start` is V[i] and `end` V[i + 1] in iteration i; else null.
mlir::Value matchBounds(const LoopSymbols &symbols, mlir::Value start, mlir::Value end);

/// Whether the value exists before the loop.
bool isOutside(mlir::Value value, mlir::Block &body);

/// The rows of bag i in iteration i of a loop.
struct BoundedRows {
  BagRows rows;
  mlir::Value bounds;
};
std::optional<BoundedRows> matchBoundedRows(LoopSymbols &symbols, mlir::Value value);

/// The number of bags between the bounds, one less than there are bounds, when that is how often the loop runs. A count
/// that is zero instead of negative is the same: without a single bound there is nothing to run.
std::optional<SizeExpr> getBagCount(mlir::Value bounds, const SizeExpr &tripCount);

struct Bag {
  PoolMode mode;
  BagRows rows;
  /// bags + 1 bounds: bag b is the ids from bounds[b] to bounds[b + 1].
  mlir::Value bounds;
  std::optional<int64_t> paddingId;
};

/// The pool mode of a reduction; nullopt for other kinds.
std::optional<PoolMode> getPoolMode(ReduceKind kind);

/// Builds the bag in its fixed-width form when the bounds are equally spaced, else with offsets. Null when the types
/// rule the op out. `bags` is their number.
EmbeddingBagOp buildBag(mlir::OpBuilder &builder, mlir::Location loc, const Bag &bag, const SizeExpr &bags);

/// Erases ONNX nodes nothing uses: they have no side effects, but the op cannot say so for all operators.
void eraseUnusedOnnxOps(mlir::Operation *root);

/// Gives the function the result types of its return, which raising made ranked.
void refreshResultTypes(mlir::Operation *function);

} // namespace reckon::rec

#endif // RECKON_PASSES_NORMALIZE_EMBEDDINGBAGS_H
