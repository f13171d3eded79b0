//===- HostCode.h - Host kernels as one shared object --------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_HOST_HOSTCODE_H
#define RECKON_LIB_CODEGEN_HOST_HOSTCODE_H

#include "lib/Codegen/Host/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <optional>
#include <string>

namespace reckon::host {

/// Emits every plan.kernel of `plan` into a new module of functions over scf, arith, vector and llvm. Sets
/// `scratch_bytes` on each kernel. Null after a diagnostic.
mlir::OwningOpRef<mlir::ModuleOp> emitKernels(mlir::ModuleOp plan, const Target &target);

/// Optimised machine code of a module in the LLVM dialect, linked to an ELF shared object that exports the kernels.
/// nullopt after a diagnostic on `module`.
std::optional<std::string> compileToSharedObject(mlir::ModuleOp module, const Target &target);

} // namespace reckon::host

#endif // RECKON_LIB_CODEGEN_HOST_HOSTCODE_H
