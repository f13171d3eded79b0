//===- TiledAttention.cpp - Attention with keys in shared memory ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// A block takes a tile of queries of one matrix, a warp some rows of it, and goes over tiles of keys and values. These
// come to shared memory by asynchronous copies, one tile while the one before is multiplied. Scores stay in registers:
// as sums of the first product they lie as the second wants its left operand. Softmax keeps the greatest score and the
// sum of the weights so far and rescales what it has when the greatest grows (Milakov and Gimelshein, "Online
// normalizer calculation for softmax", 2018; Dao et al., "FlashAttention", 2022).
//
// Where a mask excludes keys behind a query, tiles that have none for it are left out, and those before the first
// excluded key do without the mask. Tiles of the last queries, which take longest, come first.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/TiledAttention.h"
#include "lib/Codegen/Loops/Scalar.h"
#include "lib/Codegen/NVPTX/Instructions.h"
#include "lib/Codegen/NVPTX/RawPtx.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/SaveAndRestore.h"

#include <cmath>

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;
using namespace reckon::loops;
using tiling::Attention;
using tiling::AttentionTile;
using tiling::KeyLimit;

/// Under a score that is greater by so much, the weight of another is zero in single precision.
static constexpr double vanishing = 120;

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

FailureOr<LaunchPlan> AttentionEmitter::emitTiles() {
  FailureOr<LaunchPlan> launch = GenericEmitter::emit();
  if (failed(launch) || !fits())
    return launch;
  approximateFunctions(function.function);
  rec::Shape shape = rec::getShape(attention.mix.getResult());
  SizeExpr matrices = rec::getNumElements(ArrayRef<SizeExpr>(shape).drop_back(2));
  launch->grid = {matrices * SizeExpr::ceilDiv(shape[shape.size() - 2], SizeExpr(tile.rows()))};
  launch->sharedBytes = sharedBytes();
  launch->blocksPerSm = 0;
  function.function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), b.getI32IntegerAttr(blocksPerSm()));
  return launch;
}

/// What limits compare places with, and add: i64.
SmallVector<Value> AttentionEmitter::loadBounds(DeviceBuilder &p) {
  SmallVector<Value> bounds;
  for (const KeyLimit &limit : limits) {
    Value bound = constantIndex(limit.offset);
    if (limit.bound) {
      SmallVector<Value> index;
      for (std::optional<unsigned> axis : limit.boundAxes)
        index.push_back(axis ? leading[*axis] : constantIndex(0));
      Value value = element(limit.bound, index);
      bound = add(emitCast(b, value, elementTypeOf(limit.bound), p.getI64Type()), bound);
    }
    bounds.push_back(bound);
  }
  return bounds;
}

/// How many keys the limits leave a query, from the first on; of several the fewest or the most, when `upper` is the
/// one with the fewest, or the most, by limits that rise with the query, and `lower` by those that fall.
Value AttentionEmitter::keysOf(ArrayRef<Value> bounds, Value upper, Value lower) {
  DeviceBuilder p(b);
  Value end = key.rows;
  for (auto [limit, bound] : llvm::zip(limits, bounds)) {
    if (limit.columnStep == 0) {
      end = p.select(p.lessS(bound, lower), p.i64(0), end);
      continue;
    }
    Value most = add(bound, constantIndex(1));
    if (limit.rowStep != 0)
      most = add(most, upper);
    end = arith::MinSIOp::create(b, end, most);
  }
  return limits.empty() ? end : Value(arith::MaxSIOp::create(b, end, p.i64(0)));
}

/// The greatest score of keys that are excluded under softmax, if one is finite.
std::optional<double> AttentionEmitter::greatestExcluded() const {
  std::optional<double> greatest;
  for (const KeyLimit &limit : limits)
    if (attention.softmax && std::isfinite(limit.excluded))
      greatest = std::max(limit.excluded, greatest.value_or(limit.excluded));
  return greatest;
}

