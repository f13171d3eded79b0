//===- LinearFromMatmul.cpp - Products with a constant matrix ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Common/ConstantMatrix.h"
#include "passes/Common/Matchers.h"
#include "passes/Normalize/Passes.h"

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace reckon {
#define GEN_PASS_DEF_LINEARFROMMATMUL
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

struct MatmulToLinear : CountedPattern<MatmulOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(MatmulOp op, PatternRewriter &rewriter) const override {
    auto weight = op.getB().getDefiningOp<ConstantOp>();
    if (!weight || weight.getType().getRank() != 2 || op.getTransposeA() ||
        !isa<FloatType>(weight.getType().getElementType()))
      return failure();
    ConstantOp matrix = weight;
    if (op.getTransposeB())
      matrix = transposeMatrix(rewriter, weight);
    if (!matrix)
      return failure();
    replaceByShape(rewriter, op, LinearOp::create(rewriter, op.getLoc(), op.getA(), matrix, /*bias=*/Value()));
    ++count;
    return success();
  }
};

/// linear(x) + bias, the bias one number an output.
struct AbsorbBias : CountedPattern<BinaryOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != BinaryKind::add)
      return failure();
    for (auto [product, bias] : {std::pair(op.getA(), op.getB()), std::pair(op.getB(), op.getA())}) {
      auto linear = product.getDefiningOp<LinearOp>();
      auto constant = bias.getDefiningOp<ConstantOp>();
      if (!linear || linear.getBias() || !linear->hasOneUse() || !constant || op.getType() != linear.getType())
        continue;
      RankedTensorType type = constant.getType();
      int64_t outputs = typeOf(linear.getWeight()).getDimSize(1);
      if (type.getNumElements() != outputs || type.getRank() == 0 || type.getShape().back() != outputs)
        continue;
      // The order of the constants is free; the sum stays where it was.
      Value vector = reshapeConstant(rewriter, constant, outputs);
      Location loc = rewriter.getFusedLoc({linear.getLoc(), op.getLoc()});
      rewriter.replaceOp(op, LinearOp::create(rewriter, loc, linear.getX(), linear.getWeight(), vector));
      ++count;
      return success();
    }
    return failure();
  }

  static Value reshapeConstant(PatternRewriter &rewriter, ConstantOp constant, int64_t size) {
    RankedTensorType type = constant.getType();
    return reshapeTo(rewriter, constant.getLoc(), constant, RankedTensorType::get({size}, type.getElementType()));
  }
};

struct LinearFromMatmul : public reckon::impl::LinearFromMatmulBase<LinearFromMatmul> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<MatmulToLinear>(&getContext(), numLinears);
    patterns.add<AbsorbBias>(&getContext(), numBiases);
    applyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
