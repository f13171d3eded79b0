//===- EmitTargets.h - Machine code and engine of a model's programs ------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_COMPILER_EMITTARGETS_H
#define RECKON_LIB_COMPILER_EMITTARGETS_H

#include "lib/Codegen/Emit/EmitEngine.h"
#include "lib/Codegen/Host/Target.h"
#include "lib/Compiler/Targets.h"
#include "reckon/Compiler/Compiler.h"
#include "reckon/Engine/EngineSpec.h"

#include <deque>

namespace reckon {

/// Collects what an engine holds of each program, with its code.
class ProgramEmitter {
public:
  ProgramEmitter(const host::Target &cpu, CompileReport &report) : cpu(cpu), report(report) {}
  /// One for each backend (Backends.h).
  bool addHost(mlir::ModuleOp module);
  bool addCuda(mlir::ModuleOp module, const GpuTarget &gpu);

  std::vector<ProgramInput> programs;
  std::vector<CodeSpec> code;

private:
  bool fail(mlir::ModuleOp module, ErrorKind kind, const llvm::Twine &message = "");
  void addSection(CodeKind kind, std::string name, std::string bytes);

  const host::Target &cpu;
  CompileReport &report;
  std::deque<std::string> storage; // of the sections
};

/// The emit phase: kernels to a shared object, to PTX and cubins; plans and code to an engine. `modules` are what the
/// codegen phase left, one for each of `targets.programs()`.
/// Gives the engine's bytes, or none with CompileOptions::engineFile. A module without `rec.recipe` makes an engine
/// that does not say what it was made of.
std::optional<std::vector<uint8_t>> emitTargets(llvm::ArrayRef<mlir::ModuleOp> modules, const Targets &targets,
                                                const host::Target &cpu, const CompileOptions &options,
                                                CompileReport &report);

} // namespace reckon

#endif // RECKON_LIB_COMPILER_EMITTARGETS_H
