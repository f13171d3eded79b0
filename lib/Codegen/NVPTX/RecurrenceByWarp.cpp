//===- RecurrenceByWarp.cpp - Recurrent layers on tensor cores -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// mma.sync of f16 and bf16, sums in f32. The sums of all gates of a unit are one thread's, so that states stay in its
// registers, in f32; as factors of the next step they go through shared memory, rounded. What the input gives to the
// gates is where the sums begin, and is loaded a step ahead.
//
//===----------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/Recurrence.h"

#include "lib/Codegen/Loops/Scalar.h"
#include "lib/Codegen/NVPTX/Instructions.h"
#include "lib/Codegen/NVPTX/RawPtx.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;
using namespace reckon::nvptx;

static constexpr int64_t elementBytes = 2, unitsOfTile = 8;
/// Registers of a thread besides factors, sums, states and inputs.
static constexpr int64_t otherRegisters = 32;

RecurrenceByWarp::RecurrenceByWarp(plan::KernelOp kernel, DeviceModule &module, rec::RecurrenceOp op)
    : RecurrenceKernel(kernel, module, op), unitTiles(llvm::divideCeil(hidden, unitsOfTile)),
      innerSteps(llvm::divideCeil(hidden, 16)), warps(unitTiles), tilesOfWarp(1) {
  // As many warps as have registers for their tiles.
  while (!fits() && warps > 1) {
    ++tilesOfWarp;
    warps = llvm::divideCeil(unitTiles, tilesOfWarp);
  }
}

bool RecurrenceByWarp::fits() const {
  int64_t threads = warps * GpuTarget::warpSize;
  if (threads > int64_t(GpuTarget::maxBlockThreads))
    return false;
  int64_t ofTile = gates * (2 * innerSteps + 4 + 2) + (isLstm ? 8 : 4);
  int64_t registers = std::min<int64_t>(GpuTarget::maxRegisters, GpuTarget::registersPerSm / threads);
  return tilesOfWarp * ofTile + otherRegisters <= registers;
}

/// The elements of the recurrence at rows k and k + 1 of a column, in a word.
Value RecurrenceByWarp::loadFactors(Value k, Value column, Value isUnit) {
  DeviceBuilder p(b);
  auto one = [&](Value k) {
    Value isThere =
        hidden % 16 == 0 ? isUnit : arith::AndIOp::create(b, isUnit, p.lessS(k, constantIndex(hidden))).getResult();
    Value inside = hidden % 16 == 0 ? k : p.select(p.lessS(k, constantIndex(hidden)), k, constantIndex(0));
    Value at = pointer(recurrence, {add(mul(direction, constantIndex(hidden)), inside), column});
    Value word = arith::ExtUIOp::create(b, b.getI32Type(), p.loadInvariant(p.rawType(elementBytes), at, elementBytes));
    return p.select(isThere, word, p.i32(0));
  };
  Value low = one(k), high = one(add(k, constantIndex(1)));
  return p.bitOr(low, p.shiftLeft(high, 16));
}

void RecurrenceByWarp::loadTiles() {
  DeviceBuilder p(b);
  for (int64_t i = 0; i < tilesOfWarp; ++i) {
    Tile tile;
    tile.firstUnit = mul(add(warp, constantIndex(i * warps)), constantIndex(unitsOfTile));
    Value unit = add(tile.firstUnit, place), isUnit = p.lessS(unit, constantIndex(hidden));
    unit = p.select(isUnit, unit, constantIndex(0));
    for (int64_t gate = 0; gate < gates; ++gate) {
      SmallVector<Values> ofGate;
      Value column = add(constantIndex(gate * hidden), unit);
      for (int64_t step = 0; step < innerSteps; ++step) {
        Value k = add(constantIndex(16 * step), mul(quarter, constantIndex(2)));
        ofGate.push_back({loadFactors(k, column, isUnit), loadFactors(add(k, constantIndex(8)), column, isUnit)});
      }
      tile.factors.push_back(std::move(ofGate));
    }
    // From here on: of the pair of units whose sums the thread has.
    tile.firstUnit = add(tile.firstUnit, mul(quarter, constantIndex(2)));
    tiles.push_back(std::move(tile));
  }
}

