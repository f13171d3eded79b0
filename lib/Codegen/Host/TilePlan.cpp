//===- TilePlan.cpp - How a contraction is cut into register tiles ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/TilePlan.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace reckon::host;
using llvm::ArrayRef;

namespace {
/// Where a size is not known: sequences and batches of recommenders are of this order.
constexpr double unknownExtent = 32;

// Cycles of one core of the AVX2 and AVX-512 kind: two loads and two multiply-adds each, four until a sum is there.
constexpr double loadsPerCycle = 2, fmasPerCycle = 2, fmaLatency = 4;
constexpr double cyclesPerGatheredLane = 1.5;
constexpr double cyclesPerCopiedElement = 1.5;     // one by one
constexpr double cyclesPerTransposedElement = 0.5; // by blocks of whole vectors
constexpr double cyclesPerTile = 12;               // its loops and addresses
constexpr double cyclesPerHorizontalSum = 8;

class Planner {
public:
  Planner(ArrayRef<TileAxis> axes, const Target &target, unsigned elementBits)
      : axes(axes), maxLanes(target.vectorBits / elementBits), registers(target.hasMasks ? 24 : 12) {}

  std::optional<TilePlan> plan(unsigned vectorAxis, std::optional<unsigned> rowAxis) const;

private:
  using Stride = std::optional<int64_t> TileAxis::*;
  double extent(unsigned axis) const { return axes[axis].extent ? double(*axes[axis].extent) : unknownExtent; }
  bool depends(Stride operand, unsigned axis) const { return axes[axis].*operand != 0; }
  bool isRunOf(Stride operand) const { return axes.back().isSummed && axes.back().*operand == 1; }
  LaneAccess access(Stride operand, const TilePlan &plan) const;
  void chooseShape(TilePlan &plan) const;
  double loadCycles(LaneAccess access, Stride operand, const TilePlan &plan) const;
  double copyCycles(LaneAccess access, Stride operand) const;
  double storeCycles(const TilePlan &plan) const;
  double countTiles(const TilePlan &plan) const;

  ArrayRef<TileAxis> axes;
  int64_t maxLanes, registers;
};
} // namespace

LaneAccess Planner::access(Stride operand, const TilePlan &plan) const {
  std::optional<int64_t> stride = axes[plan.vectorAxis].*operand;
  if (stride == 0)
    return LaneAccess::broadcast;
  if (stride == 1)
    return LaneAccess::contiguous;
  // A copy is read by many rows, or is not worth it.
  return plan.rowAxis && depends(operand, *plan.rowAxis) ? LaneAccess::gathered : LaneAccess::packed;
}

void Planner::chooseShape(TilePlan &plan) const {
  const TileAxis &axis = axes[plan.vectorAxis];
  plan.lanes = maxLanes;
  if (axis.extent)
    plan.lanes = std::clamp<int64_t>(llvm::PowerOf2Ceil(std::max<int64_t>(*axis.extent, 1)), 4, maxLanes);
  int64_t all = axis.extent ? std::max<int64_t>(1, llvm::divideCeil(*axis.extent, plan.lanes)) : 2;
  std::optional<int64_t> rows = plan.rowAxis ? axes[*plan.rowAxis].extent : std::optional<int64_t>(1);
  int64_t most = axis.isSummed ? 2 : registers >= 24 ? 4 : 2;
  // As many vectors as fit beside the rows there are; panels of equal width.
  if (rows && *rows > 0 && !axis.isSummed)
    most = std::max(most, std::min<int64_t>(8, registers / *rows));
  plan.vectors = llvm::divideCeil(all, llvm::divideCeil(all, most));
  int64_t fit = std::max<int64_t>(1, registers / plan.vectors);
  plan.rows = fit;
  if (rows)
    plan.rows = *rows == 0 ? 1 : llvm::divideCeil(*rows, llvm::divideCeil(*rows, fit));
}

/// Of one step of a tile.
double Planner::loadCycles(LaneAccess access, Stride operand, const TilePlan &plan) const {
  double loads = plan.rowAxis && depends(operand, *plan.rowAxis) ? double(plan.rows) : 1;
  if (access != LaneAccess::broadcast)
    loads *= double(plan.vectors);
  if (access == LaneAccess::gathered)
    return loads * double(plan.lanes) * cyclesPerGatheredLane;
  return loads / loadsPerCycle;
}

