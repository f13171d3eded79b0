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

/// What measurements chose; docs/cuda.md has the numbers.
struct InteractionTuning {
  unsigned warps = 4;       ///< of a block; each has samples of its own
  unsigned stages = 1;      ///< samples of a warp in shared memory
  unsigned blocksPerSm = 0; ///< resident at a time; 0: as the length of a row asks for
};

/// Lookups, pooling and the dot products of all pairs of features in one kernel.
EmitResult emitInteraction(plan::KernelOp kernel, DeviceModule &module);
EmitResult emitInteractionWith(plan::KernelOp kernel, DeviceModule &module, const InteractionTuning &tuning);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_INTERACTION_H
