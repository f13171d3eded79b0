//===- LinearFromConv.cpp - Convolutions as linear layers -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Common/ConstantMatrix.h"
#include "passes/Fuse/Passes.h"

#include "dialects/Rec/Rec.h"
#include "dialects/Rec/Shape.h"

#include "passes/Import/LayerBuilder.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

namespace reckon::fuse {
#define GEN_PASS_DEF_LINEARFROMCONV
#include "passes/Fuse/Passes.h.inc"
} // namespace reckon::fuse

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

/// Positions of a window that are slices of their own, and the fewest multiplications of a result's channels for which
/// windows side by side in memory pay.
static constexpr int64_t maxPositions = 64, minMultiplications = 1024;

static ArrayRef<int64_t> getWindow(ConvOp conv) {
  return cast<RankedTensorType>(conv.getWeight().getType()).getShape().drop_front(2);
}

/// Whether each position of the result is a linear function of the channels of one position.
static bool isOfOnePosition(ConvOp conv) {
  auto areAll = [](ArrayRef<int64_t> numbers, int64_t expected) {
    return llvm::all_of(numbers, [=](int64_t number) { return number == expected; });
  };
  return areAll(getWindow(conv), 1) && areAll(conv.getStrides(), 1) && areAll(conv.getPads(), 0);
}

static bool isLinear(ConvOp conv) {
  auto isConstant = [](Value value) { return !value || value.getDefiningOp<ConstantOp>(); };
  if (!isConstant(conv.getWeight()) || !isConstant(conv.getBias()) || conv.getGroups() != 1)
    return false;
  int64_t positions = 1;
  for (int64_t extent : getWindow(conv))
    positions *= extent;
  int64_t multiplications = cast<RankedTensorType>(conv.getWeight().getType()).getNumElements();
  return isOfOnePosition(conv) || (positions <= maxPositions && multiplications >= minMultiplications);
}

/// The windows of each position of the result, one after another: channels of the first place of a window, of the next.
/// `x` has channels last.
static Value gatherWindows(ConvOp conv, importer::LayerBuilder &b, Value x) {
  size_t spatial = conv.getStrides().size();
  SmallVector<int64_t> low(spatial + 2, 0), high(spatial + 2, 0), steps(spatial + 2, 1);
  for (size_t d = 0; d < spatial; ++d) {
    low[d + 1] = conv.getPads()[d];
    high[d + 1] = conv.getPads()[spatial + d];
    steps[d + 1] = conv.getStrides()[d];
  }
  auto isZero = [](int64_t number) { return number == 0; };
  if (!llvm::all_of(conv.getPads(), isZero))
    x = b.pad(x, low, high, 0);
  Shape sizes = getShape(conv.getResult()), channelsLast{sizes[0]};
  llvm::append_range(channelsLast, ArrayRef(sizes).drop_front(2));
  channelsLast.push_back(getShape(conv.getX())[1]);
  SmallVector<Value> slices;
  SmallVector<int64_t> place(spatial, 0);
  for (bool more = true; more;) {
    Shape starts(spatial + 2, SizeExpr(0));
    for (size_t d = 0; d < spatial; ++d)
      starts[d + 1] = SizeExpr(place[d] * conv.getDilations()[d]);
    slices.push_back(b.slice(x, starts, channelsLast, steps));
    more = false;
    for (size_t d = spatial; d-- > 0 && !more;) {
      more = ++place[d] < getWindow(conv)[d];
      if (!more)
        place[d] = 0;
    }
  }
  return b.concat(slices, spatial + 1);
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
  int64_t rank = conv.getType().getRank();
  ArrayRef<int64_t> weightShape = cast<RankedTensorType>(conv.getWeight().getType()).getShape();
  // The places of a window, then channels, are rows.
  SmallVector<int64_t> weightPerm;
  int64_t rows = weightShape[1];
  for (int64_t axis = 2; axis < rank; ++axis) {
    weightPerm.push_back(axis);
    rows *= weightShape[axis];
  }
  weightPerm.append({1, 0});
  auto constant = conv.getWeight().getDefiningOp<ConstantOp>();
  ConstantOp weight = permuteConstant(builder, constant, weightPerm, {rows, weightShape[0]});
  if (!weight)
    return false;
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
  if (!isOfOnePosition(conv)) {
    importer::LayerBuilder b(builder, conv.getLoc());
    x = gatherWindows(conv, b, x);
    if (!x)
      return false;
  }
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
      if (isLinear(conv) && rewrite(conv))
        ++numConvs;
  }
};
} // namespace
