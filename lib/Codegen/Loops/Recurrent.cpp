//===- Recurrent.cpp - Recurrent layers ------------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Sequences and directions are independent of each other, and threads share them. The steps of one are loops in order,
// with products by plain loops: right everywhere, fast nowhere.
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
  SequenceEmitter(LayerEmitter &e, rec::RnnOp op);
  void emit(Value direction, Value sample, const StridedView &y, const StridedView &lastH, const StridedView *lastC);

private:
  StridedView makeState(int64_t copies);
  Value getLength();
  Value getStep(Value step, Value length);
  void emitStep(Value t, Value now, Value next, const StridedView &y);
  Value stepGru(Value t, Value now, Value j);
  Value stepLstm(Value t, Value now, Value j);

  Value binary(BinaryKind kind, Value a, Value b) { return emitBinary(e.b, kind, a, b, type); }
  Value add(Value a, Value b) { return binary(BinaryKind::add, a, b); }
  Value mul(Value a, Value b) { return binary(BinaryKind::mul, a, b); }
  Value sigmoid(Value x) { return emitUnary(e.b, UnaryKind::sigmoid, x, type); }
  Value tanh(Value x) { return emitUnary(e.b, UnaryKind::tanh, x, type); }
  Value constant(int64_t value) { return e.constantIndex(value); }
  void overHidden(llvm::function_ref<void(Value)> body) { e.loop(constant(0), constant(hidden), body); }
  Value stateAt(Value now, Value k) { return e.load(h, {now, d, n, k}); }

  /// The product of the input or of the state with the weights of a gate for unit j, and its bias.
  Value addBias(Value sum, int64_t gateRow, Value j);
  Value fromInput(Value t, int64_t gate, Value j);
  using State = llvm::function_ref<Value(Value)>;
  Value fromState(int64_t gate, Value j, State state);

  LayerEmitter &e;
  rec::RnnOp op;
  Type type; ///< of arithmetic and states
  int64_t hidden, gates;
  StridedView h;         ///< the state before and after a step, in turn: [2, directions, batch, hidden]
  StridedView cellState; ///< of an LSTM: [1, directions, batch, hidden]
  StridedView reset;     ///< of a GRU: what its candidate sees of the state
  Value d, n;
};
} // namespace reckon::loops

SequenceEmitter::SequenceEmitter(LayerEmitter &e, rec::RnnOp op)
    : e(e), op(op), type(computeType(elementTypeOf(op.getX()))), hidden(op.getHidden()), gates(op.getNumGates()) {
  h = makeState(2);
  if (op.getCell() == CellKind::lstm)
    cellState = makeState(1);
  if (op.getCell() == CellKind::gru && !op.getLinearBeforeReset())
    reset = makeState(1);
}

StridedView SequenceEmitter::makeState(int64_t copies) {
  rec::Shape shape = rec::getShape(op.getYH());
  shape.insert(shape.begin(), SizeExpr(copies));
  SizeExpr bytes = rec::getNumElements(shape) * SizeExpr(type.getIntOrFloatBitWidth() / 8);
  return {e.alignedScratch(bytes), e.denseStrides(shape, false), type};
}

Value SequenceEmitter::addBias(Value sum, int64_t gateRow, Value j) {
  if (!op.getBias())
    return sum;
  return add(sum, e.element(op.getBias(), {d, e.add(constant(gateRow * hidden), j)}));
}

Value SequenceEmitter::fromInput(Value t, int64_t gate, Value j) {
  Value row = e.add(constant(gate * hidden), j);
  Value sum = e.reduceOver(e.sizes(op.getX())[2], rec::ReduceKind::sum, type, [&](ArrayRef<Value> k) {
    return mul(e.element(op.getX(), {t, n, k[0]}), e.element(op.getWeight(), {d, row, k[0]}));
  });
  return addBias(sum, gate, j);
}

Value SequenceEmitter::fromState(int64_t gate, Value j, State state) {
  Value row = e.add(constant(gate * hidden), j);
  Value sum = e.reduceOver(constant(hidden), rec::ReduceKind::sum, type, [&](ArrayRef<Value> k) {
    return mul(state(k[0]), e.element(op.getRecurrence(), {d, row, k[0]}));
  });
  return addBias(sum, gates + gate, j);
}

