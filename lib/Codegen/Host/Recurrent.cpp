//===- Recurrent.cpp - Recurrent layers, all sequences in step --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// What the input gives to the gates of all steps is one product. The steps are in order, and each has all sequences at
// once: the state times the recurrent weights, which are turned over beforehand, and then the gates, unit by unit. A
// sequence that has ended keeps its state.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/HostEmitter.h"
#include "lib/Codegen/Loops/Scalar.h"
#include "reckon/Runtime/KernelABI.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::host;
using namespace reckon::loops;
using rec::BinaryKind;
using rec::CellKind;
using rec::UnaryKind;

namespace reckon::host {
/// One direction of a recurrent layer.
class BatchRecurrence {
public:
  BatchRecurrence(HostEmitter &e, rec::RnnOp op, int64_t direction);
  void emit(const StridedView &y, const StridedView &lastH, const StridedView *lastC);

private:
  StridedView makeScratch(ArrayRef<SizeExpr> shape);
  /// c[rows, columns] = a[rows, k] * right[k, columns] + init[columns], where `bounds` are the sizes of rows, of which
  /// there may be several dimensions, columns and k.
  void multiply(const StridedView &a, const StridedView &right, const StridedView &c, ArrayRef<SizeExpr> bounds,
                std::optional<StridedView> init);
  /// Columns [first, first + H) of what the state gives to the gates, from `state`.
  void multiplyState(const StridedView &state, int64_t firstGate, int64_t gateCount);
  std::optional<StridedView> biasAt(int64_t firstGate);
  Value getLength(Value n);
  void checkLengths();
  bool isReversed() {
    return op.getDirection() == rec::Direction::reverse ||
           (op.getDirection() == rec::Direction::bidirectional && direction == 1);
  }
  void emitStep(Value step, const StridedView &y);
  Value emitUnit(Value t, Value n, Value j);
  Value fromInput(Value t, Value n, int64_t gate, Value j) {
    return e.load(input, {t, n, e.add(e.constantIndex(gate * hidden), j)});
  }
  Value fromState(Value n, int64_t gate, Value j) {
    return e.load(recurrent, {n, e.add(e.constantIndex(gate * hidden), j)});
  }
  Value gate(UnaryKind kind, Value x) { return emitUnary(e.b, kind, x, type); }
  Value add(Value x, Value y) { return emitBinary(e.b, BinaryKind::add, x, y, type); }
  Value mul(Value x, Value y) { return emitBinary(e.b, BinaryKind::mul, x, y, type); }
  void overUnits(llvm::function_ref<void(Value n, Value j)> body);

  HostEmitter &e;
  rec::RnnOp op;
  int64_t direction, hidden, gates;
  Type type; ///< of sums and states
  SizeExpr steps, batch;
  Value d;
  StridedView input;     ///< [steps, batch, gates * hidden]
  StridedView turned;    ///< the recurrent weights, [hidden, gates * hidden]
  StridedView recurrent; ///< [batch, gates * hidden]
  StridedView h, c;      ///< states, [batch, hidden]
  StridedView reset;     ///< what the candidate of a GRU sees of the state, [batch, hidden]
};
} // namespace reckon::host

BatchRecurrence::BatchRecurrence(HostEmitter &e, rec::RnnOp op, int64_t direction)
    : e(e), op(op), direction(direction), hidden(op.getHidden()), gates(op.getNumGates()),
      type(computeType(elementTypeOf(op.getX()))), steps(rec::getShape(op.getX())[0]),
      batch(rec::getShape(op.getX())[1]), d(e.constantIndex(direction)) {
  input = makeScratch({steps, batch, SizeExpr(gates * hidden)});
  turned = makeScratch({SizeExpr(hidden), SizeExpr(gates * hidden)});
  recurrent = makeScratch({batch, SizeExpr(gates * hidden)});
  h = makeScratch({batch, SizeExpr(hidden)});
  if (op.getCell() == CellKind::lstm)
    c = makeScratch({batch, SizeExpr(hidden)});
  if (op.getCell() == CellKind::gru && !op.getLinearBeforeReset())
    reset = makeScratch({batch, SizeExpr(hidden)});
}

StridedView BatchRecurrence::makeScratch(ArrayRef<SizeExpr> shape) {
  SizeExpr bytes = rec::getNumElements(shape) * SizeExpr(type.getIntOrFloatBitWidth() / 8);
  return {e.alignedScratch(bytes), e.denseStrides(shape, false), type};
}

void BatchRecurrence::overUnits(llvm::function_ref<void(Value, Value)> body) {
  Value zero = e.constantIndex(0);
  e.loop(zero, e.size(batch), [&](Value n) { e.loop(zero, e.constantIndex(hidden), [&](Value j) { body(n, j); }); });
}

