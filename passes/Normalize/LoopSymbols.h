//===- LoopSymbols.h - What integers in a loop body are -------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//
//
// The bag loops of the exporters differ in how they write `offsets[i]`: a Gather, a one-element Slice, from the offsets
// or from the offsets without the first. Here an integer of a loop body is evaluated symbolically, so that all of these
// become one form and the matchers compare values instead of node sequences.
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_NORMALIZE_LOOPSYMBOLS_H
#define RECKON_PASSES_NORMALIZE_LOOPSYMBOLS_H

#include "passes/Normalize/OnnxViews.h"

namespace reckon::rec {

/// An integer in iteration i of a loop.
struct Symbol {
  enum Kind {
    Unknown,
    Size,      ///< offset
    Iteration, ///< i + offset
    Entry      ///< vector[i + offset], vector of rank 1
  };
  Kind kind = Unknown;
  SizeExpr offset;
  mlir::Value vector;

  bool isSize(const SizeExpr &size) const { return kind == Size && offset == size; }
  bool isIteration(int64_t plus) const { return kind == Iteration && offset == SizeExpr(plus); }
  bool isEntry(mlir::Value of, int64_t plus) const { return kind == Entry && vector == of && offset == SizeExpr(plus); }
};

class LoopSymbols {
public:
  /// `loop` is an ONNX Loop with a body.
  explicit LoopSymbols(OnnxOp loop);

  mlir::Block &getBody() { return body; }
  YieldOp getYield() { return yield; }

  /// A value of the body or from outside it; one element of integer type, else Unknown.
  Symbol evaluate(mlir::Value value) const { return evaluate(value, 0); }

  /// How often the loop runs, when that is known before it starts: a trip count with a condition that stays true, or a
  /// counter compared with a bound.
  std::optional<SizeExpr> getTripCount() const;

  /// Whether the value is carried and counts the iterations from zero.
  bool isCounter(mlir::Value value) const { return llvm::is_contained(counters, value); }

private:
  Symbol evaluate(mlir::Value value, unsigned depth) const;

  OnnxOp loop;
  mlir::Block &body;
  YieldOp yield;
  /// The iteration number and all carried values that equal it.
  llvm::SmallVector<mlir::Value> counters;
};

/// Whether `loop` is an ONNX Loop whose body has the arguments and results the operator requires.
bool isWellFormedLoop(OnnxOp loop);

} // namespace reckon::rec

#endif // RECKON_PASSES_NORMALIZE_LOOPSYMBOLS_H
