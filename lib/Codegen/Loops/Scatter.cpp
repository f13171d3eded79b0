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

void LayerEmitter::scatterElement(std::optional<rec::ReduceKind> reduction, Value update, const Place &place,
                                  Index index, Type type) {
  if (reduction)
    update = reduceStep(b, *reduction, load(place, index), update, type);
  store(update, place, index);
}

LogicalResult LayerEmitter::emitScatterNd(rec::ScatterNdOp op) {
  Value x = op.getX(), indices = op.getIndices(), updates = op.getUpdates(), result = op.getResult();
  Type type = elementTypeOf(x);
  materialize(indices);
  Place place = destination(result);
  nest(result, [&](Index index) { store(element(x, index), place, index); });
  barrier();
  SmallVector<Value> extents = sizes(x);
  unsigned lead = rec::getShape(indices).size() - 1;
  int64_t tuple = *rec::getShape(indices).back().constant();
  SmallVector<Value> updateExtents = sizes(updates);
  // Of updates to one element the last wins: in order.
  onOneThread([&] {
    sequentialNest(updateExtents, [&](Index index) {
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
      ifThen(good, [&] { scatterElement(op.getReduction(), element(updates, index), place, target, type); });
    });
  });
  places[result] = place;
  return success();
}

LogicalResult LayerEmitter::emitScatterElements(rec::ScatterElementsOp op) {
  Value x = op.getX(), indices = op.getIndices(), updates = op.getUpdates(), result = op.getResult();
  Type type = elementTypeOf(x);
  materialize(indices);
  Place place = destination(result);
  nest(result, [&](Index index) { store(element(x, index), place, index); });
  barrier();
  SmallVector<Value> extents = sizes(x);
  SmallVector<Value> indexExtents = sizes(indices);
  onOneThread([&] {
    sequentialNest(indexExtents, [&](Index index) {
      auto [i, good] = checkedIndex(indices, index, extents[op.getAxis()]);
      SmallVector<Value> target(index);
      target[op.getAxis()] = i;
      ifThen(good, [&] { scatterElement(op.getReduction(), element(updates, index), place, target, type); });
    });
  });
  places[result] = place;
  return success();
}