void BatchRecurrence::multiply(const StridedView &a, const StridedView &right, const StridedView &c,
                               ArrayRef<SizeExpr> bounds, std::optional<StridedView> init) {
  Value zero = e.constantIndex(0);
  Contraction contraction;
  contraction.bounds.assign(bounds.begin(), bounds.end());
  contraction.numResultAxes = bounds.size() - 1;
  for (const SizeExpr &bound : contraction.bounds)
    contraction.extents.push_back(e.size(bound));
  auto over = [&](const StridedView &place) {
    SmallVector<Value> none(contraction.extents.size(), zero);
    return Contraction::Operand{{place.base, none, place.elementType}, zero};
  };
  contraction.a = over(a);
  contraction.b = over(right);
  contraction.c = over(c);
  unsigned column = bounds.size() - 2, k = column + 1;
  for (unsigned row = 0; row < column; ++row) {
    contraction.a.place.strides[row] = a.strides[row];
    contraction.c.place.strides[row] = c.strides[row];
  }
  contraction.a.place.strides[k] = a.strides.back();
  contraction.b.place.strides[k] = right.strides[0];
  contraction.b.place.strides[column] = right.strides[1];
  contraction.c.place.strides[column] = c.strides.back();
  if (init) {
    contraction.init = over(*init);
    contraction.init->place.strides[column] = init->strides[0];
  }
  e.emitContraction(contraction);
}

/// The bias from a gate on; those of the state come after those of the input.
std::optional<StridedView> BatchRecurrence::biasAt(int64_t firstGate) {
  if (!op.getBias())
    return std::nullopt;
  const StridedView bias = e.places[op.getBias()];
  Value base = e.pointer(bias, {d, e.constantIndex(firstGate * hidden)});
  return StridedView{base, {bias.strides[1]}, bias.elementType};
}

void BatchRecurrence::multiplyState(const StridedView &state, int64_t firstGate, int64_t gateCount) {
  auto from = [&](StridedView place) {
    place.base = e.offsetPointer(place.base, e.constantIndex(firstGate * hidden), type);
    return place;
  };
  multiply(state, from(turned), from(recurrent), {batch, SizeExpr(gateCount * hidden), SizeExpr(hidden)},
           biasAt(gates + firstGate));
}

Value BatchRecurrence::getLength(Value n) {
  Value all = e.size(steps);
  if (!op.getLengths())
    return all;
  Value length = emitCast(e.b, e.element(op.getLengths(), n), elementTypeOf(op.getLengths()), e.b.getI64Type());
  Value bad = arith::CmpIOp::create(e.b, arith::CmpIPredicate::ugt, length, all);
  return arith::SelectOp::create(e.b, bad, e.constantIndex(0), length);
}

/// A length outside [0, steps] is reported, and counts as 0.
void BatchRecurrence::checkLengths() {
  e.loop(e.constantIndex(0), e.size(batch), [&](Value n) {
    Value length = emitCast(e.b, e.element(op.getLengths(), n), elementTypeOf(op.getLengths()), e.b.getI64Type());
    e.ifThen(arith::CmpIOp::create(e.b, arith::CmpIPredicate::ugt, length, e.size(steps)), [&] {
      Value none = arith::ConstantOp::create(e.b, e.b.getI32IntegerAttr(-1));
      e.report(RECKON_KERNEL_INDEX_OUT_OF_RANGE, none, n, length);
    });
  });
}

/// The new state of a unit.
Value BatchRecurrence::emitUnit(Value t, Value n, Value j) {
  auto sum = [&](int64_t number) { return add(fromInput(t, n, number, j), fromState(n, number, j)); };
  switch (op.getCell()) {
  case CellKind::rnn:
    return gate(UnaryKind::tanh, sum(0));
  case CellKind::gru: {
    Value update = gate(UnaryKind::sigmoid, sum(0)), candidate = fromState(n, 2, j);
    if (op.getLinearBeforeReset())
      candidate = mul(gate(UnaryKind::sigmoid, sum(1)), candidate);
    candidate = gate(UnaryKind::tanh, add(fromInput(t, n, 2, j), candidate));
    Value rest = emitBinary(e.b, BinaryKind::sub, scalarConstant(e.b, type, 1), update, type);
    return add(mul(rest, candidate), mul(update, e.load(h, {n, j})));
  }
  case CellKind::lstm: {
    auto throughPeephole = [&](int64_t number, Value x, Value state) {
      if (!op.getPeepholes())
        return x;
      return add(x, mul(e.element(op.getPeepholes(), {d, e.add(e.constantIndex(number * hidden), j)}), state));
    };
    Value state = e.load(c, {n, j});
    Value take = gate(UnaryKind::sigmoid, throughPeephole(0, sum(0), state));
    Value forget = gate(UnaryKind::sigmoid, throughPeephole(2, sum(2), state));
    state = add(mul(forget, state), mul(take, gate(UnaryKind::tanh, sum(3))));
    e.store(state, c, {n, j});
    return mul(gate(UnaryKind::sigmoid, throughPeephole(1, sum(1), state)), gate(UnaryKind::tanh, state));
  }
  }
  llvm_unreachable("all cells are above");
}

