//===- PackWeights.cpp - How the weights of GEMM kernels are stored ------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Schedule/Passes.h"
#include "passes/Schedule/StoredWeights.h"

#include "dialects/Plan/Plan.h"

#include "mlir/IR/Builders.h"
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
    schedule::storeWeightsAsRead(getOperation(), [&](StringRef packing) {
      if (packing.starts_with("panels"))
        ++numPanels;
      else if (packing == "columns")
        ++numColumns;
    });
  }

private:
  void choosePackings(KernelOp kernel);
};
} // namespace

void PackWeights::choosePackings(KernelOp kernel) {
  SmallVector<StringRef> packings(kernel.getPackings().getAsValueRange<StringAttr>());
  std::string panels = "panels:" + std::to_string(panelWidth);
  for (auto linear : kernel.getBody().getOps<rec::LinearOp>()) {
    auto weight = dyn_cast<BlockArgument>(linear.getWeight());
    if (!weight)
      continue;
    int64_t columns = cast<RankedTensorType>(weight.getType()).getDimSize(1);
    packings[weight.getArgNumber()] = columns < minColumns ? StringRef("columns") : StringRef(panels);
  }
  kernel.setPackingsAttr(Builder(&getContext()).getStrArrayAttr(packings));
}
