//===- Elements.cpp - One element of a tensor, from memory or computed ------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "dialects/Rec/ConstantData.h"
#include "lib/Codegen/Loops/LayerCode.h"
#include "lib/Codegen/Loops/Scalar.h"
#include "reckon/Runtime/KernelABI.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;

//===----------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------===//

SmallVector<Value> LayerEmitter::broadcastIndex(Value tensor, Index index, unsigned resultRank) {
  rec::Shape shape = rec::getShape(tensor);
  SmallVector<Value> result;
  for (size_t d = 0; d < shape.size(); ++d)
    result.push_back(shape[d] == SizeExpr(1) ? constantIndex(0) : index[resultRank - shape.size() + d]);
  return result;
}

/// Whether every index is a constant inside [-extent, extent): then no check is emitted.
static bool isKnownInside(Value indices, const SizeExpr &extent) {
  auto constant = indices.getDefiningOp<rec::ConstantOp>();
  auto size = extent.constant();
  if (!constant || !size)
    return false;
  auto values = rec::getConstantInts(constant.getValue());
  return values && llvm::all_of(*values, [&](int64_t i) { return i >= -*size && i < *size; });
}

std::pair<Value, Value> LayerEmitter::checkedIndex(Value indices, Index at, Value extent) {
  Value index = element(indices, at);
  index = emitCast(b, index, elementTypeOf(indices), b.getI64Type());
  Value zero = constantIndex(0);
  Value negative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, index, zero);
  Value wrapped = arith::SelectOp::create(b, negative, add(index, extent), index);
  Value good = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, wrapped, extent);
  Value bad = arith::XOrIOp::create(b, good, arith::ConstantOp::create(b, b.getBoolAttr(true)));
  ifThen(bad, [&] {
    Value none = arith::ConstantOp::create(b, b.getI32IntegerAttr(-1));
    report(RECKON_KERNEL_INDEX_OUT_OF_RANGE, none, linearIndex(at, sizes(indices)), index);
  });
  return {arith::SelectOp::create(b, good, wrapped, zero), good};
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

std::optional<StridedView> LayerEmitter::viewOf(Operation *op) {
  Value operand = op->getOperand(0);
  if (auto constant = operand.getDefiningOp<rec::ConstantOp>())
    materialize(operand);
  auto it = places.find(operand);
  if (it == places.end())
    return std::nullopt;
  StridedView place = it->second;
  return getLayerCode(op)->view(*this, op, place);
}

std::optional<StridedView> LayerEmitter::view(rec::ReshapeOp op, const StridedView &place) {
  return reshaped(op.getX(), op.getResult(), place);
}

/// The memory of `from` in the shape of `to`. Without strides for that, none.
std::optional<StridedView> LayerEmitter::reshaped(Value from, Value to, const StridedView &place) {
  rec::Shape toShape = rec::getShape(to);
  if (isDense(from, place)) {
    SmallVector<Value> strides = denseStrides(toShape, false);
    if (isRowValue(from))
      strides[0] = place.strides[0];
    return StridedView{place.base, strides, place.elementType};
  }
  auto strides = reshapeStrides(rec::getShape(from), place.strides, toShape);
  if (!strides)
    return std::nullopt;
  return StridedView{place.base, *strides, place.elementType};
}

/// Strides by groups of dimensions that hold the same elements before and after. In a group the elements have to be
/// equally far from each other; between groups there may be gaps.
std::optional<SmallVector<Value>> LayerEmitter::reshapeStrides(ArrayRef<SizeExpr> from, ArrayRef<Value> strides,
                                                               ArrayRef<SizeExpr> to) {
  SmallVector<Value> result(to.size());
  for (size_t i = 0, j = 0; i < from.size() || j < to.size();) {
    size_t firstFrom = i, firstTo = j;
    SizeExpr before = i < from.size() ? from[i++] : SizeExpr(1), after = j < to.size() ? to[j++] : SizeExpr(1);
    while (before != after) {
      auto knownBefore = before.constant(), knownAfter = after.constant();
      bool isShort = knownBefore && (!knownAfter || *knownBefore < *knownAfter);
      if (isShort ? i == from.size() : j == to.size())
        return std::nullopt;
      if (isShort)
        before = before * from[i++];
      else
        after = after * to[j++];
    }
    Value step = constantIndex(0);
    std::optional<int64_t> next; // what the stride of the next dimension outwards has to be
    bool isLast = true;
    for (size_t d = i; d-- > firstFrom;) {
      if (from[d] == SizeExpr(1))
        continue;
      auto stride = asConstant(strides[d]), extent = from[d].constant();
      if (isLast)
        step = strides[d];
      else if (!next || stride != next)
        return std::nullopt;
      isLast = false;
      next = stride && extent ? std::optional(*stride * *extent) : std::nullopt;
    }
    SizeExpr count = 1;
    for (size_t d = j; d-- > firstTo;) {
      result[d] = mul(step, size(count));
      count = count * to[d];
    }
  }
  return result;
}

