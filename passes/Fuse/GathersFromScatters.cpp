//===- GathersFromScatters.cpp - Scatters that every place looks up -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------------===//

#include "passes/Fuse/Passes.h"

#include "dialects/Rec/Rec.h"
#include "dialects/Rec/Shape.h"
#include "passes/Import/LayerBuilder.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace reckon::fuse {
#define GEN_PASS_DEF_GATHERSFROMSCATTERS
#include "passes/Fuse/Passes.h.inc"
} // namespace reckon::fuse

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

/// Updates that one thread writes sooner than other kernels begin.
static constexpr int64_t fewUpdates = 64;

static bool hasFewUpdates(Value updates) {
  return getNumElements(getShape(updates)).constant().value_or(fewUpdates + 1) <= fewUpdates;
}

/// `owner` has, for each place that updates go to, the number of the last of them, or -1.
static LogicalResult replace(Operation *op, const Shape &places, const Shape &updatesShape,
                             llvm::function_ref<Value(importer::LayerBuilder &, Value, Value)> makeOwner) {
  OpBuilder builder(op);
  importer::LayerBuilder b(builder, op->getLoc());
  Type i64 = builder.getI64Type();
  Value x = op->getOperand(0), updates = op->getOperand(2);
  SizeExpr count = getNumElements(updatesShape);
  Value numbers = b.reshape(b.iota(count, i64, 0), updatesShape);
  Value owner = makeOwner(b, b.splat(places, -1, i64), numbers);
  // A row behind the updates, so that there is one to look up where there are none.
  Shape flat = {count};
  llvm::append_range(flat, ArrayRef(getShape(updates)).drop_front(updatesShape.size()));
  SmallVector<int64_t> low(flat.size(), 0), high(flat.size(), 0);
  high[0] = 1;
  Value rows = b.pad(b.reshape(updates, flat), low, high, 0);
  Value picked = b.gather(rows, b.binary(BinaryKind::max, owner, 0.0), 0);
  Shape around = places;
  around.resize(getShape(x).size(), SizeExpr(1));
  Value result = b.select(b.reshape(b.compare(CompareKind::ge, owner, 0.0), around), picked, x);
  if (b.isBroken())
    return op->emitError("fuse: ") << b.getError();
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
  return success();
}

static LogicalResult rewrite(ScatterElementsOp op) {
  return replace(op, getShape(op.getX()), getShape(op.getUpdates()),
                 [&](importer::LayerBuilder &b, Value none, Value numbers) {
                   return b.make<ScatterElementsOp>(none, op.getIndices(), numbers, op.getAxisAttr(),
                                                    ReduceKindAttr::get(op.getContext(), ReduceKind::max));
                 });
}

static LogicalResult rewrite(ScatterNdOp op) {
  Shape tuples = getShape(op.getIndices()), places = getShape(op.getX());
  places.resize(*tuples.back().constant(), SizeExpr(1));
  tuples.pop_back();
  return replace(op, places, tuples, [&](importer::LayerBuilder &b, Value none, Value numbers) {
    return b.make<ScatterNdOp>(none, op.getIndices(), numbers, ReduceKindAttr::get(op.getContext(), ReduceKind::max));
  });
}

namespace {
struct GathersFromScatters : fuse::impl::GathersFromScattersBase<GathersFromScatters> {
  void runOnOperation() override {
    SmallVector<Operation *> scatters;
    getOperation().walk([&](Operation *op) {
      auto isFound = [&](auto scatter) {
        return scatter && !scatter.getReduction() && !hasFewUpdates(scatter.getUpdates());
      };
      if (isFound(dyn_cast<ScatterElementsOp>(op)) || isFound(dyn_cast<ScatterNdOp>(op)))
        scatters.push_back(op);
    });
    for (Operation *op : scatters) {
      auto elements = dyn_cast<ScatterElementsOp>(op);
      if (failed(elements ? rewrite(elements) : rewrite(cast<ScatterNdOp>(op))))
        return signalPassFailure();
      ++numScatters;
    }
  }
};
} // namespace
