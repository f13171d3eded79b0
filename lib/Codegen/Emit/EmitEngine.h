//===- EmitEngine.h - From a plan to the bytes of an engine ----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_EMIT_EMITENGINE_H
#define RECKON_LIB_CODEGEN_EMIT_EMITENGINE_H

#include "lib/Codegen/NVPTX/PtxCode.h"
#include "reckon/Engine/EngineSpec.h"

#include "mlir/IR/BuiltinOps.h"

namespace reckon {

/// What one device runs: a plan that the schedule phase made for it and the codegen phase has put `scratch_bytes`
/// (host) or `launches` (cuda) on the kernels of.
struct ProgramInput {
  mlir::ModuleOp plan;
  TargetSpec target;
  /// By the kernels' symbols, where machine code was made; cuda only.
  std::map<std::string, nvptx::KernelFigures> figures;
};

/// What an engine holds for programs of one model, `code` being their sections. Weights are packed as the plans say and
/// shared between them; table and code bytes stay where they are, so the modules and `code` must outlive the result.
/// nullopt after a diagnostic.
std::optional<EngineSpec> makeEngineSpec(llvm::ArrayRef<ProgramInput> programs, llvm::ArrayRef<CodeSpec> code);

/// The engine file's bytes; the same spec gives the same bytes. nullopt after a diagnostic, at the plan it was made
/// from.
std::optional<std::vector<uint8_t>> emitEngine(mlir::ModuleOp plan, const EngineSpec &spec);

} // namespace reckon

#endif // RECKON_LIB_CODEGEN_EMIT_EMITENGINE_H
