//===- TiledAttentionRoles.cpp - Attention by threads of two kinds ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// Four warps of a block copy keys and values into a ring of stages; groups of four others have 64 queries each and
// multiply. A stage has two barriers: `full` completes when all warps have copied their part, `empty` when all others
// have read it. So no group waits for another, and copies are as far ahead as the ring is long.
//
// Inside a group the scores of a step are multiplied while the values of the step before are: what makes weights of
// scores runs beside the products of values (Shah et al., "FlashAttention-3", 2024).
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/Instructions.h"
#include "lib/Codegen/NVPTX/RawPtx.h"
#include "lib/Codegen/NVPTX/TiledAttention.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;
using namespace reckon::loops;

/// Registers of a thread that copies, and of one that multiplies: together what a block of one group of the former and
/// three of the latter is launched with.
static constexpr unsigned copyRegisters = 56, multiplyRegisters = 152;

Value AttentionEmitter::fullAt(DeviceBuilder &p, Value step) {
  Value stage = p.mul(stageOf(p, step), 16);
  return p.add(p.add(stages, stage), tile.stages * (bytesOf(keyTile) + bytesOf(valueTile)));
}

Value AttentionEmitter::emptyAt(DeviceBuilder &p, Value step) { return p.add(fullAt(p, step), 8); }

/// Of the round that a step is in.
Value AttentionEmitter::parityOf(DeviceBuilder &p, Value step) {
  return p.bitAnd(p.divU(p.narrow(step), tile.stages), 1);
}

