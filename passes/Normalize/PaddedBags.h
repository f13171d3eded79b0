//===- PaddedBags.h - The inner loop of a bag with a padding id -----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_NORMALIZE_PADDEDBAGS_H
#define RECKON_PASSES_NORMALIZE_PADDEDBAGS_H

#include "passes/Normalize/EmbeddingBags.h"

namespace reckon::rec {

/// The positions j of a bag, bounds[i] <= j < bounds[i + 1], whose id is not the padding id.
struct KeptPositions {
  mlir::Value ids, bounds;
  int64_t paddingId;
  /// What the ids' negative values count back from; nullopt when they are not normalised.
  std::optional<int64_t> numRows;
};

/// Matches the result of a loop that appends each such position to a vector that starts empty:
///
///   while j < bounds[i + 1]: id = ids[j]; if (id < 0) id += rows; if (id != padding) kept = concat(kept, [j]); ++j
///
/// `symbols` are those of the loop around it.
std::optional<KeptPositions> matchKeptPositions(LoopSymbols &symbols, mlir::Value kept);

} // namespace reckon::rec

#endif // RECKON_PASSES_NORMALIZE_PADDEDBAGS_H
