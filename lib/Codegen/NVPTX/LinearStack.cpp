//===- LinearStack.cpp - Linear layers whose rows stay in registers ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//
//
// A block takes 128 rows through all layers, 64 a warpgroup. The sums that a thread has of a product are, as halves,
// just what it has to give as left operand of the next one (rows lane / 4 and 8 more, columns 2 * (lane % 4) and the
// next of each eight). So nothing but weights goes through shared memory:
//
// - The first layer's rows are a few registers. 16 of its columns at a time are a product of a warp (mma.sync) with
//   fragments of its weight, which lie in shared memory for as long as the block lives; their epilogue follows, and
//   they are one step of the inner dimension of the second layer.
// - The second layer's sums of all columns stay in registers while its weight passes: a warp of its own fetches 64 of
//   the inner dimension at a time into a ring of stages, whose barriers are as in LinearWgmma.cpp.
// - Further layers take the sums before them, after their epilogue, in the same way.
//
// A warpgroup makes the next columns of the first layer while it multiplies, and the two take turns where it cannot.
//
//===-------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/LinearStack.h"
#include "lib/Codegen/NVPTX/Instructions.h"
#include "lib/Codegen/NVPTX/LinearKernels.h"
#include "lib/Codegen/NVPTX/RawPtx.h"
#include "lib/Packing/TensorCorePacking.h"
#include "lib/Tiling/StackLayout.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

/// Threads that multiply, and rows that they take at a time; a warpgroup more only fetches.
static constexpr unsigned consumers = 128 * stackWarpgroups, tileRows = stackTileRows;
static constexpr int64_t stepElements = tileRowBytes / 2;

namespace {
class StackEmitter {
public:
  StackEmitter(DeviceBuilder &p, ArrayRef<LinearLayer> layers, const StackLayout &layout, KernelFunction &kernel,
               Value shared);
  void initBarriers();
  void produce();
  void consume();

private:
  /// Where in the ring a warp is.
  struct Position {
    Value stage, parity;
  };
  Position next(Position here) {
    Value following = p.add(here.stage, 1), wraps = p.equal(following, layout.stages);
    return {p.select(wraps, p.i32(0), following), p.select(wraps, p.bitXor(here.parity, p.i32(1)), here.parity)};
  }
  Value full(Value stage) { return p.add(p.add(base, p.shiftLeft(stage, 3)), layout.barriersAt()); }
  Value empty(Value stage) { return p.add(full(stage), 8 * layout.stages); }
  Value stageAddress(Value stage) { return p.add(base, p.mul(stage, layout.stageBytes)); }
  int64_t steps(size_t l) const { return llvm::divideCeil(layers[l].k, stepElements); }
  bool isLast(size_t l) const { return l + 1 == layers.size(); }

  void storeFragments();
  /// This thread's elements of the first layer's input, as f32.
  Values loadRows(Value tile);
  /// Elements as the left operand of a product: two a word.
  Values pack(ArrayRef<Value> elements);
  /// Two neighbouring columns in two rows, eight apart, after the epilogue of a layer that is not the last, as f32.
  Values finishPair(size_t l, Value row, Value column, ArrayRef<Value> sums);
  /// A step of 16 of the second layer's inner dimension: columns of the first from 16 * block + firstColumn on.
  Values makeColumns(Value block, int64_t firstColumn, Value row, ArrayRef<Value> rows);
  /// Begins sums += fragments times a stage, for each 16 of its inner dimension; and waits until that is done.
  void issue(size_t l, MutableArrayRef<Value> sums, ArrayRef<Value> fragments, const Position &position);
  void complete(MutableArrayRef<Value> sums, Position &position);
  Values multiplyThin(Value row, ArrayRef<Value> rows, Position &position);
  Values multiplyNext(size_t l, Value row, ArrayRef<Value> before, Position &position);
  void store(Value row, ArrayRef<Value> sums);

  DeviceBuilder &p;
  ArrayRef<LinearLayer> layers;
  const StackLayout &layout;
  KernelFunction &kernel;
  Value shared, base, rows, numTiles;
  Value lane, quad; ///< lane % 4
  SmallVector<LinearEpilogue> epilogues;
};
} // namespace

