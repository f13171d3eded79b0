//===- RaiseL2Norm.cpp - Roots of sums of squares ------------------------------===//
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
#define GEN_PASS_DEF_RAISEL2NORM
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// The reduction of a value's squares, as one op.
ReduceOp matchSumOfSquares(Value value) {
  auto reduce = value.getDefiningOp<ReduceOp>();
  return reduce && reduce.getKind() == ReduceKind::sum_square ? reduce : ReduceOp();
}

struct SumOfSquares : CountedPattern<ReduceOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(ReduceOp op, PatternRewriter &rewriter) const override {
    Value x = op.getKind() == ReduceKind::sum ? matchSquare(op.getX()) : Value();
    if (!x || x.getType() != op.getX().getType())
      return failure();
    rewriter.replaceOpWithNewOp<ReduceOp>(op, ReduceKindAttr::get(getContext(), ReduceKind::sum_square), x,
                                          op.getAxesAttr(), op.getKeepdimsAttr());
    ++count;
    return success();
  }
};

struct RootOfSumOfSquares : CountedPattern<UnaryOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(UnaryOp op, PatternRewriter &rewriter) const override {
    ReduceOp sum = op.getKind() == UnaryKind::sqrt ? matchSumOfSquares(op.getX()) : ReduceOp();
    if (!sum || !sum->hasOneUse())
      return failure();
    rewriter.replaceOpWithNewOp<ReduceOp>(op, ReduceKindAttr::get(getContext(), ReduceKind::l2), sum.getX(),
                                          sum.getAxesAttr(), sum.getKeepdimsAttr());
    ++count;
    return success();
  }
};

struct RaiseL2Norm : public reckon::impl::RaiseL2NormBase<RaiseL2Norm> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SumOfSquares, RootOfSumOfSquares>(&getContext(), numRaised);
    applyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
