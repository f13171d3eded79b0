//===- WrapNegativeIds.cpp - Negative ids count from the end of their table --------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//

#include "dialects/Rec/Rec.h"
#include "passes/Normalize/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace reckon {
#define GEN_PASS_DEF_WRAPNEGATIVEIDS
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace reckon;
using namespace reckon::rec;

namespace {
struct WrapNegativeIds : public reckon::impl::WrapNegativeIdsBase<WrapNegativeIds> {
  void runOnOperation() override {
    getOperation().walk([&](LookupOpInterface lookup) {
      if (lookup.getOutOfRange() != OutOfRange::error)
        return;
      lookup.setOutOfRange(OutOfRange::wrap);
      ++numLookups;
    });
  }
};
} // namespace
