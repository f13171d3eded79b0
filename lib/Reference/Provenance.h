//===- Provenance.h - Which input elements index what ---------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//
//
// Private to RandomInputs: an abstract run of a function that knows, for integer values that only move about, which
// input element each of them is, and collects what lookups, gathers and bags ask of these elements.
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_REFERENCE_PROVENANCE_H
#define RECKON_REFERENCE_PROVENANCE_H

#include "lib/Reference/Evaluator.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <limits>

namespace reckon::reference {

/// What one input element must satisfy: it lies in [low, high], or is a padding id that every use accepts.
struct Bound {
  int64_t low = std::numeric_limits<int64_t>::min(), high = std::numeric_limits<int64_t>::max();
  std::optional<int64_t> padding;
  bool everyUsePads = true;
};

/// Input elements that are the offsets of bags over `numIds` ids, in order.
struct OffsetsGroup {
  llvm::SmallVector<int64_t> elements;
  int64_t numIds;
  bool includesLast;
};

/// Elements are numbered through all inputs: those of input i begin at `inputBegins[i]`.
struct InputConstraints {
  llvm::SmallVector<int64_t> inputBegins;
  llvm::DenseMap<int64_t, Bound> bounds;
  llvm::SmallVector<OffsetsGroup> offsets;
};

InputConstraints traceInputs(mlir::func::FuncOp func, llvm::ArrayRef<llvm::SmallVector<int64_t>> inputShapes,
                             const DimValues &dims);

} // namespace reckon::reference

#endif // RECKON_REFERENCE_PROVENANCE_H
