//===- Recurrence.cpp - Kernels of recurrent layers ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/Recurrence.h"

#include "dialects/Rec/Shape.h"
#include "lib/Codegen/Loops/Scalar.h"
#include "reckon/Runtime/KernelABI.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;
using namespace reckon::nvptx;
using rec::CellKind;
using rec::UnaryKind;

RecurrenceKernel::RecurrenceKernel(plan::KernelOp kernel, DeviceModule &module, rec::RecurrenceOp op)
    : MemoryBuilder(kernel), module(module), op(op), hidden(op.getHidden()), gates(op.getNumGates()),
      isLstm(op.getCell() == CellKind::lstm), resetsState(op.getCell() == CellKind::gru && !op.getLinearBeforeReset()),
      resetsProduct(op.getCell() == CellKind::gru && op.getLinearBeforeReset()),
      elementType(op.getX().getType().getElementType()) {}

std::optional<StridedView> RecurrenceKernel::placeOf(Value operand) {
  if (!operand)
    return std::nullopt;
  unsigned number = cast<BlockArgument>(operand).getArgNumber();
  SmallVector<Value> strides;
  for (const SizeExpr &stride : kernel.getMap(number).getStrides())
    strides.push_back(size(stride));
  return StridedView{function.operands[number], strides, cast<RankedTensorType>(operand.getType()).getElementType()};
}

std::optional<StridedView> RecurrenceKernel::targetOf(Value result) {
  if (!result)
    return std::nullopt;
  for (auto [i, output] : llvm::enumerate(kernel.getBody().front().getTerminator()->getOperands())) {
    if (output != result)
      continue;
    unsigned number = kernel.getNumInputs() + i;
    SmallVector<Value> strides;
    for (const SizeExpr &stride : kernel.getMap(number).getStrides())
      strides.push_back(size(stride));
    return StridedView{function.operands[number], strides, elementType};
  }
  return std::nullopt;
}

void RecurrenceKernel::begin(const Twine &suffix, unsigned threads) {
  function = module.createKernel((kernel.getSymName() + suffix).str(), kernel, threads);
  dimValues = function.dims;
  b.setInsertionPoint(function.function.getBody().front().getTerminator());
  entry = arith::ConstantOp::create(b, b.getI64IntegerAttr(0));
  rec::Shape shape = rec::getShape(op.getX());
  batch = size(shape[0]);
  allSteps = size(shape[1]);
  DeviceBuilder p(b);
  direction = op.getNumDirections() == 1 ? constantIndex(0) : p.widen(p.block(1));
  x = *placeOf(op.getX());
  recurrence = *placeOf(op.getRecurrence());
  bias = placeOf(op.getBias());
  lengths = placeOf(op.getLengths());
  initialH = placeOf(op.getInitialH());
  initialC = placeOf(op.getInitialC());
  peepholes = placeOf(op.getPeepholes());
  y = targetOf(op.getY());
  lastH = targetOf(op.getYH());
  lastC = targetOf(op.getYC());
}

LaunchPlan RecurrenceKernel::finish(int64_t rowsOfBlock, unsigned threads, uint64_t sharedBytes) {
  LaunchPlan launch;
  launch.function = function.getName();
  launch.blockThreads = threads;
  launch.sharedBytes = sharedBytes;
  launch.grid = {SizeExpr::ceilDiv(rec::getShape(op.getX())[0], SizeExpr(rowsOfBlock)),
                 SizeExpr(op.getNumDirections())};
  entry = nullptr;
  return launch;
}

//===----------------------------------------------------------------------===//
// Rows and steps
//===----------------------------------------------------------------------===//

RecurrenceKernel::Row RecurrenceKernel::getRow(Value index, Value reports) {
  Row row;
  row.isThere = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, index, batch);
  row.index = arith::MinSIOp::create(b, index, sub(batch, constantIndex(1)));
  row.length = allSteps;
  if (!lengths)
    return row;
  Value length = emitCast(b, load(*lengths, row.index), lengths->elementType, b.getI64Type());
  Value isBad = arith::CmpIOp::create(b, arith::CmpIPredicate::ugt, length, allSteps);
  Value isTold = arith::AndIOp::create(b, isBad, arith::AndIOp::create(b, reports, row.isThere));
  ifThen(isTold, [&] {
    Value none = arith::ConstantOp::create(b, b.getI32IntegerAttr(-1));
    module.report(b, function.status, RECKON_KERNEL_INDEX_OUT_OF_RANGE, none, row.index, length);
  });
  row.length = arith::SelectOp::create(b, isBad, constantIndex(0), length);
  return row;
}

Value RecurrenceKernel::getSteps(ArrayRef<Row> rows) {
  Value most = rows.front().length;
  if (lengths)
    for (const Row &row : rows.drop_front())
      most = arith::MaxSIOp::create(b, most, row.length);
  return most;
}

RecurrenceKernel::Step RecurrenceKernel::getStep(const Row &row, Value step) {
  Step result;
  Value fromEnd = sub(sub(row.length, constantIndex(1)), step);
  result.t = step;
  if (op.getDirection() == rec::Direction::reverse)
    result.t = fromEnd;
  if (op.getDirection() == rec::Direction::bidirectional) {
    Value isForward = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, direction, constantIndex(0));
    result.t = arith::SelectOp::create(b, isForward, step, fromEnd);
  }
  // One step further than the last is asked for ahead of time.
  Value last = sub(allSteps, constantIndex(1));
  result.t = arith::MinSIOp::create(b, arith::MaxSIOp::create(b, result.t, constantIndex(0)), last);
  if (lengths)
    result.goesOn = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, step, row.length);
  return result;
}

