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

/// The constant with dimension perm[d] as d, seen as a tensor of `shape`, of the same name. Null when its data cannot
/// be moved.
ConstantOp permuteConstant(mlir::OpBuilder &builder, ConstantOp constant, llvm::ArrayRef<int64_t> perm,
                           llvm::ArrayRef<int64_t> shape);

} // namespace reckon::rec

#endif // RECKON_PASSES_COMMON_CONSTANTMATRIX_H
