//===- SimplifyGathers.cpp - Gathers along the dimension they are meant for ----===//
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
#define GEN_PASS_DEF_SIMPLIFYGATHERS
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// Tuples of one index are the indices of a gather along the first dimension.
struct GatherNdToGather : CountedPattern<GatherNdOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(GatherNdOp op, PatternRewriter &rewriter) const override {
    RankedTensorType type = typeOf(op.getIndices());
    if (op.getBatchDims() != 0 || type.getShape().back() != 1)
      return failure();
    Shape shape = getShape(op.getIndices());
    shape.pop_back();
    Value indices = reshapeTo(rewriter, op.getLoc(), op.getIndices(), getTensorType(shape, type.getElementType()));
    replaceByShape(rewriter, op,
                   GatherOp::create(rewriter, op.getLoc(), op.getX(), indices, rewriter.getI64IntegerAttr(0)));
    ++count;
    return success();
  }
};

/// transpose(gather(transpose(x), indices)): the gather goes first, and the transposes meet.
struct GatherBeforeTranspose : CountedPattern<GatherOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(GatherOp op, PatternRewriter &rewriter) const override {
    auto transpose = op.getX().getDefiningOp<TransposeOp>();
    if (!transpose || typeOf(op.getIndices()).getRank() != 1 || !op->hasOneUse() ||
        !isa<TransposeOp>(*op->user_begin()))
      return failure();
    int64_t axis = transpose.getPerm()[op.getAxis()];
    Value gathered =
        GatherOp::create(rewriter, op.getLoc(), transpose.getX(), op.getIndices(), rewriter.getI64IntegerAttr(axis));
    replaceByShape(rewriter, op, TransposeOp::create(rewriter, op.getLoc(), gathered, transpose.getPermAttr()));
    ++count;
    return success();
  }
};

struct SimplifyGathers : public reckon::impl::SimplifyGathersBase<SimplifyGathers> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<GatherNdToGather, GatherBeforeTranspose>(&getContext(), numSimplified);
    applyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
