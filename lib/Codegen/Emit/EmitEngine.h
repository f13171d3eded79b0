//===- EmitEngine.h - From a plan to the bytes of an engine ----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_EMIT_EMITENGINE_H
#define RECKON_LIB_CODEGEN_EMIT_EMITENGINE_H

#include "reckon/Engine/EngineSpec.h"

#include "mlir/IR/BuiltinOps.h"

namespace reckon {

/// What an engine holds for a plan that the schedule phase made and the codegen phase has put `scratch_bytes` on the
/// kernels of. `hostCode` is the ELF shared object with all kernels. Weights are packed as the plan says; table and
/// code bytes stay where they are, so the module and `hostCode` must outlive the result. nullopt after a diagnostic.
std::optional<EngineSpec> makeEngineSpec(mlir::ModuleOp plan, llvm::ArrayRef<char> hostCode, const TargetSpec &target);

/// The engine file's bytes; the same plan, code and target give the same bytes. nullopt after a diagnostic.
std::optional<std::vector<uint8_t>> emitEngine(mlir::ModuleOp plan, llvm::ArrayRef<char> hostCode,
                                               const TargetSpec &target);

} // namespace reckon

#endif // RECKON_LIB_CODEGEN_EMIT_EMITENGINE_H
