//===- FuzzOnnx.cpp - Mutated models never crash the importer -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "ModelMutator.h"

#include "lib/Import/ONNX/Import.h"
#include "passes/Import/Passes.h"

#include "mlir/IR/Diagnostics.h"

#include <cstring>
#include <memory>

using namespace mlir;

/// MLIR's library is not instrumented: what its allocators and vectors do to memory does not show in the shadow.
extern "C" const char *__asan_default_options() { return "allow_user_poisoning=0:detect_container_overflow=0"; }

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize, unsigned seed) {
  std::mt19937 random(seed);
  onnx::ModelProto model;
  // A few mutants are of bytes: the parser's own paths.
  if (random() % 8 == 0 || !model.ParseFromArray(data, int(size)))
    return LLVMFuzzerMutate(data, size, maxSize);
  reckon::fuzz::mutateModel(model, random);
  std::string bytes = model.SerializeAsString();
  if (bytes.size() > maxSize)
    return LLVMFuzzerMutate(data, size, maxSize);
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // Attributes and types live as long as their context: a new one now and then keeps memory bounded.
  static std::unique_ptr<MLIRContext> context;
  static unsigned runs = 0;
  if (runs++ % 512 == 0) {
    context = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
    context->getDiagEngine().registerHandler([](Diagnostic &) { return success(); });
  }
  llvm::StringRef bytes(reinterpret_cast<const char *>(data), size);
  OwningOpRef<ModuleOp> module = reckon::importer::importOnnxBuffer(bytes, "fuzz.onnx", *context);
  if (!module)
    return 0;
  auto func = *module->getOps<func::FuncOp>().begin();
  if (succeeded(reckon::importer::convertOnnxOps(func)))
    (void)reckon::importer::reportUnsupported(func);
  return 0;
}
