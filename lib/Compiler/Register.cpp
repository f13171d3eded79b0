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

#include "mlir/IR/DialectRegistry.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Pass/PassRegistry.h"

#ifdef RECKON_HAS_Import
#include "passes/Import/Passes.h"
#endif
#ifdef RECKON_HAS_Normalize
#include "passes/Normalize/Passes.h"
#endif
#ifdef RECKON_HAS_Fuse
#include "passes/Fuse/Passes.h"
#endif
#ifdef RECKON_HAS_Schedule
#include "passes/Schedule/Passes.h"
#endif

#ifdef RECKON_HAS_Codegen
#include "passes/Codegen/Passes.h"
#endif

using namespace reckon;

void reckon::registerDialects(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  registry.insert<rec::RecDialect, plan::PlanDialect>();
}

void reckon::registerPasses() {
  mlir::registerAllPasses();
#ifdef RECKON_HAS_Import
  importer::registerReckonImportPasses();
#endif
#ifdef RECKON_HAS_Normalize
  registerReckonNormalizePasses();
#endif
#ifdef RECKON_HAS_Fuse
  fuse::registerReckonFusePasses();
#endif
#ifdef RECKON_HAS_Schedule
  schedule::registerReckonSchedulePasses();
#endif
#ifdef RECKON_HAS_Codegen
  codegen::registerReckonCodegenPasses();
#endif
  for (const Phase &phase : getPhases())
    mlir::PassPipelineRegistration<PhaseOptions>("reckon-" + std::string(phase.name) + "-pipeline",
                                                 std::string(phase.from) + " -> " + phase.to + ": " + phase.invariant,
                                                 phase.build);
}