/// For which ptxas leaves registers: of a warp of mma.sync, and of one that has its queries in registers, 255.
unsigned AttentionEmitter::blocksPerSm() const {
  if (tile.copyWarps)
    return 1;
  unsigned warps = tile.usesWgmma && heldQueries.empty() ? 16 : 8;
  return std::clamp(module.getTarget().blocksByShared(sharedBytes()), 1u, warps / tile.warps);
}

/// Masks are computed where the score is that they belong to.
LogicalResult AttentionEmitter::emitLayer(Operation *op) {
  if (finished.contains(op) || deferred.contains(op) || isa<rec::ConstantOp>(op))
    return success();
  bool isOfMemory = op->hasTrait<rec::View>() && places.count(op->getOperand(0));
  if (op == attention.mix || isOfMemory || destinations.count(op->getResult(0)))
    return GenericEmitter::emitLayer(op);
  return success();
}

void AttentionEmitter::placeBlock(DeviceBuilder &p, Value matrices, Value keys) {
  Value tiles = p.narrow(
      b.createOrFold<arith::DivUIOp>(add(query.rows, constantIndex(tile.rows() - 1)), constantIndex(tile.rows())));
  Value block = p.block(), count = p.narrow(matrices), matrix, part;
  auto divide = [&](Value x, Value y) {
    Value quotient = b.createOrFold<arith::DivUIOp>(x, y);
    return std::pair(quotient, Value(b.createOrFold<arith::RemUIOp>(x, y)));
  };
  if (!limits.empty()) {
    // The last tiles of some matrices come first; so many that the L2 cache holds their keys and values.
    int64_t rowBytes = 2 * (tile.queryDim + tile.valueDim), cached = module.getTarget().costs->cachedBytes;
    Value bytes = mul(arith::MaxSIOp::create(b, keys, constantIndex(1)), constantIndex(rowBytes));
    Value fitting = p.narrow(b.createOrFold<arith::DivUIOp>(constantIndex(cached), bytes));
    fitting = p.min(arith::MaxUIOp::create(b, fitting, p.i32(1)), count);
    auto [section, inside] = divide(block, p.mul(fitting, tiles));
    Value first = p.mul(section, fitting);
    std::tie(part, matrix) = divide(inside, p.min(fitting, p.sub(count, first)));
    matrix = p.add(first, matrix);
    part = p.sub(p.add(tiles, -1), part);
  } else {
    std::tie(matrix, part) = divide(block, tiles);
  }
  firstQuery = p.mul(p.widen(part), tile.rows());
  leading = unflatten(p.widen(matrix), leading);
}