std::optional<StridedView> LayerEmitter::view(rec::TransposeOp op, const StridedView &place) {
  SmallVector<Value> strides;
  for (int64_t d : op.getPerm())
    strides.push_back(place.strides[d]);
  return StridedView{place.base, strides, place.elementType};
}

std::optional<StridedView> LayerEmitter::view(rec::SliceOp op, const StridedView &place) {
  Value offset = constantIndex(0);
  SmallVector<Value> strides;
  for (auto [d, stride] : llvm::enumerate(place.strides)) {
    offset = add(offset, mul(size(op.getStarts().getSize(d)), stride));
    strides.push_back(mul(stride, constantIndex(op.getSteps()[d])));
  }
  return StridedView{offsetPointer(place.base, offset, place.elementType), strides, place.elementType};
}

std::optional<StridedView> LayerEmitter::view(rec::BroadcastOp op, const StridedView &place) {
  rec::Shape from = rec::getShape(op.getX()), to = rec::getShape(op.getResult());
  SmallVector<Value> strides(to.size() - from.size(), constantIndex(0));
  for (auto [d, stride] : llvm::enumerate(place.strides)) {
    const SizeExpr &extent = from[d], &repeated = to[to.size() - from.size() + d];
    if (extent == SizeExpr(1))
      strides.push_back(repeated == SizeExpr(1) ? stride : constantIndex(0));
    else
      strides.push_back(extent == repeated ? stride : whereNotOne(extent, stride));
  }
  return StridedView{place.base, strides, place.elementType};
}

Value LayerEmitter::whereNotOne(const SizeExpr &extent, Value value) {
  Value isOne = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, size(extent), constantIndex(1));
  return arith::SelectOp::create(b, isOne, constantIndex(0), value);
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

Value LayerEmitter::element(Value tensor, Index index) {
  if (Value known = held.lookup(tensor))
    return known;
  if (auto it = places.find(tensor); it != places.end()) {
    noteRead(tensor);
    return load(it->second, index);
  }
  if (auto constant = tensor.getDefiningOp<rec::ConstantOp>()) {
    Type type = elementTypeOf(tensor);
    ElementsAttr value = constant.getValue();
    if (!rec::getShape(tensor).empty() && !rec::getConstantSplat(value))
      return load(materialize(tensor), index);
    // One element stands for all, however many they are.
    if (auto dense = dyn_cast<DenseElementsAttr>(value); dense && dense.isSplat())
      value = dense.resizeSplat(RankedTensorType::get({}, type));
    if (isa<FloatType>(type))
      return scalarConstant(b, type, rec::getConstantDoubles(value)->front());
    Type compute = computeType(type);
    return arith::ConstantOp::create(b, b.getIntegerAttr(compute, rec::getConstantInts(value)->front()));
  }
  return inlineElement(tensor.getDefiningOp(), index);
}

Value LayerEmitter::inlineElement(Operation *op, Index index) { return getLayerCode(op)->element(*this, op, index); }

Value LayerEmitter::operandElement(Value operand, Index index) {
  return element(operand, broadcastIndex(operand, index, index.size()));
}

Value LayerEmitter::elementOf(rec::UnaryOp op, Index index) {
  return emitUnary(b, op.getKind(), element(op.getX(), index), elementTypeOf(op.getX()));
}

Value LayerEmitter::elementOf(rec::BinaryOp op, Index index) {
  Value x = operandElement(op.getA(), index), y = operandElement(op.getB(), index);
  return emitBinary(b, op.getKind(), x, y, elementTypeOf(op.getA()), elementTypeOf(op.getB()));
}

Value LayerEmitter::elementOf(rec::CompareOp op, Index index) {
  Value x = operandElement(op.getA(), index), y = operandElement(op.getB(), index);
  return emitCompare(b, op.getKind(), x, y, elementTypeOf(op.getA()));
}

Value LayerEmitter::elementOf(rec::SelectOp op, Index index) {
  Value condition = operandElement(op.getCondition(), index);
  Value x = operandElement(op.getA(), index), y = operandElement(op.getB(), index);
  return arith::SelectOp::create(b, condition, x, y);
}

Value LayerEmitter::elementOf(rec::CastOp op, Index index) {
  return emitCast(b, element(op.getX(), index), elementTypeOf(op.getX()), elementTypeOf(op.getResult()));
}

Value LayerEmitter::elementOf(rec::BroadcastOp op, Index index) {
  rec::Shape from = rec::getShape(op.getX()), to = rec::getShape(op.getResult());
  SmallVector<Value> source = broadcastIndex(op.getX(), index, index.size());
  for (auto [d, extent] : llvm::enumerate(from))
    if (extent != SizeExpr(1) && extent != to[to.size() - from.size() + d])
      source[d] = whereNotOne(extent, source[d]);
  return element(op.getX(), source);
}

Value LayerEmitter::elementOf(rec::TransposeOp op, Index index) {
  SmallVector<Value> source(index.size());
  for (auto [d, from] : llvm::enumerate(op.getPerm()))
    source[from] = index[d];
  return element(op.getX(), source);
}

