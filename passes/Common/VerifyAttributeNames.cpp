//===- VerifyAttributeNames.cpp - Attributes are declared or a dialect's --------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "passes/Common/Passes.h"

namespace reckon {
#define GEN_PASS_DEF_VERIFYATTRIBUTENAMES
#include "passes/Common/Passes.h.inc"
} // namespace reckon

using namespace mlir;

namespace {
struct VerifyAttributeNames : reckon::impl::VerifyAttributeNamesBase<VerifyAttributeNames> {
  void runOnOperation() override {
    WalkResult result = getOperation()->walk([](Operation *op) {
      for (NamedAttribute attribute : op->getDiscardableAttrs())
        if (!attribute.getName().getValue().contains('.')) {
          op->emitError("has the attribute '") << attribute.getName().getValue() << "', which " << op->getName()
                                               << " does not declare and no dialect owns";
          return WalkResult::interrupt();
        }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
