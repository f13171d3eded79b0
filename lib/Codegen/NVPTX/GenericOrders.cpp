//===- GenericOrders.cpp - Top-k by counting -------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// A thread takes an element and counts those that go before it: that is its place in the result, if it is below k. N
// elements of a line take N steps on N threads, none of which waits for another, where insertion takes up to N k on
// one.
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/Shape.h"
#include "lib/Codegen/NVPTX/GenericEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;
using namespace reckon::nvptx;

/// Warps that an H200 has at work where a kernel has elements for them.
static constexpr int64_t warpsOfGrid = 4096;

/// Whether counting takes fewer steps than insertion, which takes one an element and k / 2 for each that is inserted.
/// An unknown k may be all elements; a known one of an unknown number of elements is taken for few.
bool GenericEmitter::countsOrder(rec::TopKOp op) const {
  std::optional<int64_t> k = rec::getShape(op.getValues())[op.getAxis()].constant();
  std::optional<int64_t> extent = rec::getShape(op.getX())[op.getAxis()].constant();
  if (!k || !extent)
    return !k;
  double n = static_cast<double>(*extent), results = static_cast<double>(*k);
  double counting = n * n / GpuTarget::warpSize / (shape == Shape::Grid ? warpsOfGrid : 1);
  return counting < n + results * results / 2;
}

LogicalResult GenericEmitter::emitTopK(rec::TopKOp op) {
  Value x = op.getX(), values = op.getValues();
  int64_t axis = op.getAxis();
  if (!canShare() || !countsOrder(op))
    return LayerEmitter::emitTopK(op);
  // The grid has no order in which x could be written first; it is computed where it is read.
  bool isInMemory = shape != Shape::Grid || places.contains(x) || !isAvailable(x);
  if (isInMemory)
    materialize(x);
  // Values that nobody reads would be in memory of the kernel's own, for which the grid has to be left.
  bool hasValues = !values.use_empty();
  StridedView valuePlace, indexPlace = destination(op.getIndices());
  if (hasValues)
    valuePlace = places[values] = destination(values);
  Value extent = sizes(x)[axis], k = sizes(values)[axis];
  SmallVector<Value> extents = extentsAround(values, axis);
  extents.push_back(extent);
  nestShared(extents, extent, [&](Index position) {
    SmallVector<Value> index = inCurrentRow(values, position.drop_back());
    Value number = position.back();
    auto at = [&](Value i) {
      index[axis] = i;
      return isInMemory ? load(places[x], index) : element(x, index);
    };
    Value mine = at(number);
    Value rank = reduceOver(extent, rec::ReduceKind::sum, b.getI64Type(), [&](Index other) -> Value {
      Value theirs = at(other[0]);
      // Of equal elements the first goes before the others.
      Value isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, other[0], number);
      Value no = arith::ConstantOp::create(b, b.getBoolAttr(false));
      isFirst = arith::SelectOp::create(b, isBefore(op, mine, theirs), no, isFirst);
      Value counts = arith::OrIOp::create(b, isBefore(op, theirs, mine), isFirst);
      return arith::ExtUIOp::create(b, b.getI64Type(), counts);
    });
    ifThen(arith::CmpIOp::create(b, arith::CmpIPredicate::slt, rank, k), [&] {
      if (hasValues)
        store(mine, vectorAt(valuePlace, index, axis), rank);
      store(number, vectorAt(indexPlace, index, axis), rank);
    });
  });
  places[op.getIndices()] = indexPlace;
  return success();
}
