//===- FusePipeline.cpp - The fuse phase ---------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Fuse/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::fuse;

void reckon::buildFusePipeline(OpPassManager &pm, const FuseOptions &options) {
  OpPassManager &funcs = pm.nest<func::FuncOp>();
  funcs.addPass(createDecomposeForFusion());
  funcs.addPass(createMergeLeadingDims());
  if (options.gatherScatters)
    funcs.addPass(createGathersFromScatters());
  if (options.linearConvs)
    funcs.addPass(createLinearFromConv());
  if (options.alignConcats)
    funcs.addPass(createOrderConcats());
  FormGemmRegionsOptions gemms;
  gemms.lowRank = options.lowRank;
  funcs.addPass(createFormGemmRegions(gemms));
  if (options.tiledAttention)
    funcs.addPass(createFormAttentionRegions());
  // Which concats are joined depends on who reads them, so it is decided between the GEMM regions, which read joins
  // well, and the row regions, which would swallow the concats.
  funcs.addPass(createSplitConcats());
  funcs.addPass(createFormRowRegions());
  funcs.addPass(createJoinConcats());
  funcs.addPass(createIsolateResults());
}