void AttentionEmitter::emitRoles(const Epilogue &epilogue, Value whole, Value steps) {
  DeviceBuilder p(b);
  ifThen(p.equal(p.thread(), 0), [&] {
    DeviceBuilder in(b);
    for (unsigned stage = 0; stage < tile.stages; ++stage) {
      initBarrier(in, fullAt(in, in.i64(stage)), tile.copyWarps);
      initBarrier(in, emptyAt(in, in.i64(stage)), tile.warps);
    }
    fenceBarriers(in);
  });
  p.barrier();
  ifElse(
      p.lessU(p.thread(), p.i32(32 * tile.warps)),
      [&]() -> Values {
        DeviceBuilder in(b);
        setMaxRegisters(in, multiplyRegisters, /*more=*/true);
        State state = consume(whole, steps);
        writeResult(in, epilogue, state);
        return {};
      },
      [&]() -> Values {
        DeviceBuilder in(b);
        setMaxRegisters(in, copyRegisters, /*more=*/false);
        produce(steps);
        return {};
      });
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

/// What this warp has copied of a step is there.
void AttentionEmitter::signalStep(DeviceBuilder &p, Value step) {
  fenceShared(p);
  warpBarrier(p);
  arriveAsWarp(p, fullAt(p, step));
}

/// The queries come with the first step. A step is signalled when the next is on its way.
void AttentionEmitter::produce(Value steps) {
  DeviceBuilder p(b);
  copyTile(p, query, queryTile, firstQuery, queryShared);
  reduceLoop(p.i64(0), steps, {}, [&](Value step, ValueRange) -> Values {
    DeviceBuilder in(b);
    waitForBarrier(in, emptyAt(in, step), in.bitXor(parityOf(in, step), in.i32(1)));
    copyStep(in, step, steps);
    waitCopies(in, 1);
    ifThen(in.lessS(in.i64(0), step), [&] {
      DeviceBuilder then(b);
      signalStep(then, then.add(step, -1));
    });
    return {};
  });
  waitCopies(p);
  ifThen(p.lessS(p.i64(0), steps), [&] {
    DeviceBuilder in(b);
    signalStep(in, in.add(steps, -1));
  });
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// The steps that the group has keys in; it passes over the others.
AttentionEmitter::State AttentionEmitter::consume(Value whole, Value steps) {
  DeviceBuilder p(b);
  Value end = steps;
  if (endOfWarp) {
    Value own = b.createOrFold<arith::DivUIOp>(p.add(endOfWarp, tile.keys - 1), p.i64(tile.keys));
    end = arith::MinSIOp::create(b, own, steps);
  }
  Value most = arith::MinSIOp::create(b, whole, end);
  State state = unpack(ifElse(
      p.lessS(p.i64(0), end), [&] { return pack(overlapSteps(most, end)); },
      [&] {
        DeviceBuilder in(b);
        return pack(start(in));
      }));
  reduceLoop(end, steps, {}, [&](Value step, ValueRange) -> Values {
    DeviceBuilder in(b);
    waitForBarrier(in, fullAt(in, step), parityOf(in, step));
    arriveAsWarp(in, emptyAt(in, step));
    return {};
  });
  return state;
}

/// At least one step, of which the first `whole` have all their keys.
AttentionEmitter::State AttentionEmitter::overlapSteps(Value whole, Value end) {
  DeviceBuilder p(b);
  State state = start(p);
  Value none = p.i64(0), one = p.i64(1);
  waitForBarrier(p, fullAt(p, none), p.i32(0));
  Values flat = startScores(p, keysAt(p, none));
  SmallVector<Values> loaded = loadOperands(p, none, /*isMasked=*/true);
  waitForProducts(p, flat);
  WarpSums scores = zeroSums(p, 1, tile.scoreKeys / 8);
  spread(flat, scores[0]);
  applyLayers(p, scores, none, /*isMasked=*/true, loaded);
  if (attention.softmax)
    weigh(p, scores, state);
  Values carried = pack(state);
  size_t size = carried.size();
  for (const auto &words : packWeights(p, scores))
    for (const WarpOperand::Tile &tile : words)
      carried.append(tile.begin(), tile.end());
  Value middle = arith::MaxSIOp::create(b, whole, one);
  for (bool isMasked : {false, true})
    carried = reduceLoop(isMasked ? middle : one, isMasked ? end : middle, carried,
                         [&](Value step, ValueRange values) { return overlapStep(step, values, isMasked); });
  state = unpack(ValueRange(carried).take_front(size));
  Value last = p.add(end, -1);
  SmallVector<SmallVector<WarpOperand::Tile>> words = unpackWeights(ArrayRef<Value>(carried).drop_front(size));
  flat = startProduct(p, valueColumns(), valuesAt(p, last), 0, words, state.values[0]);
  waitForProducts(p, flat);
  spread(flat, state.values[0]);
  arriveAsWarp(p, emptyAt(p, last));
  return state;
}

/// Carries the state and the weights of the step before, whose values are multiplied here.
Values AttentionEmitter::overlapStep(Value step, ValueRange carried, bool isMasked) {
  DeviceBuilder p(b);
  size_t size = carried.size() - 4 * tile.scoreKeys / 16;
  State state = unpack(carried.take_front(size));
  SmallVector<SmallVector<WarpOperand::Tile>> words = unpackWeights(Values(carried.drop_front(size)));
  Value before = p.add(step, -1);
  waitForBarrier(p, fullAt(p, step), parityOf(p, step));
  Values next = startScores(p, keysAt(p, step));
  Values flat = startProduct(p, valueColumns(), valuesAt(p, before), 0, words, state.values[0]);
  SmallVector<Values> loaded = loadOperands(p, p.mul(step, tile.keys), isMasked);
  waitForProducts(p, next, /*pending=*/1);
  WarpSums scores = zeroSums(p, 1, tile.scoreKeys / 8);
  spread(next, scores[0]);
  applyLayers(p, scores, p.mul(step, tile.keys), isMasked, loaded);
  Values scales;
  if (attention.softmax)
    scales = weigh(p, scores, state);
  // Words that products under way read are replaced behind them: ptxas would rather do one product after the other.
  waitForProducts(p, flat);
  words = packWeights(p, scores);
  spread(flat, state.values[0]);
  rescale(scales, state);
  arriveAsWarp(p, emptyAt(p, before));
  Values result = pack(state);
  for (const auto &pairs : words)
    for (const WarpOperand::Tile &tile : pairs)
      result.append(tile.begin(), tile.end());
  return result;
}

/// Of a thread, as packWeights() gives them.
SmallVector<SmallVector<WarpOperand::Tile>> AttentionEmitter::unpackWeights(ArrayRef<Value> words) {
  SmallVector<SmallVector<WarpOperand::Tile>> steps;
  for (; !words.empty(); words = words.drop_front(4))
    steps.push_back({{words[0], words[1]}, {words[2], words[3]}});
  return steps;
}
