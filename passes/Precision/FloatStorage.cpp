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

static bool isFloat32(Value value) { return getElementTypeOrSelf(value.getType()).isF32(); }

static bool isComputed(Value value) { return isFloat32(value) && !value.getDefiningOp<ConstantOp>(); }

/// Layers that move elements of one tensor.
static bool isMove(Operation *op) {
  return isa<ReshapeOp, SliceOp, TransposeOp, BroadcastOp, GatherOp, GatherElementsOp, GatherNdOp, PadOp>(op);
}
static bool isPointwise(Operation *op) { return isa<UnaryOp, BinaryOp, SelectOp>(op); }

/// Layers whose result jumps where their operand passes some value.
static bool isStep(Operation *op) {
  if (isa<CompareOp>(op))
    return true;
  if (auto cast = dyn_cast<CastOp>(op))
    return !isa<FloatType>(getElementTypeOrSelf(cast.getType()));
  if (auto unary = dyn_cast<UnaryOp>(op))
    return llvm::is_contained(
        {UnaryKind::ceil, UnaryKind::floor, UnaryKind::round, UnaryKind::sign, UnaryKind::is_inf, UnaryKind::is_nan},
        unary.getKind());
  auto binary = dyn_cast<BinaryOp>(op);
  return binary && (binary.getKind() == BinaryKind::mod || binary.getKind() == BinaryKind::fmod);
}

/// Layers whose results spread over more magnitudes than their operands.
static bool spreads(Operation *op) {
  if (auto unary = dyn_cast<UnaryOp>(op))
    return llvm::is_contained(
        {UnaryKind::cosh, UnaryKind::exp, UnaryKind::reciprocal, UnaryKind::rsqrt, UnaryKind::sinh, UnaryKind::tan},
        unary.getKind());
  if (auto binary = dyn_cast<BinaryOp>(op))
    return binary.getKind() == BinaryKind::pow;
  if (auto reduce = dyn_cast<ReduceOp>(op))
    return !llvm::is_contained({ReduceKind::max, ReduceKind::min, ReduceKind::mean}, reduce.getKind());
  if (auto scatter = dyn_cast<ScatterNdOp>(op))
    return scatter.getReduction().has_value();
  if (auto scatter = dyn_cast<ScatterElementsOp>(op))
    return scatter.getReduction().has_value();
  return isa<CumSumOp>(op);
}

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
    bool continues = isPointwise(&op) && exact.contains(op.getResult(0));
    if (isa<func::ReturnOp, TopKOp, ArgReduceOp>(op) || isStep(&op) || continues)
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
    if (!constant || !isFloat32(operand))
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
  if (isa<CastOp, IotaOp, TopKOp, ArgReduceOp>(op) && !isStep(op))
    return Kind::single;
  if (isStep(op)) {
    // Of narrow values alone the step can be taken as well before they are widened.
    bool isExact = llvm::all_of(op->getOperands(), [&](Value operand) {
      auto constant = operand.getDefiningOp<ConstantOp>();
      if (!constant || !isFloat32(operand))
        return true;
      const std::optional<NarrowingLoss> &loss = getLoss(constant);
      return loss && !loss->overflows && !loss->rounds;
    });
    bool isNarrow = llvm::none_of(op->getOperands(), [&](Value value) { return isComputed(value) && isSingle(value); });
    bool wanted = op->getNumResults() == 1 && exact.contains(op->getResult(0));
    return isExact && isNarrow && !wanted ? lower() : Kind::single;
  }
  if (isPointwise(op) || isMove(op)) {
    if (anyUnbounded(op) || hasMisfit(op, isPointwise(op) || isa<PadOp>(op)))
      return Kind::unbounded;
    bool wanted = isPointwise(op) && exact.contains(op->getResult(0));
    bool isLookup = isMove(op) && llvm::none_of(op->getOperands(), isComputed);
    return !isLookup && (wanted || spreads(op) || allSingle(op)) ? Kind::single : lower();
  }
  if (spreads(op) || hasMisfit(op, /*pointwise=*/false))
    return Kind::single;
  // What multiplies gains from narrow factors. Other layers follow their operands; a table that is a weight is none.
  bool isDense = isa<LinearOp, MatmulOp, CrossLayerOp, ConvOp, DotInteractionOp, FmTermOp, EinsumOp>(op);
  bool isLookup = isa<EmbeddingOp, EmbeddingBagOp, MultiLookupOp>(op) && llvm::any_of(op->getOperands(), [](Value v) {
                    return isFloat32(v) && v.getDefiningOp<ConstantOp>();
                  });
  return isDense || isLookup || !allSingle(op) ? lower() : Kind::single;
}
