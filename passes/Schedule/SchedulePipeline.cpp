//===- SchedulePipeline.cpp - The schedule phase -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Schedule/Passes.h"

#include "dialects/Plan/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::schedule;

/// What wide loads and bulk copies want rows of a matrix to begin at.
static constexpr int64_t cudaRowAlignment = 16;

/// Regions to kernels, their dispatches and buffers.
static void addOutlining(OpPassManager &pm, int64_t rowAlignment) {
  pm.addNestedPass<func::FuncOp>(createDeriveSizeRequirements());
  OutlineKernelsOptions outlining;
  outlining.rowAlignment = rowAlignment;
  pm.addPass(createOutlineKernels(outlining));
}

/// Dispatches to chains, buffers to slots. `isLocal`: a thread takes rows through several dispatches in memory of its
/// own.
static void addPlacement(OpPassManager &pm, bool isLocal, bool shareSlots) {
  // The number of column blocks follows from the packing.
  pm.addPass(createEstimateCosts());
  OpPassManager &programs = pm.nest<plan::ProgramOp>();
  FormChainsOptions chains;
  chains.single = !isLocal;
  programs.addPass(createFormChains(chains));
  AssignBuffersOptions buffers;
  buffers.allowLocal = isLocal;
  buffers.shareSlots = shareSlots;
  programs.addPass(createAssignBuffers(buffers));
}

void reckon::buildHostSchedulePipeline(OpPassManager &pm, const HostScheduleOptions &options) {
  addOutlining(pm, /*rowAlignment=*/0);
  PackWeightsOptions packing;
  packing.panelWidth = options.panelWidth;
  pm.addPass(createPackWeights(packing));
  addPlacement(pm, /*isLocal=*/true, options.shareSlots);
}

void reckon::buildCudaSchedulePipeline(OpPassManager &pm, const CudaScheduleOptions &options) {
  addOutlining(pm, cudaRowAlignment);
  ChooseLaunchesOptions choosing;
  choosing.arch = options.arch;
  choosing.allCandidates = options.allCandidates;
  choosing.timingCache = options.timingCache;
  pm.addPass(createChooseLaunches(choosing));
  PackDeviceWeightsOptions packing;
  packing.arch = options.arch;
  pm.addPass(createPackDeviceWeights(packing));
  // The tuner times layers one by one.
  if (!options.allCandidates) {
    CoverLinearChainsOptions chaining;
    CoverLinearStacksOptions stacking;
    chaining.arch = stacking.arch = options.arch;
    pm.addPass(createCoverLinearChains(chaining));
    pm.addPass(createCoverLinearStacks(stacking));
  }
  addPlacement(pm, /*isLocal=*/false, options.shareSlots);
}
