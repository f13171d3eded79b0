//===- LinearWgmma.cpp - Linear layers on warpgroup matrix instructions -----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// One block an SM takes tiles of the result until none is left. Its last warp fetches 128 bytes of the inner dimension
// at a time with bulk tensor copies, into a ring of stages; each of its warpgroups multiplies 64 rows by all columns of
// the tile. A stage has two barriers: `full` completes when its bytes have arrived, `empty` when all warps have read
// it. The ring runs on over tile boundaries, so copies of the next tile go on while sums are finished.
//
// Where finishing takes long next to multiplying, two warpgroups alternate: each has every other tile of the block for
// itself, and passes over the stages of the other's. It waits for its turn to multiply, which comes when the other has
// seen all its stages arrive: a parity says only which of two neighbouring rounds of a stage is meant.
//
// For few rows the inner dimension of a tile is split over a cluster. Each block leaves its sums in shared memory, and
// finishes a share of the rows from what all blocks of the cluster left.
//
// The `wgmma` packing orders the weight's columns so that four neighbouring pairs of accumulators of a thread are eight
// neighbouring columns: the epilogue loads and stores 16 bytes of a row without any exchange between threads.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/Instructions.h"
#include "lib/Codegen/NVPTX/LinearKernels.h"
#include "lib/Codegen/NVPTX/RawPtx.h"
#include "lib/Packing/TensorCorePacking.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

/// Many sums a thread: two blocks do not fit a multiprocessor's registers.
static bool hasBlockPerSm(WgmmaTile tile) {
  return tile.rows() * tile.columns > 128 * 128 || tile.mode == WgmmaTile::Mode::PingPong;
}

namespace {

class WgmmaEmitter {
public:
  WgmmaEmitter(DeviceBuilder &p, const LinearLayer &layer, KernelFunction &kernel, WgmmaTile tile, Value shared)
      : p(p), layer(layer), kernel(kernel), tile(tile), shared(shared) {
    base = p.sharedAddress(shared);
    stageElements = tileRowBytes / layer.elementBytes();
    steps = llvm::divideCeil(layer.k, stageElements);
    columnTiles = llvm::divideCeil(layer.n, int64_t(tile.columns));
    rows = p.narrow(p.mul(kernel.rows, layer.rowsPerSample));
    numTiles = p.mul(p.divU(p.add(rows, tile.rows() - 1), tile.rows()), columnTiles);
    firstStep = p.i32(0);
    endStep = p.i32(steps);
    if (tile.split > 1) {
      Value rank = p.remU(p.block(), tile.split);
      firstStep = p.divU(p.mul(rank, steps), tile.split);
      endStep = p.divU(p.mul(p.add(rank, 1), steps), tile.split);
    }
  }

  void initBarriers();
  void produce();
  void consume();
  /// Of a cluster that shares a tile, after produce() or consume(): by all threads.
  void finishInCluster();

private:
  bool isPingPong() const { return tile.mode == WgmmaTile::Mode::PingPong; }
  /// Blocks of 64 rows that a warpgroup multiplies.
  unsigned rowBlocks() const { return isPingPong() ? 2 : 1; }
  /// Where in the ring a warp is: a stage, and the parity of the round; and the parity of its next turn to multiply.
  struct Position {
    Value stage, parity, turn;
  };
  Position start() { return {p.i32(0), p.i32(0), p.i32(0)}; }
  Position next(Position position) {
    Value following = p.add(position.stage, 1), wraps = p.equal(following, tile.stages);
    return {p.select(wraps, p.i32(0), following), p.select(wraps, p.bitXor(position.parity, p.i32(1)), position.parity),
            position.turn};
  }
  /// Past the stages of a whole tile.
  Position skip(Position position) {
    Value following = p.add(position.stage, steps % tile.stages);
    Value wraps = p.compare(arith::CmpIPredicate::uge, following, p.i32(tile.stages));
    Value turns = p.bitXor(p.i32(steps / tile.stages % 2), p.select(wraps, p.i32(1), p.i32(0)));
    return {p.select(wraps, p.sub(following, p.i32(tile.stages)), following), p.bitXor(position.parity, turns),
            position.turn};
  }
  Value full(Value stage) { return p.add(p.add(base, p.mul(stage, 8)), tile.stages * tile.stageBytes()); }
  Value empty(Value stage) { return p.add(full(stage), 8 * tile.stages); }
  /// Completes when a warpgroup may multiply.
  Value turn(Value group) { return p.add(p.add(base, p.mul(group, 8)), tile.sharedBytes() - 16); }
  Value stageAddress(Value stage) { return p.add(base, p.mul(stage, tile.stageBytes())); }