StackEmitter::StackEmitter(DeviceBuilder &p, ArrayRef<LinearLayer> layers, const StackLayout &layout,
                           KernelFunction &kernel, Value shared)
    : p(p), layers(layers), layout(layout), kernel(kernel), shared(shared) {
  base = p.sharedAddress(shared);
  rows = p.narrow(p.mul(kernel.rows, layers[0].rowsPerSample));
  numTiles = p.divU(p.add(rows, tileRows - 1), tileRows);
  lane = p.bitAnd(p.thread(), 31);
  quad = p.bitAnd(lane, 3);
  for (const LinearLayer &layer : layers)
    epilogues.emplace_back(p, layer, kernel.operands);
}

void StackEmitter::initBarriers() {
  p.ifThen(p.equal(p.thread(), 0), [&] {
    for (unsigned stage = 0; stage < layout.stages; ++stage) {
      initBarrier(p, full(p.i32(stage)), 1);
      initBarrier(p, empty(p.i32(stage)), consumers / 32);
    }
    fenceBarriers(p);
  });
  p.barrier();
}

/// Weights alone, so nothing here waits for other kernels.
void StackEmitter::produce() {
  for (Value map : kernel.tensorMaps)
    prefetchMap(p, map);
  p.loop(p.block(), numTiles, p.blocks(), {p.i32(0), p.i32(0)}, [&](Value, ValueRange carried) -> Values {
    Values state(carried);
    for (size_t l = 1; l < layers.size(); ++l)
      state = p.loop(p.i32(0), p.i32(steps(l)), p.i32(1), state, [&](Value step, ValueRange inner) -> Values {
        Position here{inner[0], inner[1]};
        waitForBarrier(p, empty(here.stage), p.bitXor(here.parity, p.i32(1)));
        expectBytes(p, full(here.stage), p.i32(layout.boxes[l] * tileRowBytes));
        copyTile(p, kernel.tensorMaps[l - 1], stageAddress(here.stage), {p.mul(step, stepElements), p.i32(0)},
                 full(here.stage), layout.boxes[l] * tileRowBytes);
        Position after = next(here);
        return {after.stage, after.parity};
      });
    return state;
  });
}

//===----------------------------------------------------------------------===//
// The first layer
//===----------------------------------------------------------------------===//

/// [block of 16 columns][step of 16][lane]: the words of its right operands for two products of eight columns.
void StackEmitter::storeFragments() {
  const LinearLayer &layer = layers[0];
  p.loop(p.thread(), p.i32(layout.thinBlocks * layout.thinSteps * 32), p.i32(consumers), [&](Value index) {
    Value at = p.bitAnd(index, 31), unit = p.shiftRight(index, 5);
    Value block = p.divU(unit, layout.thinSteps), step = p.remU(unit, layout.thinSteps);
    Values words;
    for (unsigned word = 0; word < 4; ++word) {
      Value column = p.add(p.add(p.shiftLeft(block, 4), p.shiftRight(at, 2)), 8 * (word / 2));
      Value inner = p.add(p.add(p.shiftLeft(step, 4), p.shiftLeft(p.bitAnd(at, 3), 1)), 8 * (word % 2));
      Value halves = p.i32(0);
      for (unsigned half = 0; half < 2; ++half) {
        Value k = p.add(inner, half), isInside = p.both(p.lessU(k, p.i32(layer.k)), p.lessU(column, p.i32(layer.n)));
        Value element = p.select(isInside, p.add(p.mul(k, layer.n), column), p.i32(0));
        Value bits = p.load(p.getI16Type(), p.at(kernel.operands[layer.weight], p.shiftLeft(element, 1)), 2, true);
        bits = p.select(isInside, arith::ExtUIOp::create(p, p.getI32Type(), bits), p.i32(0));
        halves = half ? p.bitOr(halves, p.shiftLeft(bits, 16)) : bits;
      }
      words.push_back(halves);
    }
    p.storeWords(words, p.at(p.at(shared, layout.fragmentsAt()), p.shiftLeft(index, 4)));
  });
}

