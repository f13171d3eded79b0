//===- SumScalarLookups.cpp - Scalar tables summed -----------------------------===//
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
#define GEN_PASS_DEF_SUMSCALARLOOKUPS
#include "passes/Optimize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// A lookup of one number a row: a bag or an embedding from a table of dim 1.
bool isScalarLookup(Value value) {
  Value table;
  if (auto embedding = value.getDefiningOp<EmbeddingOp>())
    table = embedding.getTable();
  else if (auto bag = value.getDefiningOp<EmbeddingBagOp>())
    table = bag.getTable();
  return table && typeOf(table).getDimSize(1) == 1 && typeOf(value).getRank() == 2 && value.hasOneUse();
}

/// The summands of a tree of additions of one type, in order.
void collectSummands(Value value, Type type, SmallVectorImpl<Value> &summands, bool isRoot = true) {
  BinaryOp sum = matchBinaryOp(value, BinaryKind::add);
  if (!sum || (!isRoot && !sum->hasOneUse()) || sum.getA().getType() != type || sum.getB().getType() != type) {
    summands.push_back(value);
    return;
  }
  collectSummands(sum.getA(), type, summands, false);
  collectSummands(sum.getB(), type, summands, false);
}

struct SumLookups : CountedPattern<BinaryOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    auto isSummand = [&](Operation *user) {
      auto sum = dyn_cast<BinaryOp>(user);
      return sum && sum.getKind() == BinaryKind::add && sum.getType() == op.getType();
    };
    // Start at the root of the tree.
    if (op.getKind() != BinaryKind::add || (op->hasOneUse() && isSummand(*op->user_begin())))
      return failure();
    SmallVector<Value> summands, lookups, others;
    collectSummands(op.getResult(), op.getType(), summands);
    for (Value summand : summands)
      (isScalarLookup(summand) ? lookups : others).push_back(summand);
    if (lookups.size() < 2)
      return failure();

    Location loc = op.getLoc();
    Value row = ConcatOp::create(rewriter, loc, lookups, rewriter.getI64IntegerAttr(1));
    Value sum = ReduceOp::create(rewriter, loc, ReduceKindAttr::get(getContext(), ReduceKind::sum), row,
                                 rewriter.getDenseI64ArrayAttr({1}), rewriter.getUnitAttr());
    sum = reshapeTo(rewriter, loc, sum, op.getType());
    for (Value other : others)
      sum = BinaryOp::create(rewriter, loc, BinaryKindAttr::get(getContext(), BinaryKind::add), other, sum);
    rewriter.replaceOp(op, sum);
    ++count;
    return success();
  }
};

struct SumScalarLookups : public reckon::impl::SumScalarLookupsBase<SumScalarLookups> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SumLookups>(&getContext(), numSums);
    applyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