  void wait(Value barrier, Value parity) { waitForBarrier(p, barrier, parity); }
  void copyWeights(Value stage, Value step, Value columnTile);
  Position produceSteps(Value begin, Value end, Value rowTile, Value columnTile, Position position, bool withWeights);
  /// sums (+)= one stage; on return all but this stage's products are done.
  void multiply(MutableArrayRef<Value> sums, Value stage, Value group, bool accumulate);
  /// The sums of a tile over its steps; moves the position past them.
  Values accumulate(Position &position, Value group);
  void finish(LinearEpilogue &epilogue, ArrayRef<Value> sums, Value rowTile, Value columnTile, Value group);
  /// The sums of 64 rows; `row` and `column` are this thread's first.
  void finishBlock(LinearEpilogue &epilogue, ArrayRef<Value> sums, Value row, Value column, Value rowTile,
                   Value columnTile);
  void storePartialSums(ArrayRef<Value> sums);
  void forEachTile(Value first, Value stride, Position position,
                   llvm::function_ref<Position(Value rowTile, Value columnTile, Position)> body);
  /// The eight neighbouring columns a thread has in a block of 32, in its upper or lower row.
  Values run(ArrayRef<Value> sums, unsigned block, unsigned half) {
    Values values;
    for (unsigned pair = 0; pair < 4; ++pair)
      for (unsigned e = 0; e < 2; ++e)
        values.push_back(sums[(4 * block + pair) * 4 + 2 * half + e]);
    return values;
  }
  /// The row of a tile of 64 that a thread's lower sums belong to.
  Value rowInGroup() {
    Value thread = p.bitAnd(p.thread(), 127);
    return p.add(p.shiftLeft(p.shiftRight(thread, 5), 4), p.bitAnd(p.shiftRight(thread, 2), 7));
  }
  unsigned partialRowBytes() const { return (tile.columns + 4) * 4; }

  DeviceBuilder &p;
  const LinearLayer &layer;
  KernelFunction &kernel;
  WgmmaTile tile;
  Value shared, base, rows, numTiles;
  Value firstStep, endStep; ///< of this block
  int64_t stageElements, steps, columnTiles;
};

} // namespace

void WgmmaEmitter::initBarriers() {
  p.ifThen(p.equal(p.thread(), 0), [&] {
    for (unsigned stage = 0; stage < tile.stages; ++stage) {
      initBarrier(p, full(p.i32(stage)), 1);
      initBarrier(p, empty(p.i32(stage)), 4 * (isPingPong() ? 1 : tile.groups));
    }
    if (isPingPong())
      for (unsigned group = 0; group < 2; ++group)
        initBarrier(p, turn(p.i32(group)), 4);
    fenceBarriers(p);
  });
  p.barrier();
}

void WgmmaEmitter::forEachTile(Value first, Value stride, Position position,
                               llvm::function_ref<Position(Value, Value, Position)> body) {
  p.loop(first, numTiles, stride, {position.stage, position.parity, position.turn},
         [&](Value index, ValueRange carried) -> Values {
           Value columnTile = columnTiles == 1 ? p.i32(0) : p.remU(index, columnTiles);
           Position after = body(p.divU(index, columnTiles), columnTile, {carried[0], carried[1], carried[2]});
           return {after.stage, after.parity, after.turn};
         });
}

void WgmmaEmitter::copyWeights(Value stage, Value step, Value columnTile) {
  copyTile(p, kernel.tensorMaps[1], p.add(stageAddress(stage), tile.rows() * tileRowBytes),
           {p.mul(step, stageElements), p.mul(columnTile, tile.columns)}, full(stage), tile.columns * tileRowBytes);
}

/// The steps [begin, end) of a tile; those whose weights are on their way already get activations alone.
WgmmaEmitter::Position WgmmaEmitter::produceSteps(Value begin, Value end, Value rowTile, Value columnTile,
                                                  Position position, bool withWeights) {
  Value row = p.mul(rowTile, tile.rows());
  Values state = {position.stage, position.parity};
  state = p.loop(begin, end, p.i32(1), state, [&](Value step, ValueRange inner) -> Values {
    Position here{inner[0], inner[1], position.turn};
    wait(empty(here.stage), p.bitXor(here.parity, p.i32(1)));
    if (withWeights)
      expectBytes(p, full(here.stage), p.i32(tile.stageBytes()));
    copyTile(p, kernel.tensorMaps[0], stageAddress(here.stage), {p.mul(step, stageElements), row}, full(here.stage),
             tile.rows() * tileRowBytes);
    if (withWeights)
      copyWeights(here.stage, step, columnTile);
    Position following = next(here);
    return {following.stage, following.parity};
  });
  return {state[0], state[1], position.turn};
}

