//===- LinearChain.cpp - Linear layers that keep activations on chip ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//
//
// One cluster takes up to eight rows through all layers. Each of its blocks has some columns of every layer; the warps
// of a block split the columns and the inner dimension and add up through shared memory.
//
// Weights: a warp of its own has bulk copies bring `mma` fragments into a ring of stages in shared memory, over the
// borders of layers and from the kernel's first instruction on. A stage is one unit of each warp: the warps that share
// the inner dimension of a tile take neighbouring kilobytes of the packing, so few copies fill it. (Asynchronous copies
// by the lanes themselves, cp.async, were queued in front of everything else for as long as the ring took to fill.)
//
// Activations: who finishes a column stores it (st.async) into the shared memory of every block that has columns of the
// next layer, where the stores complete a transaction barrier: data and its arrival are one message. A layer's input
// alternates between two buffers, which is enough: a block writes the input of layer i + 2 when it has all of layer
// i + 1's, which others sent after they had read all of layer i's. So do the sums of warps, which the barrier between
// sums and epilogues of the layer in between keeps apart.
//
//===-------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/LinearChain.h"
#include "lib/Codegen/NVPTX/Instructions.h"
#include "lib/Codegen/NVPTX/LinearKernels.h"
#include "lib/Codegen/NVPTX/RawPtx.h"
#include "lib/Packing/TensorCorePacking.h"
#include "lib/Tiling/ChainLayout.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

namespace {

constexpr unsigned warps = chainWarps, threads = 32 * warps, tileRows = chainRows;
/// One more warp only fetches.
constexpr unsigned blockThreads = threads + 32;
/// Units whose fragments a lane holds at a time.
constexpr unsigned batchUnits = 4;

class ChainEmitter {
public:
  ChainEmitter(DeviceBuilder &p, ArrayRef<LinearLayer> layers, const ChainLayout &layout, KernelFunction &kernel,
               Value shared, int64_t clusters);
  void run();

private:
  using Layout = ChainLayerLayout;
  /// A column of a row that a thread finishes.
  struct Place {
    Value index, row, column, isReal;
  };

  void loadInput();
  void storeInput();
  void initBarriers();
  void fetchEpilogues();
  void fetchUnit(unsigned unit);
  void produce();
  void consume();
  void waitOn(Value barrier, unsigned parity);
  void multiply(unsigned layer);
  void storeSums(unsigned layer, ArrayRef<Value> sums);
  Place placeOf(unsigned layer, unsigned round);
  void finish(unsigned layer);
  void finishRound(unsigned layer, unsigned round);
  Values gather(const Layout &layout, Value value, Value lane);
  void push(unsigned layer, const Place &place, ArrayRef<Value> words);

  unsigned rounds(unsigned layer) const {
    return llvm::divideCeil(16 * layout.layers[layer].tilesPerBlock * tileRows, threads);
  }
  bool isLast(unsigned layer) const { return layer + 1 == layers.size(); }
  Value isActive(unsigned layer) { return p.lessU(rank, p.i32(layout.layers[layer].activeBlocks)); }
  void ifActive(unsigned layer, llvm::function_ref<void()> then);
  /// All threads that multiply.
  void barrier() { namedBarrier(p, 1, threads); }
  /// Of the input of a layer; of a stage that is full or empty again.
  Value inputBarrier(unsigned layer) { return p.add(sharedBase, 8 * layer); }
  Value fullBarrier(unsigned unit) { return p.add(sharedBase, layout.stageBarriersAt + 16 * (unit % layout.slots)); }
  Value emptyBarrier(unsigned unit) { return p.add(fullBarrier(unit), 8); }
  bool isRefilled(unsigned unit) const { return unit + layout.slots < layout.units; }
  Value tileGroupOf(const Layout &l) { return p.divU(warp, l.innerGroups); }
  Value innerGroupOf(const Layout &l) { return p.remU(warp, l.innerGroups); }

  DeviceBuilder &p;
  ArrayRef<LinearLayer> layers;
  const ChainLayout &layout;
  KernelFunction &kernel;
  Value shared, sharedBase;
  Value thread, lane, group, quad, warp; ///< lane / 4, lane % 4
  Value rank, firstRow, rows, rowsHere;  ///< block of the cluster; of the matrix; of this tile
  Value ring;                            ///< of this lane
  SmallVector<Values> input;             ///< words of this thread's chunks
  SmallVector<LinearEpilogue> epilogues;
  SmallVector<SmallVector<LinearEpilogue::Inputs>> epilogueInputs; ///< a layer's, for each round
};

} // namespace

