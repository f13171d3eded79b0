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

void LayerEmitter::update(rec::ReduceKind kind, Value element, const StridedView &place, Index at, bool together) {
  store(reduceStep(b, kind, load(place, at), element, place.elementType), place, at);
}

void LayerEmitter::overUpdates(ArrayRef<Value> extents, const llvm::SmallBitVector &apart, LoopBody body) {
  onOneThread([&] { sequentialNest(extents, body); });
}

/// A copy of x, then the updates: one for each element of `over`. Of updates to one element the last wins.
template <typename OpT>
LogicalResult LayerEmitter::emitScatter(OpT op, Value over, const llvm::SmallBitVector &apart, ScatterTarget target) {
  Value x = op.getX(), indices = op.getIndices(), updates = op.getUpdates(), result = op.getResult();
  materialize(indices);
  StridedView place = destination(result);
  nest(result, [&](Index index) { store(element(x, index), place, index); });
  barrier();
  SmallVector<Value> extents = sizes(x), updateExtents = sizes(over);
  std::optional<rec::ReduceKind> reduction = op.getReduction();
  bool together = reduction && updatesTogether(*reduction, elementTypeOf(x));
  overUpdates(updateExtents, together ? llvm::SmallBitVector(apart.size(), true) : apart, [&](Index index) {
    auto [at, isThere] = target(index, extents);
    ifThen(isThere, [&, at = ArrayRef<Value>(at)] {
      Value value = element(updates, index);
      if (reduction)
        update(*reduction, value, place, at, together);
      else
        store(value, place, at);
    });
  });
  places[result] = place;
  return success();
}

LogicalResult LayerEmitter::emitScatterNd(rec::ScatterNdOp op) {
  Value indices = op.getIndices();
  unsigned lead = rec::getShape(indices).size() - 1;
  int64_t tuple = *rec::getShape(indices).back().constant();
  llvm::SmallBitVector apart(rec::getShape(op.getUpdates()).size());
  apart.set(lead, apart.size());
  return emitScatter(op, op.getUpdates(), apart, [&](Index index, ArrayRef<Value> extents) {
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
  llvm::SmallBitVector apart(rec::getShape(op.getIndices()).size(), true);
  apart.reset(op.getAxis());
  return emitScatter(op, op.getIndices(), apart, [&](Index index, ArrayRef<Value> extents) {
    auto [i, good] = checkedIndex(op.getIndices(), index, extents[op.getAxis()]);
    SmallVector<Value> target(index);
    target[op.getAxis()] = i;
    return std::pair(target, good);
  });
}
