//===- SizeValues.h - Tensors whose elements are sizes --------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_IMPORT_SIZEVALUES_H
#define RECKON_PASSES_IMPORT_SIZEVALUES_H

#include "dialects/Rec/Rec.h"

#include <optional>

namespace reckon::importer {

class Node;

/// The elements of an integer or boolean tensor as sizes, when they are known at compile time or follow from the named
/// dimensions: constants and `rec.dims`, also behind casts and reshapes. nullopt for other tensors and for those of
/// more than 65536 elements.
std::optional<llvm::SmallVector<SizeExpr>> getSizeValues(mlir::Value value);

using rec::isNonNegative;
/// The larger of the size and zero, simplified.
SizeExpr clampToZero(const SizeExpr &size);

/// Replaces a node of shape arithmetic, all of whose operands have size values and rank 0 or 1, by a constant or
/// `rec.dims`. Returns false when it is no such node, which is then as it was.
bool foldSizeArithmetic(Node &node);

} // namespace reckon::importer

#endif // RECKON_PASSES_IMPORT_SIZEVALUES_H
