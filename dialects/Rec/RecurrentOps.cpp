//===- RecurrentOps.cpp - Recurrent layers ---------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "dialects/Rec/Inference.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

int64_t RnnOp::getNumGates(CellKind cell) {
  switch (cell) {
  case CellKind::rnn:
    return 1;
  case CellKind::gru:
    return 3;
  case CellKind::lstm:
    return 4;
  }
  llvm_unreachable("no such cell");
}

int64_t RnnOp::getFlops(const SizeEstimate &sizes) {
  int64_t perGate = SizeEstimate::product({getShape(getX())[2], SizeExpr(1)}) + getHidden();
  return 2 * sizes.elements(getY()) * getNumGates() * perGate;
}

int64_t RecurrenceOp::getNumGates() { return RnnOp::getNumGates(getCell()); }

/// Operations that a gate takes after its sums.
static constexpr int64_t gateFlops = 16;

int64_t RecurrenceOp::getFlops(const SizeEstimate &sizes) {
  return sizes.elements(getY()) * getNumGates() * (2 * getHidden() + gateFlops);
}

namespace {
/// The sizes of a recurrent layer, and whether its operands have them.
struct RnnShape {
  RnnOp::Adaptor adaptor;
  std::optional<Location> location;
  SizeExpr steps, batch, inputs, directions, hidden, gates;

  template <typename... Args> LogicalResult fail(const char *constraint, Args &&...message) const {
    return failInference<RnnOp>(location, constraint, std::forward<Args>(message)...);
  }
  LogicalResult check(const char *constraint, const char *name, Value operand, ArrayRef<SizeExpr> expected) const {
    if (!operand || unifyShapes(getShape(operand), expected))
      return success();
    return fail(constraint, name, " has shape ", printShape(getShape(operand)), ", expected ", printShape(expected));
  }
  LogicalResult readWeights();
  LogicalResult checkOptionalOperands();
};
} // namespace

LogicalResult RnnShape::readWeights() {
  Shape x = getShape(adaptor.getX()), recurrence = getShape(adaptor.getRecurrence());
  if (x.size() != 3)
    return fail("C1", "x has rank ", x.size(), ", expected 3: steps x batch x inputs");
  steps = x[0];
  batch = x[1];
  inputs = x[2];
  directions = adaptor.getDirection() == Direction::bidirectional ? 2 : 1;
  gates = RnnOp::getNumGates(adaptor.getCell());
  if (recurrence.size() != 3 || !recurrence[2].constant())
    return fail("C2", "recurrence has shape ", printShape(recurrence), ", expected rank 3 and a static last size");
  hidden = recurrence[2];
  if (failed(check("C2", "recurrence", adaptor.getRecurrence(), {directions, gates * hidden, hidden})))
    return failure();
  return check("C2", "weight", adaptor.getWeight(), {directions, gates * hidden, inputs});
}

LogicalResult RnnShape::checkOptionalOperands() {
  bool isLstm = adaptor.getCell() == CellKind::lstm;
  StringRef cell = stringifyCellKind(adaptor.getCell());
  if (failed(check("C3", "bias", adaptor.getBias(), {directions, SizeExpr(2) * gates * hidden})) ||
      failed(check("C4", "lengths", adaptor.getLengths(), {batch})))
    return failure();
  for (auto [name, state] : {std::pair("initial_h", adaptor.getInitialH()), {"initial_c", adaptor.getInitialC()}})
    if (failed(check("C5", name, state, {directions, batch, hidden})))
      return failure();
  if (adaptor.getInitialC() && !isLstm)
    return fail("C5", "an initial cell state for '", cell, "', which has no cell state");
  if (adaptor.getPeepholes() && !isLstm)
    return fail("C6", "peepholes for '", cell, "', expected 'lstm'");
  if (adaptor.getLinearBeforeReset() && adaptor.getCell() != CellKind::gru)
    return fail("C6", "'linear_before_reset' for '", cell, "', expected 'gru'");
  return check("C6", "peepholes", adaptor.getPeepholes(), {directions, SizeExpr(3) * hidden});
}

LogicalResult RnnOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                      SmallVectorImpl<Type> &types) {
  RnnShape shape{adaptor, location, {}, {}, {}, {}, {}, {}};
  if (failed(shape.readWeights()) || failed(shape.checkOptionalOperands()))
    return failure();
  Type element = getCommonElementType({adaptor.getX(), adaptor.getWeight(), adaptor.getRecurrence(), adaptor.getBias(),
                                       adaptor.getInitialH(), adaptor.getInitialC(), adaptor.getPeepholes()});
  if (!element)
    return failInference<RnnOp>(location, "C7", "the operands differ in element type");
  types.push_back(getTensorType({shape.steps, shape.directions, shape.batch, shape.hidden}, element));
  types.append(adaptor.getCell() == CellKind::lstm ? 2 : 1,
               getTensorType({shape.directions, shape.batch, shape.hidden}, element));
  return success();
}