void RecurrenceKernel::clearRest(const Row &row, llvm::function_ref<void(Value)> store) {
  if (lengths && y)
    ifThen(row.isThere, [&] { loop(row.length, allSteps, store); });
}

//===----------------------------------------------------------------------===//
// Units
//===----------------------------------------------------------------------===//

Value RecurrenceKernel::gate(Value x, UnaryKind kind) { return emitUnary(b, kind, x, elementType); }

RecurrenceKernel::Unit RecurrenceKernel::getInitial(const Row &row, Value unit) {
  auto from = [&](const std::optional<StridedView> &state) {
    return state ? load(*state, {row.index, columnOf(unit)}) : scalarConstant(b, b.getF32Type(), 0);
  };
  return {from(initialH), isLstm ? from(initialC) : Value()};
}

Value RecurrenceKernel::getCandidateBias(Value unit) {
  return bias ? load(*bias, columnOf(unit)) : scalarConstant(b, b.getF32Type(), 0);
}

Value RecurrenceKernel::reset(Value sum, Value h) { return arith::MulFOp::create(b, gate(sum, UnaryKind::sigmoid), h); }

RecurrenceKernel::Unit RecurrenceKernel::next(ArrayRef<Value> sums, Value candidate, const Unit &before, Value unit) {
  DeviceBuilder p(b);
  auto sigmoid = [&](Value x) { return gate(x, UnaryKind::sigmoid); };
  auto tanh = [&](Value x) { return gate(x, UnaryKind::tanh); };
  if (isLstm) {
    auto gateOf = [&](int64_t number, Value cell) {
      if (!peepholes)
        return sigmoid(sums[number]);
      Value factor = load(*peepholes, {direction, add(constantIndex(number * hidden), unit)});
      return sigmoid(p.fma(factor, cell, sums[number]));
    };
    Value input = gateOf(0, before.c), forget = gateOf(2, before.c);
    Value cell = p.fma(forget, before.c, arith::MulFOp::create(b, input, tanh(sums[3])));
    return {arith::MulFOp::create(b, gateOf(1, cell), tanh(cell)), cell};
  }
  if (op.getCell() == CellKind::rnn)
    return {tanh(sums[0]), {}};
  Value update = sigmoid(sums[0]), sum = sums[2];
  if (resetsProduct)
    sum = p.fma(sigmoid(sums[1]), sum, candidate);
  Value fresh = tanh(sum);
  // (1 - update) * fresh + update * before.
  return {p.fma(update, arith::SubFOp::create(b, before.h, fresh), fresh), {}};
}

RecurrenceKernel::Unit RecurrenceKernel::choose(const Step &step, const Unit &after, const Unit &before) {
  if (!step.goesOn)
    return after;
  auto select = [&](Value yes, Value no) {
    return yes ? Value(arith::SelectOp::create(b, step.goesOn, yes, no)) : yes;
  };
  return {select(after.h, before.h), select(after.c, before.c)};
}

void RecurrenceKernel::storeLast(const Row &row, Value unit, const Unit &state) {
  SmallVector<Value> at{row.index, columnOf(unit)};
  if (lastH)
    store(state.h, *lastH, at);
  if (lastC)
    store(state.c, *lastC, at);
}

//===----------------------------------------------------------------------===//
// The emitter
//===----------------------------------------------------------------------===//

/// The layer that the kernel is; null for a kernel of others.
static rec::RecurrenceOp findRecurrence(plan::KernelOp kernel) {
  Block &body = kernel.getBody().front();
  auto op = dyn_cast<rec::RecurrenceOp>(body.front());
  auto isArgument = [](Value value) { return isa<BlockArgument>(value); };
  auto isNarrow = [](Value value) { return !cast<RankedTensorType>(value.getType()).getElementType().isF64(); };
  if (kernel.getKind() != rec::RegionKind::rows || !op || body.getOperations().size() != 2 ||
      !llvm::all_of(op->getOperands(), isArgument) || !isNarrow(op.getX()))
    return nullptr;
  return op;
}

EmitResult nvptx::emitRecurrence(plan::KernelOp kernel, DeviceModule &module) {
  rec::RecurrenceOp op = findRecurrence(kernel);
  if (!op)
    return std::nullopt;
  KernelPlan plan;
  Type type = op.getX().getType().getElementType();
  if (RecurrenceByWarp byWarp(kernel, module, op); (type.isF16() || type.isBF16()) && byWarp.fits()) {
    plan.launches.push_back(byWarp.emit());
    return FailureOr<KernelPlan>(std::move(plan));
  }
  if (!RecurrenceByUnit::fits(op))
    return std::nullopt;
  // Few rows are spread over the multiprocessors; many share what a thread loads of the recurrence.
  uint64_t blocks = module.getTarget().multiprocessors / op.getNumDirections();
  for (int64_t rows : {1, 4, 8}) {
    LaunchPlan launch = RecurrenceByUnit(kernel, module, op, rows).emit();
    launch.maxRows = rows == 8 ? UINT64_MAX : blocks * rows;
    plan.launches.push_back(std::move(launch));
  }
  return FailureOr<KernelPlan>(std::move(plan));
}
