//===- Lookup.cpp - Embedding lookups and bags ------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Loops/LayerEmitter.h"
#include "lib/Codegen/Loops/Scalar.h"
#include "reckon/Runtime/KernelABI.h"

#include "dialects/Rec/TableRows.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;
using rec::PoolMode;
using rec::ReduceKind;

LookupTable LayerEmitter::lookupTable(Value table, rec::OutOfRange policy) {
  rec::Shape shape = rec::getShape(table);
  Type element = elementTypeOf(table);
  LookupTable result{
      materialize(table).base,     size(shape[0]), {}, *shape[1].constant(), rec::getDecodedType(element),
      *rec::getRowFormat(element), policy};
  int32_t operand = -1;
  if (auto it = operandIndex.find(table); it != operandIndex.end()) {
    operand = it->second;
    // The row count is a property of what is bound at load, not of the type.
    if (int64_t dim = kernel.getLayout(operand).getRowsDim(); dim >= 0)
      result.rows = dimValues[dim];
  }
  result.operand = arith::ConstantOp::create(b, b.getI32IntegerAttr(operand));
  return result;
}

std::pair<Value, Value> LayerEmitter::tableRow(const LookupTable &table, Value id) {
  Value use = id;
  if (table.policy == rec::OutOfRange::clamp) {
    Value last = sub(table.rows, constantIndex(1));
    use = arith::MaxSIOp::create(b, constantIndex(0), arith::MinSIOp::create(b, id, last));
  } else if (table.policy == rec::OutOfRange::wrap) {
    Value negative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, id, constantIndex(0));
    // Not add(), which promises that nothing wraps around: the id may be anything.
    use = arith::SelectOp::create(b, negative, arith::AddIOp::create(b, id, table.rows), id);
  }
  return {use, arith::CmpIOp::create(b, arith::CmpIPredicate::ult, use, table.rows)};
}

Value LayerEmitter::rowPointer(const LookupTable &table, Value row) {
  if (table.format.isPlain())
    return offsetPointer(table.base, mul(row, constantIndex(table.dim)), table.type);
  return offsetPointer(table.base, mul(row, constantIndex(table.rowBytes())), b.getI8Type());
}

Value LayerEmitter::decodeElement(const LookupTable &table, Value row, Value column) {
  if (table.format.isPlain()) {
    Value at = add(mul(row, constantIndex(table.dim)), column);
    return loadRaw(offsetPointer(table.base, at, table.type), table.type);
  }
  Value base = rowPointer(table, row);
  auto load = [&](Type type, Value at) -> Value {
    return LLVM::LoadOp::create(b, type, offsetPointer(base, at, b.getI8Type()), table.format.alignment());
  };
  auto parameter = [&](const RowParameter &parameter) -> Value {
    Value bits = load(b.getI16Type(), constantIndex(parameter.offset));
    return arith::ExtFOp::create(b, b.getF32Type(), arith::BitcastOp::create(b, b.getF16Type(), bits).getResult());
  };
  Value scale = parameter(*table.format.scale()), bias = parameter(*table.format.bias());
  Value stored = load(b.getI8Type(), add(column, constantIndex(table.format.elementsAt())));
  Value number = arith::UIToFPOp::create(b, b.getF32Type(), stored);
  return math::FmaOp::create(b, number, scale, bias);
}