LogicalResult AttentionEmitter::emitMatmul(rec::MatmulOp op) {
  DeviceBuilder p(b);
  llvm::SaveAndRestore<bool> inside(alone, true);
  rec::MatmulOp scores = attention.scores;
  type = elementTypeOf(scores.getA());
  ProductSide querySide = getSide(scores.getA(), /*isRight=*/false, scores.getTransposeA());
  ProductSide keySide = getSide(scores.getB(), /*isRight=*/true, scores.getTransposeB());
  ProductSide valueSide = getSide(op.getB(), /*isRight=*/true, op.getTransposeB());
  Epilogue epilogue = takeEpilogue(op.getResult(), querySide.rows(), valueSide.rows());
  findOperands();
  leading = leadingExtents(op);
  query.rows = querySide.rows();
  Value matrices = constantIndex(1);
  for (Value extent : leading)
    matrices = mul(matrices, extent);
  placeBlock(p, matrices, keySide.rows());
  query = matrixAt(querySide, leading);
  key = matrixAt(keySide, leading);
  // Its rows are the keys, as in memory, not the columns that the product has as rows.
  value = matrixAt(valueSide, leading);
  std::swap(value.rows, value.inner);
  std::swap(value.rowStride, value.innerStride);

  queryTile = shareOf(query, tile.rows(), tile.queryDim);
  keyTile = shareOf(key, tile.keys, tile.queryDim);
  valueTile = shareOf(value, tile.keys, tile.valueDim);
  queryShared = p.sharedAddress(module.getDynamicShared(p));
  stages = p.add(queryShared, bytesOf(queryTile));
  Value thread = p.thread();
  lane = p.bitAnd(thread, 31);
  quarter = p.bitAnd(lane, 3);
  place = p.shiftRight(lane, 2);
  warpRow = p.mul(p.shiftRight(thread, 5), 16 * tile.rowTiles);
  Value lastQuery = add(query.rows, constantIndex(-1));
  for (unsigned i = 0; i < tile.rowTiles; ++i) {
    rows.emplace_back();
    for (unsigned half = 0; half < 2; ++half) {
      // Numbers of 32 bits, widened, are compared as such.
      Value row = p.add(p.narrow(firstQuery), p.add(p.add(warpRow, place), 16 * i + 8 * half));
      rows.back().push_back(p.widen(p.min(row, p.narrow(lastQuery))));
    }
  }

  // Steps without an excluded key, and steps with one that is not.
  auto stepsOf = [&](Value count) { return b.createOrFold<arith::DivUIOp>(count, constantIndex(tile.keys)); };
  auto roundUp = [&](Value count) { return stepsOf(add(count, constantIndex(tile.keys - 1))); };
  Value none = p.i64(0), endOfTile = arith::MinSIOp::create(b, add(firstQuery, constantIndex(tile.rows())), query.rows);
  SmallVector<Value> bounds = loadBounds(p);
  Value last = add(endOfTile, constantIndex(-1)), all = roundUp(key.rows);
  Value whole = stepsOf(keysOf(bounds, firstQuery, last)), steps = roundUp(keysOf(bounds, last, firstQuery));
  if (!limits.empty()) {
    // The warps of a group multiply together.
    unsigned together = tile.usesWgmma ? 64 : 16 * tile.rowTiles;
    Value first = p.add(firstQuery, p.widen(tile.usesWgmma ? p.bitAnd(warpRow, -64) : warpRow));
    Value lastOfWarp = arith::MinSIOp::create(b, add(first, constantIndex(together - 1)), lastQuery);
    endOfWarp = keysOf(bounds, lastOfWarp, first);
  }

  if (tile.copyWarps) {
    emitRoles(epilogue, whole, steps);
    return success();
  }
  copyTile(p, query, queryTile, firstQuery, queryShared);
  startCopies(p, none, steps);
  loadQueries(p);
  State state = overSteps(none, whole, steps, start(p), Keys::Whole);
  state = overSteps(whole, steps, steps, state, Keys::Some);
  if (std::optional<double> excluded = greatestExcluded())
    state = overExcluded(p, whole, all, *excluded, state);
  writeResult(p, epilogue, state);
  return success();
}

//===----------------------------------------------------------------------===//
// Over the keys
//===----------------------------------------------------------------------===//

AttentionEmitter::State AttentionEmitter::addKeys(DeviceBuilder &p, Value step, const State &before, Keys kind) {
  State state = before;
  Value keys = keysAt(p, step), values = valuesAt(p, step), firstKey = p.mul(step, tile.keys);
  for (unsigned first = 0; first < tile.keys; first += tile.scoreKeys) {
    Value here = p.add(firstKey, first);
    auto add = [&] {
      DeviceBuilder in(b);
      State next = state;
      WarpSums scores = multiplyKeys(in, keys, first);
      applyLayers(in, scores, here, kind != Keys::Whole, loadOperands(in, here, kind != Keys::Whole));
      if (attention.softmax)
        rescale(weigh(in, scores, next), next);
      addValues(in, scores, values, first, next);
      return pack(next);
    };
    // The first queries of a tile have fewer keys than the last.
    if (kind == Keys::Whole || !endOfWarp) {
      state = unpack(add());
      continue;
    }
    Value isTurn = p.lessS(here, endOfWarp);
    if (kind == Keys::Excluded)
      isTurn = p.negate(isTurn);
    state = unpack(ifElse(isTurn, add, [&] { return pack(state); }));
  }
  return state;
}

