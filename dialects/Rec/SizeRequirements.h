//===- SizeRequirements.h - What sizes a model has a meaning at ----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//
//
// Folding hides what a model needs of its sizes: `T + (10 - T)` is 10, and that T is at most 10 is lost. So what an op
// needs and what cannot be proved is written down when the op is made, as `#rec.requirement` in the attribute
// `rec.requirements` of the function, which no rewrite touches. The runtime checks them all when it first sees a set of
// sizes.
//
//===-------------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_SIZEREQUIREMENTS_H
#define RECKON_DIALECTS_REC_SIZEREQUIREMENTS_H

#include "reckon/Engine/SizeExpr.h"

#include "mlir/IR/Operation.h"
#include "llvm/ADT/ArrayRef.h"

#include <string>

namespace reckon::rec {

class RequirementAttr;
enum class Relation : uint32_t;

/// `left` is at least, or equal to, `right`.
struct SizeCondition {
  SizeExpr left;
  Relation relation;
  SizeExpr right;
  /// What the op does with these sizes, for the caller: "the 5 greatest elements of axis 1".
  std::string what;
};

/// Whether the size is not negative whatever the (non-negative) dimensions are, by the signs of its terms alone.
bool isNonNegative(const SizeExpr &size);
/// The same by a longer proof: minima, maxima and quotients by constants are bounded by their operands.
bool provablyNonNegative(const SizeExpr &size);
/// Whether the condition holds whatever the dimensions are.
bool provablyHolds(const SizeCondition &requirement);

/// Appends what `op` requires and what cannot be proved. Conditions on the anonymous dimension are left out: nothing
/// can check them. Returns how many conditions could be proved.
unsigned getUnprovenRequirements(mlir::Operation *op, llvm::SmallVectorImpl<RequirementAttr> &unproven);

/// Appends to the requirements of a function those whose condition is not there yet. Returns how many were new.
unsigned addRequirements(mlir::Operation *function, llvm::ArrayRef<RequirementAttr> requirements);

} // namespace reckon::rec

#endif // RECKON_DIALECTS_REC_SIZEREQUIREMENTS_H
