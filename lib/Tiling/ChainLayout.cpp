//===- ChainLayout.cpp - What a chain of layers looks like, and when it pays --===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "lib/Tiling/ChainLayout.h"
#include "lib/Tiling/LinearChoice.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::tiling;

static constexpr unsigned warps = chainWarps, tileRows = chainRows;
/// Slots below which the stream of weights would stop and go.
static constexpr unsigned minSlots = 4;
/// Code is straight: so many units a warp, columns a thread and layers keep it and its registers bounded.
static constexpr unsigned maxUnits = 96, maxTilesPerBlock = 8, maxLayers = 12;

unsigned ChainLayerLayout::sumBytes() const { return innerGroups * tileRows * sumRowBytes(); }

/// How 16 warps share `layer`: wavefronts of shared memory for eight rows, and the products that wait for each other.
static void shareUnits(ChainLayerLayout &layer) {
  unsigned best = ~0u;
  for (unsigned tileGroups = 1; tileGroups <= warps && layer.tilesPerBlock % tileGroups == 0; tileGroups *= 2)
    for (unsigned innerGroups = 1; tileGroups * innerGroups <= warps; innerGroups *= 2) {
      ChainLayerLayout trial = layer;
      trial.tileGroups = tileGroups;
      trial.innerGroups = innerGroups;
      unsigned busy = tileGroups * innerGroups;
      unsigned activations = busy * trial.innerPerWarp() * 4, sums = busy * trial.tilesPerWarp() * 8;
      unsigned cost = activations + sums + innerGroups * layer.tilesPerBlock * 4 + 40 * trial.unitsPerWarp();
      if (cost < best) {
        best = cost;
        layer = trial;
      }
    }
}

std::optional<ChainLayout> tiling::layOutChain(ArrayRef<LinearLayer> layers, const GpuTarget &gpu) {
  ChainLayout layout;
  if (!canChain(gpu) || layers.empty() || layers.size() > maxLayers)
    return std::nullopt;
  unsigned sums[2] = {0, 0}, activations[2] = {0, 0};
  for (auto [l, layer] : llvm::enumerate(layers)) {
    ChainLayerLayout &result = layout.layers.emplace_back();
    result.innerBlocks = llvm::divideCeil(layer.k, 32);
    // All columns of a block of 64 are the next layer's input; of the result only those that exist.
    int64_t rest = layer.n % 64;
    result.tiles = 4 * llvm::divideCeil(layer.n, 64);
    if (l + 1 == layers.size() && rest != 0 && rest < 8)
      result.tiles -= 4 - llvm::divideCeil(rest, 2);
    result.tilesPerBlock = llvm::divideCeil(result.tiles, clusterBlocks);
    if (result.tilesPerBlock > maxTilesPerBlock || layer.k > 16 * 1024)
      return std::nullopt;
    result.activeBlocks = llvm::divideCeil(result.tiles, result.tilesPerBlock);
    result.vectorTiles = result.tilesPerBlock % 4 == 0 ? 4 : result.tilesPerBlock % 2 == 0 ? 2 : 1;
    shareUnits(result);
    // Two rows' 64 bytes lie in different banks.
    unsigned columns = l == 0 ? 32 * result.innerBlocks : 64 * llvm::divideCeil(layer.k, 64);
    result.rowBytes = llvm::alignTo(2 * columns, 128) + 64;
    result.firstUnit = layout.units;
    layout.units += result.unitsPerWarp();
    sums[l % 2] = std::max<unsigned>(sums[l % 2], llvm::alignTo(result.sumBytes(), 128));
    activations[l % 2] = std::max(activations[l % 2], tileRows * result.rowBytes);
  }
  layout.sumsAt[0] = layout.stageBarriersAt + 256; // 16 bytes for each of at most 14 stages
  layout.sumsAt[1] = layout.sumsAt[0] + sums[0];
  layout.activationsAt[0] = layout.sumsAt[1] + sums[1];
  layout.activationsAt[1] = layout.activationsAt[0] + activations[0];
  layout.ringAt = layout.activationsAt[1] + activations[1];
  unsigned perSlot = warps * chainUnitBytes;
  if (layout.units > maxUnits || layout.ringAt + minSlots * perSlot > gpu.sharedPerBlock)
    return std::nullopt;
  layout.slots = std::min(std::max(layout.units, minSlots), (gpu.sharedPerBlock - layout.ringAt) / perSlot);
  layout.sharedBytes = layout.ringAt + layout.slots * perSlot;
  return layout;
}

bool tiling::canChain(const GpuTarget &gpu) { return gpu.maxClusterBlocks >= clusterBlocks && gpu.largeClusters != 0; }

bool tiling::canChain(const LinearLayer &layer) { return layer.type.isF16() || layer.type.isBF16(); }

//===----------------------------------------------------------------------===//
// Cost
//===----------------------------------------------------------------------===//

/// Microseconds of a kernel in a graph, fitted to chains of 3 and 5 layers on an H200 (docs/cuda-measurements.md): a
/// layer waits for its weights, which stream into a cluster, or for its activations, the longer the more rows and
/// columns there are.
static double estimateChain(ArrayRef<LinearLayer> layers, const ChainLayout &layout, int64_t rows,
                            const GpuTarget &gpu) {
  const auto &costs = gpu.costs->chain;
  int64_t clusters = gpu.largeClusters;
  double tile = std::min<int64_t>(llvm::divideCeil(rows, clusters), tileRows);
  auto stream = [&](size_t l) {
    return double(layout.layers[l].tiles) * layout.layers[l].innerBlocks * chainUnitBytes / costs.bytes;
  };
  double time = costs.start + stream(0);
  for (size_t l = 1; l < layers.size(); ++l)
    time += std::max(costs.layer, stream(l)) +
            (tile - 1) * (costs.row + costs.rowInner * std::min(1.0, layers[l].k / 1024.0));
  return time * std::ceil(rows / tile / clusters);
}

int64_t tiling::getMaxChainRows(ArrayRef<LinearLayer> layers, const GpuTarget &gpu, double *gain) {
  std::optional<ChainLayout> layout = layOutChain(layers, gpu);
  if (!layout)
    return 0;
  int64_t clusters = gpu.largeClusters;
  auto saved = [&](int64_t rows) {
    double apart = 0;
    for (const LinearLayer &layer : layers)
      apart += gpu.costs->chain.apart * estimateLinear(layer, rows, gpu);
    return apart - estimateChain(layers, *layout, rows, gpu);
  };
  if (gain)
    *gain = saved(1);
  int64_t rows = saved(1) > 0 ? 1 : 0;
  while (rows > 0 && rows < tileRows * clusters && saved(llvm::alignTo(rows + 1, clusters)) > 0)
    rows = llvm::alignTo(rows + 1, clusters);
  return rows;
}
