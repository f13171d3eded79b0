//===- Scatter.cpp - Scatters ---------------------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Loops/LayerEmitter.h"
#include "lib/Codegen/Loops/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;

/// A copy of x, then the updates: one for each element of `over`.
template <typename OpT> LogicalResult LayerEmitter::emitScatter(OpT op, Value over, ScatterTarget target) {
  Value x = op.getX(), indices = op.getIndices(), updates = op.getUpdates(), result = op.getResult();
  Type type = elementTypeOf(x);
  materialize(indices);
  StridedView place = destination(result);
  nest(result, [&](Index index) { store(element(x, index), place, index); });
  barrier();
  SmallVector<Value> extents = sizes(x), updateExtents = sizes(over);
  // Of updates to one element the last wins: in order.
  onOneThread([&] {
    sequentialNest(updateExtents, [&](Index index) {
      auto found = target(index, extents);
      ArrayRef<Value> at = found.first;
      ifThen(found.second, [&] {
        Value update = element(updates, index);
        if (std::optional<rec::ReduceKind> reduction = op.getReduction())
          update = reduceStep(b, *reduction, load(place, at), update, type);
        store(update, place, at);
      });
    });
  });
  places[result] = place;
  return success();
}

LogicalResult LayerEmitter::emitScatterNd(rec::ScatterNdOp op) {
  Value indices = op.getIndices();
  unsigned lead = rec::getShape(indices).size() - 1;
  int64_t tuple = *rec::getShape(indices).back().constant();
  return emitScatter(op, op.getUpdates(), [&](Index index, ArrayRef<Value> extents) {
    SmallVector<Value> target;
    Value good;
    for (int64_t t = 0; t < tuple; ++t) {
      SmallVector<Value> at(index.begin(), index.begin() + lead);
      at.push_back(constantIndex(t));
      auto [i, isGood] = checkedIndex(indices, at, extents[t]);
      target.push_back(i);
      good = good ? Value(arith::AndIOp::create(b, good, isGood)) : isGood;
    }
    target.append(index.begin() + lead, index.end());
    return std::pair(target, good);
  });
}

LogicalResult LayerEmitter::emitScatterElements(rec::ScatterElementsOp op) {
  return emitScatter(op, op.getIndices(), [&](Index index, ArrayRef<Value> extents) {
    auto [i, good] = checkedIndex(op.getIndices(), index, extents[op.getAxis()]);
    SmallVector<Value> target(index);
    target[op.getAxis()] = i;
    return std::pair(target, good);
  });
}
