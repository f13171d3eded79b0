//===- RaiseLayerNorm.cpp - Normalisation written out --------------------------===//
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
#define GEN_PASS_DEF_RAISELAYERNORM
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// The trailing axes a mean is over: the first of them. nullopt when the axes are not the last ones.
std::optional<int64_t> getTrailingAxis(ReduceOp mean) {
  int64_t rank = typeOf(mean.getX()).getRank();
  ArrayRef<int64_t> axes = mean.getAxes();
  if (axes.empty() || axes.back() != rank - 1 || axes.back() - axes.front() + 1 != int64_t(axes.size()))
    return std::nullopt;
  return axes.front();
}

/// Whether the mean keeps its dimensions, so that it broadcasts against what it was taken of.
ReduceOp matchMean(Value value) {
  auto mean = value.getDefiningOp<ReduceOp>();
  return mean && mean.getKind() == ReduceKind::mean && mean.getKeepdims() ? mean : ReduceOp();
}

/// The variance of sqrt(variance + epsilon).
Value matchDeviation(Value value, double &epsilon) {
  Value sum = matchUnary(value, UnaryKind::sqrt);
  if (!sum)
    if (BinaryOp power = matchBinaryOp(value, BinaryKind::pow); power && isSplat(power.getB(), 0.5))
      sum = power.getA();
  BinaryOp add = sum ? matchBinaryOp(sum, BinaryKind::add) : BinaryOp();
  if (!add)
    return {};
  for (auto [variance, constant] : {std::pair(add.getA(), add.getB()), std::pair(add.getB(), add.getA())})
    if (std::optional<double> splat = getSplat(constant)) {
      epsilon = *splat;
      return variance;
    }
  return {};
}

struct Normalised {
  Value centred, variance;
  double epsilon;
};

/// centred / deviation, or centred times its reciprocal.
std::optional<Normalised> matchQuotient(BinaryOp op) {
  Normalised result{op.getA(), {}, 0};
  if (op.getKind() == BinaryKind::div) {
    result.variance = matchDeviation(op.getB(), result.epsilon);
  } else if (op.getKind() == BinaryKind::mul) {
    for (auto [centred, factor] : {std::pair(op.getA(), op.getB()), std::pair(op.getB(), op.getA())}) {
      Value deviation = matchUnary(factor, UnaryKind::reciprocal);
      if (BinaryOp quotient = matchBinaryOp(factor, BinaryKind::div); quotient && isSplat(quotient.getA(), 1.0))
        deviation = quotient.getB();
      if (deviation) {
        result = {centred, matchDeviation(deviation, result.epsilon), result.epsilon};
      } else if (Value sum = matchUnary(factor, UnaryKind::rsqrt)) {
        BinaryOp add = matchBinaryOp(sum, BinaryKind::add);
        std::optional<double> splat = add ? getSplat(add.getB()) : std::nullopt;
        if (splat)
          result = {centred, add.getA(), *splat};
      }
      if (result.variance)
        break;
    }
  }
  return result.variance ? std::optional<Normalised>(result) : std::nullopt;
}

struct QuotientToLayerNorm : CountedPattern<BinaryOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    std::optional<Normalised> match = matchQuotient(op);
    BinaryOp centred = match ? matchBinaryOp(match->centred, BinaryKind::sub) : BinaryOp();
    ReduceOp variance = match ? matchMean(match->variance) : ReduceOp(),
             mean = centred ? matchMean(centred.getB()) : ReduceOp();
    if (!variance || !mean || !isa<FloatType>(op.getType().getElementType()))
      return failure();
    Value x = centred.getA();
    Value squared = matchSquare(variance.getX());
    // The centred values may be computed once for each use.
    BinaryOp other = squared ? matchBinaryOp(squared, BinaryKind::sub) : BinaryOp();
    if (!other || (other != centred && (other.getA() != x || other.getB() != centred.getB())))
      return failure();
    std::optional<int64_t> axis = getTrailingAxis(mean);
    if (!axis || mean.getX() != x || mean.getAxes() != variance.getAxes() || op.getType() != x.getType())
      return failure();
    rewriter.replaceOp(op, LayerNormOp::create(rewriter, op.getLoc(), x, Value(), Value(),
                                               rewriter.getI64IntegerAttr(*axis),
                                               rewriter.getF64FloatAttr(match->epsilon)));
    ++count;
    return success();
  }
};

/// Scale and bias, when they are constants over the normalised dimensions.
struct AbsorbAffine : CountedPattern<BinaryOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    bool isScale = op.getKind() == BinaryKind::mul;
    if (!isScale && op.getKind() != BinaryKind::add)
      return failure();
    for (auto [value, factor] : {std::pair(op.getA(), op.getB()), std::pair(op.getB(), op.getA())}) {
      auto norm = value.getDefiningOp<LayerNormOp>();
      if (!norm || !norm->hasOneUse() || norm.getBias() || (isScale && norm.getScale()) || !isConstant(factor) ||
          typeOf(factor).getRank() > op.getType().getRank() - int64_t(norm.getAxis()) || op.getType() != norm.getType())
        continue;
      Location loc = rewriter.getFusedLoc({norm.getLoc(), op.getLoc()});
      rewriter.replaceOp(op,
                         LayerNormOp::create(rewriter, loc, norm.getX(), isScale ? factor : norm.getScale(),
                                             isScale ? Value() : factor, norm.getAxisAttr(), norm.getEpsilonAttr()));
      ++count;
      return success();
    }
    return failure();
  }
};

struct RaiseLayerNorm : public reckon::impl::RaiseLayerNormBase<RaiseLayerNorm> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<QuotientToLayerNorm>(&getContext(), numRaised);
    patterns.add<AbsorbAffine>(&getContext(), numAffine);
    applyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
