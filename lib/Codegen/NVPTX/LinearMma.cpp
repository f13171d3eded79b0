//===- LinearMma.cpp - Linear layers on mma.sync, without staging -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// The product is taken transposed: the weight is mma's A operand (16 columns of the layer by one step of the inner
// dimension) and eight rows of activations are its B operand. The `mma` packing (TensorCorePacking.h) holds the weight
// in the order of A fragments, so a lane reads its part of a step with one 16-byte load; and it orders the inner
// dimension so that a lane's part of two steps of B is 16 neighbouring bytes of a row. Nothing goes through shared
// memory but the final sums of warps that split the inner dimension.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/Instructions.h"
#include "lib/Codegen/NVPTX/LinearKernels.h"
#include "lib/Packing/TensorCorePacking.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

namespace {

/// What both kernels do: fragments in, products added up.
class MmaEmitter {
public:
  MmaEmitter(DeviceBuilder &p, const LinearLayer &layer, KernelFunction &kernel, unsigned weight)
      : p(p), layer(layer), x(kernel.operands[layer.x.operand]), weight(kernel.operands[weight]) {
    rows = p.narrow(p.mul(kernel.rows, layer.rowsPerSample));
    chunk = 16 / layer.elementBytes();
    blocks = llvm::divideCeil(layer.k, 4 * chunk);
    lane = p.bitAnd(p.thread(), 31);
    group = p.shiftRight(lane, 2);
    quad = p.bitAnd(lane, 3);
    warp = p.shiftRight(p.thread(), 5);
  }

  /// The address of this lane's part of step 0 of block 0 of the inner dimension. `tile` counts 16 columns.
  Value weightAddress(Value tile) {
    Value offset = p.mul(p.widen(tile), blocks * 2 * 512);
    return p.at(p.at(weight, offset), p.shiftLeft(lane, 4));
  }
  /// The row of activations whose fragments this lane reads; past the end, the last one.
  Value rowAddress(Value firstRow) {
    Value row = p.min(p.add(firstRow, group), p.add(rows, -1));
    return p.at(x, p.mul(p.widen(row), layer.x.stride * (layer.x.type.getIntOrFloatBitWidth() / 8)));
  }

  /// Two steps' words of A of one tile; and of B of one row.
  Values loadWeights(Value address, Value block) {
    Value step = p.at(address, p.mul(p.widen(block), 1024));
    Values words = p.loadWords(step, 4, /*constant=*/true);
    words.append(p.loadWords(p.at(step, 512), 4, true));
    return words;
  }
  Values loadRow(Value address, Value block, bool isWhole);

  DeviceBuilder &p;
  const LinearLayer &layer;
  Value x, weight;
  Value rows;                    ///< of the matrix
  Value lane, group, quad, warp; ///< lane / 4, lane % 4
  int64_t chunk = 0, blocks = 0; ///< elements in 16 bytes; blocks of 4 chunks in the inner dimension
};

} // namespace

/// The four words (two steps) of this lane: elements [block*4*chunk + quad*chunk, + chunk) of its row, zero from k on.
Values MmaEmitter::loadRow(Value address, Value block, bool isWhole) {
  return loadChunk(p, layer, address, p.add(p.mul(block, 4 * chunk), p.mul(quad, chunk)), isWhole);
}

namespace {

/// What a block of split-k does with the sums of its warps, which lie in shared memory as [warp][row tile][lane][4]. A
/// thread finishes two neighbouring columns of one row: elements e and 2 + e of a lane's four sums.
class SplitKSums {
public:
  SplitKSums(MmaEmitter &mma, SplitKTile tile, Value shared, LinearEpilogue &epilogue)
      : p(mma.p), mma(mma), tile(tile), shared(shared), epilogue(epilogue) {}

