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

void reckon::buildFusePipeline(OpPassManager &pm, StringRef device) {
  OpPassManager &funcs = pm.nest<func::FuncOp>();
  funcs.addPass(createDecomposeForFusion());
  // Kernels for GPUs write and read rows in vectors of 16 bytes; those for CPUs do not mind where a row begins.
  if (device == "cuda")
    funcs.addPass(createOrderConcats());
  FormGemmRegionsOptions gemms;
  // On a GPU every linear layer is a kernel: two in one would share too little of the chip.
  gemms.lowRank = device != "cuda";
  funcs.addPass(createFormGemmRegions(gemms));
  // Which concats are joined depends on who reads them, so it is decided between the GEMM regions, which read joins
  // well, and the row regions, which would swallow the concats.
  funcs.addPass(createSplitConcats());
  funcs.addPass(createFormRowRegions());
  funcs.addPass(createJoinConcats());
  funcs.addPass(createIsolateResults());
  funcs.addPass(createVerifyFused());
}
