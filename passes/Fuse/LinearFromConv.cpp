//===- LinearFromConv.cpp - Convolutions of one position as linear layers -------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Common/ConstantMatrix.h"
#include "passes/Fuse/Passes.h"

#include "dialects/Rec/Rec.h"
#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

namespace reckon::fuse {
#define GEN_PASS_DEF_LINEARFROMCONV
#include "passes/Fuse/Passes.h.inc"
} // namespace reckon::fuse

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

/// Whether each position of the result is a linear function of the channels of one position.
static bool isOfOnePosition(ConvOp conv) {
  auto isConstant = [](Value value) { return !value || value.getDefiningOp<ConstantOp>(); };
  auto areAll = [](ArrayRef<int64_t> numbers, int64_t expected) {
    return llvm::all_of(numbers, [=](int64_t number) { return number == expected; });
  };
  auto weight = cast<RankedTensorType>(conv.getWeight().getType());
  return isConstant(conv.getWeight()) && isConstant(conv.getBias()) && conv.getGroups() == 1 &&
         areAll(weight.getShape().drop_front(2), 1) && areAll(conv.getStrides(), 1) && areAll(conv.getPads(), 0);
}

/// The layers behind the convolution that take one element each of it alone, in order.
static SmallVector<Operation *> findEpilogue(ConvOp conv) {
  SmallVector<Operation *> epilogue;
  for (Operation *last = conv; last->hasOneUse();) {
    last = *last->user_begin();
    if (!isa<UnaryOp, CastOp>(last))
      break;
    epilogue.push_back(last);
  }
  return epilogue;
}

/// Channels become the last dimension of what the layers see, and go back behind them.
static bool rewrite(ConvOp conv) {
  OpBuilder builder(conv);
  ConstantOp weight = transposeMatrix(builder, conv.getWeight().getDefiningOp<ConstantOp>());
  if (!weight)
    return false;
  int64_t rank = conv.getType().getRank();
  SmallVector<int64_t> channelsLast{0}, channelsBack{0, rank - 1};
  for (int64_t axis = 1; axis + 1 < rank; ++axis)
    channelsBack.push_back(axis);
  for (int64_t axis = 2; axis < rank; ++axis)
    channelsLast.push_back(axis);
  channelsLast.push_back(1);
  auto moved = [&](Value value, ArrayRef<int64_t> perm) {
    Shape shape = getShape(value), result;
    for (int64_t axis : perm)
      result.push_back(shape[axis]);
    return getTensorType(result, getElementTypeOrSelf(value));
  };
  auto transpose = [&](Value value, ArrayRef<int64_t> perm) -> Value {
    return TransposeOp::create(builder, conv.getLoc(), moved(value, perm), value, perm);
  };
  Value x = transpose(conv.getX(), channelsLast);
  auto linear =
      LinearOp::create(builder, conv.getLoc(), moved(conv.getResult(), channelsLast), x, weight, conv.getBias());
  RecDialect::PrecisionAttrHelper note(builder.getContext());
  if (PrecisionAttr precision = note.getAttr(conv))
    note.setAttr(linear, precision);

  Operation *last = conv;
  Value result = linear;
  for (Operation *layer : findEpilogue(conv)) {
    builder.setInsertionPoint(layer);
    IRMapping operands;
    operands.map(last->getResult(0), result);
    Operation *same = builder.clone(*layer, operands);
    same->getResult(0).setType(moved(layer->getResult(0), channelsLast));
    result = same->getResult(0);
    last = layer;
  }
  last->getResult(0).replaceAllUsesWith(transpose(result, channelsBack));
  while (last != conv) {
    Operation *before = last->getOperand(0).getDefiningOp();
    last->erase();
    last = before;
  }
  conv.erase();
  return true;
}

namespace {
struct LinearFromConv : fuse::impl::LinearFromConvBase<LinearFromConv> {
  void runOnOperation() override {
    SmallVector<ConvOp> convs;
    getOperation().walk([&](ConvOp op) { convs.push_back(op); });
    for (ConvOp conv : convs)
      if (isOfOnePosition(conv) && rewrite(conv))
        ++numConvs;
  }
};
} // namespace