void BatchRecurrence::emitStep(Value step, const StridedView &y) {
  Value zero = e.constantIndex(0), units = e.constantIndex(hidden);
  bool resetsFirst = op.getCell() == CellKind::gru && !op.getLinearBeforeReset();
  auto position = [&](Value length) { return isReversed() ? e.sub(e.sub(length, e.constantIndex(1)), step) : step; };
  // What a sequence that has ended would see is inside the buffers, whatever it is.
  auto clamped = [&](Value n) { return arith::MaxSIOp::create(e.b, position(getLength(n)), zero).getResult(); };
  multiplyState(h, 0, resetsFirst ? 2 : gates);
  if (resetsFirst) {
    e.loop(zero, e.size(batch), [&](Value n) {
      Value t = clamped(n);
      e.loop(zero, units, [&](Value j) {
        Value sum = add(fromInput(t, n, 1, j), fromState(n, 1, j));
        e.store(mul(gate(UnaryKind::sigmoid, sum), e.load(h, {n, j})), reset, {n, j});
      });
    });
    multiplyState(reset, 2, 1);
  }
  e.loop(zero, e.size(batch), [&](Value n) {
    Value length = getLength(n);
    auto advance = [&] {
      Value t = position(length);
      e.loop(zero, units, [&](Value j) {
        Value state = emitUnit(t, n, j);
        e.store(state, h, {n, j});
        e.store(state, y, {t, d, n, j});
      });
      return SmallVector<Value>{};
    };
    if (!op.getLengths()) {
      advance();
      return;
    }
    Value goesOn = arith::CmpIOp::create(e.b, arith::CmpIPredicate::slt, step, length);
    e.ifElse(goesOn, advance, [&] {
      e.loop(zero, units, [&](Value j) { e.store(scalarConstant(e.b, type, 0), y, {step, d, n, j}); });
      return SmallVector<Value>{};
    });
  });
}

void BatchRecurrence::emit(const StridedView &y, const StridedView &lastH, const StridedView *lastC) {
  Value zero = e.constantIndex(0), columns = e.constantIndex(gates * hidden);
  // Row j of the weights is unit j of a gate: seen from here they are turned over.
  const StridedView x = e.places[op.getX()], weight = e.places[op.getWeight()];
  StridedView byUnit{e.pointer(weight, {d, zero, zero}), {weight.strides[2], weight.strides[1]}, weight.elementType};
  multiply(x, byUnit, input, {steps, batch, SizeExpr(gates * hidden), rec::getShape(op.getX())[2]}, biasAt(0));
  e.loop(zero, columns, [&](Value column) {
    e.loop(zero, e.constantIndex(hidden),
           [&](Value k) { e.store(e.element(op.getRecurrence(), {d, column, k}), turned, {k, column}); });
  });
  auto initial = [&](Value state, Value n, Value j) {
    return state ? e.element(state, {d, n, j}) : scalarConstant(e.b, type, 0);
  };
  overUnits([&](Value n, Value j) {
    e.store(initial(op.getInitialH(), n, j), h, {n, j});
    if (lastC)
      e.store(initial(op.getInitialC(), n, j), c, {n, j});
  });
  if (op.getLengths())
    checkLengths();
  e.loop(zero, e.size(steps), [&](Value step) { emitStep(step, y); });
  overUnits([&](Value n, Value j) {
    e.store(e.load(h, {n, j}), lastH, {d, n, j});
    if (lastC)
      e.store(e.load(c, {n, j}), *lastC, {d, n, j});
  });
}

LogicalResult HostEmitter::emitRnn(rec::RnnOp op) {
  if (!isa<FloatType>(elementTypeOf(op.getX())))
    return LayerEmitter::emitRnn(op);
  for (Value operand : op.getOperands())
    materialize(operand);
  SmallVector<StridedView> targets =
      llvm::map_to_vector(op.getResults(), [&](Value result) { return destination(result); });
  for (int64_t direction = 0; direction < *rec::getShape(op.getWeight())[0].constant(); ++direction)
    BatchRecurrence(*this, op, direction).emit(targets[0], targets[1], targets.size() > 2 ? &targets[2] : nullptr);
  for (auto [result, place] : llvm::zip(op.getResults(), targets))
    places[result] = place;
  return success();
}
