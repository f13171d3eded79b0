//===- EvalRecurrent.cpp - Recurrent layers --------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "lib/Reference/Eval.h"

#include <cmath>
#include <functional>

namespace reckon::reference {

static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

namespace {
/// What the steps of one direction are computed with, however the layer keeps it. A gate row is `gate * hidden + unit`.
struct Cell {
  rec::CellKind kind;
  bool linearBeforeReset;
  int64_t hidden, gates;
  std::function<double(int64_t row, int64_t unit)> weight; ///< of the state's products
  std::function<double(int64_t row)> bias;                 ///< of these products
  std::function<double(int64_t gate, int64_t unit)> peephole;
};

/// One sequence in one direction.
class Sequence {
public:
  /// `input`: what the input gives to a gate row at a step.
  using Input = std::function<double(int64_t t, int64_t row)>;
  Sequence(const Cell &cell, Input input) : h(cell.hidden), c(cell.hidden), cell(cell), input(std::move(input)) {}

  void step(int64_t t) {
    std::vector<double> next(cell.hidden);
    std::vector<double> resetState(cell.hidden); // what a GRU's candidate sees of the state
    if (cell.kind == rec::CellKind::gru)
      for (int64_t j = 0; j < cell.hidden; ++j)
        resetState[j] = cell.linearBeforeReset ? h[j] : h[j] * sigmoid(sum(t, 1, j));
    for (int64_t j = 0; j < cell.hidden; ++j) {
      switch (cell.kind) {
      case rec::CellKind::rnn:
        next[j] = std::tanh(sum(t, 0, j));
        break;
      case rec::CellKind::gru:
        next[j] = stepGru(t, j, resetState);
        break;
      case rec::CellKind::lstm:
        next[j] = stepLstm(t, j);
        break;
      }
    }
    h = next;
  }

  std::vector<double> h, c;

private:
  double fromInput(int64_t t, int64_t gate, int64_t j) const { return input(t, gate * cell.hidden + j); }

  double fromState(const std::vector<double> &state, int64_t gate, int64_t j) const {
    int64_t row = gate * cell.hidden + j;
    double sum = cell.bias(row);
    for (int64_t k = 0; k < cell.hidden; ++k)
      sum += state[k] * cell.weight(row, k);
    return sum;
  }

  double sum(int64_t t, int64_t gate, int64_t j) const { return fromInput(t, gate, j) + fromState(h, gate, j); }

  double stepGru(int64_t t, int64_t j, const std::vector<double> &resetState) const {
    double update = sigmoid(sum(t, 0, j)), candidate = fromState(resetState, 2, j);
    if (cell.linearBeforeReset)
      candidate *= sigmoid(sum(t, 1, j));
    return (1 - update) * std::tanh(fromInput(t, 2, j) + candidate) + update * h[j];
  }

  double stepLstm(int64_t t, int64_t j) {
    double in = sigmoid(sum(t, 0, j) + cell.peephole(0, j) * c[j]);
    double forget = sigmoid(sum(t, 2, j) + cell.peephole(2, j) * c[j]);
    c[j] = forget * c[j] + in * std::tanh(sum(t, 3, j));
    return sigmoid(sum(t, 1, j) + cell.peephole(1, j) * c[j]) * std::tanh(c[j]);
  }

  const Cell &cell;
  Input input;
};

/// The sizes of a layer, and where the elements of its results are.
struct Results {
  int64_t steps, batch, directions, hidden;
  bool batchFirst;

