//===- FloatStorage.h - Which values may be narrow ---------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// Decides for each layer on f32 whether it can work on f16 or bf16 instead. Docs: docs/precision.md.
//
//===------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_PRECISION_FLOATSTORAGE_H
#define RECKON_PASSES_PRECISION_FLOATSTORAGE_H

#include "dialects/Rec/Rec.h"
#include "passes/Precision/NarrowConstant.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace reckon::rec {

class FloatStorage {
public:
  FloatStorage(mlir::Block &block, mlir::FloatType narrow);

  /// Whether the layer's f32 operands and results become narrow; else they stay as they are.
  bool isLowered(mlir::Operation *op) const { return lowered.contains(op); }
  /// A constant operand of a layer that would have been lowered without it, and an element that does not fit.
  struct Misfit {
    mlir::Operation *op;
    ConstantOp constant;
    float element;
  };
  llvm::ArrayRef<Misfit> getMisfits() const { return misfits; }

private:
  /// What is known of an f32 value.
  enum class Kind {
    narrow,   ///< stored in the narrow type
    single,   ///< in f32, and may be rounded where it meets a narrow value: an input, a count, a sum, an exponential
    unbounded ///< in f32, and need not fit the narrow type: stays so through pointwise layers
  };

  void findExact(mlir::Block &block);
  Kind decide(mlir::Operation *op);
  bool hasMisfit(mlir::Operation *op, bool pointwise);
  bool isSingle(mlir::Value value) const;
  /// Of the operands that are f32 and computed: whether all, or any, are stored in f32.
  bool allSingle(mlir::Operation *op) const;
  bool anyUnbounded(mlir::Operation *op) const;
  const std::optional<NarrowingLoss> &getLoss(ConstantOp constant);

  mlir::FloatType narrow;
  llvm::DenseMap<mlir::Value, Kind> kinds;
  /// Values that something exact is decided from, through pointwise layers: rounding them is of no use.
  llvm::DenseSet<mlir::Value> exact;
  llvm::DenseSet<mlir::Operation *> lowered;
  llvm::DenseMap<mlir::Operation *, std::optional<NarrowingLoss>> losses;
  llvm::SmallVector<Misfit> misfits;
};

} // namespace reckon::rec

#endif // RECKON_PASSES_PRECISION_FLOATSTORAGE_H
