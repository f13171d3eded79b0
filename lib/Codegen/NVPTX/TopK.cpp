//===- TopK.cpp - Kernels that find the greatest elements of rows ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// An element and its index become one 64-bit key, so that keys are ordered as the result is: by value, NaN above all,
// and lower indices first among equals. A team of threads, a warp or a block, has a row; each thread knows the greatest
// key of its elements. A key that k of these are not below is no greater than the k-th greatest of all, so what is not
// below it are the candidates, few more than k where the greatest elements are spread over the threads. Each candidate
// counts those above it, which is its place in the result.
//
// Where there are more candidates than room, k times: the greatest of the team is the next result, and the thread that
// had it looks for its next one.
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/TopK.h"
#include "lib/Codegen/NVPTX/DeviceBuilder.h"
#include "lib/Codegen/NVPTX/RowRegion.h"

#include "dialects/Rec/Shape.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;
using namespace reckon::rec;

/// Results that a team looks for, elements that a thread keeps in registers, and candidates that there is room for, for
/// each thread.
static constexpr int64_t maxResults = 256, maxKept = 32, candidatesOfThread = 2;

/// Of a team's shared memory: two keys a warp, the candidates, and how many there are.
static constexpr int64_t bytesOfWarp = 2 * 8, bytesOfCount = 16;

namespace {
/// What an output is.
struct TopKOutput {
  enum Kind { values, indices, picked } kind;
  unsigned operand = 0;
  std::optional<unsigned> from; ///< picked: the input whose elements are taken
};

struct TopKRegion {
  unsigned x = 0;
  int64_t extent = 0, k = 0;
  bool smallest = false;
  SizeExpr rows;
  SmallVector<TopKOutput> outputs;
};

class TopKEmitter {
public:
  TopKEmitter(plan::KernelOp kernel, DeviceModule &module, const TopKRegion &region)
      : kernel(kernel), module(module), region(region) {}
  KernelPlan emit();

private:
  Value keyOf(DeviceBuilder &b, Value row, Value index);
  using KeysBody = llvm::function_ref<Value(Value, ArrayRef<Value>)>;
  Value overKeys(DeviceBuilder &b, Value row, Value first, KeysBody body);
  Value greatestBelow(DeviceBuilder &b, Value row, Value limit);
  Value countAbove(DeviceBuilder &b, Value keys, Value count, Value key);
  Value findThreshold(DeviceBuilder &b, Value mine);
  void collect(DeviceBuilder &b, Value elements, Value threshold);
  void takeInOrder(DeviceBuilder &b, Value row, Value elements, Value mine);
  Value warpGreatest(DeviceBuilder &b, Value key, int64_t width);
  void synchronize(DeviceBuilder &b) { teamThreads == GpuTarget::warpSize ? warpBarrier(b) : barrier(b); }
  void writeResult(DeviceBuilder &b, Value row, Value key, Value rank);
  Value rowOf(DeviceBuilder &b, unsigned operand, Value row);
  Type typeOf(unsigned operand) { return kernel.getOperandType(operand).getElementType(); }
  int64_t bytesOf(unsigned operand) { return typeOf(operand).getIntOrFloatBitWidth() / 8; }

  plan::KernelOp kernel;
  DeviceModule &module;
  const TopKRegion &region;
  KernelFunction function;
  int64_t teamThreads = 32;
  Value member;                        ///< i32: the thread's number in its team
  Value greatest, candidates, counter; ///< in the team's shared memory
  SmallVector<Value> kept;             ///< keys of the thread's elements where they are few
};
} // namespace

static bool isFloat(Type type) { return type.isF32() || type.isF16() || type.isBF16(); }

/// The row input a value is, looking through reshapes that keep rows.
static std::optional<unsigned> rowInput(plan::KernelOp kernel, Value value, int64_t columns) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>()) {
    if (getShape(value)[0] != getShape(reshape.getX())[0])
      return std::nullopt;
    value = reshape.getX();
  }
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || !kernel.getLayout(argument.getArgNumber()).getRow() ||
      !getRowStride(kernel, argument.getArgNumber()))
    return std::nullopt;
  Shape shape = getShape(value);
  if (getNumElements(ArrayRef(shape).drop_front()).constant().value_or(-1) < columns)
    return std::nullopt;
  return argument.getArgNumber();
}

