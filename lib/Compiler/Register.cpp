//===- Register.cpp - Everything reckon-opt knows by name ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "lib/Compiler/Register.h"
#include "dialects/Plan/Plan.h"
#include "dialects/Rec/Rec.h"
#include "lib/Compiler/Phases.h"
#include "passes/Codegen/Passes.h"
#include "passes/Common/Passes.h"
#include "passes/Fuse/Passes.h"
#include "passes/Import/Passes.h"
#include "passes/Normalize/Passes.h"
#include "passes/Optimize/Passes.h"
#include "passes/Precision/Passes.h"
#include "passes/Schedule/Passes.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Pass/PassRegistry.h"

using namespace reckon;

void reckon::registerDialects(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  registry.insert<rec::RecDialect, plan::PlanDialect>();
}

void reckon::registerPasses() {
  mlir::registerAllPasses();
  importer::registerReckonImportPasses();
  registerReckonNormalizePasses();
  registerReckonOptimizePasses();
  registerReckonPrecisionPasses();
  fuse::registerReckonFusePasses();
  schedule::registerReckonSchedulePasses();
  codegen::registerReckonCodegenPasses();
  registerReckonCommonPasses();
  for (const Phase &phase : getPhases())
    if (phase.rewrite)
      mlir::PassPipelineRegistration<PhaseOptions>(
          "reckon-" + std::string(phase.name) + "-pipeline",
          std::string(phase.from) + " -> " + phase.to + ": " + phase.invariant,
          [&phase](mlir::OpPassManager &pm, const PhaseOptions &options) { phase.build(pm, options); });
}