AttentionEmitter::State AttentionEmitter::start(DeviceBuilder &p) {
  State state;
  if (attention.softmax) {
    state.greatest.assign(2 * tile.rowTiles, p.f32(-std::numeric_limits<double>::infinity()));
    state.sum.assign(2 * tile.rowTiles, p.f32(0));
  }
  state.values = zeroSums(p, tile.rowTiles, tile.valueDim / 8);
  return state;
}

Values AttentionEmitter::pack(const State &state) {
  Values flat = state.greatest;
  flat.append(state.sum);
  for (const auto &row : state.values)
    for (const Values &values : row)
      flat.append(values);
  return flat;
}

AttentionEmitter::State AttentionEmitter::unpack(ValueRange flat) {
  auto take = [&](size_t count) {
    Values values(flat.take_front(count));
    flat = flat.drop_front(count);
    return values;
  };
  State state;
  if (attention.softmax) {
    state.greatest = take(2 * tile.rowTiles);
    state.sum = take(2 * tile.rowTiles);
  }
  state.values.resize(tile.rowTiles);
  for (auto &row : state.values)
    for (unsigned j = 0; j < tile.valueDim / 8; ++j)
      row.push_back(take(4));
  return state;
}

AttentionEmitter::State AttentionEmitter::overSteps(Value begin, Value end, Value last, const State &state, Keys kind) {
  return unpack(reduceLoop(begin, end, pack(state), [&](Value step, ValueRange carried) {
    DeviceBuilder p(b);
    unsigned ahead = tile.stepsAhead();
    meetCopies(p, ahead - 1);
    // A group of copies each, of which the last may be empty, so that their number tells which have come.
    if (tile.holdsAll)
      commitCopies(p);
    else
      copyStep(p, p.add(step, ahead), last);
    return pack(addKeys(p, step, unpack(carried), kind));
  }));
}

/// Where no score of some query is far above those of the excluded keys, these have weights, too: then the tile goes
/// over them.
AttentionEmitter::State AttentionEmitter::overExcluded(DeviceBuilder &p, Value begin, Value end, double excluded,
                                                       const State &state) {
  Value bound = p.f32(excluded + vanishing), isLow = p.boolean(false);
  for (Value greatest : state.greatest)
    isLow = p.either(isLow, Value(arith::CmpFOp::create(b, arith::CmpFPredicate::ULT, greatest, bound)));
  Value some = barrierOr(p, isLow);
  end = p.select(some, end, begin);
  startCopies(p, begin, end);
  return overSteps(begin, end, end, state, Keys::Excluded);
}

/// Softmax: the weights add up to one. Others get the factor that was left out.
void AttentionEmitter::normalize(DeviceBuilder &p, State &state) {
  if (!attention.softmax) {
    double factor = splitFactor().second;
    for (auto &row : state.values)
      for (Values &values : row)
        for (Value &value : values)
          value = factor == 1 ? value : Value(arith::MulFOp::create(b, value, p.f32(factor)));
    return;
  }
  for (unsigned i = 0; i < tile.rowTiles; ++i)
    for (unsigned half = 0; half < 2; ++half) {
      Value sum = state.sum[2 * i + half];
      for (int mask : {1, 2})
        sum = p.addf(sum, p.shuffleXor(sum, mask));
      Value scale = arith::DivFOp::create(b, p.f32(1), sum);
      // No keys at all are a sum of nothing.
      if (!p.constantOf(key.rows))
        scale = p.select(p.equal(key.rows, 0), p.f32(0), scale);
      for (Values &values : state.values[i])
        for (unsigned e = 0; e < 2; ++e)
          values[2 * half + e] = arith::MulFOp::create(b, values[2 * half + e], scale);
    }
}

/// Turns what four neighbouring lanes have of four tiles of columns: each gets eight neighbours of one of them.
static void turnTiles(DeviceBuilder &p, Value quarter, MutableArrayRef<std::array<Value, 2>> tiles) {
  for (unsigned mask : {1, 2}) {
    Value isUpper = p.compare(arith::CmpIPredicate::ne, p.bitAnd(quarter, mask), p.i32(0));
    for (unsigned t = 0; t < 4; ++t)
      for (unsigned e = 0; e < 2 && !(t & mask); ++e) {
        Value &low = tiles[t][e], &high = tiles[t | mask][e];
        Value other = p.shuffleXor(p.select(isUpper, low, high), mask);
        low = p.select(isUpper, other, low);
        high = p.select(isUpper, high, other);
      }
  }
}

