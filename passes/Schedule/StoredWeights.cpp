//===- StoredWeights.cpp - Weights stored as their readers say ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "passes/Schedule/StoredWeights.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;

static void storeAsRead(WeightOp weight, llvm::function_ref<void(PackingAttr)> stored) {
  llvm::MapVector<PackingAttr, SmallVector<OpOperand *>> reads;
  for (OpOperand &use : weight.getBuffer().getUses()) {
    auto dispatch = dyn_cast<DispatchOp>(use.getOwner());
    KernelOp kernel = dispatch ? dispatch.lookupKernel() : KernelOp();
    auto packing = PackingAttr::get(weight.getContext(), PackingKind::row_major);
    if (kernel)
      packing = kernel.getLayout(use.getOperandNumber()).getPacking();
    reads[packing].push_back(&use);
  }
  // Uses are listed from the last to the first.
  for (auto [i, read] : llvm::enumerate(llvm::reverse(reads))) {
    auto &[packing, uses] = read;
    WeightOp copy = weight;
    if (i > 0) {
      OpBuilder builder(weight);
      builder.setInsertionPointAfter(weight);
      copy = cast<WeightOp>(builder.clone(*weight));
      for (OpOperand *use : uses)
        use->set(copy.getBuffer());
    }
    copy.setPackingAttr(packing);
    stored(packing);
  }
}

void schedule::storeWeightsAsRead(ModuleOp module, llvm::function_ref<void(PackingAttr)> stored) {
  for (ProgramOp program : module.getOps<ProgramOp>())
    for (WeightOp weight : llvm::make_early_inc_range(program.getOps<WeightOp>()))
      storeAsRead(weight, stored);
}
