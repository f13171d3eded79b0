//===- VerifyOptimized.cpp - What the optimize phase promises ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Common/Matchers.h"
#include "passes/Optimize/Passes.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace reckon {
#define GEN_PASS_DEF_VERIFYOPTIMIZED
#include "passes/Optimize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {
struct VerifyOptimized : public reckon::impl::VerifyOptimizedBase<VerifyOptimized> {
  void runOnOperation() override {
    bool ok = true;
    getOperation().walk([&](Operation *op) {
      if (op->getNumResults() > 0 && op->use_empty() && isMemoryEffectFree(op)) {
        op->emitError("is dead: nothing uses its result");
        ok = false;
      }
    });
    if (!ok)
      signalPassFailure();
  }
};
} // namespace