/// Elements at a unit and the next one, in a word; anything for units that are none.
Value RecurrenceByWarp::loadPair(const StridedView &place, ArrayRef<Value> index, Value unit) {
  DeviceBuilder p(b);
  SmallVector<Value> at(index);
  auto clamped = [&](Value unit, int64_t last) {
    return arith::MinSIOp::create(b, unit, constantIndex(last)).getResult();
  };
  Value column = at.back();
  if (loadsPairs) {
    at.back() = add(column, clamped(unit, hidden - 2));
    return p.load(p.getI32Type(), pointer(place, at), 4);
  }
  auto one = [&](Value unit) -> Value {
    at.back() = add(column, clamped(unit, hidden - 1));
    return arith::ExtUIOp::create(b, b.getI32Type(), p.load(p.rawType(elementBytes), pointer(place, at), elementBytes));
  };
  Value low = one(unit), high = one(add(unit, constantIndex(1)));
  return p.bitOr(low, p.shiftLeft(high, 16));
}

void RecurrenceByWarp::storePair(ArrayRef<Value> values, const StridedView &place, ArrayRef<Value> index, Value unit,
                                 Value isThere) {
  for (int64_t i = 0; i < (storesPairs ? 1 : 2); ++i) {
    Value at = add(unit, constantIndex(i));
    SmallVector<Value> indices(index);
    indices.back() = add(index.back(), at);
    ifThen(DeviceBuilder(b).both(isThere, DeviceBuilder(b).lessS(at, constantIndex(hidden))), [&] {
      if (!storesPairs)
        return store(values[i], place, indices);
      DeviceBuilder p(b);
      p.store(packHalves(p, values[0], values[1], elementType), pointer(place, indices), 4);
    });
  }
}

/// What the input gives to the gates of the thread's rows and units at a step, in words.
SmallVector<Value> RecurrenceByWarp::loadInputs(ArrayRef<Step> steps) {
  SmallVector<Value> words;
  for (const Tile &tile : tiles)
    for (int64_t gate = 0; gate < gates; ++gate)
      for (auto [row, step] : llvm::zip(rows, steps))
        words.push_back(loadPair(x, {row.index, step.t, gateColumn(gate, constantIndex(0))}, tile.firstUnit));
  return words;
}

/// Adds the products of states and gates [first, last) to the sums of these.
void RecurrenceByWarp::multiply(Value states, int64_t first, int64_t last, MutableArrayRef<Values> sums) {
  DeviceBuilder p(b);
  // A lane names a row of one of four blocks of 8 x 8.
  Value lane = p.narrow(this->lane);
  Value row = p.mul(p.bitAnd(lane, 15), pitch() * elementBytes), block = p.mul(p.shiftRight(lane, 4), 8 * elementBytes);
  Value address = p.add(p.sharedAddress(states), p.add(row, block));
  for (int64_t step = 0; step < innerSteps; ++step) {
    Values left = loadMatrix(p, p.add(address, 16 * elementBytes * step));
    for (auto [i, tile] : llvm::enumerate(tiles))
      for (int64_t gate = first; gate < last; ++gate) {
        Values &sum = sums[i * gates + gate];
        sum = multiplyWarp(p, elementType, left, tile.factors[gate][step], sum);
      }
  }
}

/// Writes the thread's states, rounded, where all warps read them: four a tile.
void RecurrenceByWarp::shareStates(Value states, ArrayRef<Value> values) {
  for (auto [i, tile] : llvm::enumerate(tiles)) {
    DeviceBuilder p(b);
    Value second = p.lessS(add(tile.firstUnit, constantIndex(1)), constantIndex(hidden));
    ifThen(p.lessS(tile.firstUnit, constantIndex(hidden)), [&, i = i, &tile = tile] {
      DeviceBuilder p(b);
      for (int64_t row = 0; row < 2; ++row) {
        // What is behind the last unit stays zero.
        Value high =
            hidden % 2 == 0 ? values[4 * i + 2 * row + 1] : p.select(second, values[4 * i + 2 * row + 1], p.f32(0));
        Value position = add(mul(add(place, constantIndex(8 * row)), constantIndex(pitch())), tile.firstUnit);
        p.store(packHalves(p, values[4 * i + 2 * row], high, elementType),
                p.at(states, p.narrow(mul(position, constantIndex(elementBytes)))), 4);
      }
    });
  }
}

