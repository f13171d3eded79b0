//===- SliceConstantGathers.cpp - Gathers of a constant range ------------------===//
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
#define GEN_PASS_DEF_SLICECONSTANTGATHERS
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {

/// First index and step when the indices are equally spaced, in order, inside [0, size).
struct Range {
  SizeExpr start;
  int64_t step, count;
};

std::optional<Range> matchRange(Value indices, const SizeExpr &size) {
  auto constant = indices.getDefiningOp<ConstantOp>();
  std::optional<std::vector<int64_t>> values = constant ? getConstantInts(constant.getValue()) : std::nullopt;
  constexpr int64_t limit = int64_t(1) << 48; // beyond every size; the differences of what is within stay numbers
  auto isOutside = [](int64_t value) { return value < -limit || value > limit; };
  if (!values || values->empty() || llvm::any_of(*values, isOutside))
    return std::nullopt;
  int64_t first = values->front(), last = values->back();
  int64_t step = values->size() > 1 ? (*values)[1] - first : 1;
  if (step == 0)
    return std::nullopt;
  for (size_t i = 1; i < values->size(); ++i)
    if ((*values)[i] - (*values)[i - 1] != step)
      return std::nullopt;
  // From the end when negative; a range across zero wraps and is none.
  if ((first < 0) != (last < 0))
    return std::nullopt;
  if (std::optional<int64_t> known = size.constant()) {
    if (std::max(first, last) >= *known || std::min(first, last) < -*known)
      return std::nullopt;
  } else if (first >= 0 || isAnonymous(size)) {
    return std::nullopt; // whether it is inside shows when the batch is known: the gather checks it then
  }
  return Range{first < 0 ? size + SizeExpr(first) : SizeExpr(first), step, int64_t(values->size())};
}

struct GatherToSlice : CountedPattern<GatherOp> {
  using CountedPattern::CountedPattern;

  LogicalResult matchAndRewrite(GatherOp op, PatternRewriter &rewriter) const override {
    Shape shape = getShape(op.getX());
    int64_t axis = op.getAxis(), indexRank = typeOf(op.getIndices()).getRank();
    if (indexRank > 1 || isConstant(op.getX()))
      return failure();
    std::optional<Range> range = matchRange(op.getIndices(), shape[axis]);
    if (!range || (!range->start.isConstant() && range->count != 1))
      return failure();
    Shape starts(shape.size(), SizeExpr(0)), sizes = shape;
    SmallVector<int64_t> steps(shape.size(), 1);
    starts[axis] = range->start;
    sizes[axis] = SizeExpr(range->count);
    steps[axis] = range->step;
    MLIRContext *context = rewriter.getContext();
    Value slice = SliceOp::create(rewriter, op.getLoc(), op.getX(), DimsAttr::get(context, starts),
                                  DimsAttr::get(context, sizes), rewriter.getDenseI64ArrayAttr(steps));
    replaceByShape(rewriter, op, slice); // a scalar index drops the dimension
    ++count;
    return success();
  }
};

struct SliceConstantGathers : public reckon::impl::SliceConstantGathersBase<SliceConstantGathers> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<GatherToSlice>(&getContext(), numSliced);
    applyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
