//===- RegionBuilder.cpp - Making fusion regions of layers ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Fuse/RegionBuilder.h"

#include "lib/Analysis/RowLocality.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

/// Constants up to this size are copied into the regions that use them, so that code generation can fold them.
static constexpr int64_t maxClonedElements = 64;

/// Weights and tables are inputs whatever their size: they get a packing, or are bound at load.
static bool mustBeInput(OpOperand &operand) {
  if (auto lookup = dyn_cast<LookupOpInterface>(operand.getOwner()))
    return lookup.isTable(operand);
  return isa<LinearOp, RecurrenceOp>(operand.getOwner()) && operand.getOperandNumber() > 0;
}

static ConstantOp getClonableConstant(OpOperand &operand, rec::RegionKind kind) {
  auto constant = operand.get().getDefiningOp<ConstantOp>();
  if (!constant || mustBeInput(operand))
    return nullptr;
  auto elements = dyn_cast<DenseElementsAttr>(constant.getValue());
  if ((elements && elements.isSplat()) || constant.getType().getNumElements() == 1)
    return constant;
  // A GEMM's epilogue reads rows of values from memory, next to the bias.
  bool small = kind != rec::RegionKind::gemm && constant.getType().getNumElements() <= maxClonedElements;
  return small ? constant : nullptr;
}

Block *fuse::getModelBlock(func::FuncOp func) {
  if (func.isExternal())
    return nullptr;
  if (!llvm::hasSingleElement(func.getBody()) || !isa<func::ReturnOp>(func.getBody().front().back())) {
    func.emitError("expected a model without control flow, one block that ends in func.return");
    return nullptr;
  }
  Block &block = func.getBody().front();
  auto check = [](Value value) -> LogicalResult {
    if (isa<RankedTensorType>(value.getType()))
      return success();
    return emitError(value.getLoc()) << "expected a model on ranked tensors, found a value of type " << value.getType();
  };
  for (Value argument : block.getArguments())
    if (failed(check(argument)))
      return nullptr;
  for (Operation &op : block)
    for (Value result : op.getResults())
      if (failed(check(result)))
        return nullptr;
  return &block;
}

FusionOp fuse::formRegion(ArrayRef<Operation *> ops, rec::RegionKind kind) {
  DenseSet<Operation *> inside(ops.begin(), ops.end());

  // An input is a value in a role: one that is read both by row and as a whole is two inputs.
  using Input = std::pair<Value, unsigned>; // 1: by row
  llvm::MapVector<Input, Value> inputs;
  llvm::MapVector<Operation *, Value> constants;
  SmallVector<Value> outputs;
  SmallVector<Location> locations;
  auto roleOf = [&](OpOperand &operand, const std::optional<RowLocality> &locality) {
    bool row = kind != rec::RegionKind::whole && locality && locality->uses[operand.getOperandNumber()] == RowUse::Row;
    return Input(operand.get(), row);
  };
  for (Operation *op : ops) {
    std::optional<RowLocality> locality = getRowLocality(op);
    for (OpOperand &operand : op->getOpOperands()) {
      if (Operation *def = operand.get().getDefiningOp(); def && inside.contains(def))
        continue;
      if (ConstantOp constant = getClonableConstant(operand, kind))
        constants.insert({constant, Value()});
      else
        inputs.insert({roleOf(operand, locality), Value()});
    }
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) { return !inside.contains(user); }))
        outputs.push_back(result);
    locations.push_back(op->getLoc());
  }

  SmallVector<Value> inputValues;
  SmallVector<bool> rowInputs;
  for (auto &[input, argument] : inputs) {
    inputValues.push_back(input.first);
    rowInputs.push_back(input.second);
  }
  OpBuilder builder(ops.back()->getContext());
  builder.setInsertionPointAfter(ops.back());
  Location location = builder.getFusedLoc(locations);
  auto fusion = FusionOp::create(builder, location, TypeRange(ValueRange(outputs)), kind, rowInputs, inputValues);
  Block *body = builder.createBlock(&fusion.getBody());
  for (auto &[input, argument] : inputs)
    argument = body->addArgument(input.first.getType(), input.first.getLoc());
  for (auto &[constant, value] : constants)
    value = builder.clone(*constant)->getResult(0);

  IRMapping mapping;
  for (Operation *op : ops) {
    std::optional<RowLocality> locality = getRowLocality(op);
    Operation *clone = builder.clone(*op, mapping);
    // The mapping is of values; roles and constants are of operands.
    for (OpOperand &operand : op->getOpOperands()) {
      if (Operation *def = operand.get().getDefiningOp(); def && inside.contains(def))
        continue;
      ConstantOp constant = getClonableConstant(operand, kind);
      clone->setOperand(operand.getOperandNumber(), constant ? constants[constant] : inputs[roleOf(operand, locality)]);
    }
  }
  SmallVector<Value> yielded = llvm::map_to_vector(outputs, [&](Value value) { return mapping.lookup(value); });
  YieldOp::create(builder, location, yielded);

  for (auto [output, result] : llvm::zip_equal(outputs, fusion.getOutputs()))
    output.replaceUsesWithIf(result, [&](OpOperand &use) { return !inside.contains(use.getOwner()); });
  for (Operation *op : llvm::reverse(ops))
    op->erase();
  return fusion;
}

Value fuse::copyValue(OpBuilder &builder, Value value) {
  OpBuilder::InsertionGuard guard(builder);
  bool byRow = cast<RankedTensorType>(value.getType()).getRank() > 0;
  rec::RegionKind kind = byRow ? rec::RegionKind::rows : rec::RegionKind::whole;
  auto fusion = FusionOp::create(builder, value.getLoc(), value.getType(), kind, ArrayRef<bool>(byRow), value);
  Block *body = builder.createBlock(&fusion.getBody());
  YieldOp::create(builder, value.getLoc(), ValueRange(body->addArgument(value.getType(), value.getLoc())));
  return fusion.getOutputs()[0];
}

std::optional<rec::RegionKind> fuse::getProducerKind(Value value) {
  auto fusion = value.getDefiningOp<FusionOp>();
  return fusion ? std::optional(fusion.getKind()) : std::nullopt;
}