void WgmmaEmitter::produce() {
  Value first = p.divU(p.block(), tile.split), stride = p.divU(p.blocks(), tile.split);
  auto produceTile = [&](Value begin, Value rowTile, Value columnTile, Position position) {
    return produceSteps(begin, endStep, rowTile, columnTile, position, /*withWeights=*/true);
  };
  for (Value map : kernel.tensorMaps)
    prefetchMap(p, map);
  // Weights are there while kernels before this one still run: the first stages get theirs. (Every block has a tile.)
  // A block of many tiles begins in the usual order, for it gains little and would wait for all these weights.
  Value isShort = p.compare(arith::CmpIPredicate::ule, numTiles, stride);
  Value early = p.select(isShort, p.i32(std::min<int64_t>(tile.stages, steps / tile.split)), p.i32(0));
  Value rowTile = p.divU(first, columnTiles), columnTile = columnTiles == 1 ? p.i32(0) : p.remU(first, columnTiles);
  p.loop(p.i32(0), early, p.i32(1), [&](Value stage) {
    expectBytes(p, full(stage), p.i32(tile.stageBytes()));
    copyWeights(stage, p.add(firstStep, stage), columnTile);
  });
  kernel.waitForGridDependencies(p);
  Value endEarly = p.add(firstStep, early);
  Position position = produceSteps(firstStep, endEarly, rowTile, columnTile, start(), /*withWeights=*/false);
  position = produceTile(endEarly, rowTile, columnTile, position);
  forEachTile(p.add(first, stride), stride, position, [&](Value rowTile, Value columnTile, Position position) {
    return produceTile(firstStep, rowTile, columnTile, position);
  });
}

void WgmmaEmitter::multiply(MutableArrayRef<Value> sums, Value stage, Value group, bool accumulate) {
  Value a = stageAddress(stage), b = p.add(a, tile.rows() * tileRowBytes);
  Value ownRows = isPingPong() ? a : p.add(a, p.mul(group, 64 * tileRowBytes));
  WgmmaStage products{layer.type, static_cast<unsigned>(tile.columns), /*products=*/4,
                      tileDescriptor(p, b, tile.columns * tileRowBytes)};
  // A thread has columns / 2 sums of each block of 64 rows.
  int64_t ownBytes = static_cast<int64_t>(sums.size()) * 2 / tile.columns * 64 * tileRowBytes;
  multiplyFromShared(p, products, tileDescriptor(p, ownRows, ownBytes), p.i32(accumulate ? 1 : 0), sums);
}

void WgmmaEmitter::finish(LinearEpilogue &epilogue, ArrayRef<Value> sums, Value rowTile, Value columnTile,
                          Value group) {
  Value row = p.add(p.mul(rowTile, tile.rows()), rowInGroup());
  if (!isPingPong())
    row = p.add(row, p.mul(group, 64));
  Value column = p.add(p.mul(columnTile, tile.columns), p.mul(p.bitAnd(p.thread(), 3), 8));
  size_t perBlock = tile.columns / 2;
  for (unsigned block = 0; block < rowBlocks(); ++block)
    finishBlock(epilogue, sums.slice(block * perBlock, perBlock), p.add(row, 64 * block), column, rowTile, columnTile);
}

void WgmmaEmitter::finishBlock(LinearEpilogue &epilogue, ArrayRef<Value> sums, Value row, Value column, Value rowTile,
                               Value columnTile) {
  unsigned blocks = tile.columns / 32;
  // Inside the matrix there is nothing to check, and what a run reads can be under way while the one before is stored.
  Value isInside = p.compare(arith::CmpIPredicate::ule, p.mul(p.add(rowTile, 1), tile.rows()), rows);
  if (layer.n % tile.columns)
    isInside = p.both(isInside,
                      p.compare(arith::CmpIPredicate::ule, p.mul(p.add(columnTile, 1), tile.columns), p.i32(layer.n)));
  p.ifThenElse(
      isInside,
      [&] {
        // Where a block has an SM's registers to itself, the loads of four runs are under way together.
        unsigned batch = hasBlockPerSm(tile) ? 4 : 1;
        SmallVector<LinearEpilogue::Inputs> inputs;
        auto each = [&](unsigned first, auto body) {
          for (unsigned i = first; i < std::min(first + batch, 2 * blocks); ++i)
            body(i, p.add(row, 8 * (i / blocks)), p.add(column, 32 * (i % blocks)));
        };
        auto fetch = [&](unsigned first) {
          each(first, [&](unsigned, Value row, Value column) { inputs.push_back(epilogue.fetch(row, column, 8)); });
        };
        fetch(0);
        for (unsigned first = 0; first < 2 * blocks; first += batch) {
          fetch(first + batch);
          each(first, [&](unsigned i, Value row, Value column) {
            epilogue.finishInside(row, column, run(sums, i % blocks, i / blocks), inputs[i]);
          });
        }
      },
      [&] {
        for (unsigned half = 0; half < 2; ++half)
          p.ifThen(p.lessU(p.add(row, 8 * half), rows), [&] {
            for (unsigned block = 0; block < blocks; ++block)
              epilogue.finish(p.add(row, 8 * half), p.add(column, 32 * block), run(sums, block, half));
          });
      });
}

