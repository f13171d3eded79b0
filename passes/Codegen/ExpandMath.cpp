//===- ExpandMath.cpp - rec-expand-math -------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "passes/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace reckon::codegen {
#define GEN_PASS_DEF_EXPANDMATH
#include "passes/Codegen/Passes.h.inc"

/// MLIR has approximations of more functions; these are the ones whose error stays within a few units in the last place
/// over the whole range.
static bool isExpanded(StringRef name) {
  static const llvm::StringSet<> names = {math::ExpOp::getOperationName(), math::LogOp::getOperationName(),
                                          math::Log1pOp::getOperationName(), math::TanhOp::getOperationName(),
                                          math::ErfOp::getOperationName()};
  return names.contains(name);
}

namespace {
/// A maximum or minimum that NaN passes through, as LLVM's intrinsic. Of zeros of both signs either is as good, which
/// saves half of the instructions.
template <typename Op, typename Intrinsic> struct KeepExtremum : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    Type type = getElementTypeOrSelf(op.getType());
    if (!type.isF32() && !type.isF64())
      return failure();
    rewriter.replaceOpWithNewOp<Intrinsic>(op, op.getType(), op.getLhs(), op.getRhs(), LLVM::FastmathFlags::nsz);
    return success();
  }
};

/// Patterns for functions of f32 that may be approximate.
template <typename Op> struct ApproximatePattern : OpRewritePattern<Op> {
  ApproximatePattern(MLIRContext *context) : OpRewritePattern<Op>(context, /*benefit=*/2) {}

  static Value constant(ImplicitLocOpBuilder &b, double value) {
    return arith::ConstantOp::create(b, b.getF32FloatAttr(value));
  }
  static Value exp2(ImplicitLocOpBuilder &b, Value x, double scale, arith::FastMathFlagsAttr flags) {
    return math::Exp2Op::create(b, arith::MulFOp::create(b, x, constant(b, scale)), flags);
  }
  virtual Value approximate(ImplicitLocOpBuilder &b, Value x, arith::FastMathFlagsAttr flags) const = 0;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!op.getType().isF32() || !bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::afn))
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    rewriter.replaceOp(op, approximate(b, op.getOperand(), op.getFastmathAttr()));
    return success();
  }
};

struct ExpByExp2 : ApproximatePattern<math::ExpOp> {
  using ApproximatePattern::ApproximatePattern;
  Value approximate(ImplicitLocOpBuilder &b, Value x, arith::FastMathFlagsAttr flags) const override {
    return exp2(b, x, M_LOG2E, flags);
  }
};

/// 1 - 2 / (e^2x + 1), and around zero, where that cancels, x - x^3 / 3 + 2 x^5 / 15.
struct TanhByExp2 : ApproximatePattern<math::TanhOp> {
  using ApproximatePattern::ApproximatePattern;
  Value approximate(ImplicitLocOpBuilder &b, Value x, arith::FastMathFlagsAttr flags) const override {
    Value sum = arith::AddFOp::create(b, exp2(b, x, 2 * M_LOG2E, flags), constant(b, 1));
    Value far = arith::SubFOp::create(b, constant(b, 1), arith::DivFOp::create(b, constant(b, 2), sum, flags));
    Value square = arith::MulFOp::create(b, x, x);
    Value factor = math::FmaOp::create(b, square, constant(b, 2.0 / 15), constant(b, -1.0 / 3));
    Value near = math::FmaOp::create(b, arith::MulFOp::create(b, square, factor), x, x);
    Value isNear =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, math::AbsFOp::create(b, x), constant(b, 1.0 / 16));
    return arith::SelectOp::create(b, isNear, near, far);
  }
};

struct ExpandMath : impl::ExpandMathBase<ExpandMath> {
  using Base::Base;

  void runOnOperation() override {
    getOperation()->walk([&](Operation *op) {
      if (isExpanded(op->getName().getStringRef()) && getElementTypeOrSelf(op->getResult(0)).isF32())
        ++numExpanded;
    });
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns, isExpanded);
    if (byExp2)
      patterns.add<ExpByExp2, TanhByExp2>(&getContext());
    if (keepExtrema)
      patterns.add<KeepExtremum<arith::MaximumFOp, LLVM::MaximumOp>, KeepExtremum<arith::MinimumFOp, LLVM::MinimumOp>>(
          &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace reckon::codegen
