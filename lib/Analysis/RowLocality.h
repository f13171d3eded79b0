//===- RowLocality.h - Which rows of its operands a layer needs ------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//
//
// A layer is row-local when row r of its results (the slice at index r of the leading dimension) needs only row r of
// some operands, and others as a whole. Row-local layers of one leading size fuse into one kernel that any range of
// rows can run alone.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_ANALYSIS_ROWLOCALITY_H
#define RECKON_LIB_ANALYSIS_ROWLOCALITY_H

#include "dialects/Rec/Rec.h"

namespace reckon {

using rec::RowUse;

struct RowLocality {
  /// The leading size of every result.
  SizeExpr rows;
  /// One entry an operand of the op.
  rec::RowUses uses;
};

/// nullopt for what is not a layer of the rec dialect or has no such structure: results of rank 0, reductions over the
/// leading dimension, scatters, reshapes that change the leading size.
std::optional<RowLocality> getRowLocality(mlir::Operation *op);

} // namespace reckon

#endif // RECKON_LIB_ANALYSIS_ROWLOCALITY_H
