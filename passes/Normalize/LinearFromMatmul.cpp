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

/// What a matrix is the transpose of; null when it is not one.
Value getUntransposed(Value matrix) {
  auto transpose = matrix.getDefiningOp<TransposeOp>();
  return transpose && transpose.getPerm() == ArrayRef<int64_t>{1, 0} ? transpose.getX() : Value();
}

Value transposed(PatternRewriter &rewriter, Location loc, Value matrix) {
  return TransposeOp::create(rewriter, loc, matrix, rewriter.getDenseI64ArrayAttr({1, 0}));
}

/// A constant matrix times the transpose of x is the transpose of a linear layer.
struct LeftMatmulToLinear : CountedPattern<MatmulOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(MatmulOp op, PatternRewriter &rewriter) const override {
    auto weight = op.getA().getDefiningOp<ConstantOp>();
    if (!weight || weight.getType().getRank() != 2 || typeOf(op.getB()).getRank() != 2 || isConstant(op.getB()) ||
        !isa<FloatType>(weight.getType().getElementType()))
      return failure();
    Value x = op.getTransposeB() ? op.getB() : getUntransposed(op.getB());
    ConstantOp matrix = op.getTransposeA() || !x ? weight : transposeMatrix(rewriter, weight);
    if (!x || !matrix)
      return failure();
    auto linear = LinearOp::create(rewriter, op.getLoc(), x, matrix, /*bias=*/Value());
    replaceByShape(rewriter, op, transposed(rewriter, op.getLoc(), linear));
    ++count;
    return success();
  }
};

/// The transpose of linear(x) plus one number an output, which is the same along what was the batch.
struct AbsorbTransposedBias : CountedPattern<BinaryOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != BinaryKind::add)
      return failure();
    for (auto [product, bias] : {std::pair(op.getA(), op.getB()), std::pair(op.getB(), op.getA())}) {
      Value inner = getUntransposed(product);
      auto linear = inner ? inner.getDefiningOp<LinearOp>() : LinearOp();
      auto constant = bias.getDefiningOp<ConstantOp>();
      if (!linear || linear.getBias() || !linear->hasOneUse() || !product.hasOneUse() || !constant ||
          op.getType() != product.getType())
        continue;
      int64_t outputs = typeOf(linear.getWeight()).getDimSize(1);
      if (constant.getType().getShape() != ArrayRef<int64_t>{outputs, 1})
        continue;
      Value vector = reshapeTo(rewriter, constant.getLoc(), constant,
                               RankedTensorType::get({outputs}, constant.getType().getElementType()));
      Location loc = rewriter.getFusedLoc({linear.getLoc(), op.getLoc()});
      Value sum = LinearOp::create(rewriter, loc, linear.getX(), linear.getWeight(), vector);
      replaceByShape(rewriter, op, transposed(rewriter, loc, sum));
      ++count;
      return success();
    }
    return failure();
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
    patterns.add<MatmulToLinear, LeftMatmulToLinear>(&getContext(), numLinears);
    patterns.add<AbsorbBias, AbsorbTransposedBias>(&getContext(), numBiases);
    applyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
