//===- LinearChoice.cpp - Which kernel runs a linear layer for how many rows ------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// A rough model of a GPU (GpuCosts): what a kernel takes beyond its first microseconds is its waves of blocks times
// what a block moves into its multiprocessor or multiplies. The constants are fitted to what reckon-tune measured. It
// need only rank the kernels; reckon-tune measures.
//
//===------------------------------------------------------------------------------===//

#include "lib/Tiling/LinearChoice.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace reckon;
using namespace reckon::tiling;
using plan::PackingKind;

namespace {

/// Microseconds for a number of rows of the matrix.
struct CostModel {
  const LinearLayer &layer;
  int64_t rows;
  const GpuTarget &gpu;
  const GpuCosts &costs = *gpu.costs;

  /// Behind thin inputs storing the result may take longer than the work, where the L2 cache does not hold it.
  double bounded(double work) const {
    double stored = double(rows) * layer.n * layer.elementBytes() - costs.cachedBytes;
    return std::max(work, stored / costs.storedBytes);
  }

  double operator()(const SplitKTile &tile) const {
    double tileRows = 8 * tile.rowTiles;
    double blocks = llvm::divideCeil(layer.n, int64_t(16)) * std::ceil(rows / tileRows);
    double bytes = (tileRows + 16) * layer.k * layer.elementBytes();
    // What a block finishes at its end grows with its rows.
    double work =
        std::max(1.0, blocks / gpu.multiprocessors) * std::max(bytes / costs.split.bytes, costs.split.minBlock);
    return costs.split.start + costs.split.row * tileRows + bounded(work);
  }
  double operator()(const DirectTile &tile) const {
    double blocks = llvm::divideCeil(layer.n, int64_t(64)) * std::ceil(rows / (8.0 * tile.rowTiles * tile.warps));
    double work =
        std::max(2.0 * 64 * 8 * tile.rowTiles * tile.warps * layer.k / costs.direct.flops, costs.direct.minBlock);
    return costs.direct.start + layer.k * costs.direct.inner +
           bounded(std::ceil(blocks / gpu.multiprocessors) * work * layer.elementBytes() / 2);
  }
  double operator()(const WgmmaTile &tile) const {
    double tileRows = tile.rows();
    double tiles = std::ceil(rows / tileRows) * llvm::divideCeil(layer.n, int64_t(tile.columns)) * tile.split;
    double steps = std::ceil(std::ceil(layer.k * layer.elementBytes() / 128.0) / tile.split);
    double operations = 2 * tileRows * tile.columns * 128 / layer.elementBytes();
    double rate = (layer.elementBytes() == 2 ? 1 : 0.5) * (tileRows < 128       ? costs.wgmma.flops[0]
                                                           : tile.columns < 256 ? costs.wgmma.flops[1]
                                                                                : costs.wgmma.flops[2]);
    double step = std::max(operations / rate, (tileRows + tile.columns) * 128 / costs.wgmma.copiedBytes);
    double finish = tileRows * tile.columns * layer.elementBytes() / costs.wgmma.finishedBytes;
    // Finishing overlaps with multiplying, but for the last tile; less so where tiles hang over the last column.
    if (tile.mode == WgmmaTile::Mode::PingPong) {
      double overhang = layer.n % tile.columns ? costs.wgmma.overhang : 1;
      double each = steps * step + costs.wgmma.pingPongFinish * finish + costs.wgmma.pingPongStep;
      return costs.wgmma.start + std::max(1.0, tiles / gpu.multiprocessors) * each * overhang + finish;
    }
    if (tile.split > 1)
      return costs.wgmma.clusterStart + std::ceil(tiles / gpu.multiprocessors) * (steps * step + finish) +
             (tiles > gpu.multiprocessors ? costs.wgmma.clusterWave : 0);
    // Small tiles share multiprocessors.
    double waves = tile.columns * tile.groups > 256 ? std::ceil(tiles / gpu.multiprocessors)
                                                    : std::max(1.0, tiles / gpu.multiprocessors);
    return costs.wgmma.start + waves * (steps * step + finish + costs.wgmma.step);
  }
  double operator()(const DotTile &tile) const {
    double units = std::ceil(double(rows) / tile.rows) * llvm::divideCeil(layer.n, int64_t(tile.columns));
    double bytes = double(tile.rows + tile.columns) * layer.k * layer.elementBytes();
    return costs.dot.start + layer.k * (costs.dot.inner + costs.dot.innerRow * tile.rows) +
           units * bytes / gpu.multiprocessors / costs.dot.bytes;
  }
  double operator()(const SimtTile &tile) const {
    double tiles = std::ceil(rows / double(tile.size)) * llvm::divideCeil(layer.n, int64_t(tile.size));
    return costs.scalar.start + std::ceil(tiles / gpu.multiprocessors) * layer.k *
                                    (tile.size == 128 ? costs.scalar.inner128 : costs.scalar.inner64);
  }
};

} // namespace

