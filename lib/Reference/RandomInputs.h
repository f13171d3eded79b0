//===- RandomInputs.h - Random valid inputs of a model --------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//
//
// Inputs a model can run on: every id lies inside the tables it ends up indexing, offsets of bags rise from 0 and stay
// inside their ids, and padding ids and empty bags occur. Where an id comes from is followed element by element through
// slices, gathers, reshapes, concats, casts and shifts by constants.
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_REFERENCE_RANDOMINPUTS_H
#define RECKON_REFERENCE_RANDOMINPUTS_H

#include "lib/Reference/Evaluator.h"

#include <string>
#include <vector>

namespace reckon::reference {

struct RandomInputOptions {
  uint64_t seed = 0;
  /// Floats that are not indices: uniform in [floatLow, floatHigh).
  double floatLow = -1, floatHigh = 1;
  /// Integers that index nothing: uniform in [0, intEnd).
  int64_t intEnd = 8;
  /// Puts one of the ids or indices outside what it may be.
  bool badIndex = false;
};

/// The named dimensions in the types of the arguments, sorted.
std::vector<std::string> getInputDims(mlir::func::FuncOp func);

/// Sizes for the named dimensions of a model at a batch size: the flat ids of bags with offsets get three a bag, all
/// others `batch`.
DimValues chooseDims(mlir::func::FuncOp func, int64_t batch);

/// The same, with as few dimensions changed as it takes for the function's `rec.requirements` to hold; nullopt when no
/// such sizes were found.
std::optional<DimValues> chooseValidDims(mlir::func::FuncOp func, int64_t batch);

/// One tensor an argument. Fails when a size in an argument's type has no value.
mlir::FailureOr<llvm::SmallVector<Tensor>> makeRandomInputs(mlir::func::FuncOp func, const DimValues &dims,
                                                            const RandomInputOptions &options = {},
                                                            std::string *error = nullptr);

} // namespace reckon::reference

#endif // RECKON_REFERENCE_RANDOMINPUTS_H
