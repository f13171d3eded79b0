//===- GenericScans.cpp - Running sums by warps ----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// A warp takes a line of elements that are neighbours in memory, 32 at a time: each lane adds what lanes 1, 2, 4, 8 and
// 16 before it have, and the sum of the last one goes on to the next 32. A line that is alone is a block's, four
// neighbours a thread at a time: the sums of warps go through shared memory. Lines beside each other in memory stay a
// thread's each.
//
//===----------------------------------------------------------------------===//

#include "dialects/Rec/Shape.h"
#include "lib/Codegen/Loops/Scalar.h"
#include "lib/Codegen/NVPTX/GenericEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;
using namespace reckon::nvptx;

/// The longest line that a thread of the grid takes alone.
static constexpr int64_t maxShortLine = 16;

/// The value that a lane of the warp has, of any type that sums have.
static Value fromLane(DeviceBuilder &b, Value value, Value lane) {
  Type type = value.getType();
  unsigned width = type.getIntOrFloatBitWidth();
  if (type.isF64())
    return b.bitcast(type, b.shuffle(b.bitcast(b.getI64Type(), value), lane));
  if (width < 32)
    return arith::TruncIOp::create(b, type, b.shuffle(arith::ExtUIOp::create(b, b.getI32Type(), value), lane));
  return b.shuffle(value, lane);
}

/// The sums of the warp's lanes up to each.
static Value scanWarp(DeviceBuilder &p, Value sum, Value lane, Type type) {
  for (int64_t distance = 1; distance < GpuTarget::warpSize; distance *= 2) {
    Value isBehind = p.lessU(p.i32(distance - 1), lane);
    Value before = fromLane(p, sum, p.select(isBehind, p.sub(lane, p.i32(distance)), lane));
    sum = p.select(isBehind, emitBinary(p, rec::BinaryKind::add, before, sum, type), sum);
  }
  return sum;
}

/// What the lane before has; `first` in the first.
static Value fromLaneBefore(DeviceBuilder &p, Value value, Value lane, Value first) {
  Value isFirst = p.equal(lane, 0);
  return p.select(isFirst, first, fromLane(p, value, p.select(isFirst, lane, p.sub(lane, p.i32(1)))));
}

void GenericEmitter::scanLine(rec::CumSumOp op, const StridedView &place, SmallVector<Value> index) {
  Value x = op.getX(), extent = sizes(x)[op.getAxis()];
  Type type = elementTypeOf(x);
  Value none = scalarConstant(b, type, 0), last = sub(extent, constantIndex(1));
  unsigned warps = groupThreads / GpuTarget::warpSize, ofThread = 4;
  Value sums;
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(entry);
    sums = module.createShared(b, warps * 8);
  }
  auto slot = [&](DeviceBuilder &p, Value warp) { return p.at(sums, p.mul(warp, 8)); };
  auto plus = [&](Value left, Value right) { return emitBinary(b, rec::BinaryKind::add, left, right, type); };
  reduceLoop(
      constantIndex(0), extent, none,
      [&](Value begin, ValueRange carried) {
        DeviceBuilder p(b);
        Value thread = p.narrow(lane), inWarp = p.bitAnd(thread, GpuTarget::warpSize - 1),
              warp = p.shiftRight(thread, 5);
        Value first = add(begin, mul(lane, constantIndex(ofThread)));
        SmallVector<Value> before{none};
        for (unsigned i = 0; i < ofThread; ++i) {
          Value at = add(first, constantIndex(i));
          Value isThere = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, at, extent);
          Value inLine = arith::MinSIOp::create(b, at, last);
          index[op.getAxis()] = op.getReverse() ? sub(last, inLine) : inLine;
          before.push_back(plus(before.back(), arith::SelectOp::create(b, isThere, element(x, index), none)));
        }
        Value ofWarp = scanWarp(p, before.back(), inWarp, type);
        ifThen(p.equal(inWarp, GpuTarget::warpSize - 1), [&] {
          DeviceBuilder p(b);
          LLVM::StoreOp::create(p, ofWarp, slot(p, warp));
        });
        nvptx::barrier(b);
        p = DeviceBuilder(b);
        Value own = p.lessU(inWarp, p.i32(warps));
        Value sum = LLVM::LoadOp::create(p, ofWarp.getType(), slot(p, p.select(own, inWarp, p.i32(0))));
        sum = scanWarp(p, p.select(own, sum, none), inWarp, type);
        Value total = fromLane(p, sum, p.i32(GpuTarget::warpSize - 1));
        Value isFirstWarp = p.equal(warp, 0);
        Value warpsBefore = fromLane(p, sum, p.select(isFirstWarp, warp, p.sub(warp, p.i32(1))));
        Value base = plus(carried[0], p.select(isFirstWarp, none, warpsBefore));
        base = plus(base, fromLaneBefore(p, ofWarp, inWarp, none));
        for (unsigned i = 0; i < ofThread; ++i) {
          Value at = add(first, constantIndex(i));
          index[op.getAxis()] = op.getReverse() ? sub(last, at) : at;
          ifThen(arith::CmpIOp::create(b, arith::CmpIPredicate::slt, at, extent), [&] {
            LayerEmitter::storeRaw(plus(base, before[op.getExclusive() ? i : i + 1]), pointer(place, index), type);
          });
        }
        nvptx::barrier(b);
        return SmallVector<Value>{plus(carried[0], total)};
      },
      int64_t(groupThreads) * ofThread);
}

