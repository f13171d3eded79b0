//===- VerifyPrecision.cpp - What the precision phase promises -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Common/Matchers.h"
#include "passes/Precision/Passes.h"
#include "passes/Precision/Precision.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace reckon {
#define GEN_PASS_DEF_VERIFYPRECISION
#include "passes/Precision/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {
struct VerifyPrecision : public reckon::impl::VerifyPrecisionBase<VerifyPrecision> {
  void runOnOperation() override {
    bool ok = true;
    getOperation().walk([&](Operation *op) {
      if (!getStoredOperand(op) || Precision::get(op))
        return;
      op->emitError("states no precision: expected '")
          << Precision::attrName << "' with the types storage, compute and accumulate";
      ok = false;
    });
    if (!ok)
      signalPassFailure();
  }
};
} // namespace
