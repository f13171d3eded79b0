//===- SliceFolds.cpp - Folders of concat and slice -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/FoldUtils.h"
#include "dialects/Rec/SizeFolds.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

//===----------------------------------------------------------------------===//
// concat
//===----------------------------------------------------------------------===//

OpFoldResult ConcatOp::fold(FoldAdaptor adaptor) {
  if (getInputs().size() == 1)
    return forward(getInputs()[0], getResult());
  Shape sizes;
  for (auto [value, constant] : llvm::zip_equal(getInputs(), adaptor.getInputs())) {
    auto known = getRank(value) == 1 ? getKnownSizes(constant) : std::nullopt;
    if (!known)
      return {};
    sizes.append(*known);
  }
  return makeSizes(getType(), sizes);
}

namespace {
/// The slice op when it takes a contiguous piece of `axis` and all of every other dimension.
SliceOp getPiece(Value value, uint64_t axis) {
  auto slice = value.getDefiningOp<SliceOp>();
  if (!slice || !llvm::all_of(slice.getSteps(), [](int64_t step) { return step == 1; }))
    return {};
  Shape x = getShape(slice.getX()), result = getShape(value);
  for (auto [d, start] : llvm::enumerate(slice.getStarts().getSizes()))
    if (d != axis && (start != SizeExpr(0) || x[d] != result[d] || isAnonymous(x[d])))
      return {};
  return slice;
}

/// Leaves out operands without elements and writes the operands of a nested concat on the same axis in its place.
struct FlattenConcat : OpRewritePattern<ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConcatOp op, PatternRewriter &rewriter) const override {
    SmallVector<Value> inputs;
    for (Value input : op.getInputs()) {
      auto nested = input.getDefiningOp<ConcatOp>();
      if (nested && nested.getAxis() == op.getAxis() && nested->hasOneUse())
        llvm::append_range(inputs, nested.getInputs());
      else if (getShape(input)[op.getAxis()] != SizeExpr(0))
        inputs.push_back(input);
    }
    if (inputs == SmallVector<Value>(op.getInputs()) || inputs.empty())
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.getInputsMutable().assign(inputs); });
    return success();
  }
};

/// Neighbouring pieces of one tensor -> one piece.
struct MergePieces : OpRewritePattern<ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConcatOp op, PatternRewriter &rewriter) const override {
    uint64_t axis = op.getAxis();
    for (unsigned i = 0; i + 1 < op.getInputs().size(); ++i) {
      SliceOp first = getPiece(op.getInputs()[i], axis), second = getPiece(op.getInputs()[i + 1], axis);
      if (!first || !second || first.getX() != second.getX())
        continue;
      Shape starts = first.getStarts().getSizes(), sizes = first.getSizes().getSizes();
      SizeExpr end = starts[axis] + sizes[axis], more = second.getSizes().getSize(axis);
      if (second.getStarts().getSize(axis) != end || isAnonymous(end) || isAnonymous(more))
        continue;
      sizes[axis] = sizes[axis] + more;
      MLIRContext *context = op.getContext();
      auto merged = SliceOp::create(rewriter, rewriter.getFusedLoc({first.getLoc(), second.getLoc()}),
                                    getTensorType(sizes, getElementType(first.getX())), first.getX(),
                                    DimsAttr::get(context, ArrayRef<SizeExpr>(starts)),
                                    DimsAttr::get(context, ArrayRef<SizeExpr>(sizes)), first.getSteps());
      SmallVector<Value> inputs(op.getInputs());
      inputs[i] = merged;
      inputs.erase(inputs.begin() + i + 1);
      rewriter.modifyOpInPlace(op, [&] { op.getInputsMutable().assign(inputs); });
      return success();
    }
    return failure();
  }
};
} // namespace

void ConcatOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<FlattenConcat, MergePieces>(context);
}

//===----------------------------------------------------------------------===//
// slice
//===----------------------------------------------------------------------===//

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  Shape x = getShape(getX()), starts = getStarts().getSizes(), sizes = getSizes().getSizes();
  bool whole = true;
  for (size_t d = 0; d < x.size(); ++d)
    whole &= starts[d] == SizeExpr(0) && getSteps()[d] == 1 && sizes[d] == x[d] && !isAnonymous(x[d]);
  if (whole)
    return forward(getX(), getResult());
  auto known = x.size() == 1 ? getKnownSizes(adaptor.getX()) : std::nullopt;
  auto start = known ? starts[0].constant() : std::nullopt, count = known ? sizes[0].constant() : std::nullopt;
  if (!start || !count || *count > static_cast<int64_t>(known->size()))
    return {};
  Shape result;
  int64_t position = *start;
  for (int64_t i = 0; i < *count; ++i) {
    if (position < 0 || position >= static_cast<int64_t>(known->size()))
      return {};
    result.push_back((*known)[position]);
    if (__builtin_add_overflow(position, getSteps()[0], &position))
      position = -1; // outside, should another element follow
  }
  return makeSizes(getType(), result);
}

namespace {
/// slice of slice -> one slice.
struct MergeSlices : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<SliceOp>();
    if (!inner)
      return failure();
    Shape starts = op.getStarts().getSizes(), innerStarts = inner.getStarts().getSizes();
    SmallVector<int64_t> steps(op.getSteps());
    for (size_t d = 0; d < starts.size(); ++d) {
      if (isAnonymous(starts[d]) || isAnonymous(innerStarts[d]) ||
          __builtin_mul_overflow(steps[d], inner.getSteps()[d], &steps[d]))
        return failure();
      starts[d] = innerStarts[d] + starts[d] * inner.getSteps()[d];
    }
    rewriter.modifyOpInPlace(op, [&] {
      op.getXMutable().assign(inner.getX());
      op.setStartsAttr(DimsAttr::get(op.getContext(), ArrayRef<SizeExpr>(starts)));
      op.setSteps(steps);
    });
    return success();
  }
};

/// slice of a concat that needs one operand only -> slice of that operand.
struct SliceOperandOfConcat : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op, PatternRewriter &rewriter) const override {
    auto concat = op.getX().getDefiningOp<ConcatOp>();
    if (!concat || op.getSteps()[concat.getAxis()] != 1)
      return failure();
    uint64_t axis = concat.getAxis();
    Shape starts = op.getStarts().getSizes();
    SizeExpr start = starts[axis], end = start + op.getSizes().getSize(axis), offset;
    auto isAtMost = [](const SizeExpr &a, const SizeExpr &b) {
      auto difference = (b - a).constant();
      return difference && *difference >= 0;
    };
    for (Value input : concat.getInputs()) {
      SizeExpr next = offset + getShape(input)[axis];
      if (isAnonymous(next) || isAnonymous(end))
        return failure();
      if (isAtMost(offset, start) && isAtMost(end, next)) {
        starts[axis] = start - offset;
        rewriter.modifyOpInPlace(op, [&] {
          op.getXMutable().assign(input);
          op.setStartsAttr(DimsAttr::get(op.getContext(), ArrayRef<SizeExpr>(starts)));
        });
        return success();
      }
      offset = next;
    }
    return failure();
  }
};
} // namespace

void SliceOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MergeSlices, SliceOperandOfConcat>(context);
}
