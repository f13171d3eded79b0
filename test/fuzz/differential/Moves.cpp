//===- Moves.cpp - Random moves of elements -----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/fuzz/differential/GraphBuilder.h"

#include "dialects/Rec/Shape.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::fuzz;

bool GraphBuilder::addConcat() {
  Value first = pick([&](Value value) { return rankOf(value) >= 1; });
  if (!first)
    return false;
  int64_t rank = rankOf(first), axis = rank == 1 ? 0 : oneIn(6) ? below(rank) : between(1, rank - 1);
  rec::Shape shape = rec::getShape(first);
  auto fits = [&](Value value) {
    if (rankOf(value) != rank || typeOf(value).getElementType() != typeOf(first).getElementType())
      return false;
    rec::Shape other = rec::getShape(value);
    for (int64_t d = 0; d < rank; ++d)
      if (d != axis && other[d] != shape[d])
        return false;
    return true;
  };
  SmallVector<Value> inputs = {first};
  for (int64_t i = 0, e = between(1, 5); i < e; ++i)
    inputs.push_back(pick(fits));
  add(rec::ConcatOp::create(b, inputs, axis));
  return true;
}

bool GraphBuilder::addSlice() {
  Value x = pick([&](Value value) { return rankOf(value) >= 2 && sizeOf(value, 1) > 1; });
  if (!x)
    return false;
  int64_t dim = 1, size = sizeOf(x, dim);
  if (rankOf(x) > 2 && sizeOf(x, 2) > 1 && oneIn(2))
    size = sizeOf(x, dim = 2);
  if (ShapedType::isDynamic(size))
    return false;
  int64_t step = oneIn(4) ? choose<int64_t>({2, 3, -1, -2}) : 1;
  int64_t count = between(oneIn(20) ? 0 : 1, (size - 1) / std::abs(step) + 1);
  int64_t span = std::max<int64_t>(count - 1, 0) * std::abs(step), begin = below(size - span);
  add(slice(x, dim, step < 0 ? begin + span : begin, count, step));
  return true;
}

bool GraphBuilder::addReshape() {
  Value x = pick([&](Value value) { return rankOf(value) >= 2 && hasStaticTail(value); });
  if (!x)
    return false;
  rec::Shape shape = rec::getShape(x);
  int64_t row = 1;
  for (int64_t d = 1; d < rankOf(x); ++d)
    row *= sizeOf(x, d);
  rec::Shape to = {shape[0]};
  switch (below(4)) {
  case 0:
    to.push_back(row);
    break;
  case 1: { // split a divisor off
    int64_t divisor = choose<int64_t>({2, 3, 4, 8, 1});
    if (row % divisor != 0)
      divisor = 1;
    to.append({SizeExpr(divisor), SizeExpr(row / divisor)});
    break;
  }
  case 2: // a unit dimension somewhere
    to = shape;
    to.insert(to.begin() + between(1, to.size()), SizeExpr(1));
    break;
  default: // rows times columns
    if (rankOf(x) < 3)
      return false;
    to = {shape[0] * sizeOf(x, 1), SizeExpr(sizeOf(x, 1) ? row / sizeOf(x, 1) : 0)};
    if (sizeOf(x, 1) == 0)
      return false;
    // And back, so that it meets other values again.
    Value flat = reshape(x, to);
    if (isReal(flat))
      flat = rec::UnaryOp::create(b, rec::UnaryKind::tanh, flat);
    add(reshape(flat, shape));
    return true;
  }
  add(reshape(x, to));
  return true;
}

bool GraphBuilder::addTranspose() {
  Value x = pick([&](Value value) { return rankOf(value) >= 2 && hasStaticTail(value); });
  if (!x)
    return false;
  SmallVector<int64_t> perm;
  for (int64_t d = 0; d < rankOf(x); ++d)
    perm.push_back(d);
  // Mostly the batch stays in front.
  std::shuffle(perm.begin() + (rankOf(x) > 2 && !oneIn(4)), perm.end(), random);
  add(rec::TransposeOp::create(b, x, perm));
  return true;
}

bool GraphBuilder::addBroadcast() {
  Value x = pickFloat(1, 4);
  if (!x)
    return false;
  rec::Shape shape = rec::getShape(x);
  bool grew = false;
  for (size_t d = 0; d < shape.size(); ++d)
    if (shape[d] == SizeExpr(1)) {
      shape[d] = d == 0 ? batch : SizeExpr(between(1, 9));
      grew = true;
    }
  if (!grew || oneIn(3)) {
    // Between batch and the rest, through a unit dimension.
    rec::Shape unit = rec::getShape(x);
    unit.insert(unit.begin() + 1, SizeExpr(1));
    x = reshape(x, unit);
    shape = unit;
    shape[1] = between(2, 9);
  }
  add(rec::BroadcastOp::create(b, rec::getTensorType(shape, realType), x));
  return true;
}

