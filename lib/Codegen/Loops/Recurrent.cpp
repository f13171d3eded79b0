//===- Recurrent.cpp - The steps of recurrent layers ----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// A sequence after the other, its steps in order, and threads share the units of a step. The products of the state are
// plain loops: right everywhere, and for what a device has no kernel of its own for.
//
//===----------------------------------------------------------------------------===//

#include "lib/Codegen/Loops/LayerEmitter.h"
#include "lib/Codegen/Loops/Scalar.h"
#include "reckon/Runtime/KernelABI.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;
using rec::BinaryKind;
using rec::CellKind;
using rec::UnaryKind;

namespace reckon::loops {
/// Emits all steps of one sequence in one direction.
class SequenceEmitter {
public:
  SequenceEmitter(LayerEmitter &e, rec::RecurrenceOp op);
  /// The results, null where nothing reads one.
  struct Targets {
    const StridedView *y, *h, *c;
  };
  void emit(int64_t direction, Value sample, const Targets &targets);

private:
  StridedView makeState(int64_t copies);
  Value getLength();
  Value getPosition(Value step);
  void emitStep(Value step, const StridedView *y);
  Value nextState(Value j);
  Value nextOfLstm(Value j);

  Value binary(BinaryKind kind, Value a, Value b) { return emitBinary(e.b, kind, a, b, type); }
  Value add(Value a, Value b) { return binary(BinaryKind::add, a, b); }
  Value mul(Value a, Value b) { return binary(BinaryKind::mul, a, b); }
  Value sigmoid(Value x) { return emitUnary(e.b, UnaryKind::sigmoid, x, type); }
  Value tanh(Value x) { return emitUnary(e.b, UnaryKind::tanh, x, type); }
  Value constant(int64_t value) { return e.constantIndex(value); }
  Value unit(Value j) { return e.add(constant(d * hidden), j); }
  Value zero() { return scalarConstant(e.b, type, 0); }
  void overUnits(llvm::function_ref<void(Value)> body) {
    e.parallelFor(constant(hidden), [&](ArrayRef<Value> index) { body(index[0]); });
  }
  Value stateAt(Value j) { return e.load(h, {now, j}); }
  Value fromInput(int64_t gate, Value j) {
    return e.element(op.getX(), {n, t, e.add(constant((d * gates + gate) * hidden), j)});
  }
  using State = llvm::function_ref<Value(Value)>;
  Value fromState(int64_t gate, Value j, State state);
  Value sum(int64_t gate, Value j) {
    return add(fromInput(gate, j), fromState(gate, j, [&](Value k) { return stateAt(k); }));
  }

  LayerEmitter &e;
  rec::RecurrenceOp op;
  Type type; ///< of arithmetic and states
  int64_t hidden, gates, d = 0;
  StridedView h;         ///< the state before and after a step, in turn: [2, hidden]
  StridedView cellState; ///< of an LSTM: [1, hidden]
  StridedView reset;     ///< of a GRU: what its candidate sees of the state, [1, hidden]
  Value n, length;
  Value t, now, goesOn; ///< of the step: where it is in the sequence, the half of `h` it reads, whether it counts
};
} // namespace reckon::loops

SequenceEmitter::SequenceEmitter(LayerEmitter &e, rec::RecurrenceOp op)
    : e(e), op(op), type(computeType(elementTypeOf(op.getX()))), hidden(op.getHidden()), gates(op.getNumGates()) {
  h = makeState(2);
  if (op.getCell() == CellKind::lstm)
    cellState = makeState(1);
  if (op.getCell() == CellKind::gru && !op.getLinearBeforeReset())
    reset = makeState(1);
}

StridedView SequenceEmitter::makeState(int64_t copies) {
  SizeExpr bytes(copies * hidden * (type.getIntOrFloatBitWidth() / 8));
  return {e.alignedScratch(bytes), {constant(hidden), constant(1)}, type};
}

Value SequenceEmitter::fromState(int64_t gate, Value j, State state) {
  Value column = e.add(constant(gate * hidden), j);
  Value sum = zero();
  if (op.getBias() && gate + 1 == gates)
    sum = e.element(op.getBias(), unit(j));
  return e.reduceLoop(constant(0), constant(hidden), sum, [&](Value k, ValueRange sums) {
    return SmallVector<Value>{add(sums[0], mul(state(k), e.element(op.getRecurrence(), {unit(k), column})))};
  })[0];
}

/// The steps of the sequence; a length outside [0, steps] is reported and counts as 0.
Value SequenceEmitter::getLength() {
  Value steps = e.sizes(op.getX())[1];
  if (!op.getLengths())
    return steps;
  ImplicitLocOpBuilder &b = e.b;
  Value length = emitCast(b, e.element(op.getLengths(), n), elementTypeOf(op.getLengths()), b.getI64Type());
  Value bad = arith::CmpIOp::create(b, arith::CmpIPredicate::ugt, length, steps);
  e.ifThen(bad, [&] {
    Value none = arith::ConstantOp::create(b, b.getI32IntegerAttr(-1));
    e.report(RECKON_KERNEL_INDEX_OUT_OF_RANGE, none, n, length);
  });
  return arith::SelectOp::create(b, bad, constant(0), length);
}

