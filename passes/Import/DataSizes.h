//===- DataSizes.h - Dimensions whose size the data decide ------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_IMPORT_DATASIZES_H
#define RECKON_PASSES_IMPORT_DATASIZES_H

#include "passes/Import/Node.h"

namespace reckon::importer {

/// How many elements of a mask are true, in a dimension of `rec.data_size`. Masks that count the same share it.
SizeExpr countTrue(Node &node, mlir::Value mask);

/// The flat positions of the true elements of a mask, in order: a vector of countTrue() elements.
mlir::Value getTruePositions(Node &node, mlir::Value mask);

/// An integer as a size: the run fails where it is negative or, with a bound, above that.
SizeExpr makeDataSize(Node &node, mlir::Value scalar, const std::optional<SizeExpr> &atMost);

/// The elements of operand i as sizes; those that data decide become dimensions of their own, at most `atMost` where it
/// is given. nullopt, with the reason in the node, for what is no vector of a known length.
std::optional<llvm::SmallVector<SizeExpr>> getAnySizes(Node &node, unsigned i, llvm::StringRef name,
                                                       const std::optional<SizeExpr> &atMost = std::nullopt);

/// Whether a value is what the caller passes, in another shape or type: a count that can be frozen.
bool isPassedIn(mlir::Value value);

/// One element of a vector of integers: a size, or the value that holds it.
struct SizeElement {
  std::optional<SizeExpr> size;
  mlir::Value data; ///< an int64 scalar
};
/// The elements of a scalar or a vector of integers; nullopt when it is neither or has many elements.
std::optional<llvm::SmallVector<SizeElement>> getSizeElements(Node &node, mlir::Value value);

} // namespace reckon::importer

#endif // RECKON_PASSES_IMPORT_DATASIZES_H
