//===- Precision.h - The types an op stores, computes and sums in -*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_PRECISION_PRECISION_H
#define RECKON_PASSES_PRECISION_PRECISION_H

#include "dialects/Rec/Rec.h"

#include <optional>

namespace reckon::rec {

/// The discardable attribute `rec.precision = {storage = f32, compute = f32, accumulate = f32}` of an op that adds up
/// floats or looks them up.
struct Precision {
  static constexpr llvm::StringLiteral attrName = "rec.precision";

  mlir::Type storage;    ///< of the weight or table in the engine, or of what is reduced
  mlir::Type compute;    ///< of the factors and the result; tf32 where factors of f32 may be rounded to it
  mlir::Type accumulate; ///< of sums while they grow

  /// nullopt when the attribute is missing or lacks one of the types.
  static std::optional<Precision> get(mlir::Operation *op);
  void set(mlir::Operation *op) const;
};

/// The operand that gives an op which must state its precision its storage type; null for other ops.
mlir::Value getStoredOperand(mlir::Operation *op);

} // namespace reckon::rec

#endif // RECKON_PASSES_PRECISION_PRECISION_H
