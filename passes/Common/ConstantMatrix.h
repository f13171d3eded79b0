//===- ConstantMatrix.h - Constants as matrices ---------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_COMMON_CONSTANTMATRIX_H
#define RECKON_PASSES_COMMON_CONSTANTMATRIX_H

#include "dialects/Rec/Rec.h"

namespace reckon::rec {

/// The constant with rows as columns, a matrix of the same name; all dimensions but the first are its columns. Null
/// when its data cannot be moved.
ConstantOp transposeMatrix(mlir::OpBuilder &builder, ConstantOp constant);

} // namespace reckon::rec

#endif // RECKON_PASSES_COMMON_CONSTANTMATRIX_H
