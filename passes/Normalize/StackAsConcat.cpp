//===- StackAsConcat.cpp - Stacked matrices side by side -----------------------===//
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
#define GEN_PASS_DEF_STACKASCONCAT
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// The matrix batch x (k * dim) behind a reshape to batch x k x dim.
Value getMatrix(Value value, const SizeExpr &batch) {
  auto reshape = value.getDefiningOp<ReshapeOp>();
  if (!reshape || typeOf(reshape.getX()).getRank() != 2)
    return {};
  Shape shape = getShape(reshape.getX());
  return shape[0] == batch && !isAnonymous(batch) ? reshape.getX() : Value();
}

struct FlattenStack : CountedPattern<ConcatOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(ConcatOp op, PatternRewriter &rewriter) const override {
    Shape result = getShape(op.getResult());
    if (result.size() != 3 || op.getAxis() != 1 || !result[2].isConstant())
      return failure();
    if (llvm::none_of(op.getInputs(), [&](Value input) { return getMatrix(input, result[0]); }))
      return failure();
    // Rows of batch x k x dim are contiguous, so they lie side by side as they would be stacked.
    SmallVector<Value> inputs;
    for (Value input : op.getInputs()) {
      Value matrix = getMatrix(input, result[0]);
      if (!matrix) {
        Shape shape = getShape(input);
        matrix = reshapeTo(rewriter, op.getLoc(), input,
                           getTensorType({result[0], shape[1] * shape[2]}, typeOf(input).getElementType()));
      }
      inputs.push_back(matrix);
    }
    replaceByShape(rewriter, op, ConcatOp::create(rewriter, op.getLoc(), inputs, rewriter.getI64IntegerAttr(1)));
    ++count;
    return success();
  }
};

struct StackAsConcat : public reckon::impl::StackAsConcatBase<StackAsConcat> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FlattenStack>(&getContext(), numFlattened);
    applyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
