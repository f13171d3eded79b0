//===- LinearChoice.h - Which kernel runs a linear layer for how many rows ---*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------------===//
//
// A layer gets several kernels, each for a range of rows. The schedule decides which (LaunchChoice.h) and how the
// weight is stored for them; codegen emits them.
//
//===-----------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_TILING_LINEARCHOICE_H
#define RECKON_LIB_TILING_LINEARCHOICE_H

#include "lib/Target/GpuTarget.h"
#include "lib/Tiling/LinearLayer.h"
#include "lib/Tiling/LinearTiles.h"

#include <variant>

namespace reckon::tiling {

struct LinearChoice {
  std::variant<SplitKTile, DirectTile, WgmmaTile, DotTile, SimtTile> tile;
  uint64_t minRows = 0, maxRows = UINT64_MAX; ///< of the chain
  bool needsTiming = false;                   ///< see LaunchPlan

  /// How the kernel reads the weight.
  plan::PackingKind packing() const;
  std::string name() const; ///< of the tile
};

/// Kernels with their ranges of rows, in rising order: the first that fits is meant. The last takes any number.
std::vector<LinearChoice> chooseLinear(const LinearLayer &layer, const GpuTarget &gpu);

/// Kernels worth timing that chooseLinear() leaves out: for some number of rows the cost model, which is rough, sees
/// them close to the best. All need timing.
std::vector<LinearChoice> getLinearContenders(const LinearLayer &layer, const GpuTarget &gpu);

/// The kernels that the schedule gave the layer (LaunchChoice.h); what chooseLinear() says when it gave none.
std::vector<LinearChoice> getScheduledLinear(const LinearLayer &layer, const GpuTarget &gpu);

/// Microseconds the layer takes with the best of its kernels for so many rows of the matrix, by the cost model.
double estimateLinear(const LinearLayer &layer, int64_t rows, const GpuTarget &gpu);

/// The packings a linear kernel reads, each once; none when it is no linear kernel.
llvm::SmallVector<plan::PackingKind> getLinearPackings(plan::KernelOp kernel, const GpuTarget &gpu);

} // namespace reckon::tiling

#endif // RECKON_LIB_TILING_LINEARCHOICE_H