Value LayerEmitter::elementOf(rec::SliceOp op, Index index) {
  SmallVector<Value> source;
  for (auto [d, i] : llvm::enumerate(index))
    source.push_back(add(size(op.getStarts().getSize(d)), mul(i, constantIndex(op.getSteps()[d]))));
  return element(op.getX(), source);
}

// Only when the operand has no dense memory: through the row-major position.
Value LayerEmitter::elementOf(rec::ReshapeOp op, Index index) {
  return element(op.getX(), reshapeIndex(op.getResult(), op.getX(), index));
}

Value LayerEmitter::elementOf(rec::IotaOp op, Index index) {
  Type type = elementTypeOf(op.getResult());
  Value position = emitCast(b, index[op.getAxis()], b.getI64Type(), type);
  Value step = scalarConstant(b, type, op.getStep().convertToDouble());
  Value start = scalarConstant(b, type, op.getStart().convertToDouble());
  return emitBinary(b, rec::BinaryKind::add, start, emitBinary(b, rec::BinaryKind::mul, position, step, type), type);
}

Value LayerEmitter::elementOf(rec::DimsOp op, Index index) {
  Value value = size(op.getSizes().getSize(0));
  for (unsigned i = 1; i < op.getSizes().size(); ++i) {
    Value here = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, index[0], constantIndex(i));
    value = arith::SelectOp::create(b, here, size(op.getSizes().getSize(i)), value);
  }
  return value;
}

Value LayerEmitter::elementOf(rec::PadOp op, Index index) {
  Value inside = arith::ConstantOp::create(b, b.getBoolAttr(true));
  SmallVector<Value> source, extents = sizes(op.getX());
  for (auto [d, i] : llvm::enumerate(index)) {
    source.push_back(sub(i, constantIndex(op.getLow()[d])));
    Value fits = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, source[d], extents[d]);
    inside = arith::AndIOp::create(b, inside, fits);
  }
  return ifElse(
      inside, [&] { return SmallVector<Value>{element(op.getX(), source)}; },
      [&] { return SmallVector<Value>{element(op.getValue(), {})}; })[0];
}

Value LayerEmitter::elementOf(rec::BatchNormOp op, Index index) {
  Type type = elementTypeOf(op.getX());
  auto channel = [&](Value tensor) { return element(tensor, index[1]); };
  auto binary = [&](rec::BinaryKind kind, Value x, Value y) { return emitBinary(b, kind, x, y, type); };
  Value centered = binary(rec::BinaryKind::sub, element(op.getX(), index), channel(op.getMean()));
  Value epsilon = scalarConstant(b, type, op.getEpsilon().convertToDouble());
  Value variance = binary(rec::BinaryKind::add, channel(op.getVariance()), epsilon);
  Value scale =
      binary(rec::BinaryKind::mul, emitUnary(b, rec::UnaryKind::rsqrt, variance, type), channel(op.getScale()));
  return binary(rec::BinaryKind::add, binary(rec::BinaryKind::mul, centered, scale), channel(op.getBias()));
}

Value LayerEmitter::gatherElement(Operation *op, Index index) {
  Value x = op->getOperand(0), indices = op->getOperand(1);
  rec::Shape shape = rec::getShape(x);
  SmallVector<Value> extents = sizes(x), source;
  Value good;
  auto lookUp = [&](Index at, int64_t axis) -> Value {
    if (isKnownInside(indices, shape[axis])) {
      Value i = emitCast(b, element(indices, at), elementTypeOf(indices), b.getI64Type());
      Value negative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, i, constantIndex(0));
      return arith::SelectOp::create(b, negative, add(i, extents[axis]), i);
    }
    auto [i, isGood] = checkedIndex(indices, at, extents[axis]);
    good = good ? Value(arith::AndIOp::create(b, good, isGood)) : isGood;
    return i;
  };

  if (auto gather = dyn_cast<rec::GatherOp>(op)) {
    int64_t axis = gather.getAxis();
    unsigned indicesRank = rec::getShape(indices).size();
    source.append(index.begin(), index.begin() + axis);
    source.push_back(lookUp(index.slice(axis, indicesRank), axis));
    source.append(index.begin() + axis + indicesRank, index.end());
  } else if (auto elements = dyn_cast<rec::GatherElementsOp>(op)) {
    source.append(index.begin(), index.end());
    source[elements.getAxis()] = lookUp(index, elements.getAxis());
  } else {
    auto nd = cast<rec::GatherNdOp>(op);
    rec::Shape tupleShape = rec::getShape(indices);
    unsigned batch = nd.getBatchDims(), lead = tupleShape.size() - 1;
    source.append(index.begin(), index.begin() + batch);
    for (int64_t t = 0; t < *tupleShape.back().constant(); ++t) {
      SmallVector<Value> at(index.begin(), index.begin() + lead);
      at.push_back(constantIndex(t));
      source.push_back(lookUp(at, batch + t));
    }
    source.append(index.begin() + lead, index.end());
  }
  if (!good)
    return element(x, source);
  // A bad index must not be read: the axis may be empty.
  return ifElse(
      good, [&] { return SmallVector<Value>{element(x, source)}; },
      [&] { return SmallVector<Value>{scalarConstant(b, elementTypeOf(x), 0)}; })[0];
}