double Planner::copyCycles(LaneAccess access, Stride operand) const {
  if (access != LaneAccess::packed)
    return 0;
  double elements = isRunOf(operand) ? cyclesPerTransposedElement : cyclesPerCopiedElement;
  for (unsigned axis = 0; axis < axes.size(); ++axis)
    if (depends(operand, axis))
      elements *= extent(axis);
  return elements;
}

/// Of one tile.
double Planner::storeCycles(const TilePlan &plan) const {
  double vectors = double(plan.rows * plan.vectors);
  if (axes[plan.vectorAxis].isSummed)
    return double(plan.rows) * cyclesPerHorizontalSum;
  if (axes[plan.vectorAxis].c == 1)
    return vectors;
  bool transposes = plan.rowAxis && axes[*plan.rowAxis].c == 1 && plan.rows >= 4;
  return vectors * double(plan.lanes) * (transposes ? cyclesPerTransposedElement : cyclesPerCopiedElement);
}

double Planner::countTiles(const TilePlan &plan) const {
  double tiles = 1;
  for (unsigned axis = 0; axis < axes.size(); ++axis) {
    if (axis == plan.rowAxis)
      tiles *= std::ceil(extent(axis) / double(plan.rows));
    else if (axis == plan.vectorAxis && !axes[axis].isSummed)
      tiles *= std::ceil(extent(axis) / double(plan.lanes * plan.vectors));
    else if (!axes[axis].isSummed)
      tiles *= extent(axis);
  }
  return tiles;
}

std::optional<TilePlan> Planner::plan(unsigned vectorAxis, std::optional<unsigned> rowAxis) const {
  const TileAxis &axis = axes[vectorAxis];
  TilePlan plan;
  plan.vectorAxis = vectorAxis;
  plan.rowAxis = rowAxis;
  plan.a = access(&TileAxis::a, plan);
  plan.b = access(&TileAxis::b, plan);
  auto isDirect = [](LaneAccess access) { return access == LaneAccess::broadcast || access == LaneAccess::contiguous; };
  // A run of a window has no copy, and what is added up lane by lane is not copied for that.
  if ((axis.isSummed && (axis.hasWindow || !isDirect(plan.a))) ||
      ((axis.isSummed || axis.hasWindow) && !isDirect(plan.b)))
    return std::nullopt;
  chooseShape(plan);

  double steps = 1;
  for (unsigned k = 0; k < axes.size(); ++k)
    if (axes[k].isSummed)
      steps *= k == vectorAxis ? std::ceil(extent(k) / double(plan.lanes * plan.vectors)) : extent(k);
  double fmas = double(plan.rows * plan.vectors);
  double loads = loadCycles(plan.a, &TileAxis::a, plan) + loadCycles(plan.b, &TileAxis::b, plan);
  double step = std::max({fmas / fmasPerCycle, loads, fmaLatency});
  plan.cycles = countTiles(plan) * (steps * step + storeCycles(plan) + cyclesPerTile) +
                copyCycles(plan.a, &TileAxis::a) + copyCycles(plan.b, &TileAxis::b);
  return plan;
}

std::optional<TilePlan> reckon::host::planTiles(ArrayRef<TileAxis> axes, const Target &target, unsigned elementBits) {
  Planner planner(axes, target, elementBits);
  std::optional<TilePlan> best;
  auto consider = [&](unsigned vectorAxis, std::optional<unsigned> rowAxis) {
    std::optional<TilePlan> plan = planner.plan(vectorAxis, rowAxis);
    if (plan && (!best || plan->cycles < best->cycles))
      best = plan;
  };
  for (unsigned vectorAxis = 0; vectorAxis < axes.size(); ++vectorAxis) {
    consider(vectorAxis, std::nullopt);
    for (unsigned rowAxis = 0; rowAxis < axes.size(); ++rowAxis)
      if (rowAxis != vectorAxis && !axes[rowAxis].isSummed)
        consider(vectorAxis, rowAxis);
  }
  return best;
}
