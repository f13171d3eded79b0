//===- SchedulePipeline.cpp - The schedule phase -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Schedule/Passes.h"

#include "dialects/Plan/Plan.h"

#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::schedule;

void reckon::buildSchedulePipeline(OpPassManager &pm, const ScheduleOptions &options) {
  pm.addPass(createOutlineKernels());
  PackWeightsOptions packing;
  packing.panelWidth = options.panelWidth;
  pm.addPass(createPackWeights(packing));
  // The number of column blocks follows from the packing.
  pm.addPass(createEstimateCosts());
  OpPassManager &programs = pm.nest<plan::ProgramOp>();
  programs.addPass(createFormChains());
  programs.addPass(createAssignBuffers());
  pm.addPass(createVerifyScheduled());
}