  unsigned warpBytes() const { return tile.rowTiles * 512; }
  /// Whether each thread has one pair of columns at most.
  bool once() const { return 2 * tile.rowTiles <= tile.warps; }
  Value firstRow() { return p.mul(p.block(0), 8 * tile.rowTiles); }
  void preload() {
    auto [row, column] = place(p.bitAnd(p.thread(), 64 * tile.rowTiles - 1));
    epilogue.preload(row, column, 2, mma.rows);
  }
  void store(ArrayRef<Value> sums) {
    Value own = p.at(p.at(shared, p.mul(mma.warp, warpBytes())), p.shiftLeft(mma.lane, 4));
    for (unsigned j = 0; j < tile.rowTiles; ++j)
      p.storeWords(sums.slice(4 * j, 4), p.at(own, j * 512));
  }
  void finish() {
    if (once())
      p.ifThen(p.lessU(p.thread(), p.i32(64 * tile.rowTiles)), [&] { finishPair(p.thread()); });
    else
      p.loop(p.thread(), p.i32(64 * tile.rowTiles), p.i32(32 * tile.warps), [&](Value i) { finishPair(i); });
  }

private:
  std::pair<Value, Value> place(Value i) {
    Value e = p.bitAnd(i, 1), lane = p.bitAnd(p.shiftRight(i, 1), 31), j = p.shiftRight(i, 6);
    Value row = p.add(firstRow(), p.add(p.shiftLeft(j, 3), p.add(p.shiftLeft(p.bitAnd(lane, 3), 1), e)));
    // Tile t of a block of 64 has columns 8*g + 2*t and the next.
    Value tileColumn = p.block(1);
    Value column = p.add(p.add(p.shiftLeft(p.shiftRight(tileColumn, 2), 6), p.shiftLeft(p.shiftRight(lane, 2), 3)),
                         p.shiftLeft(p.bitAnd(tileColumn, 3), 1));
    return {row, column};
  }
  void finishPair(Value i) {
    Value e = p.bitAnd(i, 1), lane = p.bitAnd(p.shiftRight(i, 1), 31), j = p.shiftRight(i, 6);
    Value first = p.at(shared, p.add(p.add(p.mul(j, 512), p.shiftLeft(lane, 4)), p.shiftLeft(e, 2)));
    Values pair;
    for (unsigned half = 0; half < 2; ++half) {
      Value sum;
      for (unsigned w = 0; w < tile.warps; ++w) {
        Value part = p.load(p.getF32Type(), p.at(first, w * warpBytes() + half * 8), 4);
        sum = sum ? p.addf(sum, part) : part;
      }
      pair.push_back(sum);
    }
    auto [row, column] = place(i);
    p.ifThen(p.lessU(row, mma.rows), [&, row = row, column = column] { epilogue.finish(row, column, pair); });
  }

  DeviceBuilder &p;
  MmaEmitter &mma;
  SplitKTile tile;
  Value shared;
  LinearEpilogue &epilogue;
};

} // namespace

void nvptx::multiplyFragments(DeviceBuilder &p, const LinearLayer &layer, MutableArrayRef<Value> sums,
                              ArrayRef<Value> a, ArrayRef<Value> b) {
  for (unsigned step = 0; step < a.size() / 4; ++step)
    llvm::copy(multiplyWarp(p, layer.type, a.slice(4 * step, 4), b.slice(2 * step, 2), sums), sums.begin());
}

LaunchPlan nvptx::emitLinearSplitK(const LinearLayer &layer, DeviceModule &module, unsigned weight, SplitKTile tile) {
  unsigned warps = tile.warps, rowTiles = tile.rowTiles;
  KernelFunction kernel = module.createKernel(layer.symbol(tile.name()), layer.kernel, 32 * warps);
  // With 8 rows a thread has few loads, and other blocks hide them better.
  if (rowTiles > 1)
    kernel.takeAllRegisters();
  DeviceBuilder p(kernel.getBuilder());
  MmaEmitter mma(p, layer, kernel, weight);
  Value shared = module.getDynamicShared(p);
  LinearEpilogue epilogue(p, layer, kernel.operands);
  SplitKSums splitK(mma, tile, shared, epilogue);
  Value weights = mma.weightAddress(p.block(1));
  Values rows;
  for (unsigned j = 0; j < rowTiles; ++j)
    rows.push_back(mma.rowAddress(p.add(splitK.firstRow(), 8 * j)));

  // Warp w takes blocks w, w + warps, ...: their number is known, so all loads can be under way at once.
  Values sums(4 * rowTiles, p.f32(0));
  auto step = [&](Value block, bool isWhole, MutableArrayRef<Value> sums, ArrayRef<Value> loaded = {}) {
    Values a = loaded.empty() ? mma.loadWeights(weights, block) : Values(loaded);
    SmallVector<Values> activations;
    for (Value row : rows)
      activations.push_back(mma.loadRow(row, block, isWhole));
    for (unsigned j = 0; j < rowTiles; ++j)
      multiplyFragments(p, layer, sums.slice(4 * j, 4), a, activations[j]);
  };
  int64_t wholeBlocks = layer.k / (4 * mma.chunk), rounds = mma.blocks / warps, wholeRounds = wholeBlocks / warps;
  constexpr int64_t unrolled = 8;
  int64_t looped = wholeRounds > 2 * unrolled ? wholeRounds / unrolled * unrolled : 0;
  // Weights, and most epilogues, are there while kernels before this one still run.
  SmallVector<Values> early;
  if (kernel.usesPdl && !looped)
    for (int64_t round = 0; round < std::min<int64_t>(rounds, rowTiles > 2 ? 2 : 6); ++round)
      early.push_back(mma.loadWeights(weights, p.add(mma.warp, round * warps)));
  bool hasEarlyEpilogue = splitK.once() && epilogue.readsOnlyConstants();
  if (hasEarlyEpilogue)
    splitK.preload();
  kernel.waitForGridDependencies(p);
  if (splitK.once() && !hasEarlyEpilogue)
    splitK.preload();
  if (looped)
    sums = p.loop(p.i32(0), p.i32(looped), p.i32(unrolled), sums, [&](Value round, ValueRange carried) {
      Values inner(carried);
      for (int64_t i = 0; i < unrolled; ++i)
        step(p.add(mma.warp, p.mul(p.add(round, i), warps)), true, inner);
      return inner;
    });
  for (int64_t round = looped; round < rounds; ++round)
    step(p.add(mma.warp, round * warps), round < wholeRounds, sums,
         round < int64_t(early.size()) ? early[round] : Values());
  if (mma.blocks % warps) {
    Value block = p.add(mma.warp, rounds * warps);
    sums = p.ifElse(
        p.lessU(block, p.i32(mma.blocks)),
        [&] {
          Values inner(sums);
          step(block, wholeBlocks == mma.blocks, inner);
          return inner;
        },
        [&] { return sums; });
  }

  splitK.store(sums);
  p.barrier();
  splitK.finish();

  LaunchPlan launch;
  launch.function = kernel.getName();
  launch.blockThreads = 32 * warps;
  launch.sharedBytes = warps * splitK.warpBytes();
  SizeExpr rowsOfMatrix = layer.matrixRows();
  // Only the first dimension of a grid takes more than 65535 blocks.
  launch.grid = {SizeExpr::ceilDiv(rowsOfMatrix, SizeExpr(8 * rowTiles)), SizeExpr(4 * llvm::divideCeil(layer.n, 64))};
  return launch;
}