Values StackEmitter::loadRows(Value tile) {
  const LinearLayer &layer = layers[0];
  Value first = p.add(p.add(p.mul(tile, tileRows), p.shiftLeft(p.shiftRight(p.thread(), 5), 4)), p.shiftRight(lane, 2));
  Values elements;
  for (unsigned step = 0; step < layout.thinSteps; ++step)
    for (unsigned word = 0; word < 4; ++word) {
      Value row = p.min(p.add(first, word % 2 * 8), p.add(rows, -1));
      Value pointer = p.at(kernel.operands[layer.x.operand],
                           p.mul(p.widen(row), layer.x.stride * (layer.x.type.getIntOrFloatBitWidth() / 8)));
      Value column = p.add(p.shiftLeft(quad, 1), 16 * step + word / 2 * 8);
      elements.append(loadInside(p, {pointer, layer.x.type, layer.k, layer.x.aligned}, column, 2));
    }
  return elements;
}

Values StackEmitter::pack(ArrayRef<Value> elements) {
  Values words;
  for (size_t i = 0; i < elements.size(); i += 2)
    words.push_back(packHalves(p, elements[i], elements[i + 1], layers[0].type));
  return words;
}

Values StackEmitter::finishPair(size_t l, Value row, Value column, ArrayRef<Value> sums) {
  const LinearLayer &layer = layers[l];
  Values pairs[2]; // of the two rows
  if (layer.n % (l == 0 ? 16 : 8) == 0) {
    LinearEpilogue::Inputs inputs = epilogues[l].fetch(row, column, 2);
    for (unsigned half = 0; half < 2; ++half)
      pairs[half] = epilogues[l].evaluate(row, column, sums.slice(2 * half, 2), inputs);
  } else {
    // Columns that are not there meet weights of zero, but must be numbers.
    for (unsigned e = 0; e < 2; ++e) {
      Value own = p.add(column, e), isThere = p.lessU(own, p.i32(layer.n));
      Value within = p.select(isThere, own, p.i32(layer.n - 1));
      LinearEpilogue::Inputs inputs = epilogues[l].fetch(row, within, 1);
      for (unsigned half = 0; half < 2; ++half) {
        Value value = epilogues[l].evaluate(row, within, sums[2 * half + e], inputs)[0];
        pairs[half].push_back(p.select(isThere, value, p.f32(0)));
      }
    }
  }
  pairs[0].append(pairs[1]);
  return pairs[0];
}

Values StackEmitter::makeColumns(Value block, int64_t firstColumn, Value row, ArrayRef<Value> rows) {
  Value column = p.add(p.add(p.shiftLeft(block, 4), p.shiftLeft(quad, 1)), firstColumn);
  Values sums(8, p.f32(0));
  for (unsigned step = 0; step < layout.thinSteps; ++step) {
    Value unit = p.add(p.mul(p.add(block, firstColumn / 16), layout.thinSteps), step);
    Values words =
        p.loadWords(p.at(p.at(shared, layout.fragmentsAt()), p.add(p.shiftLeft(unit, 9), p.shiftLeft(lane, 4))), 4);
    for (unsigned half = 0; half < 2; ++half)
      multiplyFragments(p, layers[0], MutableArrayRef<Value>(sums).slice(4 * half, 4), rows.slice(4 * step, 4),
                        ArrayRef<Value>(words).slice(2 * half, 2));
  }
  Values elements = finishPair(0, row, column, ArrayRef<Value>(sums).take_front(4));
  elements.append(finishPair(0, row, p.add(column, 8), ArrayRef<Value>(sums).drop_front(4)));
  return elements;
}

//===----------------------------------------------------------------------===//
// Products of warpgroups
//===----------------------------------------------------------------------===//

