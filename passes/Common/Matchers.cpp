//===- Matchers.cpp - What rewrites ask of a value ----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "passes/Common/Matchers.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"

#include <cmath>

using namespace mlir;

namespace reckon::rec {

std::optional<double> getSplat(Value value) {
  for (;;) {
    if (auto broadcast = value.getDefiningOp<BroadcastOp>())
      value = broadcast.getX();
    else if (auto reshape = value.getDefiningOp<ReshapeOp>())
      value = reshape.getX();
    else
      break;
  }
  auto constant = value.getDefiningOp<ConstantOp>();
  return constant ? getConstantSplat(constant.getValue()) : std::nullopt;
}

bool isSplat(Value value, double expected) {
  std::optional<double> splat = getSplat(value);
  return splat && std::abs(*splat - expected) <= 1e-6 * std::abs(expected);
}

Value matchUnary(Value value, UnaryKind kind) {
  auto op = value.getDefiningOp<UnaryOp>();
  return op && op.getKind() == kind ? op.getX() : Value();
}

BinaryOp matchBinaryOp(Value value, BinaryKind kind) {
  auto op = value.getDefiningOp<BinaryOp>();
  return op && op.getKind() == kind ? op : BinaryOp();
}

Value matchWithSplat(Value value, BinaryKind kind, double constant) {
  BinaryOp op = matchBinaryOp(value, kind);
  if (!op)
    return {};
  if (isSplat(op.getB(), constant))
    return op.getA();
  return isSplat(op.getA(), constant) ? op.getB() : Value();
}

Value matchSquare(Value value) {
  if (BinaryOp product = matchBinaryOp(value, BinaryKind::mul))
    return product.getA() == product.getB() ? product.getA() : Value();
  BinaryOp power = matchBinaryOp(value, BinaryKind::pow);
  return power && isSplat(power.getB(), 2.0) && power.getType() == power.getA().getType() ? power.getA() : Value();
}

ReduceOp matchReduceOp(Value value, ReduceKind kind, ArrayRef<int64_t> axes) {
  auto op = value.getDefiningOp<ReduceOp>();
  return op && op.getKind() == kind && op.getAxes() == axes ? op : ReduceOp();
}

Value reshapeTo(OpBuilder &builder, Location loc, Value value, RankedTensorType type) {
  if (value.getType() == type)
    return value;
  // One reshape, whatever the value was before.
  if (auto reshape = value.getDefiningOp<ReshapeOp>())
    return reshapeTo(builder, loc, reshape.getX(), type);
  return ReshapeOp::create(builder, loc, type, value);
}

void replaceByShape(PatternRewriter &rewriter, Operation *op, Value value) {
  assert(op->getNumResults() == 1);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  rewriter.replaceOp(op, reshapeTo(rewriter, op->getLoc(), value, type));
}

void applyPatterns(Operation *root, RewritePatternSet patterns) {
  GreedyRewriteConfig config;
  config.enableFolding(false).enableConstantCSE(false).setRegionSimplificationLevel(
      GreedySimplifyRegionLevel::Disabled);
  // Not converging is no error: every step leaves a correct graph.
  (void)applyPatternsGreedily(root, std::move(patterns), config);
}

} // namespace reckon::rec
