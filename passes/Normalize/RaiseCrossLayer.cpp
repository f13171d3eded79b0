//===- RaiseCrossLayer.cpp - x0 * linear(x) + x --------------------------------===//
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
#define GEN_PASS_DEF_RAISECROSSLAYER
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// A linear layer of x, or two in a row of which the first has no bias.
struct CrossWeights {
  Value down, weight, bias;
};

std::optional<CrossWeights> matchLinears(Value value, Value x) {
  auto outer = value.getDefiningOp<LinearOp>();
  if (!outer || !outer->hasOneUse())
    return std::nullopt;
  if (outer.getX() == x)
    return CrossWeights{{}, outer.getWeight(), outer.getBias()};
  auto inner = outer.getX().getDefiningOp<LinearOp>();
  if (!inner || !inner->hasOneUse() || inner.getBias() || inner.getX() != x)
    return std::nullopt;
  return CrossWeights{inner.getWeight(), outer.getWeight(), outer.getBias()};
}

struct SumToCrossLayer : CountedPattern<BinaryOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != BinaryKind::add || op.getType().getRank() != 2 ||
        llvm::any_of(getShape(op.getResult()), isAnonymous))
      return failure();
    for (auto [term, x] : {std::pair(op.getA(), op.getB()), std::pair(op.getB(), op.getA())}) {
      BinaryOp product = matchBinaryOp(term, BinaryKind::mul);
      if (!product || !product->hasOneUse() || x.getType() != op.getType())
        continue;
      for (auto [x0, gate] : {std::pair(product.getA(), product.getB()), std::pair(product.getB(), product.getA())}) {
        std::optional<CrossWeights> weights = matchLinears(gate, x);
        if (!weights || x0.getType() != op.getType() || gate.getType() != op.getType())
          continue;
        Location loc = rewriter.getFusedLoc({gate.getLoc(), product.getLoc(), op.getLoc()});
        rewriter.replaceOp(op,
                           CrossLayerOp::create(rewriter, loc, x0, x, weights->down, weights->weight, weights->bias));
        ++count;
        return success();
      }
    }
    return failure();
  }
};

struct RaiseCrossLayer : public reckon::impl::RaiseCrossLayerBase<RaiseCrossLayer> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SumToCrossLayer>(&getContext(), numRaised);
    applyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
