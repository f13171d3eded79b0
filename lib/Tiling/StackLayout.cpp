//===- StackLayout.cpp - What a stack of layers looks like, and when it pays ---===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "lib/Tiling/StackLayout.h"
#include "lib/Tiling/LinearChoice.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::tiling;
using plan::PackingKind;

/// What a thread has registers for: inputs of the first layer, columns of the others.
static constexpr int64_t maxThin = 64, maxColumns = 256;
static constexpr unsigned minStages = 3, maxStages = 6;

StackLayout tiling::layOutStack(ArrayRef<LinearLayer> layers, const GpuTarget &gpu) {
  StackLayout layout;
  layout.thinSteps = llvm::divideCeil(layers[0].k, int64_t(16));
  layout.thinBlocks = llvm::divideCeil(layers[0].n, int64_t(16));
  for (const LinearLayer &layer : layers) {
    bool isLast = &layer == &layers.back();
    // The `wgmma` packing, which the last weight has, comes in groups of 32 columns.
    layout.boxes.push_back(&layer == &layers.front() ? 0 : llvm::alignTo(layer.n, isLast ? 32 : 8));
    layout.stageBytes = std::max<unsigned>(layout.stageBytes, layout.boxes.back() * tileRowBytes);
  }
  unsigned left = gpu.sharedPerBlock - std::min(gpu.sharedPerBlock, layout.thinBlocks * layout.thinSteps * 512);
  layout.stages = std::min(maxStages, left / (layout.stageBytes + 16));
  return layout;
}

bool tiling::canStack(ArrayRef<LinearLayer> layers, const GpuTarget &gpu) {
  if (!gpu.hasWgmma || !gpu.hasBulkCopies || layers.size() < 2 || layers[0].k > maxThin)
    return false;
  for (const LinearLayer &layer : layers) {
    bool isLast = &layer == &layers.back(), isFirst = &layer == &layers.front();
    if (!(layer.type.isF16() || layer.type.isBF16()) || layer.type != layers[0].type ||
        (!isFirst && layer.n > maxColumns))
      return false;
    // What has a value for each row would be read two elements at a time.
    for (Operation *op : layer.epilogue)
      for (Value operand : op->getOperands())
        if (auto argument = dyn_cast<BlockArgument>(operand);
            argument && !isLast && layer.kernel.getLayout(argument.getArgNumber()).getRow())
          return false;
  }
  return layOutStack(layers, gpu).stages >= minStages;
}

PackingKind tiling::getStackPacking(size_t index, size_t count) {
  return index == 0 ? PackingKind::row_major : index + 1 == count ? PackingKind::wgmma : PackingKind::dot;
}

/// Microseconds of a kernel in a graph.
static double estimateStack(ArrayRef<LinearLayer> layers, int64_t rows, const GpuTarget &gpu) {
  const auto &costs = gpu.costs->stack;
  double tile = costs.tile;
  for (const LinearLayer &layer : layers) {
    bool isFirst = &layer == &layers.front();
    double operations = 2.0 * stackTileRows * llvm::alignTo(layer.n, 8) * llvm::alignTo(layer.k, 16);
    tile += operations / (isFirst ? costs.thinFlops : costs.flops) + (isFirst ? 0 : costs.layer);
  }
  return costs.start + std::ceil(std::ceil(rows / double(stackTileRows)) / gpu.multiprocessors) * tile;
}

std::optional<int64_t> tiling::getMinStackRows(ArrayRef<LinearLayer> layers, const GpuTarget &gpu) {
  if (!canStack(layers, gpu))
    return std::nullopt;
  // From the largest number of rows down to where separate kernels are faster.
  std::optional<int64_t> least;
  for (int64_t rows = int64_t(1) << 20; rows >= minStackRows; rows /= 2) {
    double apart = 0;
    for (const LinearLayer &layer : layers)
      apart += estimateLinear(layer, rows, gpu) - gpu.costs->stack.overlap;
    if (estimateStack(layers, rows, gpu) > apart)
      break;
    least = rows;
  }
  return least;
}
