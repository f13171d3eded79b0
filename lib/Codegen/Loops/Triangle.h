//===- Triangle.h - Which pairs of features an interaction keeps -------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_LOOPS_TRIANGLE_H
#define RECKON_LIB_CODEGEN_LOOPS_TRIANGLE_H

#include "dialects/Rec/Rec.h"

namespace reckon::loops {

/// The columns of row i of a triangle, and where they go in the result.
struct TriangleRow {
  int64_t begin, end, offset;
};

llvm::SmallVector<TriangleRow> getTriangleRows(rec::DotInteractionOp op, int64_t features);

} // namespace reckon::loops

#endif // RECKON_LIB_CODEGEN_LOOPS_TRIANGLE_H
