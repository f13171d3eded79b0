//===- LinearStack.h - Linear layers whose rows stay in registers ------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// For many rows the layers of a small network spend their time on storing activations and reading them again. A stack
// is a run of layers of which one kernel takes each row through all: the first has a short inner dimension, its columns
// are made as the second layer wants them, and all others have no more columns than a thread has registers for.
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_LINEARSTACK_H
#define RECKON_LIB_CODEGEN_NVPTX_LINEARSTACK_H

#include "lib/Codegen/NVPTX/Emitters.h"
#include "lib/Codegen/NVPTX/Linear.h"
#include "lib/Target/GpuTarget.h"

namespace reckon::nvptx {

/// The least number of rows of the matrix that a stack is for: more than any chain is (LinearChain.h).
inline constexpr int64_t minStackRows = 64;

/// Whether the layers, each of which reads the one before, can be one kernel of a GPU.
bool canStack(llvm::ArrayRef<LinearLayer> layers, const GpuTarget &gpu);

/// How the kernel reads the weight of layer `index` of `count`.
plan::PackingKind getStackPacking(size_t index, size_t count);

/// From how many rows of the matrix on the layers are faster as one kernel than by the kernels that chooseLinear()
/// picks; nullopt when they are not, or cannot be one kernel.
std::optional<int64_t> getMinStackRows(llvm::ArrayRef<LinearLayer> layers, const GpuTarget &gpu);

/// The emitter of kernels with `stack_rows`, the smallest number of rows of the chain that it is for.
EmitResult emitLinearStack(plan::KernelOp kernel, DeviceModule &module);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_LINEARSTACK_H