void LayerEmitter::emitBagRow(const LookupTable &table, const LookupBag &bag, Value out) {
  bool isMax = bag.mode == PoolMode::max;
  Type type = table.type;
  StridedView target{out, {constantIndex(1)}, type};
  parallelFor(constantIndex(table.dim), [&](Index d) {
    auto read = [&](Value i, Value id) {
      auto [use, good] = tableRow(table, id);
      return ifElse(
          good, [&, use = use] { return SmallVector<Value>{decodeElement(table, use, d[0])}; },
          [&] {
            if (rec::failsOutside(table.policy))
              report(RECKON_KERNEL_ID_OUT_OF_RANGE, table.operand, bag.position(i), id);
            return SmallVector<Value>{scalarConstant(b, type, 0)};
          })[0];
    };
    Value zero = constantIndex(0);
    if (bag.isSingle && !bag.padding)
      return store(read(zero, bag.id(zero)), target, d);
    Value start = reduceIdentity(b, isMax ? ReduceKind::max : ReduceKind::sum, type);
    SmallVector<Value> total = reduceLoop(zero, bag.count, {start, zero}, [&](Value i, ValueRange values) {
      SmallVector<Value> current(values);
      Value id = bag.id(i);
      auto accumulate = [&] {
        Value value = read(i, id);
        if (bag.weight)
          value = emitBinary(b, rec::BinaryKind::mul, value, bag.weight(i), type);
        auto kind = isMax ? rec::BinaryKind::max : rec::BinaryKind::add;
        return SmallVector<Value>{emitBinary(b, kind, current[0], value, type), add(current[1], constantIndex(1))};
      };
      if (!bag.padding)
        return accumulate();
      Value counts = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, id, constantIndex(*bag.padding));
      return ifElse(counts, accumulate, [&] { return current; });
    });
    Value value = total[0], counted = total[1];
    if (bag.mode == PoolMode::mean && isa<FloatType>(computeType(type))) {
      Value divisor = arith::MaxSIOp::create(b, counted, constantIndex(1));
      value = emitBinary(b, rec::BinaryKind::div, value, emitCast(b, divisor, b.getI64Type(), type), type);
    } else if (isMax) {
      Value isEmpty = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, counted, zero);
      value = arith::SelectOp::create(b, isEmpty, scalarConstant(b, type, 0), value);
    }
    store(value, target, d);
  });
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

LogicalResult LayerEmitter::emitEmbedding(rec::EmbeddingOp op) {
  Value ids = op.getIds(), result = op.getResult();
  if (!rec::getShape(op.getTable())[1].isConstant())
    return unsupported(op, "the dim of table is not static");
  LookupTable table = lookupTable(op.getTable(), op.getOutOfRange());
  materialize(ids);
  StridedView place = destination(result);
  SmallVector<Value> extents = sizes(ids);
  SmallVector<Value> loopExtents = extents;
  keepOneRow(ids, loopExtents);
  sequentialNest(loopExtents, [&](Index position) {
    SmallVector<Value> index = inCurrentRow(ids, position);
    LookupBag bag;
    bag.isSingle = true;
    bag.id = [&](Value) { return emitCast(b, element(ids, index), elementTypeOf(ids), b.getI64Type()); };
    bag.position = [&](Value) { return linearIndex(index, extents); };
    SmallVector<Value> at(index);
    at.push_back(constantIndex(0));
    emitBagRow(table, bag, pointer(place, at));
  });
  places[result] = place;
  return success();
}

