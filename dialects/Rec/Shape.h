//===- Shape.h - Shapes in named dimensions ------------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//
//
// Between MLIR's tensor types and shapes as size expressions. Ops infer their results on Shapes, so static and named
// dynamic dimensions follow one rule.
//
//===-------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_SHAPE_H
#define RECKON_DIALECTS_REC_SHAPE_H

#include "reckon/Engine/SizeExpr.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"

#include <optional>

namespace reckon::rec {

using Shape = llvm::SmallVector<SizeExpr>;

/// The sizes of a ranked tensor type: static ones as constants, named ones by name, others as the dimension `?`.
Shape getShape(mlir::Type type);
inline Shape getShape(mlir::Value value) { return getShape(value.getType()); }

/// The tensor type of a shape; it carries a `#rec.dims` encoding when any size is not constant.
mlir::RankedTensorType getTensorType(llvm::ArrayRef<SizeExpr> shape, mlir::Type elementType);

/// The product of the sizes.
SizeExpr getNumElements(llvm::ArrayRef<SizeExpr> shape);

/// numpy broadcasting: sizes aligned at the last dimension are equal or one of them is 1. nullopt when they do not fit.
std::optional<Shape> broadcastShapes(llvm::ArrayRef<SizeExpr> a, llvm::ArrayRef<SizeExpr> b);

/// "8x?x16"-like text with names, for diagnostics: "[batch, 13]".
std::string printShape(llvm::ArrayRef<SizeExpr> shape);

} // namespace reckon::rec

#endif // RECKON_DIALECTS_REC_SHAPE_H
