//===- RecurrenceByUnit.cpp - Recurrent layers, a thread a unit ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// Of all element types, in exact f32. A thread has the gates of one unit for some rows: an element of the recurrence
// that it loads, from shared memory where that is large enough, is multiplied by the states of all of them.
//
//===----------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/Recurrence.h"

#include "lib/Codegen/Loops/Scalar.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;
using namespace reckon::nvptx;

static constexpr int64_t vectorBytes = 16, unroll = 4;

bool RecurrenceByUnit::fits(rec::RecurrenceOp op) {
  return op.getHidden() > 0 && op.getHidden() <= int64_t(GpuTarget::maxBlockThreads);
}

/// Copies the recurrence of the direction into shared memory.
void RecurrenceByUnit::shareRecurrence() {
  int64_t elements = hidden * recurrenceColumns(), bytes = elements * elementBytes;
  unsigned operand = cast<BlockArgument>(op.getRecurrence()).getArgNumber();
  bool isWide = bytes % vectorBytes == 0 && kernel.getLayout(operand).getAligned();
  int64_t chunk = isWide ? vectorBytes : elementBytes;
  Value from = factors, to = module.getDynamicShared(b);
  DeviceBuilder p(b);
  Value thread = p.widen(p.thread());
  auto copies = [&](Value first) {
    DeviceBuilder p(b);
    Value offset = mul(first, constantIndex(chunk));
    p.store(p.loadInvariant(p.rawType(chunk), p.at(from, offset), chunk), p.at(to, p.narrow(offset)), chunk);
  };
  auto loop = scf::ForOp::create(b, thread, constantIndex(bytes / chunk), constantIndex(threads));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  copies(loop.getInductionVar());
  factors = to;
}

Value RecurrenceByUnit::loadFactor(Value k, int64_t gate) {
  DeviceBuilder p(b);
  Value position = add(mul(k, constantIndex(recurrenceColumns())), add(constantIndex(gate * hidden), unit));
  Value offset = mul(position, constantIndex(elementBytes));
  Value raw =
      p.loadInvariant(p.rawType(elementBytes), p.at(factors, isShared ? p.narrow(offset) : offset), elementBytes);
  return p.unpack(raw, elementType)[0];
}

Value RecurrenceByUnit::stateAddress(Value states, Value row, Value unit) {
  DeviceBuilder p(b);
  Value position = add(mul(row, constantIndex(paddedHidden())), unit);
  return p.at(states, p.narrow(mul(position, constantIndex(sizeof(float)))));
}

SmallVector<Value> RecurrenceByUnit::multiply(Value states, int64_t first, int64_t last) {
  int64_t count = last - first;
  // The products of inner positions [k, k + width).
  auto step = [&](Value k, int64_t width, ValueRange before) {
    DeviceBuilder p(b);
    SmallVector<Value> sums(before);
    SmallVector<Values> elements;
    for (int64_t row = 0; row < numRows; ++row)
      elements.push_back(p.unpack(
          p.load(p.rawType(width * sizeof(float)), stateAddress(states, constantIndex(row), k), width * sizeof(float)),
          p.getF32Type()));
    for (int64_t i = 0; i < width; ++i)
      for (int64_t gate = 0; gate < count; ++gate) {
        Value factor = loadFactor(add(k, constantIndex(i)), first + gate);
        for (int64_t row = 0; row < numRows; ++row) {
          Value &sum = sums[row * count + gate];
          sum = p.fma(elements[row][i], factor, sum);
        }
      }
    return sums;
  };
  int64_t rest = hidden % unroll;
  SmallVector<Value> sums(numRows * count, scalarConstant(b, b.getF32Type(), 0));
  if (hidden >= unroll)
    sums = reduceLoop(
        constantIndex(0), constantIndex(hidden - rest), sums,
        [&](Value k, ValueRange before) { return step(k, unroll, before); }, unroll);
  for (int64_t k = hidden - rest; k < hidden; ++k)
    sums = step(constantIndex(k), 1, sums);
  return sums;
}

