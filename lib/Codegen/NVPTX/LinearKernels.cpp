//===- LinearKernels.cpp - Emits the kernels that a linear layer was given ---===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/LinearKernels.h"
#include "lib/Tiling/LinearChoice.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

EmitResult nvptx::emitLinear(plan::KernelOp kernel, DeviceModule &module) {
  std::optional<LinearLayer> layer = matchLinear(kernel);
  if (!layer)
    return std::nullopt;
  std::vector<LinearChoice> choices = getScheduledLinear(*layer, module.getTarget());
  if (choices.empty())
    return std::nullopt;
  for (const LinearChoice &choice : choices)
    if (!kernel.findPacked(layer->weight, choice.packing()))
      return std::nullopt;

  KernelPlan plan;
  llvm::StringMap<LaunchPlan> emitted; // one kernel may be the best in two ranges
  for (const LinearChoice &choice : choices) {
    unsigned weight = *kernel.findPacked(layer->weight, choice.packing());
    struct {
      const LinearLayer &layer;
      DeviceModule &module;
      unsigned weight;
      LaunchPlan operator()(const SplitKTile &tile) { return emitLinearSplitK(layer, module, weight, tile); }
      LaunchPlan operator()(const DirectTile &tile) { return emitLinearDirect(layer, module, weight, tile); }
      LaunchPlan operator()(const WgmmaTile &tile) { return emitLinearWgmma(layer, module, weight, tile); }
      LaunchPlan operator()(const DotTile &tile) { return emitLinearDot(layer, module, weight, tile); }
      LaunchPlan operator()(const SimtTile &tile) { return emitLinearSimt(layer, module, weight, tile); }
    } emit{*layer, module, weight};
    auto [known, isNew] = emitted.try_emplace(choice.name());
    if (isNew)
      known->second = std::visit(emit, choice.tile);
    LaunchPlan launch = known->second;
    launch.minRows = choice.minRows;
    launch.maxRows = choice.maxRows;
    launch.needsTiming = choice.needsTiming;
    plan.launches.push_back(std::move(launch));
  }
  return FailureOr<KernelPlan>(std::move(plan));
}