/// Every kernel that could run the layer.
static std::vector<LinearChoice> getCandidates(const LinearLayer &layer, const GpuTarget &gpu) {
  std::vector<LinearChoice> candidates;
  auto add = [&](auto tile) {
    LinearChoice choice;
    choice.tile = tile;
    candidates.push_back(choice);
  };
  if (layer.n < 8) {
    unsigned columns = llvm::PowerOf2Ceil(layer.n);
    add(DotTile{1, columns, 4});
    add(DotTile{4, columns, 8});
    return candidates;
  }
  if (!layer.onTensorCores()) {
    add(DotTile{1, 4, 2});
    add(DotTile{8, 2, 2});
    add(SimtTile{64});
    add(SimtTile{128});
    return candidates;
  }
  int64_t blocks = llvm::divideCeil(layer.k * layer.elementBytes(), int64_t(64));
  for (unsigned rowTiles : {1, 2, 4, 8}) {
    unsigned warps = std::min<int64_t>(rowTiles == 8 && blocks > 64 ? 8 : 16, blocks);
    add(SplitKTile{rowTiles, warps});
  }
  // Thin rows are cheaper to read as they are than to stage; so are rows that bulk copies cannot read.
  bool canCopy = gpu.hasWgmma && gpu.hasBulkCopies && layer.x.aligned && layer.x.type == layer.type;
  if (!canCopy || layer.k * layer.elementBytes() < 128) {
    add(DirectTile{2, 4});
    add(DirectTile{4, 4});
    return candidates;
  }
  add(WgmmaTile{2, 256, 4});
  add(WgmmaTile{2, 128, 6, WgmmaTile::Mode::PingPong});
  add(WgmmaTile{2, 128, layer.epilogue.size() > 1 ? 6u : 3u});
  add(WgmmaTile{1, 128, 4});
  add(WgmmaTile{1, 64, 6});
  int64_t steps = llvm::divideCeil(layer.k * layer.elementBytes(), int64_t(128));
  for (unsigned split : {2, 4, 8})
    if (steps >= split)
      add(WgmmaTile{1, 64, 6, WgmmaTile::Mode::Cluster, split});
  return candidates;
}

double tiling::estimateLinear(const LinearLayer &layer, int64_t rows, const GpuTarget &gpu) {
  double best = std::numeric_limits<double>::infinity();
  for (const LinearChoice &candidate : getCandidates(layer, gpu))
    best = std::min(best, std::visit(CostModel{layer, rows, gpu}, candidate.tile));
  return best;
}

PackingKind LinearChoice::packing() const {
  struct {
    PackingKind operator()(const SplitKTile &) { return PackingKind::mma; }
    PackingKind operator()(const DirectTile &) { return PackingKind::mma; }
    PackingKind operator()(const WgmmaTile &) { return PackingKind::wgmma; }
    PackingKind operator()(const DotTile &) { return PackingKind::dot; }
    PackingKind operator()(const SimtTile &) { return PackingKind::row_major; }
  } kind;
  return std::visit(kind, tile);
}

