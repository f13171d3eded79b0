//===- Recurrent.cpp - Recurrent layers, a block of sequences in step --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// Threads share rows and directions. A block of rows goes through the steps together: the states times the packed
// recurrence by the register tiles of linear layers, and then the gates, vectors of units at a time. A block ends with
// its longest sequence; a row that ended before keeps its state.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/HostEmitter.h"
#include "lib/Codegen/Host/Lanes.h"
#include "lib/Codegen/Loops/Scalar.h"
#include "reckon/Runtime/KernelABI.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::host;
using namespace reckon::loops;
using rec::CellKind;

namespace reckon::host {
class BlockRecurrence {
public:
  BlockRecurrence(HostEmitter &e, rec::RecurrenceOp op);
  /// How many rows a block has.
  int64_t getRows() const { return blockRows; }
  /// All steps of rows [begin, end) in a direction.
  void emit(Value direction, Value begin, Value end);

private:
  /// `units` numbers for each row of the block.
  struct Buffer {
    Value base;
    int64_t units;
  };
  Buffer makeBuffer(int64_t units);
  /// The products of `state` and the columns from `firstGate` on.
  void multiply(const Buffer &state, int64_t firstGate, const Buffer &to);

  /// Neighbouring units, and which of the lanes there are; null: all.
  struct Units {
    Value first, mask;
  };
  void overUnits(llvm::function_ref<void(const Units &)> body);
  void overRows(llvm::function_ref<void(Value)> body) { e.loop(constant(0), count, body); }
  void begin();
  void checkLength(Value n);
  void emitStep(Value step);
  /// Runs `body` for the rows that have the step, with their place in the sequence.
  void overActive(Value step, llvm::function_ref<void(Value n, Value t)> body);
  Value nextState(Value n, Value t, const Units &units);
  Value nextOfLstm(Value n, Value t, const Units &units);
  void finish();

  Value constant(int64_t value) { return e.constantIndex(value); }
  Value at(const Buffer &buffer, Value n, Value unit) {
    return e.offsetPointer(buffer.base, e.add(e.mul(n, constant(buffer.units)), unit), e.b.getF32Type());
  }
  Value load(const Buffer &buffer, Value n, const Units &units, int64_t gate = 0) {
    return loadLanes(e.b, at(buffer, n, gateUnit(gate, units.first)), e.b.getF32Type(), lanes, units.mask);
  }
  void store(Value vector, const Buffer &buffer, Value n, const Units &units) {
    storeLanes(e.b, vector, at(buffer, n, units.first), e.b.getF32Type(), units.mask);
  }
  Value load(const StridedView &place, ArrayRef<Value> index, const Units &units) {
    return loadLanes(e.b, e.pointer(place, index), place.elementType, lanes, units.mask);
  }
  void store(Value vector, const StridedView &place, ArrayRef<Value> index, const Units &units) {
    storeLanes(e.b, vector, e.pointer(place, index), place.elementType, units.mask);
  }
  Value gateUnit(int64_t gate, Value unit) { return e.add(constant(gate * hidden), unit); }
  Value ofDirection(Value unit) { return e.add(e.mul(direction, constant(hidden)), unit); }
  Value rowOf(Value n) { return e.add(firstRow, n); }
  Value fromInput(Value n, Value t, int64_t gate, const Units &units) {
    Value column = e.add(e.mul(direction, constant(gates * hidden)), gateUnit(gate, units.first));
    return load(x, {rowOf(n), t, column}, units);
  }
  Value sum(Value n, Value t, int64_t gate, const Units &units) {
    return add(fromInput(n, t, gate, units), load(products, n, units, gate));
  }