Values WgmmaEmitter::accumulate(Position &position, Value group) {
  unsigned count = rowBlocks() * tile.columns / 2;
  Values sums(count, LLVM::UndefOp::create(p, p.getF32Type()));
  if (isPingPong())
    wait(turn(group), position.turn);
  wait(full(position.stage), position.parity);
  multiply(sums, position.stage, group, /*accumulate=*/false);
  Position following = next(position);
  Values state = {position.stage, following.stage, following.parity};
  state.append(sums);
  state = p.loop(p.add(firstStep, 1), endStep, p.i32(1), state, [&](Value, ValueRange values) {
    Position here{values[1], values[2], position.turn};
    Values inner(values.drop_front(3));
    wait(full(here.stage), here.parity);
    multiply(inner, here.stage, group, /*accumulate=*/true);
    arriveAsWarp(p, empty(values[0])); // the stage before: its products are done
    Position after = next(here);
    Values result = {here.stage, after.stage, after.parity};
    result.append(inner);
    return result;
  });
  sums.assign(state.begin() + 3, state.end());
  if (isPingPong())
    arriveAsWarp(p, turn(p.sub(p.i32(1), group)));
  waitForProducts(p, sums);
  arriveAsWarp(p, empty(state[0]));
  position = {state[1], state[2], p.bitXor(position.turn, p.i32(1))};
  return sums;
}

void WgmmaEmitter::consume() {
  kernel.waitForGridDependencies(p);
  Value everywhere = std::exchange(base, keepAddress(p, shared));
  LinearEpilogue epilogue(p, layer, kernel.operands);
  Value group = p.shiftRight(p.thread(), 7);
  Value first = p.divU(p.block(), tile.split), stride = p.divU(p.blocks(), tile.split);
  Position begin = start();
  if (isPingPong()) {
    // The second group begins a tile later, and both take every other one.
    Position later = skip(begin);
    Value isSecond = p.equal(group, 1);
    begin = {p.select(isSecond, later.stage, begin.stage), p.select(isSecond, later.parity, begin.parity),
             p.select(isSecond, p.i32(0), p.i32(1))};
    first = p.add(first, p.select(isSecond, stride, p.i32(0)));
    stride = p.mul(stride, 2);
  }
  forEachTile(first, stride, begin, [&](Value rowTile, Value columnTile, Position position) -> Position {
    Values sums = accumulate(position, group);
    if (tile.split > 1)
      storePartialSums(sums);
    else
      finish(epilogue, sums, rowTile, columnTile, group);
    return isPingPong() ? skip(position) : position;
  });
  base = everywhere;
}

void WgmmaEmitter::storePartialSums(ArrayRef<Value> sums) {
  // The stages are read by the whole group before sums take their place.
  namedBarrier(p, 1, 128);
  for (unsigned half = 0; half < 2; ++half)
    for (unsigned block = 0; block < tile.columns / 32; ++block) {
      Value row = p.add(rowInGroup(), 8 * half);
      Value to = p.at(p.at(shared, p.mul(row, partialRowBytes())), p.shiftLeft(p.bitAnd(p.thread(), 3), 5));
      Values values = run(sums, block, half);
      for (unsigned part = 0; part < 2; ++part)
        p.storeWords(ArrayRef<Value>(values).slice(4 * part, 4), p.at(to, 128 * block + 16 * part));
    }
}

