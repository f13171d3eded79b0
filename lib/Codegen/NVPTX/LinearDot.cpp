//===- LinearDot.cpp - Linear layers as dot products ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// For a few output columns, where a matrix tile would be mostly empty, and for f32 at few rows. The lanes of a warp
// read rows of activations and of the transposed weight 16 bytes at a time and add up across the warp at the end.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/LinearKernels.h"
#include "lib/Packing/TensorCorePacking.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

static LaunchPlan getLaunch(const LinearLayer &layer, const KernelFunction &kernel, DotTile tile,
                            int64_t columnGroups) {
  LaunchPlan launch;
  launch.function = kernel.getName();
  launch.blockThreads = 32 * tile.warps;
  SizeExpr units = SizeExpr(columnGroups) * SizeExpr::ceilDiv(layer.matrixRows(), SizeExpr(tile.rows));
  launch.grid = {SizeExpr::ceilDiv(units, SizeExpr(tile.warps))};
  return launch;
}

LaunchPlan nvptx::emitLinearDot(const LinearLayer &layer, DeviceModule &module, unsigned weight, DotTile tile) {
  unsigned bytes = layer.elementBytes(), chunk = 16 / bytes, xBytes = layer.x.type.getIntOrFloatBitWidth() / 8;
  // Several rows a warp are for many rows.
  KernelFunction kernel =
      module.createKernel(layer.symbol(tile.name()), layer.kernel, 32 * tile.warps, {}, /*early=*/tile.rows == 1);
  DeviceBuilder p(kernel.getBuilder());
  int64_t columnGroups = llvm::divideCeil(layer.n, int64_t(tile.columns));
  Value rows = p.narrow(p.mul(kernel.rows, layer.rowsPerSample));
  Value lane = p.bitAnd(p.thread(), 31);
  Value unit = p.add(p.mul(p.block(), tile.warps), p.shiftRight(p.thread(), 5));
  Value firstRow = p.mul(p.divU(unit, columnGroups), tile.rows);
  Value firstColumn = columnGroups == 1 ? p.i32(0) : p.mul(p.remU(unit, columnGroups), tile.columns);

  // What lies outside is read from the last row or column and left out at the end.
  Values xRows, wRows;
  for (unsigned r = 0; r < tile.rows; ++r) {
    Value row = p.min(p.add(firstRow, r), p.add(rows, -1));
    xRows.push_back(p.at(kernel.operands[layer.x.operand], p.mul(p.widen(row), layer.x.stride * xBytes)));
  }
  for (unsigned c = 0; c < tile.columns; ++c) {
    Value column = p.min(p.add(firstColumn, c), p.i32(layer.n - 1));
    wRows.push_back(p.at(kernel.operands[weight], p.mul(p.widen(column), dotRowElements(layer.k, bytes) * bytes)));
  }

  int64_t warpStep = 32 * chunk, whole = layer.k / warpStep;
  constexpr int64_t unrolled = 4;
  int64_t looped = whole > 2 * unrolled ? whole / unrolled * unrolled : 0;
  // Weights are there while kernels before this one still run.
  bool waits = false;
  auto wait = [&] {
    if (!waits)
      kernel.waitForGridDependencies(p);
    waits = true;
  };
  if (looped)
    wait();

  Values sums(tile.rows * tile.columns, p.f32(0));
  auto step = [&](Value first, bool isWhole, MutableArrayRef<Value> sums) {
    SmallVector<Values> x, w;
    for (Value row : wRows)
      w.push_back(isWhole
                      ? loadConstantRun(p, p.at(row, p.mul(p.widen(first), bytes)), layer.type, chunk, /*aligned=*/true)
                      : loadInside(p, {row, layer.type, dotRowElements(layer.k, bytes), true}, first, chunk));
    wait();
    for (Value row : xRows)
      x.push_back(isWhole ? loadRun(p, p.at(row, p.mul(p.widen(first), xBytes)), layer.x.type, chunk, layer.x.aligned)
                          : loadInside(p, {row, layer.x.type, layer.k, layer.x.aligned}, first, chunk));
    for (unsigned r = 0; r < tile.rows; ++r)
      for (unsigned c = 0; c < tile.columns; ++c)
        for (unsigned i = 0; i < chunk; ++i)
          sums[r * tile.columns + c] = p.fma(x[r][i], w[c][i], sums[r * tile.columns + c]);
  };
  Value laneFirst = p.mul(lane, chunk);
  if (looped)
    sums = p.loop(p.i32(0), p.i32(looped * warpStep), p.i32(unrolled * warpStep), sums,
                  [&](Value first, ValueRange carried) {
                    Values inner(carried);
                    for (int64_t i = 0; i < unrolled; ++i)
                      step(p.add(p.add(first, i * warpStep), laneFirst), true, inner);
                    return inner;
                  });
  for (int64_t i = looped; i < whole; ++i)
    step(p.add(laneFirst, i * warpStep), true, sums);
  if (whole * warpStep < layer.k)
    step(p.add(laneFirst, whole * warpStep), false, sums);
  for (Value &sum : sums)
    for (int64_t mask = 16; mask; mask /= 2)
      sum = p.addf(sum, p.shuffleXor(sum, mask));

  LinearEpilogue epilogue(p, layer, kernel.operands);
  for (unsigned r = 0; r < tile.rows; ++r) {
    Value row = p.add(firstRow, r);
    p.ifThen(p.both(p.equal(lane, r), p.lessU(row, rows)),
             [&] { epilogue.finish(row, firstColumn, ArrayRef<Value>(sums).slice(r * tile.columns, tile.columns)); });
  }
  return getLaunch(layer, kernel, tile, columnGroups);
}