void AttentionEmitter::storeRows(DeviceBuilder &p, const Epilogue &epilogue, const State &state) {
  unsigned columns = attention.valueDim();
  bool isTurned = columns % 32 == 0;
  for (unsigned i = 0; i < tile.rowTiles; ++i)
    for (unsigned half = 0; half < 2; ++half) {
      // All lanes take part in turning.
      SmallVector<std::pair<Value, Values>> runs;
      for (unsigned j = 0; j < llvm::divideCeil(columns, 8); j += isTurned ? 4 : 1) {
        std::array<std::array<Value, 2>, 4> tiles;
        for (unsigned t = 0; t < (isTurned ? 4 : 1); ++t)
          tiles[t] = {state.values[i][j + t][2 * half], state.values[i][j + t][2 * half + 1]};
        if (isTurned)
          turnTiles(p, quarter, tiles);
        Values elements;
        for (const auto &pair : ArrayRef(tiles).take_front(isTurned ? 4 : 1))
          elements.append(pair.begin(), pair.end());
        runs.push_back({p.add(p.mul(quarter, elements.size()), 8 * j), elements});
      }
      Value row = p.add(firstQuery, p.widen(p.add(p.add(warpRow, place), 16 * i + 8 * half)));
      ifThen(p.lessS(row, query.rows), [&] {
        storeAligned(epilogue, [&](const Epilogue &to) {
          for (auto &[column, elements] : runs)
            storeRun(to, row, column, elements);
        });
      });
    }
}

/// Neighbours of a row of the result. The last columns of a tile may not be there.
void AttentionEmitter::storeRun(const Epilogue &epilogue, Value row, Value column, ArrayRef<Value> elements) {
  unsigned columns = attention.valueDim(), step = columns % 2 == 0 ? elements.size() : 1;
  for (unsigned first = 0; first < elements.size(); first += step) {
    DeviceBuilder p(b);
    Value at = p.add(column, first);
    Value isThere = columns % chunkElements == 0 ? p.boolean(true) : p.lessU(at, p.i32(columns));
    auto store = [&] {
      DeviceBuilder in(b);
      finish(epilogue, productIndex(attention.mix, leading, row, in.widen(at)), elements.slice(first, step));
    };
    p.constantOf(isThere) ? store() : ifThen(isThere, store);
  }
}

/// The attention that the kernel is: its only products.
static std::optional<Attention> findAttention(plan::KernelOp kernel) {
  rec::MatmulOp last;
  unsigned products = 0;
  for (auto op : kernel.getBody().front().getOps<rec::MatmulOp>()) {
    last = op;
    ++products;
  }
  return products == 2 ? Attention::match(last) : std::nullopt;
}

EmitResult nvptx::emitTiledAttention(plan::KernelOp kernel, DeviceModule &module) {
  std::optional<Attention> attention = findAttention(kernel);
  if (!attention || !tiling::isFasterInTiles(*attention))
    return std::nullopt;
  for (bool canSplit : {true, false}) {
    AttentionTile tile = AttentionTile::choose(*attention, module.getTarget(), canSplit);
    if (canSplit && !tile.copyWarps)
      continue;
    AttentionEmitter emitter(kernel, module, *attention, tile);
    FailureOr<LaunchPlan> launch = emitter.emitTiles();
    if (failed(launch))
      return FailureOr<KernelPlan>(failure());
    if (emitter.fits() && emitter.fitsRoles() && emitter.sharedBytes() <= module.getTarget().sharedPerBlock) {
      KernelPlan plan;
      plan.launches.push_back(std::move(*launch));
      return FailureOr<KernelPlan>(std::move(plan));
    }
    emitter.erase();
  }
  return std::nullopt;
}