/// Where in the sequence a step is. All sequences take all steps, so that threads stay together; what is behind the
/// end of one is as far from the beginning in either direction.
Value SequenceEmitter::getPosition(Value step) {
  bool isReversed = op.getDirection() == rec::Direction::reverse || d == 1;
  if (!isReversed)
    return step;
  Value fromEnd = e.sub(e.sub(length, constant(1)), step);
  return goesOn ? Value(arith::SelectOp::create(e.b, goesOn, fromEnd, step)) : fromEnd;
}

Value SequenceEmitter::nextOfLstm(Value j) {
  SmallVector<Value> at{constant(0), j};
  auto throughPeephole = [&](int64_t gate, Value sum, Value c) {
    if (!op.getPeepholes())
      return sum;
    return add(sum, mul(e.element(op.getPeepholes(), {constant(d), e.add(constant(gate * hidden), j)}), c));
  };
  Value before = e.load(cellState, at);
  Value input = sigmoid(throughPeephole(0, sum(0, j), before)), forget = sigmoid(throughPeephole(2, sum(2, j), before));
  Value c = add(mul(forget, before), mul(input, tanh(sum(3, j))));
  Value next = mul(sigmoid(throughPeephole(1, sum(1, j), c)), tanh(c));
  e.store(goesOn ? Value(arith::SelectOp::create(e.b, goesOn, c, before)) : c, cellState, at);
  return next;
}

/// The state of a unit after the step.
Value SequenceEmitter::nextState(Value j) {
  if (op.getCell() == CellKind::lstm)
    return nextOfLstm(j);
  if (op.getCell() == CellKind::rnn)
    return tanh(sum(0, j));
  Value update = sigmoid(sum(0, j)), candidate;
  if (op.getLinearBeforeReset())
    candidate = mul(sigmoid(sum(1, j)), fromState(2, j, [&](Value k) { return stateAt(k); }));
  else
    candidate = fromState(2, j, [&](Value k) { return e.load(reset, {constant(0), k}); });
  candidate = tanh(add(fromInput(2, j), candidate));
  Value rest = binary(BinaryKind::sub, scalarConstant(e.b, type, 1), update);
  return add(mul(rest, candidate), mul(update, stateAt(j)));
}

void SequenceEmitter::emitStep(Value step, const StridedView *y) {
  now = arith::AndIOp::create(e.b, step, constant(1));
  goesOn = op.getLengths() ? Value(arith::CmpIOp::create(e.b, arith::CmpIPredicate::slt, step, length)) : Value();
  t = getPosition(step);
  if (op.getCell() == CellKind::gru && !op.getLinearBeforeReset()) {
    overUnits([&](Value j) { e.store(mul(sigmoid(sum(1, j)), stateAt(j)), reset, {constant(0), j}); });
    e.barrier();
  }
  overUnits([&](Value j) {
    Value next = nextState(j), state = next;
    if (goesOn) {
      state = arith::SelectOp::create(e.b, goesOn, next, stateAt(j));
      next = arith::SelectOp::create(e.b, goesOn, next, zero());
    }
    e.store(state, h, {e.sub(constant(1), now), j});
    if (y)
      e.store(next, *y, {n, t, unit(j)});
  });
  e.barrier();
}

void SequenceEmitter::emit(int64_t direction, Value sample, const Targets &targets) {
  d = direction;
  n = sample;
  length = getLength();
  Value first = constant(0), steps = e.sizes(op.getX())[1];
  auto initial = [&](Value state, Value j) { return state ? e.element(state, {n, unit(j)}) : zero(); };
  overUnits([&](Value j) {
    e.store(initial(op.getInitialH(), j), h, {first, j});
    if (op.getCell() == CellKind::lstm)
      e.store(initial(op.getInitialC(), j), cellState, {first, j});
  });
  e.barrier();
  e.loop(first, steps, [&](Value step) { emitStep(step, targets.y); });
  now = arith::AndIOp::create(e.b, steps, constant(1));
  overUnits([&](Value j) {
    if (targets.h)
      e.store(stateAt(j), *targets.h, {n, unit(j)});
    if (targets.c)
      e.store(e.load(cellState, {first, j}), *targets.c, {n, unit(j)});
  });
  // The next sequence takes the same memory.
  e.barrier();
}

LogicalResult LayerEmitter::emitRecurrence(rec::RecurrenceOp op) {
  for (Value operand : op.getOperands())
    materialize(operand);
  SmallVector<StridedView> targets;
  for (Value result : op.getResults())
    targets.push_back(result.use_empty() ? StridedView() : destination(result));
  auto targetOf = [&](unsigned i) { return i < targets.size() && targets[i].base ? &targets[i] : nullptr; };
  SequenceEmitter sequence(*this, op);
  overRows(op.getYH(), [&](Value sample) {
    for (int64_t direction = 0; direction < op.getNumDirections(); ++direction)
      sequence.emit(direction, sample, {targetOf(0), targetOf(1), targetOf(2)});
  });
  for (auto [result, place] : llvm::zip(op.getResults(), targets))
    if (place.base)
      places[result] = place;
  return success();
}