LaunchPlan nvptx::emitLinearDirect(const LinearLayer &layer, DeviceModule &module, unsigned weight, DirectTile tile) {
  constexpr unsigned tiles = 4; // of 16 columns
  unsigned rowTiles = tile.rowTiles, warps = tile.warps;
  KernelFunction kernel = module.createKernel(layer.symbol(tile.name()), layer.kernel, 32 * warps, {}, /*early=*/false);
  DeviceBuilder p(kernel.getBuilder());
  MmaEmitter mma(p, layer, kernel, weight);
  int64_t columnBlocks = llvm::divideCeil(layer.n, 64);
  Value columnBlock = p.remU(p.block(0), columnBlocks), rowBlock = p.divU(p.block(0), columnBlocks);
  Value firstRow = p.mul(p.add(p.mul(rowBlock, warps), mma.warp), 8 * rowTiles);
  Values weights, rows;
  for (unsigned t = 0; t < tiles; ++t)
    weights.push_back(mma.weightAddress(p.add(p.shiftLeft(columnBlock, 2), t)));
  for (unsigned j = 0; j < rowTiles; ++j)
    rows.push_back(mma.rowAddress(p.add(firstRow, 8 * j)));

  auto load = [&](Value block, bool isWhole) {
    Values words;
    for (Value address : weights)
      words.append(mma.loadWeights(address, block));
    for (Value address : rows)
      words.append(mma.loadRow(address, block, isWhole));
    return words;
  };
  auto multiply = [&](ArrayRef<Value> words, MutableArrayRef<Value> sums) {
    for (unsigned t = 0; t < tiles; ++t)
      for (unsigned j = 0; j < rowTiles; ++j)
        multiplyFragments(p, layer, sums.slice(4 * (t * rowTiles + j), 4), words.slice(8 * t, 8),
                          words.slice(8 * tiles + 4 * j, 4));
  };
  // The next block's fragments are loaded before this one's products.
  Values sums(4 * tiles * rowTiles, p.f32(0));
  int64_t wholeBlocks = layer.k / (4 * mma.chunk);
  if (wholeBlocks) {
    Values carried = load(p.i32(0), true);
    carried.append(sums);
    unsigned numWords = carried.size() - sums.size();
    carried = p.loop(p.i32(1), p.i32(wholeBlocks), p.i32(1), carried, [&](Value block, ValueRange values) {
      Values now(values.take_front(numWords)), inner(values.drop_front(numWords));
      Values next = load(block, true);
      multiply(now, inner);
      next.append(inner);
      return next;
    });
    sums.assign(carried.begin() + numWords, carried.end());
    multiply(ArrayRef<Value>(carried).take_front(numWords), sums);
  }
  if (wholeBlocks < mma.blocks)
    multiply(load(p.i32(wholeBlocks), false), sums);

  LinearEpilogue epilogue(p, layer, kernel.operands);
  Value column = p.add(p.shiftLeft(columnBlock, 6), p.shiftLeft(mma.group, 3));
  for (unsigned j = 0; j < rowTiles; ++j)
    for (unsigned e = 0; e < 2; ++e) {
      Values run;
      for (unsigned t = 0; t < tiles; ++t)
        for (unsigned half = 0; half < 2; ++half)
          run.push_back(sums[4 * (t * rowTiles + j) + 2 * half + e]);
      Value row = p.add(firstRow, p.add(p.shiftLeft(mma.quad, 1), 8 * j + e));
      p.ifThen(p.lessU(row, mma.rows), [&] { epilogue.finish(row, column, run); });
    }

  LaunchPlan launch;
  launch.function = kernel.getName();
  launch.blockThreads = 32 * warps;
  launch.grid = {SizeExpr(columnBlocks) * SizeExpr::ceilDiv(layer.matrixRows(), SizeExpr(8 * rowTiles * warps))};
  return launch;
}
