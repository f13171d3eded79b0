//===- IsolateResults.cpp - Results get memory of their own --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Fuse/Passes.h"
#include "passes/Fuse/RegionBuilder.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace reckon::fuse {
#define GEN_PASS_DEF_ISOLATERESULTS
#include "passes/Fuse/Passes.h.inc"
} // namespace reckon::fuse

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {
struct IsolateResults : fuse::impl::IsolateResultsBase<IsolateResults> {
  void runOnOperation() override {
    Block *block = fuse::getModelBlock(getOperation());
    if (!block)
      return getOperation().isExternal() ? void() : signalPassFailure();
    Operation *ret = block->getTerminator();
    OpBuilder builder(ret);
    DenseSet<Value> returned;
    auto isJoin = [](Operation *user) { return isa<JoinOp>(user); };
    for (OpOperand &operand : ret->getOpOperands()) {
      Value value = operand.get();
      bool computed = isa_and_present<FusionOp, JoinOp>(value.getDefiningOp());
      if (computed && llvm::none_of(value.getUsers(), isJoin) && returned.insert(value).second)
        continue;
      operand.set(fuse::copyValue(builder, value));
      ++numCopies;
    }
  }
};
} // namespace