  Value number(double value) { return splat(e.b, scalarConstant(e.b, e.b.getF32Type(), value), lanes); }
  Value add(Value a, Value b) { return arith::AddFOp::create(e.b, a, b); }
  Value sub(Value a, Value b) { return arith::SubFOp::create(e.b, a, b); }
  Value mul(Value a, Value b) { return arith::MulFOp::create(e.b, a, b); }
  /// a * b + c.
  Value fma(Value a, Value b, Value c) { return math::FmaOp::create(e.b, a, b, c); }
  Value tanh(Value a) { return math::TanhOp::create(e.b, a); }
  Value sigmoid(Value a) {
    Value exponential = math::ExpOp::create(e.b, arith::NegFOp::create(e.b, a));
    return arith::DivFOp::create(e.b, number(1), add(number(1), exponential));
  }

  HostEmitter &e;
  rec::RecurrenceOp op;
  int64_t hidden, gates, lanes, blockRows;
  bool resetsFirst; ///< the reset gate multiplies the state, not its product
  StridedView x;    ///< and what follows, as in memory
  std::optional<StridedView> bias, peepholes, initialH, initialC, y, lastH, lastC;
  Buffer h, c, reset; ///< states, and what the candidate of a GRU sees of one
  Buffer products, candidates;
  Value lengths; ///< i64, of each row of the block
  Value direction, firstRow, count, steps;
};
} // namespace reckon::host

BlockRecurrence::BlockRecurrence(HostEmitter &e, rec::RecurrenceOp op)
    : e(e), op(op), hidden(op.getHidden()), gates(op.getNumGates()),
      lanes(std::clamp<int64_t>(llvm::PowerOf2Ceil(hidden), 4, e.target.lanes())), blockRows(4 * e.target.tileRows()),
      resetsFirst(op.getCell() == CellKind::gru && !op.getLinearBeforeReset()), x(e.materialize(op.getX())) {
  auto placeOf = [&](Value value) { return value ? std::optional(e.materialize(value)) : std::nullopt; };
  bias = placeOf(op.getBias());
  peepholes = placeOf(op.getPeepholes());
  initialH = placeOf(op.getInitialH());
  initialC = placeOf(op.getInitialC());
  auto targetOf = [&](Value value) {
    return value && !value.use_empty() ? std::optional(e.destinations[value]) : std::nullopt;
  };
  y = targetOf(op.getY());
  lastH = targetOf(op.getYH());
  lastC = targetOf(op.getYC());
  // Tiles write whole panels.
  int64_t columns = llvm::alignTo(gates * hidden, e.target.tileColumns());
  h = makeBuffer(hidden);
  products = makeBuffer(columns);
  if (op.getCell() == CellKind::lstm)
    c = makeBuffer(hidden);
  if (resetsFirst) {
    reset = makeBuffer(hidden);
    candidates = makeBuffer(columns);
  }
  if (op.getLengths())
    lengths = e.alignedScratch(SizeExpr(blockRows * 8));
}

BlockRecurrence::Buffer BlockRecurrence::makeBuffer(int64_t units) {
  return {e.alignedScratch(SizeExpr(blockRows * units * 4)), units};
}

void BlockRecurrence::overUnits(llvm::function_ref<void(const Units &)> body) {
  int64_t rest = hidden % lanes;
  e.loop(constant(0), constant(hidden - rest), [&](Value first) { body({first, {}}); }, lanes);
  if (rest > 0)
    body({constant(hidden - rest), lanesBelow(e.b, constant(rest), lanes)});
}

