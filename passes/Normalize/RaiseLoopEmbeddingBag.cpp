//===- RaiseLoopEmbeddingBag.cpp - Loops that stack one pooled row an iteration -----===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Normalize/EmbeddingBags.h"
#include "passes/Normalize/Passes.h"

#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace reckon {
#define GEN_PASS_DEF_RAISELOOPEMBEDDINGBAG
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {
struct RaiseLoopEmbeddingBag : public reckon::impl::RaiseLoopEmbeddingBagBase<RaiseLoopEmbeddingBag> {
  void runOnOperation() override {
    SmallVector<OnnxOp> loops;
    getOperation().walk([&](OnnxOp op) {
      if (asOnnx(op, "Loop") && isWellFormedLoop(op))
        loops.push_back(op);
    });
    for (OnnxOp loop : loops)
      raise(loop);
    eraseUnusedOnnxOps(getOperation());
    refreshResultTypes(getOperation());
  }

  void raise(OnnxOp loop) {
    LoopSymbols symbols(loop);
    std::optional<SizeExpr> tripCount = symbols.getTripCount();
    if (!tripCount)
      return;
    unsigned numCarried = loop.getOperands().size() - 2;
    for (unsigned i = numCarried; i < loop.getOutputs().size(); ++i) {
      Value result = loop.getOutputs()[i];
      // A scan output: the rows of all iterations, stacked.
      std::optional<ReduceView> reduce = matchReduce(symbols.getYield().getOperands()[i + 1]);
      if (result.use_empty() || !reduce || reduce->keepdims || reduce->axes != ArrayRef<int64_t>{0})
        continue;
      std::optional<PoolMode> mode = getPoolMode(reduce->kind);
      std::optional<BoundedRows> bounded = matchBoundedRows(symbols, reduce->x);
      std::optional<SizeExpr> bags = bounded ? getBagCount(bounded->bounds, *tripCount) : std::nullopt;
      if (!mode || !bags)
        continue;
      OpBuilder builder(loop);
      if (EmbeddingBagOp bag = buildBag(builder, loop.getLoc(), {*mode, bounded->rows, bounded->bounds, {}}, *bags)) {
        result.replaceAllUsesWith(bag.getResult());
        ++numRaised;
      }
    }
  }
};
} // namespace
