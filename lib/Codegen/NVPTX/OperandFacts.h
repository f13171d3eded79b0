//===- OperandFacts.h - What is known of a kernel's operands -----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// What `aligned` and `constant` of a plan.kernel say: whether something holds of an operand in all dispatches.
// plan-choose-launches sets them; what is not said does not hold.
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_OPERANDFACTS_H
#define RECKON_LIB_CODEGEN_NVPTX_OPERANDFACTS_H

#include "dialects/Plan/Plan.h"

namespace reckon::nvptx {

enum OperandFact {
  alignedFact,  ///< it starts at a multiple of 16 bytes
  constantFact, ///< nothing writes it during a run: a weight, a table, or the caller's
};
constexpr OperandFact operandFacts[] = {alignedFact, constantFact};

inline bool holds(OperandFact fact, plan::KernelOp kernel, unsigned operand) {
  std::optional<llvm::ArrayRef<bool>> values = fact == alignedFact ? kernel.getAligned() : kernel.getConstant();
  return values && (*values)[operand];
}

/// Notes a fact, with one value an operand.
inline void setFact(OperandFact fact, plan::KernelOp kernel, llvm::ArrayRef<bool> values) {
  if (fact == alignedFact)
    kernel.setAligned(values);
  else
    kernel.setConstant(values);
}

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_OPERANDFACTS_H