void StackEmitter::issue(size_t l, MutableArrayRef<Value> sums, ArrayRef<Value> fragments, const Position &position) {
  waitForBarrier(p, full(position.stage), position.parity);
  WgmmaStage stage{layers[l].type, static_cast<unsigned>(layout.boxes[l]), static_cast<unsigned>(fragments.size() / 4),
                   tileDescriptor(p, stageAddress(position.stage), layout.boxes[l] * tileRowBytes)};
  multiplyFromRegisters(p, stage, fragments, sums);
}

void StackEmitter::complete(MutableArrayRef<Value> sums, Position &position) {
  waitForProducts(p, sums);
  arriveAsWarp(p, empty(position.stage));
  position = next(position);
}

/// The second layer's sums, whose inner dimension is made as it is needed: a step's while the one before is multiplied.
Values StackEmitter::multiplyThin(Value row, ArrayRef<Value> rows, Position &position) {
  int64_t perStep = stepElements / 16, last = (layout.thinBlocks - 1) / perStep;
  auto make = [&](Value step, int64_t blocks) {
    Values elements;
    for (int64_t block = 0; block < blocks; ++block)
      elements.append(makeColumns(p.mul(step, perStep), 16 * block, row, rows));
    return elements;
  };
  int64_t lastBlocks = layout.thinBlocks - last * perStep;
  Values sums(layout.boxes[1] / 2, p.f32(0)), fragments = pack(make(p.i32(0), last ? perStep : lastBlocks));
  size_t numSums = sums.size();
  auto advance = [&](Value following, int64_t blocks, Position &here, Values &sums, Values &fragments) {
    issue(1, sums, fragments, here);
    Values made = make(following, blocks);
    complete(sums, here);
    // Not before: who defines operands of products while some are under way has the assembler wait for these.
    fragments = pack(made);
  };
  // Steps that are followed by a whole one are alike.
  if (last > 1) {
    Values state = {position.stage, position.parity};
    state.append(sums);
    state.append(fragments);
    state = p.loop(p.i32(1), p.i32(last), p.i32(1), state, [&](Value following, ValueRange carried) -> Values {
      Position here{carried[0], carried[1]};
      Values inner(carried.slice(2, numSums)), left(carried.drop_front(2 + numSums));
      advance(following, perStep, here, inner, left);
      Values result = {here.stage, here.parity};
      result.append(inner);
      result.append(left);
      return result;
    });
    position = {state[0], state[1]};
    sums.assign(state.begin() + 2, state.begin() + 2 + numSums);
    fragments.assign(state.begin() + 2 + numSums, state.end());
  }
  if (last > 0)
    advance(p.i32(last), lastBlocks, position, sums, fragments);
  issue(1, sums, fragments, position);
  complete(sums, position);
  return sums;
}

Values StackEmitter::multiplyNext(size_t l, Value row, ArrayRef<Value> before, Position &position) {
  // Pairs of blocks of eight columns of the layer before are steps of 16 here; what lacks is zero.
  Values elements;
  for (size_t block = 0; block < before.size() / 4; ++block)
    elements.append(
        finishPair(l - 1, row, p.add(p.shiftLeft(quad, 1), 8 * int64_t(block)), before.slice(4 * block, 4)));
  elements.resize(llvm::alignTo(elements.size(), 8), p.f32(0));
  Values words = pack(elements);
  Values sums(layout.boxes[l] / 2, p.f32(0));
  for (int64_t step = 0; step < steps(l); ++step) {
    ArrayRef<Value> left = ArrayRef<Value>(words).drop_front(16 * step);
    issue(l, sums, left.take_front(std::min<size_t>(16, left.size())), position);
    complete(sums, position);
  }
  return sums;
}

/// The last layer's; a thread has eight neighbouring columns of each 32 in two rows.
void StackEmitter::store(Value row, ArrayRef<Value> sums) {
  for (unsigned half = 0; half < 2; ++half)
    p.ifThen(p.lessU(p.add(row, 8 * half), rows), [&] {
      for (unsigned block = 0; block < layout.boxes.back() / 32; ++block) {
        Values run;
        for (unsigned pair = 0; pair < 4; ++pair)
          for (unsigned e = 0; e < 2; ++e)
            run.push_back(sums[(4 * block + pair) * 4 + 2 * half + e]);
        epilogues.back().finish(p.add(row, 8 * half), p.add(p.shiftLeft(quad, 3), 32 * block), run);
      }
    });
}