void BlockRecurrence::multiply(const Buffer &state, int64_t firstGate, const Buffer &to) {
  int64_t width = e.target.tileColumns(), columns = gates * hidden, panels = llvm::divideCeil(columns, width);
  int64_t firstPanel = firstGate * hidden / width;
  int64_t lastPanel = resetsFirst && firstGate == 0 ? llvm::divideCeil(2 * hidden, width) : panels;
  Type f32 = e.b.getF32Type(), type = elementTypeOf(op.getRecurrence());
  Value packed = e.places[op.getRecurrence()].base, k = constant(hidden);
  Value noBias = LLVM::ZeroOp::create(e.b, LLVM::LLVMPointerType::get(e.b.getContext()));
  auto emitPanel = [&](Value panel, unsigned vectors) {
    // A panel has the units of one direction after those of the other.
    Value row = e.mul(e.add(e.mul(panel, constant(op.getNumDirections())), direction), k);
    Value weights = e.offsetPointer(packed, e.mul(row, constant(width)), type), column = e.mul(panel, constant(width));
    e.overTileRows(constant(0), count, [&](Value n, unsigned rows) {
      func::CallOp::create(e.b, e.getTileFunction(rows, vectors, /*hasBias=*/false, /*relu=*/false, type),
                           ValueRange{e.offsetPointer(state.base, e.mul(n, k), f32), k, weights, k, noBias,
                                      at(to, n, column), constant(to.units), constant(width)});
    });
  };
  bool isNarrow = lastPanel == panels && columns - (panels - 1) * width <= int64_t(e.target.lanes());
  e.loop(constant(firstPanel), constant(lastPanel - isNarrow), [&](Value panel) { emitPanel(panel, 2); });
  if (isNarrow)
    emitPanel(constant(panels - 1), 1);
}

/// Remembers the length of a row; one outside [0, steps] is reported and counts as 0.
void BlockRecurrence::checkLength(Value n) {
  Value stated = e.element(op.getLengths(), rowOf(n));
  Value length = emitCast(e.b, stated, elementTypeOf(op.getLengths()), e.b.getI64Type());
  Value bad = arith::CmpIOp::create(e.b, arith::CmpIPredicate::ugt, length, e.sizes(op.getX())[1]);
  e.ifThen(bad, [&] {
    Value none = arith::ConstantOp::create(e.b, e.b.getI32IntegerAttr(-1));
    e.report(RECKON_KERNEL_INDEX_OUT_OF_RANGE, none, rowOf(n), length);
  });
  Value counted = arith::SelectOp::create(e.b, bad, constant(0), length);
  e.storeRaw(counted, e.offsetPointer(lengths, n, e.b.getI64Type()), e.b.getI64Type());
}

/// States before the first step, and zeros behind the last one of each row.
void BlockRecurrence::begin() {
  steps = e.sizes(op.getX())[1];
  auto setInitial = [&](const Buffer &state, const std::optional<StridedView> &from, Value n) {
    overUnits([&](const Units &units) {
      store(from ? load(*from, {rowOf(n), ofDirection(units.first)}, units) : number(0), state, n, units);
    });
  };
  overRows([&](Value n) {
    setInitial(h, initialH, n);
    if (op.getCell() == CellKind::lstm)
      setInitial(c, initialC, n);
  });
  if (!op.getLengths())
    return;
  Value all = steps;
  steps = e.reduceLoop(constant(0), count, constant(0), [&](Value n, ValueRange longest) {
    checkLength(n);
    Value length = e.loadRaw(e.offsetPointer(lengths, n, e.b.getI64Type()), e.b.getI64Type());
    if (y)
      e.loop(length, all, [&](Value t) {
        overUnits([&](const Units &units) { store(number(0), *y, {rowOf(n), t, ofDirection(units.first)}, units); });
      });
    return SmallVector<Value>{arith::MaxSIOp::create(e.b, longest[0], length)};
  })[0];
}

void BlockRecurrence::overActive(Value step, llvm::function_ref<void(Value, Value)> body) {
  overRows([&](Value n) {
    Value length = steps;
    if (lengths)
      length = e.loadRaw(e.offsetPointer(lengths, n, e.b.getI64Type()), e.b.getI64Type());
    Value fromEnd = e.sub(e.sub(length, constant(1)), step), t = step;
    if (op.getDirection() == rec::Direction::reverse)
      t = fromEnd;
    if (op.getDirection() == rec::Direction::bidirectional) {
      Value isForward = arith::CmpIOp::create(e.b, arith::CmpIPredicate::eq, direction, constant(0));
      t = arith::SelectOp::create(e.b, isForward, step, fromEnd);
    }
    if (!lengths)
      return body(n, t);
    e.ifThen(arith::CmpIOp::create(e.b, arith::CmpIPredicate::slt, step, length), [&] { body(n, t); });
  });
}

