//===- Elements.cpp - One element of a tensor, from memory or computed ------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "dialects/Rec/ConstantData.h"
#include "lib/Codegen/Loops/LayerEmitter.h"
#include "lib/Codegen/Loops/Scalar.h"
#include "reckon/Runtime/KernelABI.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

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

/// The result of a layer that only moves elements, as another view of its placed operand's memory. None when the
/// operand is not in memory or the view has no strides.
std::optional<Place> LayerEmitter::viewOf(Operation *op) {
  Value operand = op->getOperand(0), result = op->getResult(0);
  if (auto constant = operand.getDefiningOp<rec::ConstantOp>())
    materialize(operand);
  auto it = places.find(operand);
  if (it == places.end())
    return std::nullopt;
  Place place = it->second;
  rec::Shape from = rec::getShape(operand), to = rec::getShape(result);

  return llvm::TypeSwitch<Operation *, std::optional<Place>>(op)
      .Case([&](rec::ReshapeOp) -> std::optional<Place> {
        if (!isDense(operand, place))
          return std::nullopt;
        SmallVector<Value> strides = denseStrides(to, false);
        if (isRowValue(operand))
          strides[0] = place.strides[0];
        return Place{place.base, strides, place.elementType};
      })
      .Case([&](rec::TransposeOp transpose) -> std::optional<Place> {
        SmallVector<Value> strides;
        for (int64_t d : transpose.getPerm())
          strides.push_back(place.strides[d]);
        return Place{place.base, strides, place.elementType};
      })
      .Case([&](rec::SliceOp slice) -> std::optional<Place> {
        Value offset = constantIndex(0);
        SmallVector<Value> strides;
        for (auto [d, stride] : llvm::enumerate(place.strides)) {
          offset = add(offset, mul(size(slice.getStarts().getSize(d)), stride));
          strides.push_back(mul(stride, constantIndex(slice.getSteps()[d])));
        }
        return Place{offsetPointer(place.base, offset, place.elementType), strides, place.elementType};
      })
      .Case([&](rec::BroadcastOp) -> std::optional<Place> {
        SmallVector<Value> strides(to.size() - from.size(), constantIndex(0));
        for (auto [d, stride] : llvm::enumerate(place.strides))
          strides.push_back(from[d] == SizeExpr(1) && to[to.size() - from.size() + d] != SizeExpr(1) ? constantIndex(0)
                                                                                                     : stride);
        return Place{place.base, strides, place.elementType};
      })
      .Default(std::nullopt);
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

Value LayerEmitter::element(Value tensor, Index index) {
  if (auto it = places.find(tensor); it != places.end())
    return load(it->second, index);
  if (auto constant = tensor.getDefiningOp<rec::ConstantOp>()) {
    Type type = elementTypeOf(tensor);
    ElementsAttr value = constant.getValue();
    if (rec::getShape(tensor).size() > 0 && !rec::getConstantSplat(value))
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

Value LayerEmitter::inlineElement(Operation *op, Index index) {
  unsigned rank = index.size();
  auto operand = [&](Value value) { return element(value, broadcastIndex(value, index, rank)); };
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](rec::UnaryOp unary) {
        return emitUnary(b, unary.getKind(), element(unary.getX(), index), elementTypeOf(unary.getX()));
      })
      .Case([&](rec::BinaryOp binary) {
        return emitBinary(b, binary.getKind(), operand(binary.getA()), operand(binary.getB()),
                          elementTypeOf(binary.getA()), elementTypeOf(binary.getB()));
      })
      .Case([&](rec::CompareOp compare) {
        return emitCompare(b, compare.getKind(), operand(compare.getA()), operand(compare.getB()),
                           elementTypeOf(compare.getA()));
      })
      .Case([&](rec::SelectOp select) -> Value {
        return arith::SelectOp::create(b, operand(select.getCondition()), operand(select.getA()),
                                       operand(select.getB()));
      })
      .Case([&](rec::CastOp cast) {
        return emitCast(b, element(cast.getX(), index), elementTypeOf(cast.getX()), elementTypeOf(cast.getResult()));
      })
      .Case([&](rec::BroadcastOp broadcast) { return operand(broadcast.getX()); })
      .Case([&](rec::TransposeOp transpose) {
        SmallVector<Value> source(rank);
        for (auto [d, from] : llvm::enumerate(transpose.getPerm()))
          source[from] = index[d];
        return element(transpose.getX(), source);
      })
      .Case([&](rec::SliceOp slice) {
        SmallVector<Value> source;
        for (unsigned d = 0; d < rank; ++d)
          source.push_back(add(size(slice.getStarts().getSize(d)), mul(index[d], constantIndex(slice.getSteps()[d]))));
        return element(slice.getX(), source);
      })
      .Case([&](rec::ReshapeOp reshape) {
        // Only when the operand has no dense memory: through the row-major position.
        SmallVector<Value> from = sizes(reshape.getX());
        return element(reshape.getX(), unflatten(linearIndex(index, sizes(reshape.getResult())), from));
      })
      .Case([&](rec::IotaOp iota) -> Value {
        Type type = elementTypeOf(iota.getResult());
        Value position = emitCast(b, index[iota.getAxis()], b.getI64Type(), type);
        Value step = scalarConstant(b, type, iota.getStep().convertToDouble());
        Value start = scalarConstant(b, type, iota.getStart().convertToDouble());
        return emitBinary(b, rec::BinaryKind::add, start, emitBinary(b, rec::BinaryKind::mul, position, step, type),
                          type);
      })
      .Case([&](rec::DimsOp dims) {
        Value value = size(dims.getSizes().getSize(0));
        for (unsigned i = 1; i < dims.getSizes().size(); ++i) {
          Value here = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, index[0], constantIndex(i));
          value = arith::SelectOp::create(b, here, size(dims.getSizes().getSize(i)), value);
        }
        return value;
      })
      .Case([&](rec::PadOp pad) {
        Value inside = arith::ConstantOp::create(b, b.getBoolAttr(true));
        SmallVector<Value> source, extents = sizes(pad.getX());
        for (unsigned d = 0; d < rank; ++d) {
          source.push_back(sub(index[d], constantIndex(pad.getLow()[d])));
          Value fits = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, source[d], extents[d]);
          inside = arith::AndIOp::create(b, inside, fits);
        }
        return ifElse(
            inside, [&] { return SmallVector<Value>{element(pad.getX(), source)}; },
            [&] { return SmallVector<Value>{element(pad.getValue(), {})}; })[0];
      })
      .Case([&](rec::BatchNormOp norm) -> Value {
        Type type = elementTypeOf(norm.getX());
        auto channel = [&](Value tensor) { return element(tensor, index[1]); };
        auto binary = [&](rec::BinaryKind kind, Value x, Value y) { return emitBinary(b, kind, x, y, type); };
        Value centered = binary(rec::BinaryKind::sub, element(norm.getX(), index), channel(norm.getMean()));
        Value epsilon = scalarConstant(b, type, norm.getEpsilon().convertToDouble());
        Value variance = binary(rec::BinaryKind::add, channel(norm.getVariance()), epsilon);
        Value scale =
            binary(rec::BinaryKind::mul, emitUnary(b, rec::UnaryKind::rsqrt, variance, type), channel(norm.getScale()));
        return binary(rec::BinaryKind::add, binary(rec::BinaryKind::mul, centered, scale), channel(norm.getBias()));
      })
      .Default([&](Operation *other) { return gatherElement(other, index); });
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
