//===- ShapeFolds.cpp - Folders of ops that move and pick elements ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/FoldUtils.h"
#include "dialects/Rec/SizeFolds.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

/// The constant behind a value when the model does not name it: a rewritten copy would lose the name.
static ElementsAttr getUnnamedConstant(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  return constant && !constant.getNameAttr() ? constant.getValue() : ElementsAttr();
}

/// The same data under another shape; null when the kind of attribute has no such view.
static ElementsAttr reshapeConstant(ElementsAttr value, ShapedType type) {
  if (!type.hasStaticShape() || value.getShapedType().getNumElements() != type.getNumElements())
    return {};
  if (auto dense = dyn_cast<DenseElementsAttr>(value))
    return dense.reshape(type);
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    return DenseResourceElementsAttr::get(type, resource.getRawHandle());
  return {};
}

/// A constant whose elements are all the same, resized; null for others.
static ElementsAttr resizeSplatConstant(Value value, ShapedType type) {
  auto dense = dyn_cast_if_present<DenseElementsAttr>(getUnnamedConstant(value));
  return dense && dense.isSplat() && type.hasStaticShape() ? ElementsAttr(dense.resizeSplat(type)) : ElementsAttr();
}

//===----------------------------------------------------------------------===//
// reshape
//===----------------------------------------------------------------------===//

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  // Two anonymous dimensions may trade elements although the types are the same.
  if (llvm::count_if(getShape(getX()), isAnonymous) < 2)
    if (OpFoldResult same = forward(getX(), getResult()))
      return same;
  if (isa_and_present<DimsAttr>(adaptor.getX()))
    return makeSizes(getType(), getKnownSizes(adaptor.getX()).value_or(Shape()));
  if (ElementsAttr constant = getUnnamedConstant(getX()))
    return reshapeConstant(constant, getType());
  return {};
}

namespace {
/// reshape of reshape -> one reshape.
struct MergeReshapes : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<ReshapeOp>();
    if (!inner || provablyDiffer(getNumElements(getShape(inner.getX())), getNumElements(getShape(op.getResult()))))
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.getXMutable().assign(inner.getX()); });
    return success();
  }
};

/// transpose, then a reshape of dimensions behind those that moved -> the reshape first. Behind it the transpose meets
/// others.
struct ReshapeBeforeTranspose : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto transpose = op.getX().getDefiningOp<TransposeOp>();
    if (!transpose || !transpose->hasOneUse())
      return failure();
    ArrayRef<int64_t> perm = transpose.getPerm();
    size_t moved = perm.size();
    while (moved > 0 && perm[moved - 1] == static_cast<int64_t>(moved) - 1)
      --moved;
    Shape from = getShape(transpose.getResult()), to = getShape(op.getResult()), source = getShape(transpose.getX());
    if (moved > to.size() || ArrayRef(from).take_front(moved) != ArrayRef(to).take_front(moved) ||
        llvm::any_of(from, isAnonymous) || getTensorType(to, op.getType().getElementType()) != op.getType())
      return failure();
    Shape reshaped(ArrayRef(source).take_front(moved));
    reshaped.append(to.begin() + moved, to.end());
    Value inner = ReshapeOp::create(rewriter, op.getLoc(), getTensorType(reshaped, op.getType().getElementType()),
                                    transpose.getX());
    SmallVector<int64_t> order(perm.take_front(moved));
    for (size_t axis = moved; axis < to.size(); ++axis)
      order.push_back(axis);
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(), inner, order);
    return success();
  }
};

/// reshape of a named constant -> a constant of that name. One with other uses would give two constants one name.
struct ReshapeNamedConstant : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto constant = op.getX().getDefiningOp<ConstantOp>();
    if (!constant || !constant.getNameAttr() || !constant->hasOneUse())
      return failure();
    ElementsAttr value = reshapeConstant(constant.getValue(), op.getType());
    if (!value)
      return failure();
    rewriter.setInsertionPointAfter(constant);
    auto reshaped = ConstantOp::create(rewriter, constant.getLoc(), op.getType(), value, constant.getNameAttr());
    rewriter.replaceOp(op, reshaped);
    return success();
  }
};
} // namespace

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MergeReshapes, ReshapeBeforeTranspose, ReshapeNamedConstant>(context);
}