Value BlockRecurrence::nextOfLstm(Value n, Value t, const Units &units) {
  auto gate = [&](int64_t number, Value cell) {
    Value value = sum(n, t, number, units);
    if (!peepholes)
      return sigmoid(value);
    return sigmoid(fma(load(*peepholes, {direction, gateUnit(number, units.first)}, units), cell, value));
  };
  Value cell = load(c, n, units);
  Value input = gate(0, cell), forget = gate(2, cell);
  cell = fma(forget, cell, mul(input, tanh(sum(n, t, 3, units))));
  store(cell, c, n, units);
  return mul(gate(1, cell), tanh(cell));
}

Value BlockRecurrence::nextState(Value n, Value t, const Units &units) {
  if (op.getCell() == CellKind::lstm)
    return nextOfLstm(n, t, units);
  if (op.getCell() == CellKind::rnn)
    return tanh(sum(n, t, 0, units));
  Value update = sigmoid(sum(n, t, 0, units)), ofInput = fromInput(n, t, 2, units), candidate;
  if (resetsFirst) {
    candidate = add(ofInput, load(candidates, n, units, 2));
  } else {
    Value product = load(products, n, units, 2);
    if (bias)
      product = add(product, load(*bias, ofDirection(units.first), units));
    candidate = fma(sigmoid(sum(n, t, 1, units)), product, ofInput);
  }
  candidate = tanh(candidate);
  // (1 - update) * candidate + update * state.
  return fma(update, sub(load(h, n, units), candidate), candidate);
}

void BlockRecurrence::emitStep(Value step) {
  multiply(h, 0, products);
  if (resetsFirst) {
    overActive(step, [&](Value n, Value t) {
      overUnits(
          [&](const Units &units) { store(mul(sigmoid(sum(n, t, 1, units)), load(h, n, units)), reset, n, units); });
    });
    multiply(reset, 2, candidates);
  }
  overActive(step, [&](Value n, Value t) {
    overUnits([&](const Units &units) {
      Value next = nextState(n, t, units);
      store(next, h, n, units);
      if (y)
        store(next, *y, {rowOf(n), t, ofDirection(units.first)}, units);
    });
  });
}

void BlockRecurrence::finish() {
  overRows([&](Value n) {
    overUnits([&](const Units &units) {
      SmallVector<Value> index{rowOf(n), ofDirection(units.first)};
      if (lastH)
        store(load(h, n, units), *lastH, index, units);
      if (lastC)
        store(load(c, n, units), *lastC, index, units);
    });
  });
}

void BlockRecurrence::emit(Value ofDirection, Value first, Value last) {
  direction = ofDirection;
  firstRow = first;
  count = e.sub(last, first);
  begin();
  e.loop(constant(0), steps, [&](Value step) { emitStep(step); });
  finish();
}

/// The recurrent layer that the kernel is, when blocks of its rows can be multiplied by a packed recurrence; null
/// otherwise.
rec::RecurrenceOp HostEmitter::findBlockRecurrence() {
  for (auto op : kernel.getBody().getOps<rec::RecurrenceOp>()) {
    auto factor = dyn_cast<BlockArgument>(op.getRecurrence());
    if (factor && kernel.getLayout(factor.getArgNumber()).getPacking().getKind() == plan::PackingKind::panels)
      return op;
  }
  return nullptr;
}

LogicalResult HostEmitter::emitRecurrentKernel(rec::RecurrenceOp op) {
  row = rowBegin; // there are rows: places know
  placeOutputs();
  if (!outputCopies.empty())
    return unsupported(op, "a result that is copied");
  BlockRecurrence recurrence(*this, op);
  loop(columnBegin, columnEnd, [&](Value direction) {
    loop(
        rowBegin, rowEnd,
        [&](Value first) {
          Value last = arith::MinSIOp::create(b, add(first, constantIndex(recurrence.getRows())), rowEnd);
          recurrence.emit(direction, first, last);
        },
        recurrence.getRows());
  });
  return success();
}
