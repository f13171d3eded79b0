//===- Pipeline.cpp - The passes of the normalize phase, in order --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "dialects/Rec/Rec.h"
#include "passes/Normalize/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void reckon::buildNormalizePipeline(OpPassManager &pm) {
  OpPassManager &func = pm.nest<func::FuncOp>();
  func.addPass(createCanonicalizerPass());
  func.addPass(createCSEPass());
  func.addPass(createRaiseAtenEmbeddingBag());
  func.addPass(createRaiseLoopEmbeddingBag());
  func.addPass(createRaiseSequenceEmbeddingBag());
}
