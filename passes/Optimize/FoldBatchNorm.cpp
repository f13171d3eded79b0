//===- FoldBatchNorm.cpp - Trained statistics as weights -----------------------===//
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

#include <cmath>

namespace reckon {
#define GEN_PASS_DEF_FOLDBATCHNORM
#include "passes/Optimize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// batch_norm(x)[c] = x[c] * factor[c] + summand[c], when its statistics are constants.
struct Affine {
  std::vector<double> factor, summand;
};

std::optional<std::vector<double>> getNumbers(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  return constant ? getConstantDoubles(constant.getValue()) : std::nullopt;
}

std::optional<Affine> getAffine(BatchNormOp op) {
  auto scale = getNumbers(op.getScale()), bias = getNumbers(op.getBias());
  auto mean = getNumbers(op.getMean()), variance = getNumbers(op.getVariance());
  if (!scale || !bias || !mean || !variance)
    return std::nullopt;
  double epsilon = op.getEpsilon().convertToDouble();
  Affine affine;
  for (size_t c = 0; c < scale->size(); ++c) {
    affine.factor.push_back((*scale)[c] / std::sqrt((*variance)[c] + epsilon));
    affine.summand.push_back((*bias)[c] - (*mean)[c] * affine.factor.back());
  }
  return affine;
}

Value makeVector(PatternRewriter &rewriter, Location loc, ArrayRef<double> values, ArrayRef<int64_t> shape, Type type) {
  return ConstantOp::create(rewriter, loc, makeConstant(RankedTensorType::get(shape, type), values), StringAttr());
}

/// Scales slices of the weight, `stride` consecutive elements a channel and then around again.
Value scaleWeight(PatternRewriter &rewriter, Value weight, std::vector<double> numbers, const Affine &affine,
                  int64_t stride) {
  for (size_t i = 0; i < numbers.size(); ++i)
    numbers[i] *= affine.factor[i / stride % affine.factor.size()];
  return ConstantOp::create(rewriter, weight.getLoc(), makeConstant(typeOf(weight), ArrayRef<double>(numbers)),
                            StringAttr());
}

/// The bias after the normalisation: of nothing, or of a constant.
std::optional<std::vector<double>> foldBias(Value bias, const Affine &affine) {
  std::vector<double> result = affine.summand;
  if (!bias)
    return result;
  std::optional<std::vector<double>> numbers = getNumbers(bias);
  if (!numbers)
    return std::nullopt;
  for (size_t c = 0; c < result.size(); ++c)
    result[c] += (*numbers)[c] * affine.factor[c];
  return result;
}

/// batch_norm(linear(x)) -> linear(x)
struct FoldIntoLinear : CountedPattern<BatchNormOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(BatchNormOp op, PatternRewriter &rewriter) const override {
    auto linear = op.getX().getDefiningOp<LinearOp>();
    std::optional<Affine> affine = getAffine(op);
    // The channel is the second dimension, so that is the outputs for matrices alone.
    if (!linear || !linear->hasOneUse() || !affine || op.getType().getRank() != 2)
      return failure();
    auto weight = getNumbers(linear.getWeight());
    auto bias = foldBias(linear.getBias(), *affine);
    if (!weight || !bias)
      return failure();
    Location loc = rewriter.getFusedLoc({linear.getLoc(), op.getLoc()});
    Type type = op.getType().getElementType();
    rewriter.replaceOpWithNewOp<LinearOp>(op, linear.getX(),
                                          scaleWeight(rewriter, linear.getWeight(), std::move(*weight), *affine, 1),
                                          makeVector(rewriter, loc, *bias, {int64_t(bias->size())}, type));
    ++count;
    return success();
  }
};

