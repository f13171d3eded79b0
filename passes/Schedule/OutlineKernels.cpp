//===- OutlineKernels.cpp - The pass that makes the program --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Schedule/Outliner.h"
#include "passes/Schedule/Passes.h"

namespace reckon::schedule {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "passes/Schedule/Passes.h.inc"
} // namespace reckon::schedule

using namespace mlir;
using namespace reckon;

/// What the fuse phase guarantees and the outliner relies on.
static LogicalResult checkFused(func::FuncOp func) {
  for (Value argument : func.getArguments())
    if (!isa<RankedTensorType>(argument.getType()))
      return emitError(argument.getLoc()) << "expected inputs that are ranked tensors, found " << argument.getType();
  for (Operation &op : func.getBody().front()) {
    if (!isa<rec::ConstantOp, rec::FusionOp, rec::JoinOp, func::ReturnOp>(op))
      return op.emitError("expected a fused function, found '") << op.getName() << "' outside fusion regions";
    if (isa<func::ReturnOp>(op))
      for (auto [i, value] : llvm::enumerate(op.getOperands()))
        if (!isa_and_present<rec::FusionOp, rec::JoinOp>(value.getDefiningOp()) ||
            llvm::is_contained(op.getOperands().take_front(i), value) ||
            llvm::any_of(value.getUsers(), llvm::IsaPred<rec::JoinOp>))
          return op.emitError("expected results that have memory of their own, result ") << i << " has none";
  }
  return success();
}

namespace {
struct OutlineKernels : schedule::impl::OutlineKernelsBase<OutlineKernels> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<func::FuncOp> funcs(getOperation().getOps<func::FuncOp>());
    if (funcs.size() != 1 || funcs[0].isExternal() || !llvm::hasSingleElement(funcs[0].getBody())) {
      getOperation().emitError("expected one function with one block, found ") << funcs.size() << " functions";
      return signalPassFailure();
    }
    if (rowAlignment < 0) {
      getOperation().emitError("expected a row alignment of 0 or more, not ") << rowAlignment.getValue();
      return signalPassFailure();
    }
    schedule::Outliner outliner(funcs[0], rowAlignment);
    if (failed(checkFused(funcs[0])) || failed(outliner.run()))
      return signalPassFailure();
    numKernels += outliner.numKernels;
    numDispatches += outliner.numDispatches;
    numViews += outliner.numViews;
    numPadded += outliner.numPadded;
    funcs[0].erase();
  }
};
} // namespace
