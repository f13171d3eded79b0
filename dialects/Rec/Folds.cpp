//===- Folds.cpp - Folders of constants, elementwise ops and reductions -----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// Every fold here gives the same bits as the op, so that no precision flag has to guard it: x + 0.0 stays (it turns
// -0.0 into 0.0), x - 0.0 goes. Folding arithmetic on constants is left to a pass over the reference evaluator.
//
//===----------------------------------------------------------------------------------===//

#include "dialects/Rec/FoldUtils.h"
#include "dialects/Rec/SizeFolds.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/APFloat.h"

#include <cmath>

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

//===----------------------------------------------------------------------===//
// Constants and sizes
//===----------------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

OpFoldResult DimsOp::fold(FoldAdaptor) { return getSizes(); }

LogicalResult DimsOp::canonicalize(DimsOp op, PatternRewriter &rewriter) {
  auto constant = dyn_cast_if_present<ElementsAttr>(makeSizes(op.getType(), op.getSizes().getSizes()));
  if (!constant)
    return failure();
  rewriter.replaceOpWithNewOp<ConstantOp>(op, op.getType(), constant, StringAttr());
  return success();
}

//===----------------------------------------------------------------------===//
// unary
//===----------------------------------------------------------------------===//

OpFoldResult UnaryOp::fold(FoldAdaptor adaptor) {
  auto inner = getX().getDefiningOp<UnaryOp>();
  if (!inner || inner.getKind() != getKind())
    return {};
  switch (getKind()) {
  case UnaryKind::neg: // f(f(x)) = x
  case UnaryKind::logical_not:
  case UnaryKind::bitwise_not:
    return forward(inner.getX(), getResult());
  case UnaryKind::abs: // f(f(x)) = f(x)
  case UnaryKind::relu:
  case UnaryKind::ceil:
  case UnaryKind::floor:
  case UnaryKind::round:
  case UnaryKind::sign:
    return forward(getX(), getResult());
  default:
    return {};
  }
}

//===----------------------------------------------------------------------===//
// binary
//===----------------------------------------------------------------------===//

static bool isCommutative(BinaryKind kind) {
  switch (kind) {
  case BinaryKind::add:
  case BinaryKind::mul:
  case BinaryKind::max:
  case BinaryKind::min:
  case BinaryKind::bitwise_and:
  case BinaryKind::bitwise_or:
  case BinaryKind::bitwise_xor:
  case BinaryKind::logical_and:
  case BinaryKind::logical_or:
  case BinaryKind::logical_xor:
    return true;
  default:
    return false;
  }
}

/// Whether `x kind constant` is x, bit for bit.
static bool isRightIdentity(BinaryKind kind, double constant, Type elementType) {
  bool isFloat = isa<FloatType>(elementType);
  switch (kind) {
  case BinaryKind::add:
    return constant == 0 && (!isFloat || std::signbit(constant));
  case BinaryKind::sub:
    return constant == 0 && (!isFloat || !std::signbit(constant));
  case BinaryKind::mul:
  case BinaryKind::div:
  case BinaryKind::pow:
    return constant == 1;
  case BinaryKind::bitwise_or:
  case BinaryKind::bitwise_xor:
  case BinaryKind::shift_left:
  case BinaryKind::shift_right:
  case BinaryKind::logical_or:
  case BinaryKind::logical_xor:
    return constant == 0;
  case BinaryKind::logical_and:
    return constant == 1;
  default:
    return false;
  }
}

/// min(max(x, a), b) of integers with a >= b is b, and so is max(min(x, a), b) with a <= b; null for others.
static Value foldClamp(BinaryOp op, Attribute constantB) {
  BinaryKind kind = op.getKind();
  bool isMin = kind == BinaryKind::min;
  auto inner = op.getA().getDefiningOp<BinaryOp>();
  if ((!isMin && kind != BinaryKind::max) || !inner || op.getB().getType() != op.getType() ||
      inner.getKind() != (isMin ? BinaryKind::max : BinaryKind::min) ||
      !isa<IntegerType>(getElementType(op.getResult())))
    return {};
  Attribute constantA;
  if (!matchPattern(inner.getB(), m_Constant(&constantA)))
    return {};
  auto a = getSplat(constantA), b = getSplat(constantB);
  return a && b && (isMin ? *a >= *b : *a <= *b) ? op.getB() : Value();
}