SmallVector<Value> RecurrenceByUnit::emitStep(Value step, ValueRange carried) {
  DeviceBuilder p(b);
  int64_t halfBytes = numRows * paddedHidden() * sizeof(float), each = isLstm ? 2 : 1;
  Value half = p.bitAnd(p.narrow(step), 1);
  Value now = p.at(states, p.mul(half, halfBytes));
  Value after = p.at(states, p.mul(p.bitXor(half, p.i32(1)), halfBytes));
  SmallVector<Step> steps;
  SmallVector<Value> inputs;
  for (const Row &row : rows) {
    steps.push_back(getStep(row, step));
    for (int64_t gate = 0; gate < gates; ++gate)
      inputs.push_back(load(x, {row.index, steps.back().t, gateColumn(gate, unit)}));
  }
  auto unitOf = [&](int64_t row) { return Unit{carried[row * each], isLstm ? carried[row * each + 1] : Value()}; };
  SmallVector<Value> products;
  if (resetsState) {
    SmallVector<Value> pairs = multiply(now, 0, 2);
    for (int64_t row = 0; row < numRows; ++row) {
      Value left = reset(p.addf(pairs[row * 2 + 1], inputs[row * gates + 1]), unitOf(row).h);
      ifThen(isUnit, [&] { DeviceBuilder(b).store(left, stateAddress(resetStates, constantIndex(row), unit), 4); });
    }
    DeviceBuilder(b).barrier();
    SmallVector<Value> candidates = multiply(resetStates, 2, 3);
    for (int64_t row = 0; row < numRows; ++row)
      products.append({pairs[row * 2], pairs[row * 2 + 1], candidates[row]});
  } else {
    products = multiply(now, 0, gates);
  }
  SmallVector<Value> result;
  for (int64_t row = 0; row < numRows; ++row) {
    DeviceBuilder p(b);
    SmallVector<Value> sums;
    for (int64_t gate = 0; gate < gates; ++gate)
      sums.push_back(p.addf(products[row * gates + gate],
                            isCandidate(gate) ? getCandidateBias(unit) : inputs[row * gates + gate]));
    Unit next = this->next(sums, resetsProduct ? inputs[row * gates + 2] : Value(), unitOf(row), unit);
    Unit kept = choose(steps[row], next, unitOf(row));
    ifThen(isUnit, [&] {
      DeviceBuilder(b).store(kept.h, stateAddress(after, constantIndex(row), unit), 4);
      if (!y)
        return;
      Value isWritten = rows[row].isThere;
      if (steps[row].goesOn)
        isWritten = arith::AndIOp::create(b, isWritten, steps[row].goesOn);
      ifThen(isWritten, [&] { store(next.h, *y, {rows[row].index, steps[row].t, columnOf(unit)}); });
    });
    result.push_back(kept.h);
    if (isLstm)
      result.push_back(kept.c);
  }
  DeviceBuilder(b).barrier();
  return result;
}

LaunchPlan RecurrenceByUnit::emit() {
  threads = llvm::alignTo(hidden, GpuTarget::warpSize);
  elementBytes = elementType.getIntOrFloatBitWidth() / 8;
  int64_t stateBytes = (resetsState ? 3 : 2) * numRows * paddedHidden() * sizeof(float);
  int64_t factorBytes = llvm::alignTo(hidden * recurrenceColumns() * elementBytes, vectorBytes);
  isShared = stateBytes + factorBytes <= int64_t(module.getTarget().sharedPerBlock);
  begin("_rows" + Twine(numRows), threads);
  DeviceBuilder p(b);
  Value shared = module.getDynamicShared(b), thread = p.widen(p.thread());
  states = p.at(shared, isShared ? factorBytes : 0);
  resetStates = p.at(states, 2 * numRows * paddedHidden() * int64_t(sizeof(float)));
  isUnit = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, thread, constantIndex(hidden));
  unit = arith::MinSIOp::create(b, thread, constantIndex(hidden - 1));
  factors = pointer(recurrence, {mul(direction, constantIndex(hidden)), constantIndex(0)});
  if (isShared)
    shareRecurrence();
  // Weights are there before other kernels have ended.
  if (kernel.getLayout(cast<BlockArgument>(op.getRecurrence()).getArgNumber()).getConstant())
    function.waitForGridDependencies(b);

  Value firstRow = mul(p.widen(DeviceBuilder(b).block(0)), constantIndex(numRows));
  Value isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread, constantIndex(0));
  SmallVector<Value> carried;
  for (int64_t i = 0; i < numRows; ++i) {
    rows.push_back(getRow(add(firstRow, constantIndex(i)), isFirst));
    Unit initial = getInitial(rows.back(), unit);
    ifThen(isUnit, [&] { DeviceBuilder(b).store(initial.h, stateAddress(states, constantIndex(i), unit), 4); });
    carried.push_back(initial.h);
    if (isLstm)
      carried.push_back(initial.c);
  }
  DeviceBuilder(b).barrier();
  carried = reduceLoop(constantIndex(0), getSteps(rows), carried,
                       [&](Value step, ValueRange values) { return emitStep(step, values); });
  ifThen(isUnit, [&] {
    int64_t each = isLstm ? 2 : 1;
    for (auto [i, row] : llvm::enumerate(rows)) {
      ifThen(row.isThere, [&, i = i, &row = row] {
        storeLast(row, unit, {carried[i * each], isLstm ? carried[i * each + 1] : Value()});
      });
      clearRest(row, [&, &row = row](Value t) {
        store(scalarConstant(b, b.getF32Type(), 0), *y, {row.index, t, columnOf(unit)});
      });
    }
  });
  return finish(numRows, threads, stateBytes + (isShared ? factorBytes : 0));
}
