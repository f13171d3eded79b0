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
#include "mlir/IR/TypeRange.h"
#include "mlir/IR/Value.h"

#include <optional>

namespace reckon::rec {

using Shape = llvm::SmallVector<SizeExpr>;

/// The anonymous dimension `?`. Two of them need not be equal, so no arithmetic on it is meaningful.
SizeExpr getAnonymousSize();
/// Whether the anonymous dimension occurs in the size.
bool isAnonymous(const SizeExpr &size);
/// `?` for what `?` occurs in and for what has no 64-bit value; otherwise the size itself.
SizeExpr normalizeSize(const SizeExpr &size);

/// Whether a dimension of this name has a size that the data decide (rec.data_size), or such a dimension is in the
/// size.
bool isDataSize(llvm::StringRef dim);
bool dependsOnData(const SizeExpr &size);
bool dependsOnData(llvm::ArrayRef<SizeExpr> shape);

/// The one size that both may stand for: `?` is whatever the other is, all others must be equal.
std::optional<SizeExpr> unifySizes(const SizeExpr &a, const SizeExpr &b);
std::optional<Shape> unifyShapes(llvm::ArrayRef<SizeExpr> a, llvm::ArrayRef<SizeExpr> b);
/// Whether a and b certainly differ: by a constant other than 0, or as polynomials in the dimensions.
bool provablyDiffer(const SizeExpr &a, const SizeExpr &b);

/// Remembers the last two sizes that did not unify, or that provably differed, on this thread while it lives. Inference
/// only says that types do not fit; who can still make dimensions equal learns here which.
class SizeConflict {
public:
  SizeConflict();
  ~SizeConflict();
  SizeConflict(const SizeConflict &) = delete;
  SizeConflict &operator=(const SizeConflict &) = delete;

  static void note(const SizeExpr &a, const SizeExpr &b);
  const std::optional<std::pair<SizeExpr, SizeExpr>> &last() const { return sizes; }

private:
  SizeConflict *outer;
  std::optional<std::pair<SizeExpr, SizeExpr>> sizes;
};

/// The sizes of a ranked tensor type: static ones as constants, named ones by name, others as the dimension `?`.
/// `type` must be a ranked tensor type.
Shape getShape(mlir::Type type);
inline Shape getShape(mlir::Value value) { return getShape(value.getType()); }

/// The tensor type of a shape; it carries a `#rec.dims` encoding when any size is named. Every size is normalised and,
/// when constant, not negative.
mlir::RankedTensorType getTensorType(llvm::ArrayRef<SizeExpr> shape, mlir::Type elementType);

/// The product of the sizes.
SizeExpr getNumElements(llvm::ArrayRef<SizeExpr> shape);

/// Whether the tensor types agree one by one: equal element types and shapes that unify. What is not a ranked tensor
/// must be equal.
bool areCompatible(mlir::TypeRange a, mlir::TypeRange b);

/// numpy broadcasting: sizes aligned at the last dimension are equal or one of them is 1. nullopt when they do not fit.
std::optional<Shape> broadcastShapes(llvm::ArrayRef<SizeExpr> a, llvm::ArrayRef<SizeExpr> b);

/// Text for diagnostics: "[batch, 13]".
std::string printShape(llvm::ArrayRef<SizeExpr> shape);

} // namespace reckon::rec

#endif // RECKON_DIALECTS_REC_SHAPE_H