ChainEmitter::ChainEmitter(DeviceBuilder &p, ArrayRef<LinearLayer> layers, const ChainLayout &layout,
                           KernelFunction &kernel, Value shared, int64_t clusters)
    : p(p), layers(layers), layout(layout), kernel(kernel), shared(shared) {
  sharedBase = p.sharedAddress(shared);
  thread = p.thread();
  lane = p.bitAnd(thread, 31);
  group = p.shiftRight(lane, 2);
  quad = p.bitAnd(lane, 3);
  warp = p.shiftRight(thread, 5);
  rank = p.remU(p.block(), clusterBlocks);
  rows = p.narrow(p.mul(kernel.rows, layers.front().rowsPerSample));
  Value rowsEach = p.min(p.divU(p.add(rows, clusters - 1), clusters), p.i32(tileRows));
  firstRow = p.mul(p.divU(p.block(), clusterBlocks), rowsEach);
  rowsHere = p.min(p.sub(rows, firstRow), rowsEach);
  ring = p.at(p.at(shared, layout.ringAt), p.add(p.mul(warp, chainUnitBytes), p.shiftLeft(lane, 4)));
}

void ChainEmitter::ifActive(unsigned layer, llvm::function_ref<void()> then) {
  if (layout.layers[layer].activeBlocks == clusterBlocks)
    then();
  else
    p.ifThen(isActive(layer), then);
}

//===----------------------------------------------------------------------===//
// What comes from global memory
//===----------------------------------------------------------------------===//

/// Chunks of 16 bytes of the tile's rows, one after another to the threads.
void ChainEmitter::loadInput() {
  const LinearLayer &layer = layers.front();
  unsigned chunks = 4 * layout.layers.front().innerBlocks;
  for (unsigned first = 0; first < chunks * tileRows; first += threads) {
    Value index = p.add(thread, first), row = p.divU(index, chunks), element = p.shiftLeft(p.remU(index, chunks), 3);
    Value address =
        p.at(kernel.operands[layer.x.operand],
             p.mul(p.widen(p.add(firstRow, row)), layer.x.stride * (layer.x.type.getIntOrFloatBitWidth() / 8)));
    bool isWhole = layer.k == int64_t(8) * chunks;
    input.push_back(p.ifElse(
        p.lessU(row, rowsHere), [&] { return loadChunk(p, layer, address, element, isWhole); },
        [&] { return Values(4, p.i32(0)); }));
  }
}

void ChainEmitter::storeInput() {
  const Layout &first = layout.layers.front();
  unsigned chunks = 4 * first.innerBlocks;
  ifActive(0, [&] {
    for (auto [round, words] : llvm::enumerate(input)) {
      Value index = p.add(thread, round * threads), row = p.divU(index, chunks), chunk = p.remU(index, chunks);
      Value to = p.at(p.at(shared, layout.activationsAt[0]), p.add(p.mul(row, first.rowBytes), p.shiftLeft(chunk, 4)));
      p.ifThen(p.lessU(row, rowsHere), [&, words = words] { p.storeWords(words, to); });
    }
  });
}

/// Each layer's input but the first has a barrier that completes when all its bytes have come; it is used once.
void ChainEmitter::initBarriers() {
  p.ifThen(p.equal(thread, threads), [&] {
    for (unsigned slot = 0; slot < layout.slots; ++slot) {
      initBarrier(p, fullBarrier(slot), 1);
      initBarrier(p, emptyBarrier(slot), warps);
    }
    for (unsigned l = 1; l < layers.size(); ++l) {
      initBarrier(p, inputBarrier(l), 1);
      ifActive(l, [&] {
        Value bytes = p.mul(rowsHere, 32 * layout.layers[l - 1].tiles);
        expectBytes(p, inputBarrier(l), bytes);
      });
    }
    fenceBarriers(p);
  });
  // Its other half is before the first store into another block.
  clusterArrive(p, /*release=*/false);
}