/// A thread has the whole line in registers.
void GenericEmitter::scanShortLines(rec::CumSumOp op, int64_t length, const StridedView &place) {
  Value x = op.getX(), result = op.getResult();
  Type type = elementTypeOf(x);
  int64_t axis = op.getAxis();
  nestAround(result, axis, [&](SmallVectorImpl<Value> &index) {
    auto at = [&](int64_t i) -> Index {
      index[axis] = constantIndex(op.getReverse() ? length - 1 - i : i);
      return index;
    };
    SmallVector<Value> elements, sums{scalarConstant(b, type, 0)};
    for (int64_t i = 0; i < length; ++i)
      elements.push_back(element(x, at(i)));
    for (Value element : elements)
      sums.push_back(emitBinary(b, rec::BinaryKind::add, sums.back(), element, type));
    for (int64_t i = 0; i < length; ++i)
      store(sums[op.getExclusive() ? i : i + 1], place, at(i));
  });
}

LogicalResult GenericEmitter::emitCumSum(rec::CumSumOp op) {
  Value x = op.getX(), result = op.getResult();
  int64_t axis = op.getAxis();
  std::optional<int64_t> length = rec::getShape(x)[axis].constant();
  if (isSpread() && length && *length <= maxShortLine) {
    scanShortLines(op, *length, places[result] = destination(result));
    return success();
  }
  if (!canShare() || groupThreads < GpuTarget::warpSize || axis + 1 != op.getType().getRank())
    return LayerEmitter::emitCumSum(op);
  if (shape != Shape::Rows && rec::getNumElements(ArrayRef(rec::getShape(x)).drop_back()) == SizeExpr(1)) {
    // In one block, for which the grid has to be left.
    needsOrder = true;
    StridedView place = destination(result);
    if (shape == Shape::Block) {
      llvm::SaveAndRestore<bool> inside(alone, true);
      scanLine(op, place, inCurrentRow(result, SmallVector<Value>(axis + 1, constantIndex(0))));
    }
    places[result] = place;
    return success();
  }
  Type type = elementTypeOf(x);
  StridedView place = destination(result);
  Value extent = sizes(x)[axis], lines = constantIndex(1), zero = constantIndex(0), five = constantIndex(5);
  SmallVector<Value> extents = extentsAround(result, axis);
  for (Value size : extents)
    lines = mul(lines, size);
  Value first = arith::ShRUIOp::create(b, lane, five), step = arith::ShRUIOp::create(b, lanes, five);
  Value inWarp = arith::AndIOp::create(b, lane, constantIndex(GpuTarget::warpSize - 1));

  llvm::SaveAndRestore<bool> inside(alone, true);
  auto loop = scf::ForOp::create(b, first, lines, step);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> index = inCurrentRow(result, unflatten(loop.getInductionVar(), extents));
    Value none = scalarConstant(b, type, 0), last = sub(extent, constantIndex(1));
    reduceLoop(
        zero, extent, none,
        [&](Value begin, ValueRange carried) {
          DeviceBuilder p(b);
          Value number = p.narrow(inWarp), at = add(begin, inWarp);
          Value isThere = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, at, extent);
          Value inLine = arith::MinSIOp::create(b, at, last);
          index[axis] = op.getReverse() ? sub(last, inLine) : inLine;
          Value sum = arith::SelectOp::create(b, isThere, element(x, index), none);
          sum = scanWarp(p, sum, number, type);
          sum = emitBinary(b, rec::BinaryKind::add, carried[0], sum, type);
          DeviceBuilder q(b);
          Value stored = sum;
          if (op.getExclusive())
            stored = fromLaneBefore(q, sum, number, carried[0]);
          ifThen(isThere, [&] { store(stored, place, index); });
          DeviceBuilder r(b);
          return SmallVector<Value>{fromLane(r, sum, r.i32(GpuTarget::warpSize - 1))};
        },
        GpuTarget::warpSize);
  }
  places[result] = place;
  return success();
}
