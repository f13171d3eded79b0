//===- PackWeights.cpp - How the weights of GEMM kernels are stored ------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Schedule/Passes.h"
#include "passes/Schedule/StoredWeights.h"

#include "dialects/Plan/Plan.h"

#include "mlir/IR/BuiltinOps.h"

namespace reckon::schedule {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "passes/Schedule/Passes.h.inc"
} // namespace reckon::schedule

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;

namespace {
struct PackWeights : schedule::impl::PackWeightsBase<PackWeights> {
  using Base::Base;

  void runOnOperation() override {
    if (panelWidth < 1) {
      getOperation().emitError("expected a panel width of 1 or more, not ") << panelWidth.getValue();
      return signalPassFailure();
    }
    for (KernelOp kernel : getOperation().getOps<KernelOp>())
      if (kernel.getKind() == rec::RegionKind::gemm)
        choosePackings(kernel);
    schedule::storeWeightsAsRead(getOperation(), [&](PackingAttr packing) {
      numPanels += packing.getKind() == PackingKind::panels;
      numColumns += packing.getKind() == PackingKind::columns;
    });
  }

private:
  void choosePackings(KernelOp kernel);
};
} // namespace

void PackWeights::choosePackings(KernelOp kernel) {
  SmallVector<OperandAttr> layouts = kernel.getLayoutList();
  for (auto linear : kernel.getBody().getOps<rec::LinearOp>()) {
    auto weight = dyn_cast<BlockArgument>(linear.getWeight());
    if (!weight)
      continue;
    OperandAttr &layout = layouts[weight.getArgNumber()];
    bool isNarrow = cast<RankedTensorType>(weight.getType()).getDimSize(1) < minColumns;
    layout = layout.withPacking(isNarrow ? PackingAttr::get(&getContext(), PackingKind::columns)
                                         : PackingAttr::get(&getContext(), PackingKind::panels, panelWidth));
  }
  kernel.setLayoutList(layouts);
}