LogicalResult LayerEmitter::emitEmbeddingBag(rec::EmbeddingBagOp op) {
  Value ids = op.getIds(), result = op.getResult(), offsets = op.getOffsets(), weights = op.getWeights();
  if (!rec::getShape(op.getTable())[1].isConstant())
    return unsupported(op, "the dim of table is not static");
  LookupTable table = lookupTable(op.getTable(), op.getOutOfRange());
  materialize(ids);
  if (weights)
    materialize(weights);
  StridedView place = destination(result);
  Value bags = sizes(result)[0], zero = constantIndex(0);

  auto emitBag = [&](Value bagIndex) {
    LookupBag bag;
    bag.mode = op.getMode();
    if (auto padding = op.getPaddingId())
      bag.padding = *padding;
    Value out = pointer(place, {bagIndex, zero});
    auto at = [&](Value i) -> SmallVector<Value> {
      if (offsets)
        return {i};
      return {bagIndex, i};
    };
    Value begin = zero;
    if (offsets) {
      Value total = sizes(ids)[0];
      auto offset = [&](Value i) { return emitCast(b, element(offsets, i), elementTypeOf(offsets), b.getI64Type()); };
      begin = offset(bagIndex);
      Value next = add(bagIndex, constantIndex(1)), end;
      if (op.getIncludeLastOffset()) {
        end = offset(next);
      } else {
        Value isLast = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, next, bags);
        end = ifElse(
            isLast, [&] { return SmallVector<Value>{total}; }, [&] { return SmallVector<Value>{offset(next)}; })[0];
      }
      // Offsets come from outside: a bag that runs backwards or beyond the ids is an error and reads nothing.
      Value good = arith::CmpIOp::create(b, arith::CmpIPredicate::sle, zero, begin);
      good = arith::AndIOp::create(b, good, arith::CmpIOp::create(b, arith::CmpIPredicate::sle, begin, end));
      good = arith::AndIOp::create(b, good, arith::CmpIOp::create(b, arith::CmpIPredicate::sle, end, total));
      Value yes = arith::ConstantOp::create(b, b.getBoolAttr(true));
      ifThen(arith::XOrIOp::create(b, good, yes), [&] {
        Value isInside = arith::AndIOp::create(b, arith::CmpIOp::create(b, arith::CmpIPredicate::sle, zero, begin),
                                               arith::CmpIOp::create(b, arith::CmpIPredicate::sle, begin, total));
        report(RECKON_KERNEL_BAD_OFFSETS, table.operand, bagIndex, arith::SelectOp::create(b, isInside, end, begin));
      });
      bag.count = arith::SelectOp::create(b, good, sub(end, begin), zero);
    } else {
      bag.count = sizes(ids)[1];
    }
    auto entry = [&, begin](Value i) { return at(offsets ? add(begin, i) : i); };
    bag.id = [&, entry](Value i) { return emitCast(b, element(ids, entry(i)), elementTypeOf(ids), b.getI64Type()); };
    bag.position = [&, entry](Value i) { return linearIndex(entry(i), sizes(ids)); };
    if (weights)
      bag.weight = [&, entry](Value i) { return element(weights, entry(i)); };
    emitBagRow(table, bag, out);
  };
  if (isRowValue(result))
    emitBag(row);
  else
    loop(zero, bags, emitBag);
  places[result] = place;
  return success();
}

LogicalResult LayerEmitter::emitMultiLookup(rec::MultiLookupOp op) {
  Value ids = op.getIds(), result = op.getResult();
  for (Value table : op.getTables())
    if (!rec::getShape(table)[1].isConstant())
      return unsupported(op, "the dim of a table is not static");
  materialize(ids);
  StridedView place = destination(result);
  Value width = sizes(ids)[1];
  SmallVector<LookupTable> tables;
  for (Value table : op.getTables())
    tables.push_back(lookupTable(table, op.getOutOfRange()));

  auto emitRow = [&](Value r) {
    auto idAt = [&](Value sample, Value column) {
      return emitCast(b, element(ids, {sample, column}), elementTypeOf(ids), b.getI64Type());
    };
    beforeMultiLookup(op, tables, r, idAt);
    int64_t column = 0;
    for (auto [t, table] : llvm::enumerate(tables)) {
      Value start = constantIndex(op.getStarts()[t]);
      LookupBag bag;
      bag.count = constantIndex(op.getCounts()[t]);
      bag.isSingle = op.getCounts()[t] == 1;
      bag.mode = op.getMode(t);
      if (op.getPaddingIds()[t] >= 0)
        bag.padding = op.getPaddingIds()[t];
      bag.id = [&, start](Value i) { return idAt(r, add(start, i)); };
      bag.position = [&, start](Value i) { return add(mul(r, width), add(start, i)); };
      emitBagRow(table, bag, pointer(place, {r, constantIndex(column)}));
      column += table.dim;
    }
  };
  overRows(result, emitRow);
  places[result] = place;
  return success();
}
