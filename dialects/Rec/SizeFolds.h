//===- SizeFolds.h - Folding shape arithmetic ------------------------- -*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// ONNX computes shapes with ordinary integer nodes. Their values are lists of size expressions as long as every operand
// is a `rec.dims` or a small constant; the folders of those ops call the functions here. All return null when the
// result is not known. A dimension is taken to be at least 1 where floor and truncating division could differ: a size
// derived from an empty dimension is of no consequence.
//
//===----------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_SIZEFOLDS_H
#define RECKON_DIALECTS_REC_SIZEFOLDS_H

#include "dialects/Rec/Rec.h"

namespace reckon::rec {

/// The elements of a folded int64 operand, row-major: of a DimsAttr or of a constant of at most 64 elements.
std::optional<Shape> getKnownSizes(mlir::Attribute value);

/// The attribute that holds `sizes` as a value of `type`, which must be a scalar or a list of int64: a constant when
/// all are, else a DimsAttr.
mlir::Attribute makeSizes(mlir::Type type, llvm::ArrayRef<SizeExpr> sizes);

mlir::Attribute foldSizes(BinaryKind kind, mlir::Attribute a, mlir::Attribute b, mlir::Type type);
mlir::Attribute foldSizes(CompareKind kind, mlir::Attribute a, mlir::Attribute b, mlir::Type type);
mlir::Attribute foldSizes(ReduceKind kind, mlir::Attribute x, mlir::Type type);

} // namespace reckon::rec

#endif // RECKON_DIALECTS_REC_SIZEFOLDS_H
