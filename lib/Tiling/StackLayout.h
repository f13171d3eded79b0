//===- StackLayout.h - What a stack of layers looks like, and when it pays --- -*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------------===//
//
// For many rows the layers of a small network spend their time on storing activations and reading them again. A stack
// is a run of layers of which one kernel takes each row through all: the first has a short inner dimension, its columns
// are made as the second layer wants them, and all others have no more columns than a thread has registers for.
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_LIB_TILING_STACKLAYOUT_H
#define RECKON_LIB_TILING_STACKLAYOUT_H

#include "lib/Target/GpuTarget.h"
#include "lib/Tiling/LinearLayer.h"

namespace reckon::tiling {

/// The least number of rows of the matrix that a stack is for: more than any chain is (ChainLayout.h).
inline constexpr int64_t minStackRows = 64;

/// Warpgroups of a block that multiply, and the rows of the matrix that they take at a time.
inline constexpr unsigned stackWarpgroups = 2, stackTileRows = 64 * stackWarpgroups;

/// What goes where in shared memory: stages, fragments of the first layer's weight, barriers.
struct StackLayout {
  unsigned stages = 0, stageBytes = 0;
  unsigned thinSteps = 0;            ///< of 16, in the first layer's inner dimension
  unsigned thinBlocks = 0;           ///< of 16 of its columns
  llvm::SmallVector<unsigned> boxes; ///< rows of a stage, by layer; 0 for the first
  unsigned fragmentsAt() const { return stages * stageBytes; }
  unsigned barriersAt() const { return fragmentsAt() + thinBlocks * thinSteps * 512; }
  unsigned sharedBytes() const { return barriersAt() + stages * 16; }
};

StackLayout layOutStack(llvm::ArrayRef<LinearLayer> layers, const GpuTarget &gpu);

/// Whether the layers, each of which reads the one before, can be one kernel of a GPU.
bool canStack(llvm::ArrayRef<LinearLayer> layers, const GpuTarget &gpu);

/// How the kernel reads the weight of layer `index` of `count`.
plan::PackingKind getStackPacking(size_t index, size_t count);

/// From how many rows of the matrix on the layers are faster as one kernel than by the kernels that chooseLinear()
/// picks; nullopt when they are not, or cannot be one kernel.
std::optional<int64_t> getMinStackRows(llvm::ArrayRef<LinearLayer> layers, const GpuTarget &gpu);

} // namespace reckon::tiling

#endif // RECKON_LIB_TILING_STACKLAYOUT_H
