//===- SinkReshapes.cpp - Reshapes after pointwise layers ----------------------===//
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
#define GEN_PASS_DEF_SINKRESHAPES
#include "passes/Optimize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// The reshape that alone stands between a value and a pointwise layer.
ReshapeOp matchReshape(Value value) {
  auto reshape = value.getDefiningOp<ReshapeOp>();
  return reshape && reshape->hasOneUse() && !isConstant(reshape.getX()) ? reshape : ReshapeOp();
}

struct SinkBelowUnary : CountedPattern<UnaryOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(UnaryOp op, PatternRewriter &rewriter) const override {
    ReshapeOp reshape = matchReshape(op.getX());
    if (!reshape)
      return failure();
    Value result = UnaryOp::create(rewriter, op.getLoc(), op.getKindAttr(), reshape.getX());
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), result);
    ++count;
    return success();
  }
};

struct SinkBelowBinary : CountedPattern<BinaryOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    ReshapeOp a = matchReshape(op.getA()), b = matchReshape(op.getB());
    Value left, right;
    // Two values reshaped alike, or one and a scalar.
    if (a && b && a.getX().getType() == b.getX().getType() && a.getType() == b.getType()) {
      left = a.getX();
      right = b.getX();
    } else if (a && typeOf(op.getB()).getRank() == 0) {
      left = a.getX();
      right = op.getB();
    } else if (b && typeOf(op.getA()).getRank() == 0) {
      left = op.getA();
      right = b.getX();
    } else {
      return failure();
    }
    Value result = BinaryOp::create(rewriter, op.getLoc(), op.getKindAttr(), left, right);
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), result);
    ++count;
    return success();
  }
};

struct SinkReshapes : public reckon::impl::SinkReshapesBase<SinkReshapes> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SinkBelowUnary, SinkBelowBinary>(&getContext(), numSunk);
    applyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
