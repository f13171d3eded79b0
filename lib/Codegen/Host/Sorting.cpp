//===- Sorting.cpp - Top-k and scatters -------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/KernelEmitter.h"
#include "lib/Codegen/Host/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::host;
using rec::CompareKind;

static Type elementTypeOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getElementType(); }

/// Insertion into the sorted results: one comparison with the worst kept element rejects nearly every candidate when k
/// is much smaller than the axis. Scanning in index order with a strict comparison keeps the lower index first among
/// equals.
LogicalResult KernelEmitter::emitTopK(rec::TopKOp op) {
  Value x = op.getX(), values = op.getValues(), indices = op.getIndices();
  Type type = elementTypeOf(x);
  int64_t axis = op.getAxis();
  materialize(x);
  Place valuePlace = destination(values), indexPlace = destination(indices);
  Value extent = sizes(x)[axis], k = sizes(values)[axis];
  Value zero = constantIndex(0), one = constantIndex(1);
  Value yes = arith::ConstantOp::create(b, b.getBoolAttr(true));

  // Whether `candidate` goes before `kept`: strictly greater (less); a NaN before every number but not before a NaN.
  auto goesBefore = [&](Value candidate, Value kept) {
    CompareKind kind = op.getSmallest() ? CompareKind::lt : CompareKind::gt;
    Value before = emitCompare(b, kind, candidate, kept, type);
    if (!isa<FloatType>(candidate.getType()))
      return before;
    Value first = op.getSmallest() ? kept : candidate, second = op.getSmallest() ? candidate : kept;
    Value firstNan = emitUnary(b, rec::UnaryKind::is_nan, first, type);
    Value secondNumber = arith::XOrIOp::create(b, emitUnary(b, rec::UnaryKind::is_nan, second, type), yes);
    Value nanFirst = arith::AndIOp::create(b, firstNan, secondNumber);
    return Value(arith::OrIOp::create(b, before, nanFirst));
  };

  SmallVector<Value> outer = sizes(values);
  outer[axis] = one;
  bool hasRow = isRowValue(values);
  if (hasRow)
    outer[0] = one;
  nestOver(outer, [&](Index position) {
    SmallVector<Value> index(position);
    if (hasRow)
      index[0] = row;
    Place from = vectorAt(places[x], index, axis), value = vectorAt(valuePlace, index, axis),
          where = vectorAt(indexPlace, index, axis);
    // Kept so far: min(i, k). `worst` stays in a register: it is what every candidate meets.
    reduceLoop(zero, extent, {zero, scalarConstant(b, type, 0)}, [&](Value i, ValueRange state) -> SmallVector<Value> {
      Value kept = state[0], worst = state[1], candidate = load(from, i);
      Value room = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, kept, k);
      Value enters = arith::OrIOp::create(b, room, goesBefore(candidate, worst));
      Value any = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, k, zero);
      enters = arith::AndIOp::create(b, enters, any);
      return ifElse(
          enters,
          [&]() -> SmallVector<Value> {
            Value last = arith::SelectOp::create(b, room, kept, sub(k, one));
            // Move worse elements down until the candidate's place is found.
            auto shift = scf::WhileOp::create(
                b, TypeRange{b.getI64Type()}, ValueRange{last},
                [&](OpBuilder &builder, Location, ValueRange args) {
                  OpBuilder::InsertionGuard guard(b);
                  b.setInsertionPointToEnd(builder.getInsertionBlock());
                  Value at = args[0];
                  Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, at, zero);
                  Value move = ifElse(
                      inside, [&] { return SmallVector<Value>{goesBefore(candidate, load(value, sub(at, one)))}; },
                      [&] { return SmallVector<Value>{inside}; })[0];
                  scf::ConditionOp::create(b, move, ValueRange{at});
                },
                [&](OpBuilder &builder, Location, ValueRange args) {
                  OpBuilder::InsertionGuard guard(b);
                  b.setInsertionPointToEnd(builder.getInsertionBlock());
                  Value previous = sub(args[0], one);
                  store(load(value, previous), value, args[0]);
                  store(load(where, previous), where, args[0]);
                  scf::YieldOp::create(b, ValueRange{previous});
                });
            Value at = shift.getResult(0);
            store(candidate, value, at);
            store(i, where, at);
            Value nowKept = arith::SelectOp::create(b, room, add(kept, one), kept);
            return {nowKept, load(value, sub(nowKept, one))};
          },
          [&]() -> SmallVector<Value> { return {kept, worst}; });
    });
  });
  places[values] = valuePlace;
  places[indices] = indexPlace;
  return success();
}

//===----------------------------------------------------------------------===//
// Scatters
//===----------------------------------------------------------------------===//

void KernelEmitter::scatterElement(std::optional<rec::ReduceKind> reduction, Value update, const Place &place,
                                   Index index, Type type) {
  if (reduction)
    update = reduceStep(b, *reduction, load(place, index), update, type);
  store(update, place, index);
}

LogicalResult KernelEmitter::emitScatterNd(rec::ScatterNdOp op) {
  Value x = op.getX(), indices = op.getIndices(), updates = op.getUpdates(), result = op.getResult();
  Type type = elementTypeOf(x);
  materialize(indices);
  Place place = destination(result);
  nest(result, [&](Index index) { store(element(x, index), place, index); });
  SmallVector<Value> extents = sizes(x);
  unsigned lead = rec::getShape(indices).size() - 1;
  int64_t tuple = *rec::getShape(indices).back().constant();
  nestOver(sizes(updates), [&](Index index) {
    SmallVector<Value> target;
    Value good;
    for (int64_t t = 0; t < tuple; ++t) {
      SmallVector<Value> at(index.begin(), index.begin() + lead);
      at.push_back(constantIndex(t));
      auto [i, isGood] = checkedIndex(indices, at, extents[t]);
      target.push_back(i);
      good = good ? Value(arith::AndIOp::create(b, good, isGood)) : isGood;
    }
    target.append(index.begin() + lead, index.end());
    ifThen(good, [&] { scatterElement(op.getReduction(), element(updates, index), place, target, type); });
  });
  places[result] = place;
  return success();
}

LogicalResult KernelEmitter::emitScatterElements(rec::ScatterElementsOp op) {
  Value x = op.getX(), indices = op.getIndices(), updates = op.getUpdates(), result = op.getResult();
  Type type = elementTypeOf(x);
  materialize(indices);
  Place place = destination(result);
  nest(result, [&](Index index) { store(element(x, index), place, index); });
  SmallVector<Value> extents = sizes(x);
  nestOver(sizes(indices), [&](Index index) {
    auto [i, good] = checkedIndex(indices, index, extents[op.getAxis()]);
    SmallVector<Value> target(index);
    target[op.getAxis()] = i;
    ifThen(good, [&] { scatterElement(op.getReduction(), element(updates, index), place, target, type); });
  });
  places[result] = place;
  return success();
}
