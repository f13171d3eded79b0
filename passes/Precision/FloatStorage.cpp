//===- FloatStorage.cpp - Which values may be narrow ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// Two walks. Backwards from what is decided by values (comparisons, ids, orders, the model's outputs), through
// pointwise layers: what is found stays in f32, for the decision must not depend on roundings that save nothing. Then
// forwards, with a kind for each value.
//
//===-----------------------------------------------------------------------------===//

#include "passes/Precision/FloatStorage.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

/// Rows in an encoding are what they decode to.
static bool isFloat32(Value value) { return getDecodedType(getElementTypeOrSelf(value.getType())).isF32(); }

static bool isComputed(Value value) { return isFloat32(value) && !value.getDefiningOp<ConstantOp>(); }

static Narrowing getNarrowing(Operation *op) {
  auto layer = dyn_cast<PrecisionOpInterface>(op);
  return layer ? layer.getNarrowing() : Narrowing::stays;
}

static bool isPointwise(Narrowing narrowing) {
  return narrowing == Narrowing::maps || narrowing == Narrowing::mapsAndGrows;
}

static bool isMove(Narrowing narrowing) { return narrowing == Narrowing::moves || narrowing == Narrowing::fills; }

FloatStorage::FloatStorage(Block &block, FloatType narrow) : narrow(narrow) {
  for (Value argument : block.getArguments())
    kinds[argument] = Kind::single;
  findExact(block);
  for (Operation &op : block.without_terminator()) {
    if (isa<ConstantOp>(op) ||
        (llvm::none_of(op.getOperands(), isFloat32) && llvm::none_of(op.getResults(), isFloat32)))
      continue;
    Kind kind = decide(&op);
    for (Value result : op.getResults())
      kinds[result] = kind;
  }
}

void FloatStorage::findExact(Block &block) {
  for (Operation &op : llvm::reverse(block)) {
    Narrowing narrowing = getNarrowing(&op);
    bool decides = isa<func::ReturnOp>(op) || narrowing == Narrowing::orders || narrowing == Narrowing::steps;
    bool continues = isPointwise(narrowing) && exact.contains(op.getResult(0));
    if (decides || continues)
      exact.insert_range(llvm::make_filter_range(op.getOperands(), isComputed));
  }
}

bool FloatStorage::isSingle(Value value) const { return kinds.lookup(value) != Kind::narrow; }

bool FloatStorage::allSingle(Operation *op) const {
  return llvm::all_of(op->getOperands(), [&](Value value) { return !isComputed(value) || isSingle(value); });
}

bool FloatStorage::anyUnbounded(Operation *op) const {
  return llvm::any_of(op->getOperands(),
                      [&](Value value) { return isComputed(value) && kinds.lookup(value) == Kind::unbounded; });
}

const std::optional<NarrowingLoss> &FloatStorage::getLoss(ConstantOp constant) {
  auto [it, isNew] = losses.try_emplace(constant);
  if (isNew)
    it->second = getNarrowingLoss(constant.getValue(), narrow);
  return it->second;
}

/// Whether a constant operand would lose its meaning: an infinity where there was a number, and in a pointwise layer,
/// where it may be what keeps a divisor from zero, a zero where there was none.
bool FloatStorage::hasMisfit(Operation *op, bool pointwise) {
  for (Value operand : op->getOperands()) {
    auto constant = operand.getDefiningOp<ConstantOp>();
    // Rows in an encoding stay what they are, and decode to the type that is asked for.
    if (!constant || !isFloat32(operand) || isa<EncodedType>(getElementTypeOrSelf(operand.getType())))
      continue;
    const std::optional<NarrowingLoss> &loss = getLoss(constant);
    std::optional<float> element = loss ? loss->overflows : std::optional<float>();
    if (loss && !element && pointwise)
      element = loss->vanishes;
    // The -1e9 of a mask is nobody's business; a weight that does not fit is.
    if (element && !pointwise)
      misfits.push_back({op, constant, *element});
    if (element || !loss)
      return true;
  }
  return false;
}

FloatStorage::Kind FloatStorage::decide(Operation *op) {
  auto lower = [&] {
    lowered.insert(op);
    return Kind::narrow;
  };
  auto isWanted = [&] { return op->getNumResults() == 1 && exact.contains(op->getResult(0)); };
  Narrowing narrowing = getNarrowing(op);
  switch (narrowing) {
  case Narrowing::stays:
  case Narrowing::orders:
  case Narrowing::grows:
    return Kind::single;
  case Narrowing::steps: {
    // Of narrow values alone the step can be taken as well before they are widened.
    bool isExact = llvm::all_of(op->getOperands(), [&](Value operand) {
      auto constant = operand.getDefiningOp<ConstantOp>();
      if (!constant || !isFloat32(operand))
        return true;
      const std::optional<NarrowingLoss> &loss = getLoss(constant);
      return loss && !loss->overflows && !loss->rounds;
    });
    bool isNarrow = llvm::none_of(op->getOperands(), [&](Value value) { return isComputed(value) && isSingle(value); });
    return isExact && isNarrow && !isWanted() ? lower() : Kind::single;
  }
  case Narrowing::maps:
  case Narrowing::mapsAndGrows:
  case Narrowing::moves:
  case Narrowing::fills: {
    if (anyUnbounded(op) || hasMisfit(op, /*pointwise=*/narrowing != Narrowing::moves))
      return Kind::unbounded;
    bool isLookup = isMove(narrowing) && llvm::none_of(op->getOperands(), isComputed);
    bool isSingle = narrowing == Narrowing::mapsAndGrows || (isPointwise(narrowing) && isWanted()) || allSingle(op);
    return !isLookup && isSingle ? Kind::single : lower();
  }
  case Narrowing::multiplies:
  case Narrowing::looksUp:
  case Narrowing::follows:
    if (hasMisfit(op, /*pointwise=*/false))
      return Kind::single;
    // What multiplies gains from narrow factors. Other layers follow their operands; a table that is a weight is none.
    bool hasTable = narrowing == Narrowing::looksUp && llvm::any_of(op->getOperands(), [](Value operand) {
                      return isFloat32(operand) && operand.getDefiningOp<ConstantOp>();
                    });
    return narrowing == Narrowing::multiplies || hasTable || !allSingle(op) ? lower() : Kind::single;
  }
  llvm_unreachable("no such narrowing");
}
