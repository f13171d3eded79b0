//===- Interaction.h - Kernels of feature interaction ------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_INTERACTION_H
#define RECKON_LIB_CODEGEN_NVPTX_INTERACTION_H

#include "lib/Codegen/NVPTX/Emitters.h"

namespace reckon::nvptx {

/// Lookups, pooling and the dot products of all pairs of features in one kernel.
EmitResult emitInteraction(plan::KernelOp kernel, DeviceModule &module);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_INTERACTION_H
