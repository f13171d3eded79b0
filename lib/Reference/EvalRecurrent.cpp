//===- EvalRecurrent.cpp - Recurrent layers --------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "lib/Reference/Eval.h"

#include <cmath>

namespace reckon::reference {

static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

namespace {
/// One direction of one sequence.
class Sequence {
public:
  Sequence(rec::RnnOp op, Context &c, int64_t direction, int64_t sample)
      : cell(op.getCell()), linearBeforeReset(op.getLinearBeforeReset()), x(*c.in(op).getX()),
        weight(*c.in(op).getWeight()), recurrence(*c.in(op).getRecurrence()), bias(c.in(op).getBias()),
        peepholes(c.in(op).getPeepholes()), hidden(op.getHidden()), gates(op.getNumGates()), direction(direction),
        sample(sample) {
    h = getInitial(c.in(op).getInitialH());
    cellState = getInitial(c.in(op).getInitialC());
  }

  void step(int64_t t) {
    std::vector<double> next(hidden);
    std::vector<double> resetState(hidden); // what a GRU's candidate sees of the state
    if (cell == rec::CellKind::gru)
      for (int64_t j = 0; j < hidden; ++j)
        resetState[j] = linearBeforeReset ? h[j] : h[j] * sigmoid(fromInput(t, 1, j) + fromState(h, 1, j));
    for (int64_t j = 0; j < hidden; ++j) {
      switch (cell) {
      case rec::CellKind::rnn:
        next[j] = std::tanh(fromInput(t, 0, j) + fromState(h, 0, j));
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

  std::vector<double> h, cellState;

private:
  std::vector<double> getInitial(const Tensor *state) const {
    std::vector<double> values(hidden);
    for (int64_t j = 0; state && j < hidden; ++j)
      values[j] = state->floatAt((direction * state->size(1) + sample) * hidden + j);
    return values;
  }

  double getBias(int64_t row) const { return bias ? bias->floatAt(direction * 2 * gates * hidden + row) : 0; }

  double fromInput(int64_t t, int64_t gate, int64_t j) const {
    int64_t inputs = x.size(2), row = gate * hidden + j;
    double sum = getBias(row);
    for (int64_t k = 0; k < inputs; ++k)
      sum += x.floatAt((t * x.size(1) + sample) * inputs + k) *
             weight.floatAt((direction * gates * hidden + row) * inputs + k);
    return sum;
  }

  double fromState(const std::vector<double> &state, int64_t gate, int64_t j) const {
    int64_t row = gate * hidden + j;
    double sum = getBias(gates * hidden + row);
    for (int64_t k = 0; k < hidden; ++k)
      sum += state[k] * recurrence.floatAt((direction * gates * hidden + row) * hidden + k);
    return sum;
  }

  double stepGru(int64_t t, int64_t j, const std::vector<double> &resetState) const {
    double update = sigmoid(fromInput(t, 0, j) + fromState(h, 0, j));
    double candidate = fromState(resetState, 2, j);
    if (linearBeforeReset)
      candidate *= sigmoid(fromInput(t, 1, j) + fromState(h, 1, j));
    return (1 - update) * std::tanh(fromInput(t, 2, j) + candidate) + update * h[j];
  }

  double stepLstm(int64_t t, int64_t j) {
    auto gate = [&](int64_t gate) { return fromInput(t, gate, j) + fromState(h, gate, j); };
    auto peephole = [&](int64_t gate) {
      return peepholes ? peepholes->floatAt((direction * 3 + gate) * hidden + j) * cellState[j] : 0;
    };
    double input = sigmoid(gate(0) + peephole(0)), forget = sigmoid(gate(2) + peephole(2));
    cellState[j] = forget * cellState[j] + input * std::tanh(gate(3));
    return sigmoid(gate(1) + peephole(1)) * std::tanh(cellState[j]);
  }

  rec::CellKind cell;
  bool linearBeforeReset;
  const Tensor &x, &weight, &recurrence;
  const Tensor *bias, *peepholes;
  int64_t hidden, gates, direction, sample;
};
} // namespace

LogicalResult eval(rec::RnnOp op, Context &c) {
  auto in = c.in(op);
  int64_t steps = in.getX()->size(0), batch = in.getX()->size(1), hidden = op.getHidden();
  int64_t directions = op.getNumDirections();
  auto hasBatch = [&](const Tensor *state, int64_t axis) { return !state || state->size(axis) == batch; };
  if (in.getWeight()->size(2) != in.getX()->size(2) || !hasBatch(in.getLengths(), 0) ||
      !hasBatch(in.getInitialH(), 1) || !hasBatch(in.getInitialC(), 1))
    return c.fail("an operand does not fit x of shape " + printShape(in.getX()->shape()));
  Tensor y(c.kind(), {steps, directions, batch, hidden}), lastH(c.kind(), {directions, batch, hidden});
  Tensor lastC(c.kind(), {directions, batch, hidden});
  for (int64_t d = 0; d < directions; ++d)
    for (int64_t n = 0; n < batch; ++n) {
      int64_t length = in.getLengths() ? in.getLengths()->intAt(n) : steps;
      if (length < 0 || length > steps)
        return c.fail("the length " + llvm::Twine(length) + " of sequence " + llvm::Twine(n) + " is outside [0, " +
                      llvm::Twine(steps) + "]");
      Sequence sequence(op, c, d, n);
      bool reverse = op.getDirection() == rec::Direction::reverse || d == 1;
      for (int64_t step = 0; step < length; ++step) {
        int64_t t = reverse ? length - 1 - step : step;
        sequence.step(t);
        for (int64_t j = 0; j < hidden; ++j)
          y.floatData()[((t * directions + d) * batch + n) * hidden + j] = sequence.h[j];
      }
      for (int64_t j = 0; j < hidden; ++j) {
        lastH.floatData()[(d * batch + n) * hidden + j] = sequence.h[j];
        lastC.floatData()[(d * batch + n) * hidden + j] = sequence.cellState[j];
      }
    }
  c.results = {y, lastH};
  return op.getYC() ? c.give(lastC) : success();
}

} // namespace reckon::reference