SmallVector<Value> RecurrenceByWarp::emitStep(Value step, ValueRange carried) {
  DeviceBuilder p(b);
  int64_t numInputs = tilesOfWarp * gates * 2, numStates = tilesOfWarp * 4;
  ValueRange inputs = carried.take_front(numInputs), h = carried.drop_front(numInputs).take_front(numStates),
             c = carried.drop_front(numInputs + numStates);
  SmallVector<Step> steps, nextSteps;
  for (const Row &row : rows) {
    steps.push_back(getStep(row, step));
    nextSteps.push_back(getStep(row, add(step, constantIndex(1))));
  }
  SmallVector<Value> result = loadInputs(nextSteps);

  int64_t halfBytes = blockRows * pitch() * elementBytes;
  Value half = p.bitAnd(p.narrow(step), 1);
  Value now = p.at(states, p.mul(half, halfBytes));
  Value after = p.at(states, p.mul(p.bitXor(half, p.i32(1)), halfBytes));
  SmallVector<Values> sums, candidates;
  for (int64_t i = 0; i < tilesOfWarp; ++i)
    for (int64_t gate = 0; gate < gates; ++gate) {
      Values sum;
      for (int64_t row = 0; row < 2; ++row)
        sum.append(p.unpack(inputs[(i * gates + gate) * 2 + row], elementType));
      if (isCandidate(gate)) {
        candidates.push_back(sum);
        sum = {candidateBias[2 * i], candidateBias[2 * i + 1], candidateBias[2 * i], candidateBias[2 * i + 1]};
      }
      sums.push_back(std::move(sum));
    }
  if (resetsState) {
    multiply(now, 0, 2, sums);
    SmallVector<Value> left;
    for (int64_t i = 0; i < numStates; ++i)
      left.push_back(reset(sums[i / 4 * gates + 1][i % 4], h[i]));
    shareStates(resetStates, left);
    DeviceBuilder(b).barrier();
    multiply(resetStates, 2, 3, sums);
  } else {
    multiply(now, 0, gates, sums);
  }

  SmallVector<Value> nextH, nextC, written;
  for (int64_t i = 0; i < numStates; ++i) {
    SmallVector<Value> ofUnit;
    for (int64_t gate = 0; gate < gates; ++gate)
      ofUnit.push_back(sums[i / 4 * gates + gate][i % 4]);
    Value unit =
        arith::MinSIOp::create(b, add(tiles[i / 4].firstUnit, constantIndex(i % 2)), constantIndex(hidden - 1));
    Unit before{h[i], isLstm ? c[i] : Value()};
    Unit next = this->next(ofUnit, resetsProduct ? candidates[i / 4][i % 4] : Value(), before, unit);
    written.push_back(next.h);
    Unit kept = choose(steps[i % 4 / 2], next, before);
    nextH.push_back(kept.h);
    if (isLstm)
      nextC.push_back(kept.c);
  }
  shareStates(after, nextH);
  if (y)
    for (int64_t i = 0; i < tilesOfWarp; ++i)
      for (int64_t row = 0; row < 2; ++row) {
        Value isWritten = rows[row].isThere;
        if (steps[row].goesOn)
          isWritten = DeviceBuilder(b).both(isWritten, steps[row].goesOn);
        storePair(ArrayRef(written).slice(4 * i + 2 * row, 2), *y,
                  {rows[row].index, steps[row].t, columnOf(constantIndex(0))}, tiles[i].firstUnit, isWritten);
      }
  DeviceBuilder(b).barrier();
  result.append(nextH);
  result.append(nextC);
  return result;
}

