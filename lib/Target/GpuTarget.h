//===- GpuTarget.h - The one table of GPU architectures ----------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// Schedule and codegen choose kernels by the properties of a target, never by its name. A new architecture is one row
// of the table in GpuTarget.cpp.
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_TARGET_GPUTARGET_H
#define RECKON_LIB_TARGET_GPUTARGET_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace reckon {

/// Constants of the cost models of linear layers (lib/Tiling), fitted to measurements on one GPU. Times are
/// microseconds. Rates are in a microsecond and, where no other unit is given, of one multiprocessor.
struct GpuCosts {
  const char *gpu;    ///< that was measured
  double cachedBytes; ///< of a result that the L2 cache takes without slowing the kernel down
  double storedBytes; ///< of results, by the whole GPU

  /// mma.sync from global memory, the inner dimension split.
  struct {
    double start, row; ///< of a kernel; for each row of a tile that a block finishes
    double bytes;      ///< operands
    double minBlock;   ///< a block takes at least
  } split;
  /// mma.sync from global memory.
  struct {
    double start, inner; ///< of a kernel; for each element of the inner dimension
    double flops;
    double minBlock; ///< a block takes at least
  } direct;
  struct {
    double start;
    double step;          ///< between two tiles of a block
    double copiedBytes;   ///< bulk copies into shared memory
    double finishedBytes; ///< results that leave the accumulators
    double flops[3];      ///< on two-byte elements: 64 rows; more rows, up to 128 columns; more rows and columns
    /// Two warpgroups in ping-pong: between tiles; the share of finishing that nothing hides; the factor where tiles
    /// hang over the last column, which was seen at 400 columns alone.
    double pingPongStep, pingPongFinish, overhang;
    double clusterStart, clusterWave; ///< of a kernel of clusters; a second wave waits for whole groups besides
  } wgmma;
  /// Dot products.
  struct {
    double start, inner, innerRow; ///< of a kernel; for each element of the inner dimension, and of a row of a warp
    double bytes;                  ///< operands
  } dot;
  /// f32 multiply-adds: a kernel, and each step of the inner dimension of a tile of 64 and of 128.
  struct {
    double start, inner64, inner128;
  } scalar;
  /// Kernels in a graph.
  struct {
    double start, layer; ///< of a kernel; a layer takes at least
    double row,
        rowInner; ///< a layer, for each row of a tile after the first; and for up to 1024 of its inner dimension
    double bytes; ///< of weights that stream into the blocks
    double apart; ///< what separate kernels take in a graph, over the time alone that the others here are fitted to
  } chain;
  struct {
    double start, tile, layer; ///< of a kernel; of a tile; of each layer after the first in a tile
    double thinFlops;          ///< mma.sync on the first layer
    double flops;              ///< wgmma on the others
    double overlap;            ///< that a kernel in a graph begins before the one before has ended
  } stack;
};

/// What a kernel wants of a multiprocessor.
struct GpuLaunch {
  unsigned blockThreads = 0;
  unsigned clusterBlocks = 0; ///< 0: no cluster
  unsigned blocksPerSm = 0;   ///< of a persistent kernel; 0: not a persistent kernel
  uint64_t sharedBytes = 0;   ///< of a block
  unsigned registers = 0;     ///< of a thread; 0: nobody has assembled it
  bool usesTensorMaps = false;
  bool usesPdl = false; ///< waits for the kernels before it by itself
};

struct GpuTarget {
  const char *arch;      ///< "sm_90a": the name for LLVM, ptxas and engines
  unsigned major, minor; ///< the compute capability
  const char
      *ptxFeature; ///< the PTX version for LLVM: the oldest that kernels can do with, so that older drivers load it
  //===--- Limits ---===//
  unsigned multiprocessors;  ///< of the largest GPU of the architecture
  unsigned sharedPerBlock;   ///< bytes of shared memory that a block can have
  unsigned sharedPerSm;      ///< bytes that the blocks of a multiprocessor share
  unsigned warpsPerSm;       ///< that are resident at a time
  unsigned maxBlocksPerSm;   ///< that are resident at a time
  unsigned maxClusterBlocks; ///< blocks of a cluster, larger than portable included; 0: no clusters
  /// Clusters of 16 blocks that are resident at a time; 0 where there are none.
  unsigned largeClusters;
  //===--- Instructions ---===//
  bool hasWgmma;            ///< wgmma and setmaxnreg: of one architecture alone
  bool hasBulkCopies;       ///< tensor maps, and copies that count bytes in barriers
  bool hasGridDependencies; ///< griddepcontrol: kernels that start before those that they wait for have ended
  const GpuCosts *costs;    ///< of the GPU whose measurements choose kernels for this target

  /// Bytes of shared memory that each block takes besides its own.
  static constexpr unsigned sharedReserved = 1024;
  static constexpr unsigned maxBlockThreads = 1024, warpSize = 32;
  /// A warp gets its registers in units.
  static constexpr unsigned registersPerSm = 64 * 1024, maxRegisters = 255, registerUnit = 256;

  unsigned threadsPerSm() const { return warpsPerSm * warpSize; }

  /// How many blocks with so much shared memory of their own a multiprocessor holds.
  unsigned blocksByShared(uint64_t sharedBytes) const {
    // One reservation is left free: what was measured ran with it.
    return static_cast<unsigned>((sharedPerSm - sharedReserved) / (sharedBytes + sharedReserved));
  }

  /// What of the launch the target does not have, as the end of a sentence about the kernel; empty when it fits.
  std::string checkLaunch(const GpuLaunch &launch) const;

  /// All targets, in rising order of compute capability.
  static llvm::ArrayRef<GpuTarget> all();
  /// Null when there is no such architecture.
  static const GpuTarget *find(llvm::StringRef arch);
  /// The target that is meant when none is named.
  static const GpuTarget &getDefault();
  static std::string defaultArch() { return getDefault().arch; }
  /// The message for an architecture that find() does not know.
  static std::string unknown(llvm::StringRef arch);
};

} // namespace reckon

#endif // RECKON_LIB_TARGET_GPUTARGET_H
