//===- Interaction.cpp - Dot products of all pairs of features -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/Loops/LayerEmitter.h"
#include "lib/Codegen/Loops/Scalar.h"
#include "lib/Codegen/Loops/Triangle.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;

SmallVector<TriangleRow> loops::getTriangleRows(rec::DotInteractionOp op, int64_t features) {
  SmallVector<TriangleRow> rows;
  int64_t offset = 0, self = op.getSelfInteraction();
  for (int64_t i = 0; i < features; ++i) {
    bool lower = op.getTriangle() == rec::Triangle::lower;
    TriangleRow r{lower ? 0 : i + 1 - self, lower ? i + self : features, offset};
    offset += r.end - r.begin;
    rows.push_back(r);
  }
  return rows;
}

LogicalResult LayerEmitter::emitDotInteraction(rec::DotInteractionOp op) {
  Value x = op.getX(), result = op.getResult();
  const StridedView from = materialize(x);
  Type type = from.elementType;
  StridedView place = destination(result);
  rec::Shape shape = rec::getShape(x);
  int64_t features = *shape[1].constant();
  overRows(result, [&](Value r) {
    for (auto [i, triangle] : llvm::enumerate(getTriangleRows(op, features))) {
      Value feature = constantIndex(i), begin = constantIndex(triangle.begin), offset = constantIndex(triangle.offset);
      parallelFor(constantIndex(triangle.end - triangle.begin), [&](Index column) {
        Value j = add(column[0], begin);
        Value sum = reduceOver(size(shape[2]), rec::ReduceKind::sum, type, [&](Index d) {
          return emitBinary(b, rec::BinaryKind::mul, load(from, {r, feature, d[0]}), load(from, {r, j, d[0]}), type);
        });
        store(sum, place, {r, add(column[0], offset)});
      });
    }
  });
  places[result] = place;
  return success();
}