/// The steps of the sequence; a length outside [0, steps] is reported and counts as 0.
Value SequenceEmitter::getLength() {
  Value steps = e.sizes(op.getX())[0];
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

/// Where in the sequence a step is.
Value SequenceEmitter::getStep(Value step, Value length) {
  if (op.getDirection() == rec::Direction::forward)
    return step;
  Value fromEnd = e.sub(e.sub(length, constant(1)), step);
  if (op.getDirection() == rec::Direction::reverse)
    return fromEnd;
  Value isForward = arith::CmpIOp::create(e.b, arith::CmpIPredicate::eq, d, constant(0));
  return arith::SelectOp::create(e.b, isForward, step, fromEnd);
}

Value SequenceEmitter::stepGru(Value t, Value now, Value j) {
  auto state = [&](Value k) { return stateAt(now, k); };
  Value update = sigmoid(add(fromInput(t, 0, j), fromState(0, j, state)));
  Value candidate;
  if (op.getLinearBeforeReset())
    candidate = mul(sigmoid(add(fromInput(t, 1, j), fromState(1, j, state))), fromState(2, j, state));
  else
    candidate = fromState(2, j, [&](Value k) { return e.load(reset, {constant(0), d, n, k}); });
  candidate = tanh(add(fromInput(t, 2, j), candidate));
  Value rest = binary(BinaryKind::sub, scalarConstant(e.b, type, 1), update);
  return add(mul(rest, candidate), mul(update, stateAt(now, j)));
}

Value SequenceEmitter::stepLstm(Value t, Value now, Value j) {
  SmallVector<Value> at{constant(0), d, n, j};
  auto state = [&](Value k) { return stateAt(now, k); };
  auto gate = [&](int64_t gate) { return add(fromInput(t, gate, j), fromState(gate, j, state)); };
  auto throughPeephole = [&](int64_t gate, Value sum, Value c) {
    if (!op.getPeepholes())
      return sum;
    return add(sum, mul(e.element(op.getPeepholes(), {d, e.add(constant(gate * hidden), j)}), c));
  };
  Value c = e.load(cellState, at);
  Value input = sigmoid(throughPeephole(0, gate(0), c)), forget = sigmoid(throughPeephole(2, gate(2), c));
  c = add(mul(forget, c), mul(input, tanh(gate(3))));
  e.store(c, cellState, at);
  return mul(sigmoid(throughPeephole(1, gate(1), c)), tanh(c));
}

void SequenceEmitter::emitStep(Value t, Value now, Value next, const StridedView &y) {
  auto state = [&](Value k) { return stateAt(now, k); };
  if (op.getCell() == CellKind::gru && !op.getLinearBeforeReset())
    overHidden([&](Value j) {
      Value gate = sigmoid(add(fromInput(t, 1, j), fromState(1, j, state)));
      e.store(mul(gate, stateAt(now, j)), reset, {constant(0), d, n, j});
    });
  overHidden([&](Value j) {
    Value value = op.getCell() == CellKind::gru    ? stepGru(t, now, j)
                  : op.getCell() == CellKind::lstm ? stepLstm(t, now, j)
                                                   : tanh(add(fromInput(t, 0, j), fromState(0, j, state)));
    e.store(value, h, {next, d, n, j});
    e.store(value, y, {t, d, n, j});
  });
}

void SequenceEmitter::emit(Value direction, Value sample, const StridedView &y, const StridedView &lastH,
                           const StridedView *lastC) {
  d = direction;
  n = sample;
  Value zero = constant(0), length = getLength();
  auto initial = [&](Value state, Value j) {
    return state ? e.element(state, {d, n, j}) : scalarConstant(e.b, type, 0);
  };
  overHidden([&](Value j) {
    e.store(initial(op.getInitialH(), j), h, {zero, d, n, j});
    if (lastC)
      e.store(initial(op.getInitialC(), j), cellState, {zero, d, n, j});
  });
  auto parity = [&](Value step) -> Value { return arith::AndIOp::create(e.b, step, constant(1)); };
  e.loop(zero, length, [&](Value step) {
    Value now = parity(step);
    emitStep(getStep(step, length), now, e.sub(constant(1), now), y);
  });
  Value last = parity(length);
  overHidden([&](Value j) {
    e.store(stateAt(last, j), lastH, {d, n, j});
    if (lastC)
      e.store(e.load(cellState, {zero, d, n, j}), *lastC, {d, n, j});
  });
  if (op.getLengths())
    e.loop(length, e.sizes(op.getX())[0],
           [&](Value t) { overHidden([&](Value j) { e.store(scalarConstant(e.b, type, 0), y, {t, d, n, j}); }); });
}

LogicalResult LayerEmitter::emitRnn(rec::RnnOp op) {
  for (Value operand : op.getOperands())
    materialize(operand);
  SmallVector<StridedView> targets =
      llvm::map_to_vector(op.getResults(), [&](Value result) { return destination(result); });
  SequenceEmitter sequence(*this, op);
  parallelFor(ArrayRef<Value>(sizes(op.getYH())).take_front(2), [&](Index at) {
    sequence.emit(at[0], at[1], targets[0], targets[1], targets.size() > 2 ? &targets[2] : nullptr);
  });
  for (auto [result, place] : llvm::zip(op.getResults(), targets))
    places[result] = place;
  return success();
}
