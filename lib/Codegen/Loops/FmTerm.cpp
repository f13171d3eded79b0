//===- FmTerm.cpp - The second-order term of factorisation machines ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Loops/LayerEmitter.h"
#include "lib/Codegen/Loops/Scalar.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;
using rec::BinaryKind;
using rec::ReduceKind;

LogicalResult LayerEmitter::emitFmTerm(rec::FmTermOp op) {
  Value x = op.getX(), result = op.getResult();
  Type type = elementTypeOf(x);
  materialize(x);
  StridedView place = destination(result);
  SmallVector<Value> extents = sizes(x);
  Value zero = constantIndex(0), dim = extents[2];
  auto binary = [&](BinaryKind kind, Value l, Value r) { return emitBinary(b, kind, l, r, type); };

  if (!accumulatesInMemory()) {
    auto term = [&](Value r, Value d) {
      Value none = scalarConstant(b, type, 0);
      SmallVector<Value> sums = reduceLoop(zero, extents[1], {none, none}, [&](Value f, ValueRange values) {
        Value value = element(x, {r, f, d});
        return SmallVector<Value>{binary(BinaryKind::add, values[0], value),
                                  binary(BinaryKind::add, values[1], binary(BinaryKind::mul, value, value))};
      });
      return binary(BinaryKind::mul, scalarConstant(b, type, 0.5),
                    binary(BinaryKind::sub, binary(BinaryKind::mul, sums[0], sums[0]), sums[1]));
    };
    overRows(result, [&](Value r) {
      if (!op.getSumDim())
        return overElements(dim, [&](Index d) { store(term(r, d[0]), place, {r, d[0]}); });
      Value total = reduceOver(dim, ReduceKind::sum, type, [&](Index d) { return term(r, d[0]); });
      store(total, place, {r, zero});
    });
    places[result] = place;
    return success();
  }

  // Sums over features accumulate in memory, whole vectors of the dim at a time.
  Type sumType = computeType(type);
  SizeExpr bytes = rec::getShape(x)[2] * SizeExpr(sumType.getIntOrFloatBitWidth() / 8);
  StridedView sums{alignedScratch(bytes), {constantIndex(1)}, sumType};
  StridedView squares{alignedScratch(bytes), {constantIndex(1)}, sumType};
  overRows(result, [&](Value r) {
    loop(zero, dim, [&](Value d) {
      store(scalarConstant(b, type, 0), sums, d);
      store(scalarConstant(b, type, 0), squares, d);
    });
    loop(zero, extents[1], [&](Value f) {
      loop(zero, dim, [&](Value d) {
        Value value = element(x, {r, f, d});
        store(binary(BinaryKind::add, load(sums, d), value), sums, d);
        store(binary(BinaryKind::add, load(squares, d), binary(BinaryKind::mul, value, value)), squares, d);
      });
    });
    Value half = scalarConstant(b, type, 0.5);
    auto term = [&](Value d) {
      Value sum = load(sums, d);
      return binary(BinaryKind::mul, half,
                    binary(BinaryKind::sub, binary(BinaryKind::mul, sum, sum), load(squares, d)));
    };
    if (!op.getSumDim())
      return loop(zero, dim, [&](Value d) { store(term(d), place, {r, d}); });
    Value total = reduceLoop(zero, dim, scalarConstant(b, type, 0), [&](Value d, ValueRange values) {
      return SmallVector<Value>{reduceStep(b, ReduceKind::sum, values[0], term(d), type)};
    })[0];
    store(total, place, {r, zero});
  });
  places[result] = place;
  return success();
}