/// batch_norm(conv(x)) -> conv(x)
struct FoldIntoConv : CountedPattern<BatchNormOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(BatchNormOp op, PatternRewriter &rewriter) const override {
    auto conv = op.getX().getDefiningOp<ConvOp>();
    std::optional<Affine> affine = getAffine(op);
    if (!conv || !conv->hasOneUse() || !affine)
      return failure();
    auto weight = getNumbers(conv.getWeight());
    auto bias = foldBias(conv.getBias(), *affine);
    if (!weight || !bias || bias->empty())
      return failure();
    Location loc = rewriter.getFusedLoc({conv.getLoc(), op.getLoc()});
    int64_t stride = typeOf(conv.getWeight()).getNumElements() / int64_t(bias->size());
    Value vector = makeVector(rewriter, loc, *bias, {int64_t(bias->size())}, op.getType().getElementType());
    rewriter.replaceOpWithNewOp<ConvOp>(
        op, conv.getX(), scaleWeight(rewriter, conv.getWeight(), std::move(*weight), *affine, stride), vector,
        conv.getStridesAttr(), conv.getPadsAttr(), conv.getDilationsAttr(), conv.getGroupsAttr());
    ++count;
    return success();
  }
};

/// linear(batch_norm(x)) -> linear(x): a model often normalises its dense inputs first.
struct FoldIntoNextLinear : CountedPattern<LinearOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(LinearOp op, PatternRewriter &rewriter) const override {
    auto norm = op.getX().getDefiningOp<BatchNormOp>();
    if (!norm || !norm->hasOneUse() || norm.getType().getRank() != 2)
      return failure();
    std::optional<Affine> affine = getAffine(norm);
    auto weight = getNumbers(op.getWeight());
    std::optional<std::vector<double>> bias;
    if (op.getBias())
      bias = getNumbers(op.getBias());
    else
      bias.emplace(typeOf(op.getWeight()).getDimSize(1), 0.0);
    if (!affine || !weight || !bias)
      return failure();
    size_t outputs = bias->size();
    for (size_t k = 0; k < affine->summand.size(); ++k)
      for (size_t n = 0; n < outputs; ++n)
        (*bias)[n] += affine->summand[k] * (*weight)[k * outputs + n];
    Location loc = rewriter.getFusedLoc({norm.getLoc(), op.getLoc()});
    Value scaled = scaleWeight(rewriter, op.getWeight(), std::move(*weight), *affine, outputs);
    rewriter.replaceOpWithNewOp<LinearOp>(
        op, norm.getX(), scaled,
        makeVector(rewriter, loc, *bias, {int64_t(outputs)}, typeOf(op.getResult()).getElementType()));
    ++count;
    return success();
  }
};

/// Elsewhere one product and one sum.
struct ExpandToAffine : CountedPattern<BatchNormOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(BatchNormOp op, PatternRewriter &rewriter) const override {
    std::optional<Affine> affine = getAffine(op);
    if (!affine)
      return failure();
    // Channels x 1 x ..., aligned at the last dimension.
    SmallVector<int64_t> shape(op.getType().getRank() - 1, 1);
    shape[0] = affine->factor.size();
    Location loc = op.getLoc();
    Type type = op.getType().getElementType();
    auto kind = [&](BinaryKind kind) { return BinaryKindAttr::get(getContext(), kind); };
    Value scaled = BinaryOp::create(rewriter, loc, kind(BinaryKind::mul), op.getX(),
                                    makeVector(rewriter, loc, affine->factor, shape, type));
    Value sum = BinaryOp::create(rewriter, loc, kind(BinaryKind::add), scaled,
                                 makeVector(rewriter, loc, affine->summand, shape, type));
    replaceByShape(rewriter, op, sum);
    ++count;
    return success();
  }
};

struct FoldBatchNorm : public reckon::impl::FoldBatchNormBase<FoldBatchNorm> {
  void runOnOperation() override {
    RewritePatternSet folding(&getContext());
    folding.add<FoldIntoLinear, FoldIntoConv, FoldIntoNextLinear>(&getContext(), numFolded);
    applyPatterns(getOperation(), std::move(folding));
    RewritePatternSet expansion(&getContext());
    expansion.add<ExpandToAffine>(&getContext(), numExpanded);
    applyPatterns(getOperation(), std::move(expansion));
  }
};
} // namespace