static std::optional<TopKRegion> analyze(plan::KernelOp kernel) {
  Block &body = kernel.getBody().front();
  auto found = body.getOps<TopKOp>();
  if (kernel.getKind() != rec::RegionKind::rows || std::distance(found.begin(), found.end()) != 1)
    return std::nullopt;
  TopKOp top = *found.begin();
  Shape shape = getShape(top.getX());
  TopKRegion region;
  if (shape.size() != 2 || top.getAxis() != 1 || !shape[1].isConstant() || !top.getCount().isConstant() ||
      !isFloat(cast<RankedTensorType>(top.getX().getType()).getElementType()))
    return std::nullopt;
  region.extent = *shape[1].constant();
  region.k = *top.getCount().constant();
  region.smallest = top.getSmallest();
  region.rows = shape[0];
  auto x = rowInput(kernel, top.getX(), region.extent);
  // Indices take 32 bits of a key.
  if (!x || region.k == 0 || region.k > std::min(maxResults, region.extent) || region.extent > INT32_MAX)
    return std::nullopt;
  region.x = *x;
  for (auto [i, value] : llvm::enumerate(body.getTerminator()->getOperands())) {
    TopKOutput output{TopKOutput::values, unsigned(kernel.getNumInputs() + i), std::nullopt};
    if (!getRowStride(kernel, output.operand))
      return std::nullopt;
    if (value == top.getIndices()) {
      output.kind = TopKOutput::indices;
    } else if (auto gather = value.getDefiningOp<GatherElementsOp>()) {
      output.kind = TopKOutput::picked;
      output.from = rowInput(kernel, gather.getX(), region.extent);
      if (gather.getIndices() != top.getIndices() || gather.getAxis() != 1 || !output.from ||
          getShape(gather.getX()).size() != 2 || getShape(gather.getX())[1] != region.extent ||
          kernel.getOperandType(*output.from).getElementTypeBitWidth() % 8 != 0)
        return std::nullopt;
    } else if (value != top.getValues()) {
      return std::nullopt;
    }
    region.outputs.push_back(output);
  }
  return region;
}

Value TopKEmitter::rowOf(DeviceBuilder &b, unsigned operand, Value row) {
  return b.at(function.operands[operand], b.mul(row, *getRowStride(kernel, operand) * bytesOf(operand)));
}

/// 0 is below every key.
Value TopKEmitter::keyOf(DeviceBuilder &b, Value row, Value index) {
  Value isThere = b.lessS(index, b.i32(region.extent));
  Value at = b.select(isThere, index, b.i32(0));
  int64_t bytes = bytesOf(region.x);
  Value raw = b.loadInvariant(b.rawType(bytes), b.at(row, b.mul(at, bytes)), bytes);
  // Zeros of both signs are equal; negative numbers order the other way round.
  Value x = arith::AddFOp::create(b, b.unpack(raw, typeOf(region.x))[0], b.f32(0));
  Value isNan = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x, x);
  Value bits = LLVM::BitcastOp::create(b, b.getI32Type(), x);
  Value sign = arith::ShRSIOp::create(b, bits, b.i32(31));
  Value order = arith::XOrIOp::create(b, bits, arith::OrIOp::create(b, sign, b.i32(INT32_MIN)).getResult());
  order = b.select(isNan, b.i32(-1), order);
  if (region.smallest)
    order = arith::XOrIOp::create(b, order, b.i32(-1));
  Value high = arith::ShLIOp::create(b, b.widen(order), b.i64(32));
  Value key = arith::OrIOp::create(b, high, b.widen(arith::XOrIOp::create(b, at, b.i32(-1)).getResult()));
  return b.select(isThere, key, b.i64(0));
}

/// Gives `body` some of the thread's keys at a time, with what it returned for those before.
Value TopKEmitter::overKeys(DeviceBuilder &b, Value row, Value first, KeysBody body) {
  if (!kept.empty())
    return body(first, kept);
  constexpr int64_t unroll = 4;
  return b.loop(member, b.i32(region.extent), b.i32(unroll * teamThreads), first,
                [&](Value begin, ValueRange state) -> SmallVector<Value> {
                  SmallVector<Value> keys;
                  for (int64_t u = 0; u < unroll; ++u)
                    keys.push_back(keyOf(b, row, b.add(begin, u * teamThreads)));
                  return {body(state[0], keys)};
                })[0];
}

/// The greatest key of the thread's elements that is below `limit`.
Value TopKEmitter::greatestBelow(DeviceBuilder &b, Value row, Value limit) {
  return overKeys(b, row, b.i64(0), [&](Value best, ArrayRef<Value> keys) {
    for (Value key : keys)
      best = arith::MaxUIOp::create(b, best, limit ? b.select(b.lessU(key, limit), key, b.i64(0)) : key);
    return best;
  });
}

