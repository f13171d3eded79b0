//===- FoldConstants.cpp - Layers of constants become constants ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Rec.h"
#include "lib/Reference/Convert.h"
#include "lib/Reference/Evaluator.h"
#include "passes/Normalize/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace reckon {
#define GEN_PASS_DEF_FOLDCONSTANTS
#include "passes/Normalize/Passes.h.inc"
} // namespace reckon

using namespace mlir;
using namespace reckon;

/// A result up to this size folds whatever it replaces.
static constexpr uint64_t smallBytes = 64 * 1024;

static uint64_t getBytes(Value value) {
  return rec::getDataSize(cast<ShapedType>(value.getType())).value_or(UINT64_MAX);
}

/// Whether the constant is a table that some lookup reads in place.
static bool isTable(Value constant) {
  return llvm::any_of(constant.getUses(), [](OpOperand &use) {
    auto lookup = dyn_cast<rec::LookupOpInterface>(use.getOwner());
    return lookup && lookup.isTable(use);
  });
}

/// Whether the op can become constants without growing the model.
static bool isWorthFolding(Operation *op) {
  uint64_t resultBytes = 0, operandBytes = 0;
  for (Value result : op->getResults()) {
    auto type = dyn_cast<RankedTensorType>(result.getType());
    if (!type || !rec::getDataSize(type))
      return false;
    resultBytes += getBytes(result);
  }
  if (resultBytes <= smallBytes)
    return true;
  // A lookup's rows are already in its table, and a changed copy of a table does not spare the table.
  if (isa<rec::LookupOpInterface>(op) || llvm::any_of(op->getOperands(), isTable))
    return false;
  for (Value operand : llvm::SmallSetVector<Value, 4>(op->operand_begin(), op->operand_end()))
    operandBytes += getBytes(operand);
  return resultBytes / 4 <= operandBytes;
}

/// The name that goes on with a weight whose elements only moved. A constant with other users keeps its name to itself.
static StringAttr getMovedName(Operation *op) {
  if (!isa<rec::TransposeOp, rec::ReshapeOp>(op))
    return {};
  auto constant = op->getOperand(0).getDefiningOp<rec::ConstantOp>();
  return constant->hasOneUse() ? constant.getNameAttr() : StringAttr();
}

namespace {
struct FoldConstants : public reckon::impl::FoldConstantsBase<FoldConstants> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      // The ops of a fusion region become one kernel together.
      if (isa<rec::RecDialect>(op->getDialect()) && isPure(op) && op->getNumResults() > 0 && op->getNumRegions() == 0 &&
          !isa<rec::ConstantOp, rec::NoneOp>(op) && !op->getParentOfType<rec::FusionOp>())
        ops.push_back(op);
    });
    for (Operation *op : ops)
      fold(op);
  }

  void fold(Operation *op) {
    SmallVector<rec::ConstantOp> constants;
    for (Value operand : op->getOperands()) {
      auto constant = operand.getDefiningOp<rec::ConstantOp>();
      if (!constant)
        return;
      constants.push_back(constant);
    }
    if (!isWorthFolding(op))
      return;
    SmallVector<reference::Tensor> operands;
    for (rec::ConstantOp constant : constants) {
      FailureOr<reference::Tensor> value = reference::getTensor(constant.getValue());
      if (failed(value))
        return;
      operands.push_back(*value);
    }
    // What has no value, such as an index outside its axis, stays and fails the run.
    FailureOr<SmallVector<reference::Tensor>> values = reference::evaluateOp(op, operands);
    if (failed(values))
      return;

    OpBuilder builder(op);
    StringAttr name = getMovedName(op);
    for (auto [result, value] : llvm::zip(op->getResults(), *values)) {
      value.name = name ? name.str() : "";
      auto constant =
          rec::ConstantOp::create(builder, op->getLoc(), reference::getElements(value, &getContext()), name);
      if (constant.getType() != result.getType())
        return constant.erase();
      result.replaceAllUsesWith(constant);
    }
    op->erase();
    ++numFolded;
    for (rec::ConstantOp constant : llvm::SmallSetVector<rec::ConstantOp, 4>(constants.begin(), constants.end()))
      if (constant->use_empty())
        constant.erase();
  }
};
} // namespace
