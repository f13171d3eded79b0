//===- Minimise.cpp - Drops ops of a failing module ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/fuzz/differential/Trial.h"

#include "dialects/Rec/Rec.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::fuzz;

/// Erases what no result needs, and names arguments and results afresh.
static void tidy(func::FuncOp func) {
  Block &body = func.getBody().front();
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (op.getNumResults() > 0 && op.use_empty())
      op.erase();
  SmallVector<Attribute> names;
  for (int64_t i = body.getNumArguments() - 1; i >= 0; --i)
    if (body.getArgument(i).use_empty() && body.getNumArguments() > 1)
      body.eraseArgument(i);
  Builder builder(func.getContext());
  func.removeArgAttrsAttr();
  func.removeResAttrsAttr();
  func.setType(builder.getFunctionType(body.getArgumentTypes(), body.getTerminator()->getOperandTypes()));
  for (unsigned i = 0; i < func.getNumArguments(); ++i)
    func.setArgAttr(i, "rec.name", builder.getStringAttr("x" + std::to_string(i)));
  for (unsigned i = 0; i < func.getNumResults(); ++i)
    func.setResultAttr(i, "rec.name", builder.getStringAttr("y" + std::to_string(i)));
}

namespace {
/// The module so far, and attempts at smaller ones.
class Minimiser {
public:
  Minimiser(ModuleOp module, Trial trial, Outcome &outcome) : best(module.clone()), trial(trial), outcome(outcome) {}

  /// Changes a clone; keeps it when it still fails in the same way. `change` gets the function of the clone and says
  /// whether it did anything.
  bool attempt(llvm::function_ref<bool(func::FuncOp)> change) {
    OwningOpRef<ModuleOp> candidate = best->clone();
    if (++attempts > 400 || !change(getFunc(*candidate)))
      return false;
    tidy(getFunc(*candidate));
    if (failed(verify(*candidate)))
      return false;
    Outcome got = tryInChild(*candidate, trial);
    if (got.kind != outcome.kind)
      return false;
    outcome = got;
    best = std::move(candidate);
    return true;
  }

  bool keepOneResult() {
    unsigned count = getFunc(*best).getNumResults();
    for (unsigned i = 0; count > 1 && i < count; ++i)
      if (attempt([&](func::FuncOp func) {
            Operation *ret = func.getBody().front().getTerminator();
            ret->setOperands(SmallVector<Value>{ret->getOperand(i)});
            return true;
          }))
        return true;
    return false;
  }

  /// Returns an operand of the op behind a result instead of the result.
  bool returnEarlier() {
    for (unsigned result = 0; result < getFunc(*best).getNumResults(); ++result) {
      Operation *op = getFunc(*best).getBody().front().getTerminator()->getOperand(result).getDefiningOp();
      for (unsigned i = 0; op && i < op->getNumOperands(); ++i)
        if (attempt([&](func::FuncOp func) {
              Operation *ret = func.getBody().front().getTerminator();
              ret->setOperand(result, ret->getOperand(result).getDefiningOp()->getOperand(i));
              return true;
            }))
          return true;
    }
    return false;
  }

  /// Replaces what an op computes by an operand of that type, or by an input.
  bool cutOps() {
    bool changed = false;
    size_t count = getFunc(*best).getBody().front().getOperations().size();
    for (size_t at = count; at-- > 0;) {
      auto find = [&](func::FuncOp func) -> Operation * {
        auto &ops = func.getBody().front().getOperations();
        if (at >= ops.size())
          return nullptr;
        Operation *op = &*std::next(ops.begin(), at);
        return op->getNumResults() == 0 || isa<rec::ConstantOp>(op) ? nullptr : op;
      };
      bool replaced = attempt([&](func::FuncOp func) {
        Operation *op = find(func);
        if (!op || op->getNumResults() != 1)
          return false;
        for (Value operand : op->getOperands())
          if (operand.getType() == op->getResult(0).getType()) {
            op->getResult(0).replaceAllUsesWith(operand);
            return true;
          }
        return false;
      });
      replaced = replaced || attempt([&](func::FuncOp func) {
                   Operation *op = find(func);
                   if (!op)
                     return false;
                   for (Value result : op->getResults())
                     result.replaceAllUsesWith(func.getBody().front().addArgument(result.getType(), op->getLoc()));
                   return true;
                 });
      changed |= replaced;
    }
    return changed;
  }

  OwningOpRef<ModuleOp> best;

private:
  Trial trial;
  Outcome &outcome;
  unsigned attempts = 0;
};
} // namespace

OwningOpRef<ModuleOp> fuzz::minimise(ModuleOp module, Trial trial, Outcome &outcome) {
  Minimiser minimiser(module, trial, outcome);
  while (minimiser.keepOneResult() || minimiser.returnEarlier() || minimiser.cutOps())
    ;
  return std::move(minimiser.best);
}