Value TopKEmitter::warpGreatest(DeviceBuilder &b, Value key, int64_t width) {
  for (int64_t mask = 1; mask < width; mask *= 2)
    key = arith::MaxUIOp::create(b, key, b.shuffleXor(key, mask));
  return key;
}

/// How many of the keys in shared memory are above one, as i32. Behind the last are zeros, up to a multiple of four.
Value TopKEmitter::countAbove(DeviceBuilder &b, Value keys, Value count, Value key) {
  return b.loop(b.i32(0), count, b.i32(4), b.i32(0), [&](Value first, ValueRange state) -> SmallVector<Value> {
    Value above = state[0], from = b.at(keys, b.mul(first, 8));
    for (int64_t pair = 0; pair < 2; ++pair) {
      Values words = b.loadWords(b.at(from, 16 * pair), 4);
      for (unsigned i = 0; i < 4; i += 2) {
        Value other = b.bitOr(arith::ShLIOp::create(b, b.widen(words[i + 1]), b.i64(32)), b.widen(words[i]));
        above = b.add(above, arith::ExtUIOp::create(b, b.getI32Type(), b.lessU(key, other)).getResult());
      }
    }
    return {above};
  })[0];
}

/// A key that at least k of the team's are not below: of each warp's greatest keys the one that is as far down as the
/// warp has to give, and of these the least.
Value TopKEmitter::findThreshold(DeviceBuilder &b, Value mine) {
  int64_t warps = teamThreads / GpuTarget::warpSize;
  Value rank = b.i32(0);
  for (int64_t lane = 0; lane < GpuTarget::warpSize; ++lane) {
    Value isAbove = b.lessU(mine, b.shuffle(mine, b.i32(lane)));
    rank = b.add(rank, arith::ExtUIOp::create(b, b.getI32Type(), isAbove).getResult());
  }
  // Threads without elements have the same key and rank: of a warp with too few elements it is 0.
  Value isLast = b.lessU(rank, b.i32(llvm::divideCeil(region.k, warps)));
  Value least = b.select(isLast, mine, b.i64(-1));
  for (int64_t mask = 1; mask < GpuTarget::warpSize; mask *= 2)
    least = arith::MinUIOp::create(b, least, b.shuffleXor(least, mask));
  if (warps > 1) {
    Value slot = b.at(greatest, b.mul(b.shiftRight(member, 5), 8));
    b.ifThen(b.equal(laneIndex(b), 0), [&] { b.store(least, slot, 8); });
    synchronize(b);
    Value other = b.load(b.getI64Type(), b.at(greatest, b.mul(b.bitAnd(laneIndex(b), warps - 1), 8)), 8);
    for (int64_t mask = 1; mask < warps; mask *= 2)
      other = arith::MinUIOp::create(b, other, b.shuffleXor(other, mask));
    least = other;
  }
  synchronize(b);
  return least;
}

/// Puts the keys that are not below the threshold into shared memory, as far as there is room, and counts them.
void TopKEmitter::collect(DeviceBuilder &b, Value elements, Value limit) {
  Value least = arith::MaxUIOp::create(b, limit, b.i64(1));
  overKeys(b, elements, b.i32(0), [&](Value none, ArrayRef<Value> keys) {
    for (Value key : keys)
      b.ifThen(b.negate(b.lessU(key, least)), [&] {
        Value at = LLVM::AtomicRMWOp::create(b, LLVM::AtomicBinOp::add, counter, b.i32(1),
                                             LLVM::AtomicOrdering::monotonic, "block");
        b.ifThen(b.lessU(at, b.i32(candidatesOfThread * teamThreads)),
                 [&] { b.store(key, b.at(candidates, b.mul(at, 8)), 8); });
      });
    return none;
  });
}