bool GraphBuilder::addPad() {
  Value x = pickFloat(1, 4);
  if (!x)
    return false;
  SmallVector<int64_t> low, high;
  for (int64_t d = 0; d < rankOf(x); ++d) {
    bool grows = d > 0 || !ShapedType::isDynamic(sizeOf(x, d));
    low.push_back(grows ? below(3) : 0);
    high.push_back(grows ? below(3) : 0);
  }
  add(rec::PadOp::create(b, x, floats({}), low, high));
  return true;
}

bool GraphBuilder::addGather() {
  Value x = pick([&](Value value) { return rankOf(value) >= 2 && hasStaticTail(value) && weigh(value.getType()); });
  if (!x)
    return false;
  int64_t axis = between(1, rankOf(x) - 1), size = sizeOf(x, axis);
  SmallVector<int64_t> shape, indices;
  for (int64_t d = 0, e = below(3); d < e; ++d)
    shape.push_back(between(1, 9));
  for (int64_t i = 0, e = weigh(RankedTensorType::get(shape, b.getI64Type())); i < e; ++i)
    indices.push_back(between(-size, size - 1));
  add(rec::GatherOp::create(b, x, integers(shape, indices), axis));
  return true;
}

bool GraphBuilder::addGatherElements() {
  // What a top-k chose, taken from a value beside it.
  Value x = pick(
      [&](Value value) { return isReal(value) && rankOf(value) == 2 && hasStaticTail(value) && sizeOf(value, 1) > 0; });
  if (!x || isCoarse())
    return false;
  Value beside = pick([&](Value value) { return isReal(value) && rec::getShape(value) == rec::getShape(x); });
  auto top =
      rec::TopKOp::create(b, x, makeSize(between(1, std::min<int64_t>(sizeOf(x, 1), 9))), 1, /*smallest=*/oneIn(3));
  add(rec::GatherElementsOp::create(b, beside, top.getIndices(), 1));
  return true;
}

bool GraphBuilder::addScatter() {
  Value x = pick([&](Value value) {
    return isReal(value) && rankOf(value) == 2 && !ShapedType::isDynamic(sizeOf(value, 0)) && hasStaticTail(value) &&
           weigh(value.getType()) > 0;
  });
  // Indices are constants, so the scattered value has a static shape: a weight, or a reduction over the batch.
  if (!x)
    x = floats({between(1, 9), between(1, 9)});
  auto reduction = oneIn(2)
                       ? rec::ReduceKindAttr()
                       : rec::ReduceKindAttr::get(b.getContext(), choose({rec::ReduceKind::sum, rec::ReduceKind::prod,
                                                                          rec::ReduceKind::max, rec::ReduceKind::min}));
  int64_t count = between(1, 5);
  SmallVector<int64_t> indices;
  if (oneIn(2)) {
    for (int64_t i = 0; i < count; ++i)
      indices.push_back(below(sizeOf(x, 0)));
    add(rec::ScatterNdOp::create(b, x, integers({count, 1}, indices), floats({count, sizeOf(x, 1)}), reduction));
    return true;
  }
  for (int64_t i = 0; i < count * sizeOf(x, 1); ++i)
    indices.push_back(between(-sizeOf(x, 0), sizeOf(x, 0) - 1));
  Value updates = floats({count, sizeOf(x, 1)});
  if (count > sizeOf(x, 0) && oneIn(2))
    return false;
  add(rec::ScatterElementsOp::create(b, x, integers({count, sizeOf(x, 1)}, indices), updates, 0, reduction));
  return true;
}

bool GraphBuilder::addIota() {
  Value x = pick([&](Value value) { return isReal(value) && rankOf(value) == 2; });
  if (!x)
    return false;
  Type element = oneIn(2) ? realType : integerType;
  auto type = rec::getTensorType(rec::getShape(x), element);
  Value count = rec::IotaOp::create(b, type, below(2), APFloat(double(between(-2, 3))), APFloat(double(between(1, 3))));
  if (isReal(count))
    count = rec::BinaryOp::create(b, rec::BinaryKind::add, count, x);
  add(count);
  return true;
}
