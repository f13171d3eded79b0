//===- ChainLayout.h - What a chain of layers looks like, and when it pays --- -*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------------===//
//
// For few rows a linear layer takes hardly longer than the launch of its kernel. One cluster of thread blocks can take
// eight rows through several layers: their weights stream through the blocks' shared memory, and activations go from
// block to block without touching global memory: a chain. The schedule asks here whether that pays
// (plan-cover-linear-chains); lib/Codegen/NVPTX/LinearChain.cpp emits the kernel.
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_LIB_TILING_CHAINLAYOUT_H
#define RECKON_LIB_TILING_CHAINLAYOUT_H

#include "lib/Target/GpuTarget.h"
#include "lib/Tiling/LinearLayer.h"

namespace reckon::tiling {

/// Blocks of the cluster of a chain.
inline constexpr unsigned clusterBlocks = 16;

/// Warps of a block that multiply, rows of the matrix that a cluster takes at a time, and bytes of a unit.
inline constexpr unsigned chainWarps = 16, chainRows = 8, chainUnitBytes = 1024;

/// Where one layer's work goes. A tile is 16 columns by the whole inner dimension, a unit a tile by 32 of it.
struct ChainLayerLayout {
  unsigned innerBlocks = 0; ///< units of a tile
  unsigned tiles = 0;       ///< of the layer
  unsigned tilesPerBlock = 0;
  unsigned activeBlocks = 0;                ///< blocks of the cluster that have tiles
  unsigned vectorTiles = 0;                 ///< 1, 2 or 4 neighbouring tiles whose columns one vector holds
  unsigned tileGroups = 0, innerGroups = 0; ///< how the warps of a block share its units
  unsigned rowBytes = 0;                    ///< of its input in shared memory
  unsigned firstUnit = 0;                   ///< of a warp, counted over all layers

  unsigned tilesPerWarp() const { return tilesPerBlock / tileGroups; }
  unsigned innerPerWarp() const { return (innerBlocks + innerGroups - 1) / innerGroups; }
  unsigned unitsPerWarp() const { return tilesPerWarp() * innerPerWarp(); }
  /// Of the warps' sums: between rows, and between warps that share the inner dimension.
  unsigned sumRowBytes() const { return 64 * tilesPerBlock + 16; }
  unsigned sumBytes() const;
};

/// The shared memory of a block: barriers, sums and activations of two layers, the ring of weights.
struct ChainLayout {
  llvm::SmallVector<ChainLayerLayout> layers;
  unsigned units = 0; ///< of a warp, in all layers
  unsigned slots = 0; ///< of the ring: one unit of each warp
  unsigned stageBarriersAt = 128, sumsAt[2] = {0, 0}, activationsAt[2] = {0, 0}, ringAt = 0,
           sharedBytes = 0; ///< of layers in turn
};

/// Whether kernels of a GPU may have clusters as large as a chain's.
bool canChain(const GpuTarget &gpu);

/// nullopt when the layers need larger clusters, more shared memory, or more code, than one kernel may have.
std::optional<ChainLayout> layOutChain(llvm::ArrayRef<LinearLayer> layers, const GpuTarget &gpu);

/// Whether `layer` may be part of a chain by its types.
bool canChain(const LinearLayer &layer);

/// Up to how many rows of the matrix the layers are faster as one kernel than by the kernels that chooseLinear() picks;
/// 0 when they are not, or cannot be one kernel. *gain is the microseconds saved at one row.
int64_t getMaxChainRows(llvm::ArrayRef<LinearLayer> layers, const GpuTarget &gpu, double *gain = nullptr);

} // namespace reckon::tiling

#endif // RECKON_LIB_TILING_CHAINLAYOUT_H