void StackEmitter::consume() {
  storeFragments();
  namedBarrier(p, 1, consumers);
  kernel.waitForGridDependencies(p);
  Values state = {p.i32(0), p.i32(0)};
  state.append(pack(loadRows(p.block())));
  p.loop(p.block(), numTiles, p.blocks(), state, [&](Value tile, ValueRange carried) -> Values {
    Position position{carried[0], carried[1]};
    Values rowsHere(carried.drop_front(2));
    // The next tile's rows are under way while this one is multiplied.
    Values nextRows = loadRows(p.add(tile, p.blocks()));
    Value row = p.add(p.add(p.mul(tile, tileRows), p.shiftLeft(p.shiftRight(p.thread(), 5), 4)), p.shiftRight(lane, 2));
    Values sums = multiplyThin(row, rowsHere, position);
    for (size_t l = 2; l < layers.size(); ++l)
      sums = multiplyNext(l, row, sums, position);
    store(row, sums);
    Values result = {position.stage, position.parity};
    result.append(pack(nextRows));
    return result;
  });
}

EmitResult nvptx::emitLinearStack(plan::KernelOp kernel, DeviceModule &module) {
  IntegerAttr minRows = kernel.getStackRowsAttr();
  if (!minRows)
    return std::nullopt;
  SmallVector<LinearLayer> layers = matchLinearLayers(kernel);
  const GpuTarget &gpu = module.getTarget();
  bool isPacked = llvm::all_of(llvm::enumerate(layers), [&](auto layer) {
    return kernel.getLayout(layer.value().weight).getPacking().getKind() ==
           getStackPacking(layer.index(), layers.size());
  });
  if (!isPacked || !canStack(layers, gpu))
    return EmitResult(kernel.emitError("device codegen: '") << kernel.getSymName() << "' is no stack of linear layers");
  StackLayout layout = layOutStack(layers, gpu);
  LaunchPlan launch;
  for (size_t l = 1; l < layers.size(); ++l) {
    const LinearLayer &layer = layers[l];
    bool isLast = l + 1 == layers.size();
    TensorMapPlan &map = launch.tensorMaps.emplace_back();
    map.operand = layer.weight;
    map.elementType = layer.type;
    int64_t rowElements = isLast ? wgmmaRowElements(layer.k, 2) : dotRowElements(layer.k, 2);
    map.sizes = {SizeExpr(isLast ? rowElements : layer.k), SizeExpr(isLast ? wgmmaRows(layer.n) : layer.n)};
    map.strides = {SizeExpr(2 * rowElements)};
    map.box = {unsigned(stepElements), layout.boxes[l]};
    map.swizzle = tileRowBytes;
  }
  launch.blockThreads = consumers + 128;
  launch.sharedBytes = layout.sharedBytes();
  launch.blocksPerSm = 1;
  launch.grid = {SizeExpr::ceilDiv(layers[0].matrixRows(), SizeExpr(tileRows))};
  launch.minRows = minRows.getInt();
  KernelFunction function = module.createKernel(kernel.getSymName(), kernel, launch.blockThreads, launch.tensorMaps);
  launch.function = function.getName();
  DeviceBuilder p(function.getBuilder());
  function.function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), p.getI32IntegerAttr(1));
  StackEmitter emitter(p, layers, layout, function, module.getDynamicShared(p));
  emitter.initBarriers();
  p.ifThenElse(
      p.lessU(p.thread(), p.i32(consumers)),
      [&] {
        setMaxRegisters(p, 240, /*more=*/true);
        emitter.consume();
      },
      [&] {
        setMaxRegisters(p, 24, /*more=*/false);
        p.ifThen(p.equal(p.thread(), consumers), [&] { emitter.produce(); });
      });
  KernelPlan plan;
  plan.launches.push_back(std::move(launch));
  return FailureOr<KernelPlan>(std::move(plan));
}
