//===- DeriveSizeRequirements.cpp - What the ops to be run need of the sizes ---===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Schedule/Passes.h"

#include "dialects/Plan/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace reckon::schedule {
#define GEN_PASS_DEF_DERIVESIZEREQUIREMENTS
#include "passes/Schedule/Passes.h.inc"
} // namespace reckon::schedule

using namespace mlir;
using namespace reckon;

namespace {
struct DeriveSizeRequirements : schedule::impl::DeriveSizeRequirementsBase<DeriveSizeRequirements> {
  using Base::Base;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (ArrayAttr present = rec::RecDialect::RequirementsAttrHelper(func.getContext()).getAttr(func))
      numRecorded += present.size();
    SmallVector<rec::RequirementAttr> unproven;
    func.walk([&](Operation *op) { numProven += rec::getUnprovenRequirements(op, unproven); });
    numAdded += rec::addRequirements(func, unproven);
  }
};
} // namespace