  int64_t stateAt(int64_t d, int64_t n) const { return (batchFirst ? n * directions + d : d * batch + n) * hidden; }
  int64_t stepAt(int64_t t, int64_t d, int64_t n) const {
    return batchFirst ? ((n * steps + t) * directions + d) * hidden : ((t * directions + d) * batch + n) * hidden;
  }
  Sizes stateSizes() const { return batchFirst ? Sizes{batch, directions * hidden} : Sizes{directions, batch, hidden}; }
  Sizes stepSizes() const {
    return batchFirst ? Sizes{batch, steps, directions * hidden} : Sizes{steps, directions, batch, hidden};
  }
};

using MakeCell = llvm::function_ref<Cell(int64_t direction)>;
/// What the input gives to the gates of a sequence.
using MakeInput = llvm::function_ref<Sequence::Input(int64_t direction, int64_t sample)>;
} // namespace

template <typename Op>
static LogicalResult evalSteps(Op op, Context &c, const Results &sizes, MakeCell makeCell, MakeInput makeInput) {
  auto in = c.in(op);
  Tensor y(c.kind(), sizes.stepSizes()), lastH(c.kind(), sizes.stateSizes()), lastC(c.kind(), sizes.stateSizes());
  for (int64_t d = 0; d < sizes.directions; ++d) {
    Cell cell = makeCell(d);
    for (int64_t n = 0; n < sizes.batch; ++n) {
      int64_t length = in.getLengths() ? in.getLengths()->intAt(n) : sizes.steps;
      if (length < 0 || length > sizes.steps)
        return c.fail("the length " + llvm::Twine(length) + " of sequence " + llvm::Twine(n) + " is outside [0, " +
                      llvm::Twine(sizes.steps) + "]");
      Sequence sequence(cell, makeInput(d, n));
      for (int64_t j = 0; j < sizes.hidden; ++j) {
        int64_t at = sizes.stateAt(d, n) + j;
        sequence.h[j] = in.getInitialH() ? in.getInitialH()->floatAt(at) : 0;
        sequence.c[j] = in.getInitialC() ? in.getInitialC()->floatAt(at) : 0;
      }
      bool reverse = op.getDirection() == rec::Direction::reverse || d == 1;
      for (int64_t step = 0; step < length; ++step) {
        int64_t t = reverse ? length - 1 - step : step;
        sequence.step(t);
        llvm::copy(sequence.h, y.floatData() + sizes.stepAt(t, d, n));
      }
      llvm::copy(sequence.h, lastH.floatData() + sizes.stateAt(d, n));
      llvm::copy(sequence.c, lastC.floatData() + sizes.stateAt(d, n));
    }
  }
  c.results = {y, lastH};
  return op.getYC() ? c.give(lastC) : success();
}

/// The factors of an LSTM's cell state, none for other cells.
static std::function<double(int64_t, int64_t)> getPeephole(const Tensor *peepholes, int64_t hidden, int64_t direction) {
  return
      [=](int64_t gate, int64_t j) { return peepholes ? peepholes->floatAt((direction * 3 + gate) * hidden + j) : 0; };
}

LogicalResult eval(rec::RnnOp op, Context &c) {
  auto in = c.in(op);
  int64_t steps = in.getX()->size(0), batch = in.getX()->size(1), inputs = in.getX()->size(2), hidden = op.getHidden();
  auto hasBatch = [&](const Tensor *state, int64_t axis) { return !state || state->size(axis) == batch; };
  if (in.getWeight()->size(2) != inputs || !hasBatch(in.getLengths(), 0) || !hasBatch(in.getInitialH(), 1) ||
      !hasBatch(in.getInitialC(), 1))
    return c.fail("an operand does not fit x of shape " + printShape(in.getX()->shape()));
  int64_t gates = op.getNumGates(), rows = gates * hidden;
  const Tensor &x = *in.getX(), &weight = *in.getWeight(), &recurrence = *in.getRecurrence();
  const Tensor *bias = in.getBias();
  auto makeCell = [&](int64_t d) {
    auto ofState = [=, &recurrence](int64_t row, int64_t k) {
      return recurrence.floatAt((d * rows + row) * hidden + k);
    };
    auto stateBias = [=](int64_t row) { return bias ? bias->floatAt((2 * d + 1) * rows + row) : 0; };
    return Cell{op.getCell(),
                op.getLinearBeforeReset(),
                hidden,
                gates,
                ofState,
                stateBias,
                getPeephole(in.getPeepholes(), hidden, d)};
  };
  auto makeInput = [&](int64_t d, int64_t n) {
    return [=, &x, &weight](int64_t t, int64_t row) {
      double sum = bias ? bias->floatAt(2 * d * rows + row) : 0;
      for (int64_t k = 0; k < inputs; ++k)
        sum += x.floatAt((t * batch + n) * inputs + k) * weight.floatAt((d * rows + row) * inputs + k);
      return sum;
    };
  };
  return evalSteps(op, c, {steps, batch, op.getNumDirections(), hidden, /*batchFirst=*/false}, makeCell, makeInput);
}

LogicalResult eval(rec::RecurrenceOp op, Context &c) {
  auto in = c.in(op);
  int64_t batch = in.getX()->size(0), steps = in.getX()->size(1), columns = in.getX()->size(2);
  auto hasBatch = [&](const Tensor *state) { return !state || state->size(0) == batch; };
  if (!hasBatch(in.getLengths()) || !hasBatch(in.getInitialH()) || !hasBatch(in.getInitialC()))
    return c.fail("an operand does not fit x of shape " + printShape(in.getX()->shape()));
  int64_t hidden = op.getHidden(), gates = op.getNumGates(), rows = gates * hidden;
  const Tensor &x = *in.getX(), &recurrence = *in.getRecurrence();
  const Tensor *apart = in.getBias();
  auto makeCell = [&](int64_t d) {
    auto ofState = [=, &recurrence](int64_t row, int64_t k) {
      return recurrence.floatAt((d * hidden + k) * rows + row);
    };
    auto bias = [=](int64_t row) {
      bool isApart = apart && row >= rows - hidden;
      return isApart ? apart->floatAt(d * hidden + row - (rows - hidden)) : 0;
    };
    return Cell{op.getCell(),
                op.getLinearBeforeReset(),
                hidden,
                gates,
                ofState,
                bias,
                getPeephole(in.getPeepholes(), hidden, d)};
  };
  auto makeInput = [&](int64_t d, int64_t n) {
    return [=, &x](int64_t t, int64_t row) { return x.floatAt((n * steps + t) * columns + d * rows + row); };
  };
  return evalSteps(op, c, {steps, batch, op.getNumDirections(), hidden, /*batchFirst=*/true}, makeCell, makeInput);
}

} // namespace reckon::reference
