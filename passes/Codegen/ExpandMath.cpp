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

struct ExpandMath : impl::ExpandMathBase<ExpandMath> {
  using Base::Base;

  void runOnOperation() override {
    getOperation()->walk([&](Operation *op) {
      if (isExpanded(op->getName().getStringRef()) && getElementTypeOrSelf(op->getResult(0)).isF32())
        ++numExpanded;
    });
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns, isExpanded);
    if (keepExtrema)
      patterns.add<KeepExtremum<arith::MaximumFOp, LLVM::MaximumOp>, KeepExtremum<arith::MinimumFOp, LLVM::MinimumOp>>(
          &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace reckon::codegen
