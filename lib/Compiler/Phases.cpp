//===- Phases.cpp - The one table of phases -----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "lib/Compiler/Phases.h"
#include "lib/Compiler/Backends.h"
#include "passes/Codegen/Passes.h"
#include "passes/Common/Passes.h"
#include "passes/Fuse/Passes.h"
#include "passes/Import/Passes.h"
#include "passes/Normalize/Passes.h"
#include "passes/Optimize/Passes.h"
#include "passes/Precision/Passes.h"
#include "passes/Schedule/Passes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace reckon;

static void buildPrecision(mlir::OpPassManager &pm, const PhaseOptions &options) {
  buildPrecisionPipeline(pm, options.precision);
}

/// The phase of the backend that the options name.
template <auto build> static void buildFor(mlir::OpPassManager &pm, const PhaseOptions &options) {
  (getBackend(options.target).*build)(pm, options);
}

/// A verifier without options, of functions or of the module.
template <auto create> static void verifyFunctions(mlir::OpPassManager &pm, const PhaseOptions &) {
  pm.addNestedPass<mlir::func::FuncOp>(create());
}
template <auto create> static void verifyModule(mlir::OpPassManager &pm, const PhaseOptions &) { pm.addPass(create()); }

static void verifyKernels(mlir::OpPassManager &pm, const PhaseOptions &options) {
  codegen::VerifyKernelsOptions verifier;
  if (options.target == DeviceKind::Cuda)
    verifier.arch = options.arch;
  pm.addPass(codegen::createVerifyKernels(verifier));
}

static const Phase table[] = {
    {"import", "onnx", "rec", "every value typed; dynamic dimensions carry their ONNX names", "rec-verify-imported",
     false, [](mlir::OpPassManager &pm, const PhaseOptions &) { buildImportPipeline(pm); },
     verifyModule<importer::createVerifyImported>},
    {"normalize", "rec", "rec", "exporter idioms raised to one op; shapes inferred; constants folded; no rec.onnx left",
     "rec-verify-normalized", false,
     [](mlir::OpPassManager &pm, const PhaseOptions &options) {
       buildNormalizePipeline(pm, {options.tableFormats, options.wrapNegativeIds, options.appendTopK.getValue()});
     },
     verifyFunctions<createVerifyNormalized>},
    {"optimize", "rec", "rec", "algebraic and recommender-specific rewrites done; nothing dead", "rec-verify-optimized",
     false, [](mlir::OpPassManager &pm, const PhaseOptions &) { buildOptimizePipeline(pm); },
     verifyFunctions<createVerifyOptimized>},
    {"precision", "rec", "rec", "every GEMM-like op and every table states its storage, compute and accumulate type",
     "rec-verify-precision", false, buildPrecision, verifyFunctions<createVerifyPrecision>},
    {"fuse", "rec", "fusion regions",
     "every op lives in exactly one region; no concat survives that a region can write through", "rec-verify-fused",
     true, buildFor<&Backend::buildFuse>, verifyFunctions<fuse::createVerifyFused>},
    {"schedule", "fusion regions", "plan", "no tensors; every buffer has a slot and a size in the named dimensions",
     "plan-verify-scheduled", true, buildFor<&Backend::buildSchedule>, verifyModule<schedule::createVerifyScheduled>},
    {"codegen", "plan", "kernels", "every dispatch resolves to a kernel, every launch keeps its target's limits",
     "plan-verify-kernels", true, buildFor<&Backend::buildCodegen>, verifyKernels},
    {"emit", "kernels", "engine", "reproducible: same input and options give the same bytes", "", false, nullptr,
     nullptr},
};

void Phase::build(mlir::OpPassManager &pm, const PhaseOptions &options) const {
  rewrite(pm, options);
  verify(pm, options);
  pm.addPass(createVerifyAttributeNames());
}

llvm::ArrayRef<Phase> reckon::getPhases() { return table; }

const Phase *reckon::findPhase(llvm::StringRef name) {
  const Phase *found = llvm::find_if(table, [&](const Phase &phase) { return name == phase.name; });
  return found == std::end(table) ? nullptr : found;
}

std::string reckon::listPhases() {
  return llvm::join(llvm::map_range(table, [](const Phase &phase) { return std::string(phase.name); }), ", ");
}
