//===- RaiseFmTerm.cpp - Factorisation-machine terms written out ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Common/Matchers.h"
#include "passes/Normalize/Passes.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace reckon {
#define GEN_PASS_DEF_RAISEFMTERM
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// x of (sum x)^2 - sum x^2, both sums over the features of x (batch x features x dim).
Value matchDoubledTerm(Value value) {
  BinaryOp difference = matchBinaryOp(value, BinaryKind::sub);
  Value sum = difference ? matchSquare(difference.getA()) : Value();
  ReduceOp first = sum ? matchReduceOp(sum, ReduceKind::sum, {1}) : ReduceOp();
  if (!first || typeOf(first.getX()).getRank() != 3 || !isa<FloatType>(typeOf(sum).getElementType()))
    return {};
  Value x = first.getX();
  if (ReduceOp second = matchReduceOp(difference.getB(), ReduceKind::sum, {1}))
    return matchSquare(second.getX()) == x && second.getKeepdims() == first.getKeepdims() ? x : Value();
  ReduceOp second = matchReduceOp(difference.getB(), ReduceKind::sum_square, {1});
  return second && second.getX() == x && second.getKeepdims() == first.getKeepdims() ? x : Value();
}

/// The reduction over all dimensions but the batch, of a value batch x dim or batch x 1 x dim.
ReduceOp matchSumOverDim(Value value) {
  auto sum = value.getDefiningOp<ReduceOp>();
  if (!sum || sum.getKind() != ReduceKind::sum)
    return {};
  RankedTensorType type = typeOf(sum.getX());
  ArrayRef<int64_t> axes = sum.getAxes();
  bool overDim = type.getRank() == 2 ? axes == ArrayRef<int64_t>{1}
                                     : axes == ArrayRef<int64_t>{2} || axes == ArrayRef<int64_t>{1, 2};
  return overDim ? sum : ReduceOp();
}

struct HalfToFmTerm : CountedPattern<BinaryOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    Value doubled = matchWithSplat(op.getResult(), BinaryKind::mul, 0.5);
    if (!doubled && op.getKind() == BinaryKind::div && isSplat(op.getB(), 2.0))
      doubled = op.getA();
    if (!doubled || doubled.getType() != op.getType())
      return failure();
    // Halved after the sum over dim, or before it, or not summed at all.
    ReduceOp sum = matchSumOverDim(doubled);
    Value x = matchDoubledTerm(sum ? sum.getX() : doubled);
    if (!x)
      return failure();
    Value term = FmTermOp::create(rewriter, op.getLoc(), x, sum ? rewriter.getUnitAttr() : UnitAttr());
    replaceByShape(rewriter, op, term);
    ++count;
    return success();
  }
};

struct SumOfFmTerm : CountedPattern<ReduceOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(ReduceOp op, PatternRewriter &rewriter) const override {
    ReduceOp sum = matchSumOverDim(op.getResult());
    Value operand = sum ? sum.getX() : Value();
    if (!operand)
      return failure();
    if (auto reshape = operand.getDefiningOp<ReshapeOp>(); reshape && reshape->hasOneUse())
      operand = reshape.getX();
    auto term = operand.getDefiningOp<FmTermOp>();
    if (!term || term.getSumDim() || !term->hasOneUse())
      return failure();
    Location loc = rewriter.getFusedLoc({term.getLoc(), op.getLoc()});
    replaceByShape(rewriter, op, FmTermOp::create(rewriter, loc, term.getX(), rewriter.getUnitAttr()));
    return success();
  }
};

struct RaiseFmTerm : public reckon::impl::RaiseFmTermBase<RaiseFmTerm> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<HalfToFmTerm, SumOfFmTerm>(&getContext(), numRaised);
    applyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
