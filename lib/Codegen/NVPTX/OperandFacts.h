//===- OperandFacts.h - What is known of a kernel's operands -----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// Attributes of a plan.kernel for GPUs that say of each operand whether something holds in all dispatches.
// plan-choose-launches sets them; what is not said does not hold.
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_OPERANDFACTS_H
#define RECKON_LIB_CODEGEN_NVPTX_OPERANDFACTS_H

#include "dialects/Plan/Plan.h"

namespace reckon::nvptx {

/// It starts at a multiple of 16 bytes.
constexpr llvm::StringLiteral alignedFact = "aligned";
/// Nothing writes it during a run: a weight, a table, or the caller's.
constexpr llvm::StringLiteral constantFact = "constant";
constexpr llvm::StringLiteral operandFacts[] = {alignedFact, constantFact};

inline bool holds(llvm::StringRef fact, plan::KernelOp kernel, unsigned operand) {
  auto values = kernel->getAttrOfType<mlir::DenseBoolArrayAttr>(fact);
  return values && values[operand];
}

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_OPERANDFACTS_H
