//===- RepeatedSizes.h - Sizes that numpy repeats ---------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_IMPORT_REPEATEDSIZES_H
#define RECKON_PASSES_IMPORT_REPEATEDSIZES_H

#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <optional>

namespace reckon::importer {

/// The size that numpy's broadcasting makes of two that are equal or of which one is 1, as only the run shows: that of
/// the other where one is 1. nullopt where they are the same or constants, where one is known to be 1, where data
/// decide, where the function has no names for the dimensions, and where neither is 1 without the other, as for T and
/// min(T, 6): they must be equal then.
std::optional<SizeExpr> getRepeatedSize(mlir::func::FuncOp func, const SizeExpr &a, const SizeExpr &b);

} // namespace reckon::importer

#endif // RECKON_PASSES_IMPORT_REPEATEDSIZES_H
