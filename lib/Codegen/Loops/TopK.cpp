//===- TopK.cpp - The k greatest elements --------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#include "lib/Codegen/Loops/LayerEmitter.h"
#include "lib/Codegen/Loops/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;
using rec::CompareKind;

Value LayerEmitter::isBefore(rec::TopKOp op, Value candidate, Value kept) {
  Type type = elementTypeOf(op.getX());
  CompareKind kind = op.getSmallest() ? CompareKind::lt : CompareKind::gt;
  Value before = emitCompare(b, kind, candidate, kept, type);
  if (!isa<FloatType>(candidate.getType()))
    return before;
  Value first = op.getSmallest() ? kept : candidate, second = op.getSmallest() ? candidate : kept;
  Value yes = arith::ConstantOp::create(b, b.getBoolAttr(true));
  Value firstNan = emitUnary(b, rec::UnaryKind::is_nan, first, type);
  Value secondNumber = arith::XOrIOp::create(b, emitUnary(b, rec::UnaryKind::is_nan, second, type), yes);
  return arith::OrIOp::create(b, before, arith::AndIOp::create(b, firstNan, secondNumber));
}

/// Insertion into the sorted results. Scanning in index order with a strict comparison keeps the lower index first
/// among equals.
LogicalResult LayerEmitter::emitTopK(rec::TopKOp op) {
  Value x = op.getX(), values = op.getValues(), indices = op.getIndices();
  int64_t axis = op.getAxis();
  materialize(x);
  StridedView valuePlace = destination(values), indexPlace = destination(indices);
  Value extent = sizes(x)[axis], k = sizes(values)[axis];
  Value zero = constantIndex(0), one = constantIndex(1);
  Value yes = arith::ConstantOp::create(b, b.getBoolAttr(true));

  nestAround(values, axis, [&](SmallVectorImpl<Value> &index) {
    StridedView from = vectorAt(places[x], index, axis), value = vectorAt(valuePlace, index, axis),
                where = vectorAt(indexPlace, index, axis);

    // Puts element i at its place among the first `kept`; the element at `last` falls out or, when there is room, is
    // new.
    auto insert = [&](Value i, Value candidate, Value last) {
      auto shift = scf::WhileOp::create(
          b, TypeRange{b.getI64Type()}, ValueRange{last},
          [&](OpBuilder &builder, Location, ValueRange args) {
            OpBuilder::InsertionGuard guard(b);
            b.setInsertionPointToEnd(builder.getInsertionBlock());
            Value at = args[0];
            Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, at, zero);
            Value move = ifElse(
                inside, [&] { return SmallVector<Value>{isBefore(op, candidate, load(value, sub(at, one)))}; },
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
      store(candidate, value, shift.getResult(0));
      store(i, where, shift.getResult(0));
    };
    auto considerAll = [&](Value begin, Value end, Value worst) {
      return reduceLoop(begin, end, worst, [&](Value i, ValueRange state) -> SmallVector<Value> {
        Value candidate = load(from, i), current = state[0], last = sub(k, one);
        return ifElse(
            isBefore(op, candidate, current),
            [&]() -> SmallVector<Value> {
              insert(i, candidate, last);
              return {load(value, last)};
            },
            [&]() -> SmallVector<Value> { return {current}; });
      })[0];
    };

    Value any = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, k, zero);
    if (Value done = filterTopK(op, from, value, where, extent))
      any = arith::AndIOp::create(b, any, arith::XOrIOp::create(b, done, yes));
    ifThen(any, [&] {
      loop(zero, k, [&](Value i) { insert(i, load(from, i), i); });
      Value worst = load(value, sub(k, one));
      scanTopK(op, from, k, extent, worst, considerAll);
    });
  });
  places[values] = valuePlace;
  places[indices] = indexPlace;
  return success();
}
