//===- RaiseSoftmax.cpp - Exponentials over their sum --------------------------===//
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
#define GEN_PASS_DEF_RAISESOFTMAX
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {
struct QuotientToSoftmax : CountedPattern<BinaryOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != BinaryKind::div || !isa<FloatType>(op.getType().getElementType()))
      return failure();
    // e / sum e, the sum over one axis that it keeps.
    auto sum = op.getB().getDefiningOp<ReduceOp>();
    if (!sum || sum.getKind() != ReduceKind::sum || !sum.getKeepdims() || sum.getAxes().size() != 1 ||
        sum.getX() != op.getA())
      return failure();
    Value x = matchUnary(op.getA(), UnaryKind::exp);
    if (!x || x.getType() != op.getType())
      return failure();
    // The maximum is usually subtracted first, and without it the quotient is the same but for overflow.
    if (BinaryOp shifted = matchBinaryOp(x, BinaryKind::sub)) {
      ReduceOp max = matchReduceOp(shifted.getB(), ReduceKind::max, sum.getAxes());
      if (max && max.getKeepdims() && max.getX() == shifted.getA())
        x = shifted.getA();
    }
    rewriter.replaceOpWithNewOp<SoftmaxOp>(op, x, rewriter.getI64IntegerAttr(sum.getAxes()[0]), UnitAttr());
    ++count;
    return success();
  }
};

struct LogToLogSoftmax : CountedPattern<UnaryOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(UnaryOp op, PatternRewriter &rewriter) const override {
    auto softmax = op.getX().getDefiningOp<SoftmaxOp>();
    if (op.getKind() != UnaryKind::log || !softmax || softmax.getLog() || !softmax->hasOneUse())
      return failure();
    rewriter.replaceOpWithNewOp<SoftmaxOp>(op, softmax.getX(), softmax.getAxisAttr(), rewriter.getUnitAttr());
    ++count;
    return success();
  }
};

struct RaiseSoftmax : public reckon::impl::RaiseSoftmaxBase<RaiseSoftmax> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<QuotientToSoftmax, LogToLogSoftmax>(&getContext(), numRaised);
    applyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