std::string LinearChoice::name() const {
  return std::visit([](const auto &tile) { return tile.name(); }, tile);
}

/// Numbers of rows that kernels are compared for.
static constexpr uint64_t rangeEnds[] = {8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 65536};

/// The model is rough: what it sees within this factor of the best may be the best.
static constexpr double maxCostRatio = 1.5;

std::vector<LinearChoice> tiling::getLinearContenders(const LinearLayer &layer, const GpuTarget &gpu) {
  std::vector<LinearChoice> candidates = getCandidates(layer, gpu), chosen = chooseLinear(layer, gpu), contenders;
  std::vector<bool> isClose(candidates.size());
  for (uint64_t end : rangeEnds) {
    std::vector<double> costs;
    for (const LinearChoice &candidate : candidates)
      costs.push_back(std::visit(CostModel{layer, static_cast<int64_t>(end), gpu}, candidate.tile));
    double best = *llvm::min_element(costs);
    for (size_t i = 0; i < costs.size(); ++i)
      isClose[i] = isClose[i] || costs[i] <= maxCostRatio * best;
  }
  for (size_t i = 0; i < candidates.size(); ++i) {
    auto isSame = [&](const LinearChoice &other) { return other.name() == candidates[i].name(); };
    if (!isClose[i] || llvm::any_of(chosen, isSame))
      continue;
    contenders.push_back(candidates[i]);
    contenders.back().needsTiming = true;
  }
  return contenders;
}

std::vector<LinearChoice> tiling::chooseLinear(const LinearLayer &layer, const GpuTarget &gpu) {
  std::vector<LinearChoice> candidates = getCandidates(layer, gpu), choices;
  // The best at the upper end of each range of rows; neighbours that agree are one range.
  uint64_t next = 0;
  std::optional<size_t> previous;
  for (uint64_t end : rangeEnds) {
    CostModel cost{layer, static_cast<int64_t>(end), gpu};
    size_t best = 0;
    for (size_t i = 1; i < candidates.size(); ++i)
      if (std::visit(cost, candidates[i].tile) < std::visit(cost, candidates[best].tile))
        best = i;
    uint64_t last = end / layer.rowsPerSample;
    if (last < next)
      continue;
    if (previous == best) {
      choices.back().maxRows = last;
    } else {
      choices.push_back(candidates[best]);
      choices.back().minRows = next;
      choices.back().maxRows = last;
    }
    previous = best;
    next = last + 1;
  }
  // More rows than any range names go the way of the largest. The first launch that fits is taken, so the last may say
  // that it takes any number.
  if (choices.empty())
    choices.push_back(candidates.back());
  choices.back().minRows = 0;
  choices.back().maxRows = UINT64_MAX;
  return choices;
}

std::vector<LinearChoice> tiling::getScheduledLinear(const LinearLayer &layer, const GpuTarget &gpu) {
  ArrayAttr scheduled = layer.kernel.getChoicesAttr();
  if (!scheduled)
    return chooseLinear(layer, gpu);
  std::vector<LinearChoice> candidates = getCandidates(layer, gpu), choices;
  for (auto launch : scheduled.getAsRange<plan::ChoiceAttr>())
    for (const LinearChoice &candidate : candidates)
      if (candidate.name() == launch.getName().getValue()) {
        choices.push_back(candidate);
        choices.back().minRows = launch.getMinRows();
        choices.back().maxRows = launch.getMaxRows();
        choices.back().needsTiming = launch.getNeedsTiming();
      }
  return choices;
}

SmallVector<PackingKind> tiling::getLinearPackings(plan::KernelOp kernel, const GpuTarget &gpu) {
  SmallVector<PackingKind> packings;
  if (std::optional<LinearLayer> layer = matchLinear(kernel))
    for (const LinearChoice &choice : getScheduledLinear(*layer, gpu))
      if (PackingKind packing = choice.packing(); !llvm::is_contained(packings, packing))
        packings.push_back(packing);
  return packings;
}
