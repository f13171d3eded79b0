//===- FuzzOnnx.cpp - Damaged models through the phases -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// A model is read from memory and taken through every phase before machine code. Whatever it holds, the compiler either
// goes on or says what is wrong: a phase that fails without an error is reported like a crash. The device and the
// precision follow from the model's bytes, so that a model found once is found again.
//
//===----------------------------------------------------------------------------===//

#include "dialects/Plan/Plan.h"
#include "dialects/Rec/Rec.h"
#include "lib/Import/ONNX/Import.h"
#include "passes/Fuse/Passes.h"
#include "passes/Import/Passes.h"
#include "passes/Normalize/Passes.h"
#include "passes/Optimize/Passes.h"
#include "passes/Precision/Passes.h"
#include "passes/Schedule/Passes.h"
#include "test/fuzz/onnx/MutateModel.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/xxhash.h"

#include <cstdio>
#include <cstdlib>

using namespace reckon;

namespace {
struct Choice {
  FloatPrecision precision;
  const char *device;
};

struct Stage {
  const char *name;
  void (*build)(mlir::OpPassManager &, const Choice &);
};
} // namespace

static Choice choose(llvm::ArrayRef<uint8_t> model) {
  uint64_t hash = llvm::xxh3_64bits(model);
  // Half of the models as they are: lower floats leave less for the passes that look for idioms.
  auto precision = hash % 2 ? FloatPrecision::fp32 : static_cast<FloatPrecision>(hash / 2 % 4);
  return {precision, hash / 8 % 2 ? "host" : "cuda"};
}

static const Stage stages[] = {
    {"import", [](mlir::OpPassManager &pm, const Choice &) { buildImportPipeline(pm); }},
    {"normalize", [](mlir::OpPassManager &pm, const Choice &) { buildNormalizePipeline(pm); }},
    {"optimize", [](mlir::OpPassManager &pm, const Choice &) { buildOptimizePipeline(pm); }},
    {"precision", [](mlir::OpPassManager &pm, const Choice &choice) { buildPrecisionPipeline(pm, choice.precision); }},
    {"fuse", [](mlir::OpPassManager &pm, const Choice &choice) { buildFusePipeline(pm, choice.device); }},
    {"schedule",
     [](mlir::OpPassManager &pm, const Choice &choice) {
       ScheduleOptions options;
       options.device = choice.device;
       buildSchedulePipeline(pm, options);
     }},
};

/// How far models got, printed at the end: a fuzzer whose mutants all die in the parser tests nothing else.
static unsigned long reached[std::size(stages) + 1];

static void printReached() {
  std::fprintf(stderr, "models read: %lu", reached[0]);
  for (size_t i = 0; i < std::size(stages); ++i)
    std::fprintf(stderr, "; through %s: %lu", stages[i].name, reached[i + 1]);
  std::fputc('\n', stderr);
}

static void requireError(unsigned errors, const char *stage) {
  if (errors != 0)
    return;
  std::fprintf(stderr, "%s failed and gave no error\n", stage);
  std::abort();
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize, unsigned seed) {
  return fuzz::mutateModel(data, size, maxSize, seed);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t firstSize, const uint8_t *second,
                                            size_t secondSize, uint8_t *out, size_t maxSize, unsigned seed) {
  return fuzz::joinModels({first, firstSize}, {second, secondSize}, out, maxSize, seed);
}

extern "C" int LLVMFuzzerInitialize(int *, char ***) {
  std::atexit(printReached);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // A context of its own for each model: what one leaves behind must not decide about the next.
  mlir::DialectRegistry registry;
  registry.insert<rec::RecDialect, plan::PlanDialect>();
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  unsigned errors = 0;
  context.getDiagEngine().registerHandler([&](mlir::Diagnostic &diagnostic) {
    errors += diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
    std::string text = diagnostic.str(); // printing is part of what must not crash
    if (std::getenv("RECKON_FUZZ_VERBOSE"))
      std::fprintf(stderr, "%s\n", text.c_str());
  });
  context.printOpOnDiagnostic(false);
  mlir::OwningOpRef<mlir::ModuleOp> module =
      importer::importOnnxBuffer({reinterpret_cast<const char *>(data), size}, "model", context);
  if (!module) {
    requireError(errors, "reading");
    return 0;
  }
  ++reached[0];
  Choice choice = choose({data, size});
  for (size_t i = 0; i < std::size(stages); ++i) {
    mlir::PassManager pm(&context, mlir::ModuleOp::getOperationName());
    stages[i].build(pm, choice);
    if (mlir::failed(pm.run(*module))) {
      requireError(errors, stages[i].name);
      return 0;
    }
    ++reached[i + 1];
  }
  return 0;
}
