//===- Emitters.h - Who makes the code of a kernel ---------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// A kernel emitter knows one kind of kernel well. It either says that a kernel is not its own (nullopt, and it has
// added nothing to the module), or emits it, or fails after a diagnostic. They are tried in order; the generic one
// takes what is left.
//
//===----------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_EMITTERS_H
#define RECKON_LIB_CODEGEN_NVPTX_EMITTERS_H

#include "lib/Codegen/NVPTX/DeviceModule.h"

#include "llvm/ADT/ArrayRef.h"

namespace reckon::nvptx {

using EmitResult = std::optional<mlir::FailureOr<KernelPlan>>;

struct KernelEmitter {
  llvm::StringLiteral name;
  EmitResult (*emit)(plan::KernelOp kernel, DeviceModule &module);
};

/// All emitters, in the order they are tried.
llvm::ArrayRef<KernelEmitter> getEmitters();

/// Emits a kernel with the first emitter that takes it, and tells its name in *by.
mlir::FailureOr<KernelPlan> emitKernel(plan::KernelOp kernel, DeviceModule &module, llvm::StringRef *by = nullptr);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_EMITTERS_H