//===----------------------------------------------------------------------===//
// transpose
//===----------------------------------------------------------------------===//

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  bool identity = llvm::all_of(llvm::enumerate(getPerm()),
                               [](auto entry) { return static_cast<int64_t>(entry.index()) == entry.value(); });
  if (identity)
    return forward(getX(), getResult());
  return resizeSplatConstant(getX(), getType());
}

namespace {
struct MergeTransposes : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<TransposeOp>();
    if (!inner)
      return failure();
    SmallVector<int64_t> perm;
    for (int64_t dim : op.getPerm())
      perm.push_back(inner.getPerm()[dim]);
    rewriter.modifyOpInPlace(op, [&] {
      op.getXMutable().assign(inner.getX());
      op.setPerm(perm);
    });
    return success();
  }
};

/// A transpose that moves nothing but dimensions of size 1 -> reshape.
struct ReshapeUnitTranspose : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getX().getType());
    int64_t previous = -1;
    for (int64_t dim : op.getPerm()) {
      if (type.getDimSize(dim) == 1)
        continue;
      if (dim < previous)
        return failure();
      previous = dim;
    }
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), op.getX());
    return success();
  }
};
} // namespace

void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MergeTransposes, ReshapeUnitTranspose>(context);
}

//===----------------------------------------------------------------------===//
// broadcast
//===----------------------------------------------------------------------===//

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  if (OpFoldResult same = forwardUnrepeated(getX(), getResult()))
    return same;
  if (isa_and_present<DimsAttr>(adaptor.getX())) {
    auto sizes = getKnownSizes(adaptor.getX());
    if (sizes && sizes->size() == 1 && getType().hasStaticShape() && getType().getRank() <= 1)
      return makeSizes(getType(), Shape(getType().getNumElements(), sizes->front()));
    return {};
  }
  return resizeSplatConstant(getX(), getType());
}

namespace {
/// Broadcasts, or a reshape that adds leading unit dimensions and a broadcast -> one broadcast.
struct MergeBroadcasts : OpRewritePattern<BroadcastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BroadcastOp op, PatternRewriter &rewriter) const override {
    if (auto inner = op.getX().getDefiningOp<BroadcastOp>()) {
      rewriter.modifyOpInPlace(op, [&] { op.getXMutable().assign(inner.getX()); });
      return success();
    }
    auto reshape = op.getX().getDefiningOp<ReshapeOp>();
    if (!reshape)
      return failure();
    Shape from = getShape(reshape.getX()), to = getShape(reshape.getResult());
    if (from.size() >= to.size() || ArrayRef(to).take_back(from.size()) != ArrayRef(from) ||
        llvm::any_of(from, isAnonymous))
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.getXMutable().assign(reshape.getX()); });
    return success();
  }
};
} // namespace

void BroadcastOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MergeBroadcasts>(context);
}

//===----------------------------------------------------------------------===//
// gather
//===----------------------------------------------------------------------===//

OpFoldResult GatherOp::fold(FoldAdaptor adaptor) {
  auto indices = dyn_cast_if_present<ElementsAttr>(adaptor.getIndices());
  auto sizes = getKnownSizes(adaptor.getX());
  if (!indices || !sizes || getRank(getX()) != 1 || indices.getShapedType().getNumElements() > 64)
    return {};
  auto positions = getConstantInts(indices);
  if (!positions)
    return {};
  Shape result;
  for (int64_t position : *positions) {
    int64_t size = sizes->size();
    if (position < -size || position >= size)
      return {}; // the run reports it
    result.push_back((*sizes)[position < 0 ? position + size : position]);
  }
  return makeSizes(getType(), result);
}
