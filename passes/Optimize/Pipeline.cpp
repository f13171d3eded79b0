//===- Pipeline.cpp - The passes of the optimize phase, in order ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "dialects/Rec/Rec.h"
#include "passes/Optimize/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void reckon::buildOptimizePipeline(OpPassManager &pm) {
  OpPassManager &func = pm.nest<func::FuncOp>();
  func.addPass(createSimplifyAlgebra());
  func.addPass(createFoldBatchNorm());
  func.addPass(createSinkReshapes());
  func.addPass(createHoistSlices());
  // Layers that were cut alike share their input only once equal slices are one.
  func.addPass(createCSEPass());
  func.addPass(createMergeLinears());
  // Sums of scalar lookups make the concats that lookups are then merged for.
  func.addPass(createSumScalarLookups());
  func.addPass(createMergeLookups());
  func.addPass(createCanonicalizerPass());
  func.addPass(createCSEPass());
}
