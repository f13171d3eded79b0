//===- JoinConcats.cpp - Concats to joins --------------------------------------===//
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
#define GEN_PASS_DEF_JOINCONCATS
#include "passes/Fuse/Passes.h.inc"
} // namespace reckon::fuse

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {
struct JoinConcats : fuse::impl::JoinConcatsBase<JoinConcats> {
  void runOnOperation() override {
    Block *block = fuse::getModelBlock(getOperation());
    if (!block)
      return getOperation().isExternal() ? void() : signalPassFailure();
    for (ConcatOp concat : llvm::make_early_inc_range(block->getOps<ConcatOp>())) {
      OpBuilder builder(concat);
      SmallVector<Value> operands;
      for (Value input : concat.getInputs()) {
        auto isJoin = [](Operation *user) { return isa<JoinOp>(user); };
        bool taken = llvm::any_of(input.getUsers(), isJoin) || llvm::is_contained(operands, input);
        if (taken || !fuse::getProducerKind(input)) {
          input = fuse::copyValue(builder, input);
          ++numCopies;
        }
        operands.push_back(input);
      }
      auto join = JoinOp::create(builder, concat.getLoc(), concat.getType(), operands, concat.getAxis());
      concat.replaceAllUsesWith(join.getResult());
      concat.erase();
      ++numJoins;
    }
  }
};
} // namespace
