//===- RowUses.cpp - Which rows of its operands a layer needs --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// The answers to RowLocalityOpInterface that are no mixins.
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/Inference.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

static SizeExpr getLeadingSize(Value value) { return getShape(value)[0]; }

std::optional<RowUses> rec::useRows(Operation *op, ArrayRef<unsigned> rowOperands) {
  SizeExpr rows = getLeadingSize(op->getResult(0));
  RowUses uses(op->getNumOperands(), RowUse::Whole);
  for (unsigned operand : rowOperands) {
    Value value = op->getOperand(operand);
    if (getRank(value) == 0 || getLeadingSize(value) != rows)
      return std::nullopt;
    uses[operand] = RowUse::Row;
  }
  return uses;
}

static std::optional<RowUses> useRowsIf(bool condition, Operation *op, ArrayRef<unsigned> rowOperands) {
  return condition ? useRows(op, rowOperands) : std::nullopt;
}

std::optional<RowUses> rec::useRowsByBroadcast(Operation *op) {
  SizeExpr rows = getLeadingSize(op->getResult(0));
  RowUses uses;
  int64_t resultRank = getRank(op->getResult(0));
  for (Value operand : op->getOperands()) {
    if (getRank(operand) < resultRank)
      uses.push_back(RowUse::Whole);
    else if (getLeadingSize(operand) == rows)
      uses.push_back(RowUse::Row);
    else if (getLeadingSize(operand) == SizeExpr(1) || (isa<BroadcastOp>(op) && !isAnonymous(getLeadingSize(operand))))
      uses.push_back(RowUse::Whole);
    else
      return std::nullopt;
  }
  return uses;
}

//===----------------------------------------------------------------------===//
// Lookups
//===----------------------------------------------------------------------===//

std::optional<RowUses> EmbeddingOp::getRowUses() {
  return useRowsIf(getRank(getIds()) >= 1, *this, {getIdsMutable().getOperandNumber()});
}

std::optional<RowUses> EmbeddingBagOp::getRowUses() {
  if (getOffsets()) // a row is a bag: its ids lie anywhere
    return useRows(*this, {});
  SmallVector<unsigned> rowOperands{getIdsMutable().getOperandNumber()};
  for (OpOperand &weights : getWeightsMutable())
    rowOperands.push_back(weights.getOperandNumber());
  return useRows(*this, rowOperands);
}

std::optional<RowUses> RecurrenceOp::getRowUses() {
  SmallVector<unsigned> rowOperands{getXMutable().getOperandNumber()};
  for (MutableOperandRange operands : {getLengthsMutable(), getInitialHMutable(), getInitialCMutable()})
    for (OpOperand &operand : operands)
      rowOperands.push_back(operand.getOperandNumber());
  return useRows(*this, rowOperands);
}

//===----------------------------------------------------------------------===//
// Layers that multiply
//===----------------------------------------------------------------------===//

std::optional<RowUses> LinearOp::getRowUses() { return useRowsIf(getRank(getX()) >= 2, *this, {0}); }

std::optional<RowUses> MatmulOp::getRowUses() {
  int64_t rankA = getRank(getA()), rankB = getRank(getB());
  int64_t batchRank = std::max(rankA, rankB) - 2;
  if (batchRank <= 0)
    return useRowsIf(rankA == 2 && !getTransposeA(), *this, {0});
  // The leading dimension is a batch dimension: an operand has it, broadcasts it, or lacks it.
  SizeExpr rows = getLeadingSize(getResult());
  RowUses uses;
  for (Value operand : getOperands()) {
    if (getRank(operand) == batchRank + 2 && getLeadingSize(operand) == rows) {
      uses.push_back(RowUse::Row);
      continue;
    }
    if (getRank(operand) == batchRank + 2 && getLeadingSize(operand) != SizeExpr(1))
      return std::nullopt;
    uses.push_back(RowUse::Whole);
  }
  return uses;
}

std::optional<RowUses> CrossLayerOp::getRowUses() { return useRows(*this, {0, 1}); }

//===----------------------------------------------------------------------===//
// Layers that move elements, and reductions
//===----------------------------------------------------------------------===//

std::optional<RowUses> ConcatOp::getRowUses() {
  return useRowsIf(getAxis() >= 1, *this, llvm::to_vector(llvm::seq<unsigned>(getNumOperands())));
}

std::optional<RowUses> SliceOp::getRowUses() {
  return useRowsIf(getStarts().getSize(0) == SizeExpr(0) && getSteps()[0] == 1, *this, {0});
}

std::optional<RowUses> TransposeOp::getRowUses() { return useRowsIf(getPerm()[0] == 0, *this, {0}); }

std::optional<RowUses> PadOp::getRowUses() { return useRowsIf(getLow()[0] == 0 && getHigh()[0] == 0, *this, {0}); }

// Along another axis each row picks within itself; along the leading one each index picks a row, like a lookup.
std::optional<RowUses> GatherOp::getRowUses() {
  return getAxis() >= 1 ? useRows(*this, {0}) : useRowsIf(getRank(getIndices()) >= 1, *this, {1});
}

std::optional<RowUses> GatherElementsOp::getRowUses() {
  return getAxis() >= 1 ? useRows(*this, {0, 1}) : useRows(*this, {1});
}

std::optional<RowUses> GatherNdOp::getRowUses() {
  return getBatchDims() >= 1 ? useRows(*this, {0, 1}) : useRowsIf(getRank(getIndices()) >= 2, *this, {1});
}

std::optional<RowUses> IotaOp::getRowUses() { return useRows(*this, {}); }

std::optional<RowUses> ReduceOp::getRowUses() { return useRowsIf(!llvm::is_contained(getAxes(), 0), *this, {0}); }