LaunchPlan RecurrenceByWarp::emit() {
  int64_t threads = warps * GpuTarget::warpSize, buffers = resetsState ? 3 : 2;
  int64_t halfBytes = blockRows * pitch() * elementBytes;
  begin("_mma", threads);
  function.takeAllRegisters();
  loadsPairs = hidden % 2 == 0 && kernel.getLayout(cast<BlockArgument>(op.getX()).getArgNumber()).getAligned();
  storesPairs = hidden % 2 == 0;
  for (unsigned output = 0; output < kernel.getNumOutputs(); ++output)
    storesPairs &= kernel.getLayout(kernel.getNumInputs() + output).getAligned();
  DeviceBuilder p(b);
  Value thread = p.thread();
  Value lane32 = p.bitAnd(thread, 31);
  lane = p.widen(lane32);
  warp = p.widen(p.shiftRight(thread, 5));
  place = p.widen(p.shiftRight(lane32, 2));
  quarter = p.widen(p.bitAnd(lane32, 3));
  states = module.createShared(b, buffers * halfBytes);
  resetStates = p.at(states, 2 * halfBytes);
  loadTiles();
  if (kernel.getLayout(cast<BlockArgument>(op.getRecurrence()).getArgNumber()).getConstant())
    function.waitForGridDependencies(b);
  // Rows and columns that are no states are factors, too.
  p = DeviceBuilder(b);
  p.loop(thread, p.i32(buffers * halfBytes / 4), p.i32(threads),
         [&](Value word) { p.store(p.i32(0), p.at(states, p.mul(word, 4)), 4); });
  p.barrier();

  Value firstRow = mul(p.widen(p.block(0)), constantIndex(blockRows));
  Value reports = arith::AndIOp::create(b, p.equal(p.shiftRight(thread, 5), 0), p.equal(p.bitAnd(lane32, 3), 0));
  for (int64_t half = 0; half < 2; ++half)
    rows.push_back(getRow(add(firstRow, add(place, constantIndex(8 * half))), reports));
  SmallVector<Value> h, c;
  for (const Tile &tile : tiles) {
    for (int64_t i = 0; i < 4; ++i) {
      Value unit = arith::MinSIOp::create(b, add(tile.firstUnit, constantIndex(i % 2)), constantIndex(hidden - 1));
      Unit initial = getInitial(rows[i / 2], unit);
      h.push_back(initial.h);
      if (isLstm)
        c.push_back(initial.c);
      if (i < 2)
        candidateBias.push_back(resetsProduct ? getCandidateBias(unit) : Value());
    }
  }
  shareStates(states, h);
  DeviceBuilder(b).barrier();
  Value steps = getSteps(rows);
  // The lanes of a warp have all rows.
  for (int64_t mask = 4; lengths && mask < 32; mask *= 2)
    steps = arith::MaxSIOp::create(b, steps, DeviceBuilder(b).shuffleXor(steps, mask));
  SmallVector<Value> carried = ifElse(
      arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, steps, constantIndex(0)),
      [&] {
        Value first = constantIndex(0);
        return loadInputs({getStep(rows[0], first), getStep(rows[1], first)});
      },
      [&] { return SmallVector<Value>(tilesOfWarp * gates * 2, DeviceBuilder(b).i32(0)); });
  carried.append(h);
  carried.append(c);
  carried = reduceLoop(constantIndex(0), steps, carried,
                       [&](Value step, ValueRange values) { return emitStep(step, values); });
  storeResults(ArrayRef(carried).drop_front(tilesOfWarp * gates * 2));
  return finish(blockRows, threads, 0);
}

/// The last states, and zeros where rows had no step.
void RecurrenceByWarp::storeResults(ArrayRef<Value> states) {
  int64_t numStates = tilesOfWarp * 4;
  for (int64_t i = 0; i < numStates; ++i) {
    const Row &row = rows[i % 4 / 2];
    Value unit = add(tiles[i / 4].firstUnit, constantIndex(i % 2));
    Value isUnit = DeviceBuilder(b).lessS(unit, constantIndex(hidden));
    ifThen(DeviceBuilder(b).both(row.isThere, isUnit),
           [&] { storeLast(row, unit, {states[i], isLstm ? states[numStates + i] : Value()}); });
  }
  Value zeros[] = {DeviceBuilder(b).f32(0), DeviceBuilder(b).f32(0)};
  for (const Row &row : rows)
    clearRest(row, [&](Value t) {
      for (const Tile &tile : tiles)
        storePair(zeros, *y, {row.index, t, columnOf(constantIndex(0))}, tile.firstUnit, row.isThere);
    });
}
