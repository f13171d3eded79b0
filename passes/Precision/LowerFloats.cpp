//===- LowerFloats.cpp - From single precision to f16 or bf16 --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "passes/Common/Matchers.h"
#include "passes/Precision/FloatStorage.h"
#include "passes/Precision/Passes.h"

#include "dialects/Rec/TableRows.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/TypeUtilities.h"

namespace reckon {
#define GEN_PASS_DEF_LOWERFLOATS
#include "passes/Precision/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

namespace {
struct LowerFloats : public reckon::impl::LowerFloatsBase<LowerFloats> {
  using Base::Base;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (func.isExternal())
      return;
    if (to != "f16" && to != "bf16") {
      func.emitError("floats can be lowered to f16 or bf16, not to '") << to << "'";
      return signalPassFailure();
    }
    narrow = to == "f16" ? FloatType(Float16Type::get(&getContext())) : FloatType(BFloat16Type::get(&getContext()));
    for (Block &block : func.getBody())
      lower(block);
  }

private:
  void lower(Block &block);
  Value getNarrow(Value value);
  Value getSingle(Value value);
  Value castAfter(Value value, Type element);

  FloatType narrow;
  DenseSet<Value> lowered;
  /// The other form of a value, where something reads it.
  DenseMap<Value, Value> others;
};
} // namespace

/// Rows in an encoding are what they decode to.
static bool isFloat32(Value value) { return getDecodedType(getElementTypeOrSelf(value.getType())).isF32(); }

static RankedTensorType withElement(Value value, Type element) {
  RankedTensorType type = typeOf(value);
  if (auto encoded = dyn_cast<EncodedType>(type.getElementType()))
    element = EncodedType::get(element.getContext(), encoded.getEncoding(), element);
  return RankedTensorType::get(type.getShape(), element, type.getEncoding());
}

Value LowerFloats::castAfter(Value value, Type element) {
  OpBuilder builder(&getContext());
  builder.setInsertionPointAfterValue(value);
  ++numCasts;
  return CastOp::create(builder, value.getLoc(), withElement(value, element), value);
}

Value LowerFloats::getNarrow(Value value) {
  Value &other = others[value];
  if (other)
    return other;
  auto constant = value.getDefiningOp<ConstantOp>();
  if (!constant)
    return other = castAfter(value, narrow);
  RankedTensorType type = withElement(value, narrow);
  StringRef name = constant.getName().value_or("data");
  ElementsAttr data = isa<EncodedType>(type.getElementType()) ? withType(constant.getValue(), type)
                                                              : narrowConstant(constant.getValue(), narrow, name);
  OpBuilder builder(constant);
  ++numConstants;
  return other = ConstantOp::create(builder, constant.getLoc(), type, data, constant.getNameAttr());
}

Value LowerFloats::getSingle(Value value) {
  Value &other = others[value];
  return other ? other : other = castAfter(value, Float32Type::get(&getContext()));
}

void LowerFloats::lower(Block &block) {
  FloatStorage storage(block, narrow);
  for (FloatStorage::Misfit misfit : storage.getMisfits())
    misfit.op->emitWarning() << misfit.op->getName() << " stays in single precision: '"
                             << misfit.constant.getName().value_or("a constant") << "' holds " << misfit.element
                             << ", which " << to << " cannot";
  SmallVector<Operation *> ops(llvm::make_pointer_range(block.getOperations()));
  for (Operation *op : ops) {
    if (isa<ConstantOp>(op))
      continue;
    bool isLowered = storage.isLowered(op);
    bool touches = llvm::any_of(op->getOperands(), isFloat32) || llvm::any_of(op->getResults(), isFloat32);
    for (OpOperand &operand : op->getOpOperands()) {
      if (isLowered && isFloat32(operand.get()))
        operand.set(getNarrow(operand.get()));
      else if (!isLowered && lowered.contains(operand.get()))
        operand.set(getSingle(operand.get()));
    }
    for (Value result : op->getResults())
      if (isLowered && isFloat32(result)) {
        result.setType(withElement(result, narrow));
        lowered.insert(result);
      }
    if (isLowered)
      ++numLowered;
    else if (touches && !isa<func::ReturnOp>(op))
      ++numKept;
  }
  for (Operation *op : llvm::reverse(ops))
    if (isa<ConstantOp>(op) && op->use_empty())
      op->erase();
}
