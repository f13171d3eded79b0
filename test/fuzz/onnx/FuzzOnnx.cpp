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
#include "lib/Compiler/Phases.h"
#include "lib/Import/ONNX/Import.h"
#include "test/fuzz/onnx/MutateModel.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/xxhash.h"

#include <cstdio>
#include <cstdlib>

using namespace reckon;

static void choose(llvm::ArrayRef<uint8_t> model, PhaseOptions &options) {
  uint64_t hash = llvm::xxh3_64bits(model);
  // Half of the models as they are: lower floats leave less for the passes that look for idioms.
  options.precision = hash % 2 ? FloatPrecision::fp32 : static_cast<FloatPrecision>(hash / 2 % 4);
  options.target = hash / 8 % 2 ? DeviceKind::Host : DeviceKind::Cuda;
}

/// The phases before machine code.
static llvm::ArrayRef<Phase> getStages() {
  return getPhases().take_until([](const Phase &phase) { return llvm::StringRef(phase.name) == "codegen"; });
}

/// How far models got, printed at the end: a fuzzer whose mutants all die in the parser tests nothing else.
static std::vector<unsigned long> reached;

static void printReached() {
  std::fprintf(stderr, "models read: %lu", reached[0]);
  for (auto [i, stage] : llvm::enumerate(getStages()))
    std::fprintf(stderr, "; through %s: %lu", stage.name, reached[i + 1]);
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

// NOLINTNEXTLINE(readability-function-size): the library's signature
extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t firstSize, const uint8_t *second,
                                            size_t secondSize, uint8_t *out, size_t maxSize, unsigned seed) {
  return fuzz::joinModels({first, firstSize}, {second, secondSize}, out, maxSize, seed);
}

extern "C" int LLVMFuzzerInitialize(int *, char ***) {
  reached.resize(getStages().size() + 1);
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
  PhaseOptions options;
  choose({data, size}, options);
  for (auto [i, stage] : llvm::enumerate(getStages())) {
    mlir::PassManager pm(&context, mlir::ModuleOp::getOperationName());
    stage.build(pm, options);
    if (mlir::failed(pm.run(*module))) {
      requireError(errors, stage.name);
      return 0;
    }
    ++reached[i + 1];
  }
  return 0;
}