void WgmmaEmitter::finishInCluster() {
  kernel.waitForGridDependencies(p); // threads that have fetched nothing
  auto syncCluster = [&] {
    clusterArrive(p, /*release=*/true);
    clusterWait(p);
  };
  syncCluster();
  Value index = p.divU(p.block(), tile.split), rank = p.remU(p.block(), tile.split);
  unsigned share = 64 / tile.split, runs = tile.columns / 8;
  Value firstRow = p.mul(p.divU(index, columnTiles), 64), firstColumn = p.mul(p.remU(index, columnTiles), tile.columns);
  LinearEpilogue epilogue(p, layer, kernel.operands);
  p.loop(p.thread(), p.i32(share * runs), p.i32(128 * tile.groups + 32), [&](Value i) {
    Value rowInTile = p.add(p.mul(rank, share), p.divU(i, runs)), columnInTile = p.shiftLeft(p.remU(i, runs), 3);
    Value row = p.add(firstRow, rowInTile);
    p.ifThen(p.lessU(row, rows), [&] {
      Value address = p.add(p.add(base, p.mul(rowInTile, partialRowBytes())), p.shiftLeft(columnInTile, 2));
      Values sums(8, p.f32(0));
      for (unsigned other = 0; other < tile.split; ++other)
        for (unsigned part = 0; part < 2; ++part) {
          Values values = loadFromBlock(p, p.add(address, 16 * part), other);
          for (unsigned e = 0; e < 4; ++e)
            sums[4 * part + e] = p.addf(sums[4 * part + e], values[e]);
        }
      epilogue.finish(row, p.add(firstColumn, columnInTile), sums);
    });
  });
  syncCluster(); // no block exits while others read its sums
}

LaunchPlan nvptx::emitLinearWgmma(const LinearLayer &layer, DeviceModule &module, unsigned weight, WgmmaTile tile) {
  int64_t bytes = layer.elementBytes(), paddedK = wgmmaRowElements(layer.k, bytes);
  unsigned stageElements = tileRowBytes / bytes;
  SizeExpr rows = layer.matrixRows();
  TensorMapPlan x, w;
  x.operand = layer.x.operand;
  x.elementType = w.elementType = layer.type;
  x.sizes = {SizeExpr(layer.k), rows};
  x.strides = {SizeExpr(layer.x.stride * bytes)};
  x.box = {stageElements, tile.rows()};
  w.operand = weight;
  w.sizes = {SizeExpr(paddedK), SizeExpr(wgmmaRows(layer.n))};
  w.strides = {SizeExpr(paddedK * bytes)};
  w.box = {stageElements, tile.columns};
  x.swizzle = w.swizzle = tileRowBytes;

  LaunchPlan launch;
  // The last warpgroup only fetches. Where sums are many it gives its registers to the others, which takes a whole one.
  bool moveRegisters = tile.groups == 2 && hasBlockPerSm(tile);
  launch.blockThreads = 128 * tile.groups + (moveRegisters ? 128 : 32);
  launch.sharedBytes = tile.sharedBytes();
  launch.tensorMaps = {x, w};
  launch.grid = {SizeExpr::ceilDiv(rows, SizeExpr(tile.rows())) *
                 SizeExpr(llvm::divideCeil(layer.n, int64_t(tile.columns)) * tile.split)};
  // As many blocks as shared memory and registers hold.
  unsigned byShared = module.getTarget().blocksByShared(launch.sharedBytes), byThreads = hasBlockPerSm(tile) ? 1 : 2;
  unsigned blocksPerSm = std::max(1u, std::min(byShared, byThreads));
  if (tile.split > 1)
    launch.cluster = tile.split;
  else
    launch.blocksPerSm = blocksPerSm;
  KernelFunction kernel =
      module.createKernel(layer.symbol(tile.name()), layer.kernel, launch.blockThreads, launch.tensorMaps);
  launch.function = kernel.getName();
  DeviceBuilder p(kernel.getBuilder());
  kernel.function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), p.getI32IntegerAttr(blocksPerSm));
  WgmmaEmitter emitter(p, layer, kernel, tile, module.getDynamicShared(p));
  emitter.initBarriers();
  Value warp = p.shiftRight(p.thread(), 5);
  auto setRegisters = [&](unsigned count, bool more) {
    if (moveRegisters)
      setMaxRegisters(p, count, more);
  };
  p.ifThenElse(
      p.lessU(warp, p.i32(4 * tile.groups)),
      [&] {
        setRegisters(240, /*more=*/true);
        emitter.consume();
      },
      [&] {
        setRegisters(24, /*more=*/false);
        p.ifThen(p.equal(p.thread(), 128 * tile.groups), [&] { emitter.produce(); });
      });
  if (tile.split > 1)
    emitter.finishInCluster();
  return launch;
}