namespace {
/// The sizes of a recurrence, and whether its operands have them.
struct RecurrenceShape {
  RecurrenceOp::Adaptor adaptor;
  std::optional<Location> location;
  SizeExpr batch, steps, directions, units, hidden; // units: of all directions

  template <typename... Args> LogicalResult fail(const char *constraint, Args &&...message) const {
    return failInference<RecurrenceOp>(location, constraint, std::forward<Args>(message)...);
  }
  LogicalResult check(const char *constraint, const char *name, Value operand, ArrayRef<SizeExpr> expected) const {
    if (!operand || unifyShapes(getShape(operand), expected))
      return success();
    return fail(constraint, name, " has shape ", printShape(getShape(operand)), ", expected ", printShape(expected));
  }
  LogicalResult readFactors();
  LogicalResult checkOptionalOperands();
};
} // namespace

LogicalResult RecurrenceShape::readFactors() {
  Shape x = getShape(adaptor.getX()), recurrence = getShape(adaptor.getRecurrence());
  if (x.size() != 3)
    return fail("C1", "x has rank ", x.size(), ", expected 3: batch x steps x gates");
  batch = x[0];
  steps = x[1];
  int64_t gates = RnnOp::getNumGates(adaptor.getCell());
  directions = adaptor.getDirection() == Direction::bidirectional ? 2 : 1;
  if (recurrence.size() != 2 || !recurrence[0].constant() || !recurrence[1].constant() ||
      *recurrence[1].constant() % gates != 0)
    return fail("C2", "recurrence has shape ", printShape(recurrence), ", expected rank 2, static, and columns of ",
                gates, " gates");
  hidden = SizeExpr(*recurrence[1].constant() / gates);
  units = directions * hidden;
  if (failed(check("C2", "recurrence", adaptor.getRecurrence(), {units, recurrence[1]})))
    return failure();
  return check("C1", "x", adaptor.getX(), {batch, steps, directions * recurrence[1]});
}

LogicalResult RecurrenceShape::checkOptionalOperands() {
  bool isLstm = adaptor.getCell() == CellKind::lstm;
  StringRef cell = stringifyCellKind(adaptor.getCell());
  if (adaptor.getLinearBeforeReset() && adaptor.getCell() != CellKind::gru)
    return fail("C3", "'linear_before_reset' for '", cell, "', expected 'gru'");
  if (adaptor.getBias() && !adaptor.getLinearBeforeReset())
    return fail("C3", "a bias without 'linear_before_reset'");
  if (failed(check("C3", "bias", adaptor.getBias(), {units})) ||
      failed(check("C4", "lengths", adaptor.getLengths(), {batch})))
    return failure();
  for (auto [name, state] : {std::pair("initial_h", adaptor.getInitialH()), {"initial_c", adaptor.getInitialC()}})
    if (failed(check("C5", name, state, {batch, units})))
      return failure();
  if (adaptor.getInitialC() && !isLstm)
    return fail("C5", "an initial cell state for '", cell, "', which has no cell state");
  if (adaptor.getPeepholes() && !isLstm)
    return fail("C6", "peepholes for '", cell, "', expected 'lstm'");
  return check("C6", "peepholes", adaptor.getPeepholes(), {directions, SizeExpr(3) * hidden});
}

LogicalResult RecurrenceOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                             SmallVectorImpl<Type> &types) {
  RecurrenceShape shape{adaptor, location, {}, {}, {}, {}, {}};
  if (failed(shape.readFactors()) || failed(shape.checkOptionalOperands()))
    return failure();
  Type element = getCommonElementType({adaptor.getX(), adaptor.getRecurrence(), adaptor.getBias(),
                                       adaptor.getInitialH(), adaptor.getInitialC(), adaptor.getPeepholes()});
  if (!element)
    return failInference<RecurrenceOp>(location, "C7", "the operands differ in element type");
  types.push_back(getTensorType({shape.batch, shape.steps, shape.units}, element));
  types.append(adaptor.getCell() == CellKind::lstm ? 2 : 1, getTensorType({shape.batch, shape.units}, element));
  return success();
}
