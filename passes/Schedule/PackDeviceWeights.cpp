//===- PackDeviceWeights.cpp - How the weights of GPU kernels are stored --------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/LaunchChoice.h"
#include "lib/Codegen/NVPTX/LinearChoice.h"
#include "lib/Codegen/NVPTX/OperandFacts.h"
#include "passes/Schedule/Passes.h"
#include "passes/Schedule/StoredWeights.h"

#include "dialects/Plan/Plan.h"

#include "mlir/IR/Builders.h"

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
    schedule::storeWeightsAsRead(getOperation(), [&](StringRef packing) {
      if (!packing.empty())
        ++numPacked;
    });
  }

private:
  const GpuTarget *gpu = nullptr;
  void addPackings(KernelOp kernel, ArrayRef<DispatchOp> dispatches);
};
} // namespace

void PackDeviceWeights::addPackings(KernelOp kernel, ArrayRef<DispatchOp> dispatches) {
  SmallVector<StringRef> wanted = nvptx::getLinearPackings(kernel, *gpu);
  if (wanted.empty())
    return;
  // A library reads the weight as the model has it.
  std::optional<std::vector<nvptx::LaunchChoice>> choices = nvptx::getScheduledLaunches(kernel);
  if (choices && !llvm::is_contained(wanted, StringRef()) &&
      llvm::any_of(*choices, [](const nvptx::LaunchChoice &choice) { return choice.isLibrary(); }))
    wanted.push_back(StringRef());
  Builder b(&getContext());
  unsigned weight = nvptx::matchLinear(kernel)->weight, numInputs = kernel.getNumInputs();
  SmallVector<Attribute> packings(kernel.getPackings().getValue()), strides(kernel.getStrides().getValue());
  SmallVector<bool> rowInputs(kernel.getRowInputs());
  SmallVector<int64_t> tableRows(kernel.getTableRows());
  packings[weight] = b.getStringAttr(wanted[0]);
  // Each further packing is an input of its own.
  for (auto [i, packing] : llvm::enumerate(llvm::drop_begin(wanted))) {
    Block &body = kernel.getBody().front();
    body.addArgument(body.getArgument(weight).getType(), kernel.getLoc());
    packings.push_back(b.getStringAttr(packing));
    strides.insert(strides.begin() + numInputs + i, strides[weight]);
    rowInputs.push_back(false);
    tableRows.push_back(-1);
    for (DispatchOp dispatch : dispatches)
      dispatch->insertOperands(numInputs + i, dispatch.getOperands()[weight]);
    ++numAlternatives;
  }
  for (nvptx::OperandFact fact : nvptx::operandFacts) {
    SmallVector<bool> values;
    for (unsigned operand = 0; operand < kernel.getNumInputs() + kernel.getNumOutputs(); ++operand)
      values.push_back(nvptx::holds(fact, kernel, operand));
    values.insert(values.begin() + numInputs, wanted.size() - 1, values[weight]);
    nvptx::setFact(fact, kernel, values);
  }
  kernel.setPackingsAttr(b.getArrayAttr(packings));
  kernel.setStridesAttr(b.getArrayAttr(strides));
  kernel.setRowInputs(rowInputs);
  kernel.setTableRows(tableRows);
}
