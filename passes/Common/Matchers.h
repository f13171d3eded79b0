//===- Matchers.h - What rewrites ask of a value --------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//
//
// Questions many patterns ask, and the few ways they build what they found. A null value means no.
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_COMMON_MATCHERS_H
#define RECKON_PASSES_COMMON_MATCHERS_H

#include "dialects/Rec/Rec.h"
#include "lib/Support/Statistic.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <optional>

namespace reckon::rec {

inline mlir::RankedTensorType typeOf(mlir::Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()); }
inline bool isConstant(mlir::Value value) { return value.getDefiningOp<ConstantOp>() != nullptr; }

/// The one value of a constant of floats or integers, also behind a broadcast or reshape.
std::optional<double> getSplat(mlir::Value value);
/// Whether the value is a constant equal to `expected`, but for the rounding of a number written in single precision.
bool isSplat(mlir::Value value, double expected);

/// The operand of a unary function.
mlir::Value matchUnary(mlir::Value value, UnaryKind kind);
/// The op when it is that function of two operands.
BinaryOp matchBinaryOp(mlir::Value value, BinaryKind kind);
/// The other operand of a commutative function of a value and a constant near `constant`.
mlir::Value matchWithSplat(mlir::Value value, BinaryKind kind, double constant);
/// x of x*x or x^2.
mlir::Value matchSquare(mlir::Value value);
/// The op when it reduces exactly those axes.
ReduceOp matchReduceOp(mlir::Value value, ReduceKind kind, llvm::ArrayRef<int64_t> axes);

/// The value under another type with the same number of elements: itself, or a reshape.
mlir::Value reshapeTo(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, mlir::RankedTensorType type);
/// Replaces the op by a value whose type may name its dimensions differently.
void replaceByShape(mlir::PatternRewriter &rewriter, mlir::Operation *op, mlir::Value value);

/// A pattern that counts how often it applied.
template <typename OpT> struct CountedPattern : mlir::OpRewritePattern<OpT> {
  CountedPattern(mlir::MLIRContext *context, Statistic &count, mlir::PatternBenefit benefit = 1)
      : mlir::OpRewritePattern<OpT>(context, benefit), count(count) {}

  Statistic &count;
};

/// Applies the patterns until none does. Folding is the canonicaliser's business: a pass does what its name says.
void applyPatterns(mlir::Operation *root, mlir::RewritePatternSet patterns);

} // namespace reckon::rec

#endif // RECKON_PASSES_COMMON_MATCHERS_H