void ChainEmitter::fetchEpilogues() {
  for (unsigned l = 0; l < layers.size(); ++l) {
    SmallVector<LinearEpilogue::Inputs> &inputs = epilogueInputs.emplace_back();
    for (unsigned round = 0; round < rounds(l); ++round) {
      Place place = placeOf(l, round);
      inputs.push_back(epilogues[l].fetch(p.min(p.add(firstRow, place.row), p.add(rows, -1)),
                                          p.min(place.column, p.i32(layers[l].n - 1)), 1));
    }
  }
}

/// Starts the copies of a stage, by one thread.
void ChainEmitter::fetchUnit(unsigned unit) {
  unsigned l = 0;
  while (!isLast(l) && unit >= layout.layers[l + 1].firstUnit)
    ++l;
  const Layout &layer = layout.layers[l];
  unsigned inner = (unit - layer.firstUnit) / layer.tilesPerWarp(), t = (unit - layer.firstUnit) % layer.tilesPerWarp();
  unsigned firstInner = inner * layer.innerGroups,
           bytes = std::min(layer.innerGroups, layer.innerBlocks - firstInner) * chainUnitBytes;
  bool isWhole = layer.tiles == clusterBlocks * layer.tilesPerBlock;
  if (unit >= layout.slots)
    waitOn(emptyBarrier(unit), (unit / layout.slots + 1) % 2);
  Values tiles, exist;
  Value total = p.i32(isWhole ? layer.tileGroups * bytes : 0);
  for (unsigned g = 0; g < layer.tileGroups; ++g) {
    tiles.push_back(p.add(p.mul(rank, layer.tilesPerBlock), g * layer.tilesPerWarp() + t));
    exist.push_back(p.lessU(tiles[g], p.i32(layer.tiles)));
    if (!isWhole)
      total = p.add(total, p.select(exist[g], p.i32(bytes), p.i32(0)));
  }
  expectBytes(p, fullBarrier(unit), total);
  Value to = p.add(sharedBase, layout.ringAt + unit % layout.slots * warps * chainUnitBytes);
  for (unsigned g = 0; g < layer.tileGroups; ++g) {
    auto copy = [&] {
      Value from = p.at(kernel.operands[layers[l].weight],
                        p.mul(p.widen(p.add(p.mul(tiles[g], layer.innerBlocks), firstInner)), chainUnitBytes));
      copyBulk(p, p.add(to, g * layer.innerGroups * chainUnitBytes), from, bytes, fullBarrier(unit));
    };
    if (isWhole)
      copy();
    else
      p.ifThen(exist[g], copy);
  }
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

void ChainEmitter::waitOn(Value barrier, unsigned parity) {
  waitForBarrier(p, barrier, p.i32(parity), /*ofCluster=*/true);
}

void ChainEmitter::multiply(unsigned l) {
  const Layout &layer = layout.layers[l];
  unsigned tiles = layer.tilesPerWarp(), units = layer.unitsPerWarp();
  // Even and odd steps have sums of their own where registers allow: products that add to the same wait for each other.
  unsigned sets = tiles <= 4 ? 2 : 1;
  Values sums(4 * tiles * sets, p.f32(0));
  Value innerBlock = innerGroupOf(layer);
  Value activations =
      p.at(p.at(shared, layout.activationsAt[l % 2]), p.add(p.mul(group, layer.rowBytes), p.shiftLeft(quad, 4)));
  Values b;
  for (unsigned begin = 0; begin < units; begin += batchUnits) {
    unsigned end = std::min(begin + batchUnits, units);
    SmallVector<Values> a, bs;
    // All of them before the first load, so that loads do not wait for each other.
    for (unsigned number = layer.firstUnit + begin; number < layer.firstUnit + end; ++number)
      waitOn(fullBarrier(number), number / layout.slots % 2);
    for (unsigned unit = begin; unit < end; ++unit) {
      unsigned inner = unit / tiles, number = layer.firstUnit + unit;
      Value block = p.add(innerBlock, inner * layer.innerGroups), last = p.i32(layer.innerBlocks - 1);
      bool isRagged = (inner + 1) * layer.innerGroups > layer.innerBlocks;
      if (unit % tiles == 0)
        b = p.loadWords(p.at(activations, p.shiftLeft(isRagged ? p.min(block, last) : block, 6)), 4);
      Value slot = p.at(ring, number % layout.slots * warps * chainUnitBytes);
      Values &words = a.emplace_back(p.loadWords(slot, 4));
      words.append(p.loadWords(p.at(slot, 512), 4));
      bs.push_back(b);
      // Past the end there is neither weight nor input.
      if (isRagged)
        for (Values *fragments : {&words, &bs.back()})
          for (Value &word : *fragments)
            word = p.select(p.lessU(last, block), p.i32(0), word);
    }
    for (unsigned unit = begin; unit < end; ++unit)
      for (unsigned step = 0; step < 2; ++step)
        multiplyFragments(
            p, layers[l], MutableArrayRef<Value>(sums).slice(4 * (unit % tiles * sets + (sets == 2 ? step : 0)), 4),
            ArrayRef<Value>(a[unit - begin]).slice(4 * step, 4), ArrayRef<Value>(bs[unit - begin]).slice(2 * step, 2));
    for (unsigned unit = layer.firstUnit + begin; unit < layer.firstUnit + end; ++unit)
      if (isRefilled(unit)) {
        warpBarrier(p);
        p.ifThen(p.equal(lane, 0), [&] { arrive(p, emptyBarrier(unit)); });
      }
  }
  if (sets == 2)
    for (unsigned i = 0; i < 4 * tiles; ++i)
      sums[i] = p.addf(sums[i / 4 * 8 + i % 4], sums[i / 4 * 8 + 4 + i % 4]);
  storeSums(l, ArrayRef<Value>(sums).take_front(4 * tiles));
}

/// By warp that shares the inner dimension, row, and column in the order of Place::index.
void ChainEmitter::storeSums(unsigned l, ArrayRef<Value> sums) {
  const Layout &layer = layout.layers[l];
  unsigned tiles = layer.tilesPerWarp(), vector = layer.vectorTiles;
  // Where two neighbouring tiles are one warp's, 16 bytes go at once.
  unsigned together = tiles % 2 == 0 && vector % 2 == 0 ? 2 : 1;
  auto store = [&] {
    Value own = p.at(p.at(shared, layout.sumsAt[l % 2]), p.mul(innerGroupOf(layer), tileRows * layer.sumRowBytes()));
    for (unsigned t = 0; t < tiles; t += together) {
      Value tile = p.add(p.mul(tileGroupOf(layer), tiles), t);
      Value offset = p.add(p.mul(p.divU(tile, vector), 64 * vector), p.shiftLeft(p.remU(tile, vector), 3));
      offset = p.add(offset, p.mul(group, 8 * vector));
      for (unsigned e = 0; e < 2; ++e) {
        Value row = p.add(p.shiftLeft(quad, 1), e);
        Values run;
        for (unsigned i = t; i < t + together; ++i)
          run.append({sums[4 * i + e], sums[4 * i + 2 + e]});
        p.ifThen(p.lessU(row, rowsHere),
                 [&] { p.storeWords(run, p.at(own, p.add(p.mul(row, layer.sumRowBytes()), offset))); });
      }
    }
  };
  ifActive(l, [&] {
    if (layer.tileGroups * layer.innerGroups < warps)
      p.ifThen(p.lessU(tileGroupOf(layer), p.i32(layer.tileGroups)), store);
    else
      store();
  });
}

//===----------------------------------------------------------------------===//
// Epilogues
//===----------------------------------------------------------------------===//

/// Threads have the columns of a row one after another, in groups of 2 * vectorTiles that are neighbours in memory.
ChainEmitter::Place ChainEmitter::placeOf(unsigned l, unsigned round) {
  const Layout &layer = layout.layers[l];
  unsigned columns = 16 * layer.tilesPerBlock, vector = layer.vectorTiles;
  Place place;
  Value i = p.add(thread, round * threads);
  place.row = p.divU(i, columns);
  place.index = p.remU(i, columns);
  Value tile = p.add(p.mul(rank, layer.tilesPerBlock), p.mul(p.divU(place.index, 16 * vector), vector));
  Value inGroup = p.remU(p.divU(place.index, 2 * vector), 8);
  // Tile t of a block of 64 has columns 8*g + 2*t and the next.
  place.column = p.add(p.add(p.shiftLeft(p.shiftRight(tile, 2), 6), p.shiftLeft(p.bitAnd(tile, 3), 1)),
                       p.add(p.shiftLeft(inGroup, 3), p.remU(place.index, 2 * vector)));
  place.isReal = p.lessU(place.row, rowsHere);
  if (layer.tiles != clusterBlocks * layer.tilesPerBlock)
    place.isReal = p.both(place.isReal, p.lessU(tile, p.i32(layer.tiles)));
  return place;
}

/// The words of the group's 2 * vectorTiles columns, in each of its lanes.
Values ChainEmitter::gather(const Layout &layer, Value value, Value lane) {
  Value other = p.shuffleXor(value, 1), isOdd = p.equal(p.bitAnd(lane, 1), 1);
  Type type = layers.front().type;
  Values words = {packHalves(p, p.select(isOdd, other, value), p.select(isOdd, value, other), type)};
  for (unsigned distance = 2; distance < 2 * layer.vectorTiles; distance *= 2) {
    Value isUpper = p.equal(p.bitAnd(lane, distance), distance);
    Values lower, upper;
    for (Value word : words) {
      Value theirs = p.shuffleXor(word, distance);
      lower.push_back(p.select(isUpper, theirs, word));
      upper.push_back(p.select(isUpper, word, theirs));
    }
    lower.append(upper);
    words = lower;
  }
  return words;
}

/// Lanes of a group share the blocks to store to.
void ChainEmitter::push(unsigned l, const Place &place, ArrayRef<Value> words) {
  const Layout &layer = layout.layers[l], &next = layout.layers[l + 1];
  unsigned lanes = 2 * layer.vectorTiles;
  Value member = p.remU(place.index, lanes), first = p.sub(place.column, member);
  Value to = p.add(p.add(sharedBase, layout.activationsAt[(l + 1) % 2]),
                   p.add(p.mul(place.row, next.rowBytes), p.shiftLeft(first, 1)));
  Value barrier = inputBarrier(l + 1);
  for (unsigned block = 0; block < next.activeBlocks; block += lanes) {
    Value target = p.add(member, block);
    auto store = [&] { storeAsync(p, to, barrier, target, words); };
    if (block + lanes > next.activeBlocks)
      p.ifThen(p.lessU(target, p.i32(next.activeBlocks)), store);
    else
      store();
  }
}

void ChainEmitter::finishRound(unsigned l, unsigned round) {
  const Layout &layer = layout.layers[l];
  Place place = placeOf(l, round);
  Value row = p.add(firstRow, place.row);
  bool isPadded = layers[l].n % 64 != 0;
  Value exists = isPadded ? p.both(place.isReal, p.lessU(place.column, p.i32(layers[l].n))) : place.isReal;
  auto accumulate = [&] {
    Value from = p.at(p.at(shared, layout.sumsAt[l % 2]),
                      p.add(p.mul(place.row, layer.sumRowBytes()), p.shiftLeft(place.index, 2)));
    Values parts;
    for (unsigned i = 0; i < layer.innerGroups; ++i)
      parts.push_back(p.load(p.getF32Type(), p.at(from, i * tileRows * layer.sumRowBytes()), 4));
    for (size_t count = parts.size(); count > 1; count /= 2) // a power of two
      for (size_t i = 0; i < count / 2; ++i)
        parts[i] = p.addf(parts[i], parts[i + count / 2]);
    return parts[0];
  };
  const MatrixOperand &out = layers[l].out;
  bool inRuns = isLast(l) && out.type == layers[l].type && out.aligned && layers[l].n % (2 * layer.vectorTiles) == 0;
  if (isLast(l) && !inRuns) {
    p.ifThen(exists, [&] { epilogues[l].finishInside(row, place.column, {accumulate()}, epilogueInputs[l][round]); });
    return;
  }
  // Padded columns are zero for the next layer.
  Value value = p.ifElse(
      exists, [&] { return epilogues[l].evaluate(row, place.column, {accumulate()}, epilogueInputs[l][round]); },
      [&] { return Values{p.f32(0)}; })[0];
  Values words = gather(layer, value, lane);
  if (!isLast(l)) {
    p.ifThen(place.isReal, [&] { push(l, place, words); });
    return;
  }
  Value isFirst = p.equal(p.remU(place.index, 2 * layer.vectorTiles), 0);
  p.ifThen(p.both(exists, isFirst), [&] {
    Value offset = p.add(p.mul(p.widen(row), out.stride * 2), p.mul(p.widen(place.column), 2));
    p.storeWords(words, p.at(kernel.operands[out.operand], offset));
  });
}

void ChainEmitter::finish(unsigned l) {
  Value columns = p.mul(rowsHere, 16 * layout.layers[l].tilesPerBlock);
  ifActive(l, [&] {
    for (unsigned round = 0; round < rounds(l); ++round) {
      // Whole warps take part, for they exchange columns.
      Value firstOfWarp = p.add(p.shiftLeft(warp, 5), round * threads);
      p.ifThen(p.lessU(firstOfWarp, columns), [&] { finishRound(l, round); });
    }
  });
}

void ChainEmitter::produce() {
  p.ifThen(p.equal(lane, 0), [&] {
    for (unsigned unit = 0; unit < layout.units; ++unit)
      fetchUnit(unit);
  });
  clusterWait(p);
}

void ChainEmitter::consume() {
  for (unsigned l = 0; l < layers.size(); ++l)
    epilogues.emplace_back(p, layers[l], kernel.operands);
  // Weights and most epilogues are there while kernels before this one still run.
  bool hasEarlyEpilogues =
      llvm::all_of(epilogues, [](const LinearEpilogue &epilogue) { return epilogue.readsOnlyConstants(); });
  if (hasEarlyEpilogues)
    fetchEpilogues();
  kernel.waitForGridDependencies(p);
  loadInput();
  if (!hasEarlyEpilogues)
    fetchEpilogues();
  storeInput();
  barrier();
  for (unsigned l = 0; l < layers.size(); ++l) {
    if (l > 0)
      ifActive(l, [&] { waitOn(inputBarrier(l), 0); });
    multiply(l);
    barrier();
    if (l == 0)
      clusterWait(p);
    finish(l);
  }
}

void ChainEmitter::run() {
  initBarriers();
  p.barrier();
  p.ifThenElse(p.lessU(warp, p.i32(warps)), [&] { consume(); }, [&] { produce(); });
}

EmitResult nvptx::emitLinearChain(plan::KernelOp kernel, DeviceModule &module) {
  IntegerAttr maxRows = kernel.getChainRowsAttr();
  if (!maxRows)
    return std::nullopt;
  SmallVector<LinearLayer> layers = matchLinearLayers(kernel);
  std::optional<ChainLayout> layout;
  bool isPacked = llvm::all_of(layers, [&](const LinearLayer &layer) {
    return kernel.getLayout(layer.weight).getPacking().getKind() == plan::PackingKind::mma;
  });
  if (isPacked && llvm::all_of(layers, [](const LinearLayer &layer) { return canChain(layer); }))
    layout = layOutChain(layers, module.getTarget());
  if (!layout)
    return EmitResult(kernel.emitError("device codegen: '") << kernel.getSymName() << "' is no chain of linear layers");
  KernelFunction function = module.createKernel(kernel.getSymName(), kernel, blockThreads);
  DeviceBuilder p(function.getBuilder());
  int64_t clusters = module.getTarget().largeClusters;
  ChainEmitter(p, layers, *layout, function, module.getDynamicShared(p), clusters).run();

  LaunchPlan launch;
  launch.function = function.getName();
  launch.blockThreads = blockThreads;
  launch.cluster = clusterBlocks;
  launch.sharedBytes = layout->sharedBytes;
  // As many clusters as run at a time, with as few rows each: a stream of weights more costs nothing, a row more does.
  SizeExpr rows = layers.front().matrixRows();
  SizeExpr rowsEach = SizeExpr::min(SizeExpr::ceilDiv(rows, SizeExpr(clusters)), SizeExpr(tileRows));
  launch.grid = {SizeExpr(clusterBlocks) * SizeExpr::ceilDiv(rows, rowsEach)};
  launch.maxRows = maxRows.getInt();
  KernelPlan plan;
  plan.launches.push_back(std::move(launch));
  return FailureOr<KernelPlan>(std::move(plan));
}
