//===- PackDeviceWeights.cpp - How the weights of GPU kernels are stored --------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "lib/Tiling/LaunchChoice.h"
#include "lib/Tiling/LinearChoice.h"
#include "passes/Schedule/Passes.h"
#include "passes/Schedule/StoredWeights.h"

#include "dialects/Plan/Plan.h"

namespace reckon::schedule {
#define GEN_PASS_DEF_PACKDEVICEWEIGHTS
#include "passes/Schedule/Passes.h.inc"
} // namespace reckon::schedule

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;

namespace {
struct PackDeviceWeights : schedule::impl::PackDeviceWeightsBase<PackDeviceWeights> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    gpu = GpuTarget::find(arch);
    return gpu ? success() : emitError(UnknownLoc::get(context)) << GpuTarget::unknown(arch);
  }

  void runOnOperation() override {
    llvm::MapVector<KernelOp, SmallVector<DispatchOp>> dispatches;
    getOperation().walk([&](DispatchOp dispatch) {
      if (KernelOp kernel = dispatch.lookupKernel())
        dispatches[kernel].push_back(dispatch);
    });
    for (auto &[kernel, all] : dispatches)
      if (kernel.getKind() == rec::RegionKind::gemm)
        addPackings(kernel, all);
    schedule::storeWeightsAsRead(getOperation(), [&](PackingAttr packing) { numPacked += !packing.isRowMajor(); });
  }

private:
  const GpuTarget *gpu = nullptr;
  void addPackings(KernelOp kernel, ArrayRef<DispatchOp> dispatches);
};
} // namespace

void PackDeviceWeights::addPackings(KernelOp kernel, ArrayRef<DispatchOp> dispatches) {
  SmallVector<PackingKind> wanted = tiling::getLinearPackings(kernel, *gpu);
  if (wanted.empty())
    return;
  // A library reads the weight as the model has it.
  ArrayAttr choices = kernel.getChoicesAttr();
  if (choices && !llvm::is_contained(wanted, PackingKind::row_major) &&
      llvm::any_of(choices.getAsRange<ChoiceAttr>(), tiling::isLibrary))
    wanted.push_back(PackingKind::row_major);
  unsigned weight = tiling::matchLinear(kernel)->weight, numInputs = kernel.getNumInputs();
  SmallVector<OperandAttr> layouts = kernel.getLayoutList();
  layouts[weight] = layouts[weight].withPacking(PackingAttr::get(&getContext(), wanted[0]));
  // Each further packing is an input of its own.
  for (auto [i, packing] : llvm::enumerate(llvm::drop_begin(wanted))) {
    Block &body = kernel.getBody().front();
    body.addArgument(body.getArgument(weight).getType(), kernel.getLoc());
    layouts.insert(layouts.begin() + numInputs + i,
                   layouts[weight].asAlternative(weight, PackingAttr::get(&getContext(), packing)));
    for (DispatchOp dispatch : dispatches)
      dispatch->insertOperands(numInputs + i, dispatch.getOperands()[weight]);
    ++numAlternatives;
  }
  kernel.setLayoutList(layouts);
}
