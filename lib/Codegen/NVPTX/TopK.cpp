//===- TopK.cpp - Kernels that find the greatest elements of rows ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// An element and its index become one 64-bit key, so that keys are ordered as the result is: by value, NaN above all,
// and lower indices first among equals. A team of threads, a warp or a block, has a row; each thread knows the greatest
// key of its elements. Then k times: the greatest of the team is the next result, and the thread that had it looks for
// its next one.
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

/// Results a team looks for one by one, and elements a thread keeps in registers.
static constexpr int64_t maxResults = 256, maxKept = 8;

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
  Value greatestBelow(DeviceBuilder &b, Value row, Value limit);
  void writeResult(DeviceBuilder &b, Value row, Value key, Value rank);
  Value rowOf(DeviceBuilder &b, unsigned operand, Value row);
  Type typeOf(unsigned operand) { return kernel.getOperandType(operand).getElementType(); }
  int64_t bytesOf(unsigned operand) { return typeOf(operand).getIntOrFloatBitWidth() / 8; }

  plan::KernelOp kernel;
  DeviceModule &module;
  const TopKRegion &region;
  KernelFunction function;
  int64_t teamThreads = 32;
  Value member;            ///< i32: the thread's number in its team
  SmallVector<Value> kept; ///< keys of the thread's elements where they are few
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

/// The greatest key of the thread's elements that is below `limit`.
Value TopKEmitter::greatestBelow(DeviceBuilder &b, Value row, Value limit) {
  auto better = [&](Value best, Value key) -> Value {
    Value candidate = limit ? b.select(b.lessU(key, limit), key, b.i64(0)) : key;
    return arith::MaxUIOp::create(b, best, candidate);
  };
  if (!kept.empty()) {
    Value best = b.i64(0);
    for (Value key : kept)
      best = better(best, key);
    return best;
  }
  constexpr int64_t unroll = 4;
  return b.loop(member, b.i32(region.extent), b.i32(unroll * teamThreads), b.i64(0),
                [&](Value first, ValueRange state) -> SmallVector<Value> {
                  Value best = state[0];
                  SmallVector<Value> keys;
                  for (int64_t u = 0; u < unroll; ++u)
                    keys.push_back(keyOf(b, row, b.add(first, u * teamThreads)));
                  for (Value key : keys)
                    best = better(best, key);
                  return {best};
                })[0];
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
  teamThreads = region.extent <= 256 ? 32 : region.extent <= 8192 ? 256 : 1024;
  int64_t threads = std::max<int64_t>(teamThreads, 128), teams = threads / teamThreads;
  int64_t warps = teamThreads / 32;
  function = module.createKernel(kernel.getSymName(), kernel, threads);
  DeviceBuilder b(function.getBuilder());
  member = b.bitAnd(threadIndex(b), teamThreads - 1);
  Value row = b.widen(blockIndex(b));
  if (teams > 1)
    row = b.add(b.mul(row, teams), b.widen(b.divU(threadIndex(b), teamThreads)));
  // Two places a warp: a fast warp writes the next result's while a slow one still reads this one's.
  Value shared = warps > 1 ? module.createShared(b, 2 * warps * 8) : Value();
  b.ifThen(b.lessU(row, function.rows), [&] {
    Value elements = rowOf(b, region.x, row);
    if (region.extent <= maxKept * teamThreads)
      for (int64_t first = 0; first < region.extent; first += teamThreads)
        kept.push_back(keyOf(b, elements, b.add(member, first)));
    auto warpGreatest = [&](Value key, int64_t width) {
      for (int64_t mask = 1; mask < width; mask *= 2)
        key = arith::MaxUIOp::create(b, key, b.shuffleXor(key, mask));
      return key;
    };
    b.loop(b.i32(0), b.i32(region.k), b.i32(1), greatestBelow(b, elements, {}), [&](Value rank, ValueRange state) {
      Value mine = state[0], best = warpGreatest(mine, 32);
      if (warps > 1) {
        Value half = b.at(shared, b.mul(b.bitAnd(rank, 1), warps * 8)), lane = laneIndex(b);
        b.ifThen(b.equal(lane, 0), [&] { b.store(best, b.at(half, b.mul(b.shiftRight(member, 5), 8)), 8); });
        barrier(b);
        Value theirs = b.load(b.getI64Type(), b.at(half, b.mul(b.bitAnd(lane, warps - 1), 8)), 8);
        best = warpGreatest(theirs, warps);
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
