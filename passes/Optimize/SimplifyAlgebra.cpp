//===- SimplifyAlgebra.cpp - Rewrites that change no bit -----------------------===//
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
#define GEN_PASS_DEF_SIMPLIFYALGEBRA
#include "passes/Optimize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// A product with a matrix transposed in its last two dimensions takes it as it was.
struct AbsorbTranspose : CountedPattern<MatmulOp> {
  using CountedPattern::CountedPattern;

  static TransposeOp matchSwap(Value value) {
    auto transpose = value.getDefiningOp<TransposeOp>();
    if (!transpose)
      return {};
    ArrayRef<int64_t> perm = transpose.getPerm();
    int64_t rank = perm.size();
    for (int64_t d = 0; d < rank - 2; ++d)
      if (perm[d] != d)
        return {};
    return rank >= 2 && perm[rank - 1] == rank - 2 ? transpose : TransposeOp();
  }

  LogicalResult matchAndRewrite(MatmulOp op, PatternRewriter &rewriter) const override {
    TransposeOp a = matchSwap(op.getA()), b = matchSwap(op.getB());
    if (!a && !b)
      return failure();
    auto flag = [&](bool set) { return set ? rewriter.getUnitAttr() : UnitAttr(); };
    Value result = MatmulOp::create(rewriter, op.getLoc(), a ? a.getX() : op.getA(), b ? b.getX() : op.getB(),
                                    flag(op.getTransposeA() != bool(a)), flag(op.getTransposeB() != bool(b)));
    replaceByShape(rewriter, op, result);
    ++count;
    return success();
  }
};

/// A function that changes nothing in the range of another.
struct DropIdempotent : CountedPattern<UnaryOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(UnaryOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<UnaryOp>();
    if (!inner)
      return failure();
    UnaryKind outerKind = op.getKind(), innerKind = inner.getKind();
    // The absolute value of the least integer is itself, and negative.
    bool isNotNegative = llvm::is_contained({UnaryKind::relu, UnaryKind::sigmoid, UnaryKind::exp}, innerKind) ||
                         (innerKind == UnaryKind::abs && isa<FloatType>(op.getType().getElementType()));
    bool isWhole = llvm::is_contained({UnaryKind::floor, UnaryKind::ceil, UnaryKind::round}, innerKind);
    // A floored or rounded value is whole; relu keeps what is not negative, NaN included.
    bool isIdempotent =
        (outerKind == UnaryKind::relu && isNotNegative) ||
        (outerKind == UnaryKind::abs && innerKind == UnaryKind::abs) ||
        (isWhole && llvm::is_contained({UnaryKind::floor, UnaryKind::ceil, UnaryKind::round}, outerKind));
    if (!isIdempotent || inner.getType() != op.getType())
      return failure();
    rewriter.replaceOp(op, inner.getResult());
    ++count;
    return success();
  }
};

/// relu written as a maximum with zero.
struct MaximumToRelu : CountedPattern<BinaryOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != BinaryKind::max)
      return failure();
    for (auto [x, zero] : {std::pair(op.getA(), op.getB()), std::pair(op.getB(), op.getA())}) {
      if (getSplat(zero) != 0.0 || x.getType() != op.getType())
        continue;
      rewriter.replaceOpWithNewOp<UnaryOp>(op, UnaryKindAttr::get(getContext(), UnaryKind::relu), x);
      ++count;
      return success();
    }
    return failure();
  }
};

struct SimplifyAlgebra : public reckon::impl::SimplifyAlgebraBase<SimplifyAlgebra> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<AbsorbTranspose, DropIdempotent, MaximumToRelu>(&getContext(), numSimplified);
    applyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