OpFoldResult BinaryOp::fold(FoldAdaptor adaptor) {
  if (Attribute sizes = foldSizes(getKind(), adaptor.getA(), adaptor.getB(), getType()))
    return sizes;
  if (isCommutative(getKind()) && adaptor.getA() && !adaptor.getB()) {
    Value a = getA(), b = getB();
    getAMutable().assign(b);
    getBMutable().assign(a);
    return getResult();
  }
  if (auto constant = getSplat(adaptor.getB());
      constant && isRightIdentity(getKind(), *constant, getElementType(getResult())))
    return getRank(getB()) == 0 ? forward(getA(), getResult()) : forwardUnrepeated(getA(), getResult());
  if (Value clamped = foldClamp(*this, adaptor.getB()))
    return clamped;
  switch (getKind()) {
  case BinaryKind::max:
  case BinaryKind::min:
  case BinaryKind::bitwise_and:
  case BinaryKind::bitwise_or:
  case BinaryKind::logical_and:
  case BinaryKind::logical_or:
    return getA() == getB() ? forward(getA(), getResult()) : OpFoldResult();
  default:
    return {};
  }
}

//===----------------------------------------------------------------------===//
// compare, select
//===----------------------------------------------------------------------===//

OpFoldResult CompareOp::fold(FoldAdaptor adaptor) {
  return foldSizes(getKind(), adaptor.getA(), adaptor.getB(), getType());
}

OpFoldResult SelectOp::fold(FoldAdaptor adaptor) {
  if (getA() == getB())
    return forwardUnrepeated(getA(), getResult());
  if (auto condition = getSplat(adaptor.getCondition()))
    return forwardUnrepeated(*condition != 0 ? getA() : getB(), getResult());
  auto condition = dyn_cast_if_present<ElementsAttr>(adaptor.getCondition());
  auto a = getKnownSizes(adaptor.getA()), b = getKnownSizes(adaptor.getB());
  if (!condition || !a || !b || getType().getRank() != 1 || !getType().hasStaticShape())
    return {};
  auto choices = getConstantInts(condition);
  size_t count = getType().getNumElements();
  if (!choices || choices->size() != count)
    return {};
  Shape result;
  for (size_t i = 0; i < count; ++i) {
    const Shape &chosen = (*choices)[i] ? *a : *b;
    if (chosen.size() != 1 && chosen.size() != count)
      return {};
    result.push_back(chosen.size() == 1 ? chosen[0] : chosen[i]);
  }
  return makeSizes(getType(), result);
}

namespace {
/// select of a constant condition whose choice is smaller than the result -> broadcast of the choice.
struct BroadcastChosen : OpRewritePattern<SelectOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectOp op, PatternRewriter &rewriter) const override {
    Attribute value;
    if (!matchPattern(op.getCondition(), m_Constant(&value)))
      return failure();
    auto condition = getSplat(value);
    if (!condition)
      return failure();
    rewriter.replaceOpWithNewOp<BroadcastOp>(op, op.getType(), *condition != 0 ? op.getA() : op.getB());
    return success();
  }
};

/// An operand of an op that broadcasts anyway needs no rec.broadcast, as long as another operand gives the result its
/// shape.
template <typename OpT> struct DropBroadcast : OpRewritePattern<OpT> {
  using OpRewritePattern<OpT>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpT op, PatternRewriter &rewriter) const override {
    Shape expected = getShape(op.getResult());
    for (OpOperand &operand : op->getOpOperands()) {
      auto broadcast = operand.get().template getDefiningOp<BroadcastOp>();
      if (!broadcast)
        continue;
      std::optional<Shape> shape = getShape(broadcast.getX());
      for (OpOperand &other : op->getOpOperands())
        if (shape && &other != &operand)
          shape = broadcastShapes(*shape, getShape(other.get()));
      if (!shape || *shape != expected || llvm::any_of(*shape, isAnonymous))
        continue;
      rewriter.modifyOpInPlace(op, [&] { operand.set(broadcast.getX()); });
      return success();
    }
    return failure();
  }
};
} // namespace

void BinaryOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropBroadcast<BinaryOp>>(context);
}
void CompareOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropBroadcast<CompareOp>>(context);
}
void SelectOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropBroadcast<SelectOp>, BroadcastChosen>(context);
}

//===----------------------------------------------------------------------===//
// cast
//===----------------------------------------------------------------------===//

OpFoldResult CastOp::fold(FoldAdaptor) { return forward(getX(), getResult()); }

/// Whether every value of `from` is one of `to`.
static bool isLossless(Type from, Type to) {
  if (from == to || from.isSignlessInteger(1))
    return true;
  if (to.isSignlessInteger(1))
    return false;
  auto floatTo = dyn_cast<FloatType>(to);
  if (auto floatFrom = dyn_cast<FloatType>(from)) {
    if (!floatTo)
      return false;
    const auto &a = floatFrom.getFloatSemantics(), &b = floatTo.getFloatSemantics();
    return llvm::APFloat::semanticsPrecision(a) <= llvm::APFloat::semanticsPrecision(b) &&
           llvm::APFloat::semanticsMaxExponent(a) <= llvm::APFloat::semanticsMaxExponent(b) &&
           llvm::APFloat::semanticsMinExponent(a) >= llvm::APFloat::semanticsMinExponent(b);
  }
  // The least signed integer is a power of two, so a sign takes no precision.
  unsigned digits = from.getIntOrFloatBitWidth() - (from.isUnsignedInteger() ? 0 : 1);
  if (floatTo)
    return digits <= llvm::APFloat::semanticsPrecision(floatTo.getFloatSemantics());
  if (to.isUnsignedInteger())
    return from.isUnsignedInteger() && digits <= to.getIntOrFloatBitWidth();
  return digits <= to.getIntOrFloatBitWidth() - 1;
}

namespace {
/// A cast of a cast that lost nothing -> one cast.
struct MergeCasts : OpRewritePattern<CastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CastOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<CastOp>();
    if (!inner || !isLossless(getElementType(inner.getX()), getElementType(inner.getResult())))
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.getXMutable().assign(inner.getX()); });
    return success();
  }
};
} // namespace

void CastOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MergeCasts>(context);
}

//===----------------------------------------------------------------------===//
// reduce
//===----------------------------------------------------------------------===//

/// Whether reducing one element gives that element. A sum of floats turns -0.0 into 0.0.
static bool keepsOneElement(ReduceKind kind, Type elementType) {
  switch (kind) {
  case ReduceKind::sum:
  case ReduceKind::mean:
    return !isa<FloatType>(elementType);
  case ReduceKind::max:
  case ReduceKind::min:
  case ReduceKind::prod:
    return true;
  default:
    return false;
  }
}

OpFoldResult ReduceOp::fold(FoldAdaptor adaptor) {
  if (getAxes().empty())
    return keepsOneElement(getKind(), getElementType(getX())) ? forward(getX(), getResult()) : OpFoldResult();
  return foldSizes(getKind(), adaptor.getX(), getType());
}

namespace {
/// A reduction over axes of size 1 -> reshape.
struct ReshapeUnitReduction : OpRewritePattern<ReduceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReduceOp op, PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getX().getType());
    if (!keepsOneElement(op.getKind(), type.getElementType()) ||
        !llvm::all_of(op.getAxes(), [&](int64_t axis) { return type.getDimSize(axis) == 1; }))
      return failure();
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), op.getX());
    return success();
  }
};
} // namespace

void ReduceOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<ReshapeUnitReduction>(context);
}
