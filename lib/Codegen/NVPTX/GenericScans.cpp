//===- GenericScans.cpp - Running sums by warps ----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// A warp takes a line of elements that are neighbours in memory, 32 at a time: each lane adds what lanes 1, 2, 4, 8 and
// 16 before it have, and the sum of the last one goes on to the next 32. Lines beside each other in memory stay a
// thread's each.
//
//===----------------------------------------------------------------------===//

#include "dialects/Rec/Shape.h"
#include "lib/Codegen/Loops/Scalar.h"
#include "lib/Codegen/NVPTX/GenericEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;
using namespace reckon::nvptx;

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

LogicalResult GenericEmitter::emitCumSum(rec::CumSumOp op) {
  Value x = op.getX(), result = op.getResult();
  int64_t axis = op.getAxis();
  if (!canShare() || groupThreads < GpuTarget::warpSize || axis + 1 != op.getType().getRank())
    return LayerEmitter::emitCumSum(op);
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
          for (int64_t distance = 1; distance < GpuTarget::warpSize; distance *= 2) {
            DeviceBuilder p(b);
            Value isBehind = p.lessU(p.i32(distance - 1), number);
            Value before = fromLane(p, sum, p.select(isBehind, p.sub(number, p.i32(distance)), number));
            sum = p.select(isBehind, emitBinary(b, rec::BinaryKind::add, before, sum, type), sum);
          }
          sum = emitBinary(b, rec::BinaryKind::add, carried[0], sum, type);
          DeviceBuilder q(b);
          Value stored = sum;
          if (op.getExclusive()) {
            Value isFirst = q.equal(number, 0);
            Value before = fromLane(q, sum, q.select(isFirst, number, q.sub(number, q.i32(1))));
            stored = q.select(isFirst, carried[0], before);
          }
          ifThen(isThere, [&] { store(stored, place, index); });
          DeviceBuilder r(b);
          return SmallVector<Value>{fromLane(r, sum, r.i32(GpuTarget::warpSize - 1))};
        },
        GpuTarget::warpSize);
  }
  places[result] = place;
  return success();
}
