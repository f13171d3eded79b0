//===- RaiseEmbedding.cpp - Row gathers from a table ---------------------------===//
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
#define GEN_PASS_DEF_RAISEEMBEDDING
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {
struct GatherToEmbedding : CountedPattern<GatherOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(GatherOp op, PatternRewriter &rewriter) const override {
    RankedTensorType table = typeOf(op.getX());
    // Constant ids make a constant, which is the constant folder's.
    if (op.getAxis() != 0 || table.getRank() != 2 || !isa<FloatType>(table.getElementType()) ||
        !isConstant(op.getX()) || isConstant(op.getIndices()))
      return failure();
    replaceByShape(rewriter, op, EmbeddingOp::create(rewriter, op.getLoc(), op.getX(), op.getIndices()));
    ++count;
    return success();
  }
};

struct RaiseEmbedding : public reckon::impl::RaiseEmbeddingBase<RaiseEmbedding> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<GatherToEmbedding>(&getContext(), numRaised);
    applyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