/// The results one after another, from the greatest keys of the threads.
void TopKEmitter::takeInOrder(DeviceBuilder &b, Value row, Value elements, Value mine) {
  int64_t warps = teamThreads / 32;
  b.loop(b.i32(0), b.i32(region.k), b.i32(1), mine, [&](Value rank, ValueRange state) {
    Value mine = state[0], best = warpGreatest(b, mine, 32);
    if (warps > 1) {
      // Two places a warp: a fast warp writes the next result's while a slow one still reads this one's.
      Value half = b.at(greatest, b.mul(b.bitAnd(rank, 1), warps * 8)), lane = laneIndex(b);
      b.ifThen(b.equal(lane, 0), [&] { b.store(best, b.at(half, b.mul(b.shiftRight(member, 5), 8)), 8); });
      barrier(b);
      Value theirs = b.load(b.getI64Type(), b.at(half, b.mul(b.bitAnd(lane, warps - 1), 8)), 8);
      best = warpGreatest(b, theirs, warps);
    }
    Value isMine = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, mine, best);
    return b.ifElse(
        isMine,
        [&] {
          writeResult(b, row, best, rank);
          return SmallVector<Value>{greatestBelow(b, elements, best)};
        },
        [&] { return SmallVector<Value>{mine}; });
  });
}

void TopKEmitter::writeResult(DeviceBuilder &b, Value row, Value key, Value rank) {
  Value index = arith::XOrIOp::create(b, b.narrow(key), b.i32(-1));
  for (const TopKOutput &output : region.outputs) {
    int64_t bytes = bytesOf(output.operand);
    Value to = b.at(rowOf(b, output.operand, row), b.mul(rank, bytes)), value;
    if (output.kind == TopKOutput::indices) {
      value = b.widen(index);
    } else {
      unsigned from = output.from.value_or(region.x);
      value = b.loadInvariant(b.getIntegerType(bytes * 8), b.at(rowOf(b, from, row), b.mul(index, bytes)), bytes);
    }
    b.store(value, to, bytes);
  }
}

KernelPlan TopKEmitter::emit() {
  // Several threads a result, so that few have more than one of the results.
  teamThreads = region.extent <= maxKept * GpuTarget::warpSize && region.k <= 12 ? 32 : region.k <= 128 ? 256 : 1024;
  int64_t threads = std::max<int64_t>(teamThreads, 128), teams = threads / teamThreads;
  function = module.createKernel(kernel.getSymName(), kernel, threads);
  DeviceBuilder b(function.getBuilder());
  member = b.bitAnd(threadIndex(b), teamThreads - 1);
  Value row = b.widen(blockIndex(b)), team = b.divU(threadIndex(b), teamThreads);
  if (teams > 1)
    row = b.add(b.mul(row, teams), b.widen(team));
  int64_t warps = teamThreads / GpuTarget::warpSize, room = candidatesOfThread * teamThreads;
  int64_t bytes = warps * bytesOfWarp + room * 8 + bytesOfCount;
  greatest = b.at(module.createShared(b, teams * bytes), b.mul(team, bytes));
  candidates = b.at(greatest, warps * bytesOfWarp);
  counter = b.at(candidates, room * 8);
  b.ifThen(b.lessU(row, function.rows), [&] {
    Value elements = rowOf(b, region.x, row);
    if (region.extent <= maxKept * teamThreads)
      for (int64_t first = 0; first < region.extent; first += teamThreads)
        kept.push_back(keyOf(b, elements, b.add(member, first)));
    Value mine = greatestBelow(b, elements, {});
    for (int64_t i = 0; i < candidatesOfThread; ++i)
      b.store(b.i64(0), b.at(candidates, b.mul(b.add(member, i * teamThreads), 8)), 8);
    b.ifThen(b.equal(member, 0), [&] { b.store(b.i32(0), counter, 4); });
    collect(b, elements, findThreshold(b, mine));
    synchronize(b);
    Value count = b.load(b.getI32Type(), counter, 4);
    b.ifThenElse(
        b.lessU(b.i32(room), count), [&] { takeInOrder(b, row, elements, mine); },
        [&] {
          b.loop(member, count, b.i32(teamThreads), [&](Value at) {
            Value key = b.load(b.getI64Type(), b.at(candidates, b.mul(at, 8)), 8);
            Value rank = countAbove(b, candidates, count, key);
            b.ifThen(b.lessU(rank, b.i32(region.k)), [&] { writeResult(b, row, key, rank); });
          });
        });
  });

  LaunchPlan launch;
  launch.function = function.getName();
  launch.blockThreads = threads;
  launch.grid = {SizeExpr::ceilDiv(region.rows, SizeExpr(teams))};
  KernelPlan plan;
  plan.launches.push_back(std::move(launch));
  return plan;
}

EmitResult nvptx::emitTopK(plan::KernelOp kernel, DeviceModule &module) {
  std::optional<TopKRegion> region = analyze(kernel);
  if (!region)
    return std::nullopt;
  return FailureOr<KernelPlan>(TopKEmitter(kernel, module, *region).emit());
}
