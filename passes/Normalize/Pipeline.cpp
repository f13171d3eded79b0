//===- Pipeline.cpp - The passes of the normalize phase, in order --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "dialects/Rec/Rec.h"
#include "passes/Import/Passes.h"
#include "passes/Normalize/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void reckon::buildNormalizePipeline(OpPassManager &pm, const NormalizeOptions &options) {
  OpPassManager &func = pm.nest<func::FuncOp>();
  func.addPass(createCanonicalizerPass());
  func.addPass(createCSEPass());
  func.addPass(createRaiseAtenEmbeddingBag());
  func.addPass(createRaiseLoopEmbeddingBag());
  func.addPass(createRaiseSequenceEmbeddingBag());
  // What depended on the bags can be typed now, and what depended on computed constants.
  func.addPass(createFoldConstants());
  func.addPass(importer::createConvertOnnx({/*unrollLoops=*/true}));
  func.addPass(createBoundDataSizes());
  func.addPass(createNormalizeEinsum());
  func.addPass(createSimplifyGathers());
  func.addPass(createFoldConstants());
  func.addPass(createCanonicalizerPass());
  func.addPass(createCSEPass());

  // The weights are constants now.
  func.addPass(createNormalizeRecurrence());
  func.addPass(createFoldConstants());

  func.addPass(createSliceConstantGathers());
  func.addPass(createRaiseEmbedding());
  func.addPass(createLinearFromMatmul());
  func.addPass(createStackAsConcat());
  // Each raising pass matches what the canonicaliser leaves of the exporter's form.
  func.addPass(createCanonicalizerPass());
  func.addPass(createRaiseDotInteraction());
  func.addPass(createRaiseFmTerm());
  func.addPass(createRaiseCrossLayer());
  func.addPass(createRaiseLayerNorm());
  func.addPass(createRaiseGelu());
  func.addPass(createRaiseSilu());
  func.addPass(createRaiseSoftmax());
  func.addPass(createRaiseL2Norm());
  func.addPass(createCanonicalizerPass());
  func.addPass(createCSEPass());
  if (options.wrapNegativeIds)
    func.addPass(createWrapNegativeIds());
  if (!options.tableFormats.empty())
    func.addPass(createSetTableFormats({llvm::to_vector(options.tableFormats)}));
  if (!options.appendTopK.empty())
    func.addPass(createAppendTopK({options.appendTopK.str()}));
}
