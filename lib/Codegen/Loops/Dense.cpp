//===- Dense.cpp - Matrix products without packed weights, FM term ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// The general case. Linear layers with constant f32 weights are GEMM kernels (Gemm.cpp); what comes here has both
// operands computed, another element type, or batch dimensions.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Loops/LayerEmitter.h"
#include "lib/Codegen/Loops/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;
using rec::BinaryKind;
using rec::ReduceKind;

/// One row of a matrix product: c[j] = init[j] + sum_k a[k] b[k, j]. The loop that vectorises goes along whichever
/// dimension of b is contiguous. Sums of half floats stay in registers, where they are single.
void LayerEmitter::emitProductRow(const ProductRow &p) {
  Type type = p.a.elementType;
  Value zero = constantIndex(0);
  auto multiply = [&](Value k, Value j) {
    return emitBinary(b, BinaryKind::mul, load(p.a, k), load(p.b, {k, j}), type);
  };
  auto initial = [&](Value j) { return p.init ? load(*p.init, j) : scalarConstant(b, type, 0); };
  bool isHalf = computeType(type) != storageType(type) && isa<FloatType>(type);
  if (isHalf || (matchPattern(p.b.strides[0], m_One()) && !matchPattern(p.b.strides[1], m_One()))) {
    loop(zero, p.n, [&](Value j) {
      Value sum = reduceLoop(zero, p.k, initial(j), [&](Value k, ValueRange values) {
        return SmallVector<Value>{reduceStep(b, ReduceKind::sum, values[0], multiply(k, j), type)};
      })[0];
      store(sum, p.c, j);
    });
    return;
  }
  loop(zero, p.n, [&](Value j) { store(initial(j), p.c, j); });
  loop(zero, p.k, [&](Value k) {
    loop(zero, p.n,
         [&](Value j) { store(reduceStep(b, ReduceKind::sum, load(p.c, j), multiply(k, j), type), p.c, j); });
  });
}

/// Rows of products: `product` gives the one at a position of `outer`, all of `n` columns.
void LayerEmitter::emitProductRows(ArrayRef<Value> outer, Value n, ProductAt product, ProductRowBody emitRow) {
  if (accumulatesInMemory())
    return nestOver(outer, [&](Index position) { emitRow(product(position)); });
  SmallVector<Value> extents(outer);
  extents.push_back(n);
  nestShared(extents, [&](Index index) {
    ProductRow p = product(index.drop_back());
    Value j = index.back();
    Type type = p.a.elementType;
    Value sum = foldOver(p.k, ReduceKind::sum, type, [&](Index k) {
      return emitBinary(b, BinaryKind::mul, load(p.a, k), load(p.b, {k[0], j}), type);
    });
    if (p.init)
      sum = emitBinary(b, BinaryKind::add, sum, load(*p.init, j), type);
    store(sum, p.c, j);
  });
}

LogicalResult LayerEmitter::emitMatmul(rec::MatmulOp op) {
  Value result = op.getResult();
  // Operands as matrices with batch dimensions: rank-1 ones gain a unit dimension.
  struct Operand {
    Place place;
    SmallVector<Value> extents;
    rec::Shape shape;
  };
  auto asMatrix = [&](Value value, bool transpose, bool isLeft) {
    Operand operand{materialize(value), sizes(value), rec::getShape(value)};
    if (operand.shape.size() == 1) {
      size_t at = isLeft ? 0 : 1;
      operand.place.strides.insert(operand.place.strides.begin() + at, constantIndex(0));
      operand.extents.insert(operand.extents.begin() + at, constantIndex(1));
      operand.shape.insert(operand.shape.begin() + at, SizeExpr(1));
    }
    size_t rank = operand.shape.size();
    if (transpose) {
      std::swap(operand.place.strides[rank - 1], operand.place.strides[rank - 2]);
      std::swap(operand.extents[rank - 1], operand.extents[rank - 2]);
    }
    for (size_t d = 0; d + 2 < rank; ++d)
      if (operand.shape[d] == SizeExpr(1))
        operand.place.strides[d] = constantIndex(0);
    return operand;
  };
  Operand left = asMatrix(op.getA(), op.getTransposeA(), true);
  Operand right = asMatrix(op.getB(), op.getTransposeB(), false);
  Place target = destination(result);
  SmallVector<Value> outer = sizes(result);
  Place wide = target;
  bool noRows = rec::getShape(op.getA()).size() == 1, noColumns = rec::getShape(op.getB()).size() == 1;
  if (noColumns) {
    wide.strides.push_back(constantIndex(0));
    outer.push_back(constantIndex(1));
  }
  if (noRows) {
    wide.strides.insert(wide.strides.end() - 1, constantIndex(0));
    outer.insert(outer.end() - 1, constantIndex(1));
  }
  Value n = outer.pop_back_val();
  Value k = left.extents.back();
  keepOneRow(result, outer);
  auto product = [&](Index position) -> ProductRow {
    SmallVector<Value> at = inCurrentRow(result, position);
    at.push_back(constantIndex(0));
    auto align = [&](const Operand &operand, bool keepRow) {
      SmallVector<Value> index(ArrayRef<Value>(at).take_back(operand.shape.size()));
      if (!keepRow)
        index[index.size() - 2] = constantIndex(0);
      return index;
    };
    SmallVector<Value> atRight = align(right, false);
    Place matrix{pointer(right.place, atRight),
                 {right.place.strides[right.shape.size() - 2], right.place.strides.back()},
                 right.place.elementType};
    return {vectorAt(left.place, align(left, true), left.shape.size() - 1),
            matrix,
            vectorAt(wide, at, at.size() - 1),
            std::nullopt,
            n,
            k};
  };
  emitProductRows(outer, n, product, [&](const ProductRow &row) { emitProductRow(row); });
  places[result] = target;
  return success();
}

LogicalResult LayerEmitter::emitLinear(rec::LinearOp op) {
  Value result = op.getResult();
  Place x = materialize(op.getX()), weight = materialize(op.getWeight());
  std::optional<Place> bias;
  if (op.getBias())
    bias = materialize(op.getBias());
  Place target = destination(result);
  SmallVector<Value> outer = sizes(result);
  Value n = outer.pop_back_val(), k = sizes(op.getX()).back();
  keepOneRow(result, outer);
  auto product = [&](Index position) -> ProductRow {
    SmallVector<Value> at = inCurrentRow(result, position);
    at.push_back(constantIndex(0));
    return {vectorAt(x, at, at.size() - 1), weight, vectorAt(target, at, at.size() - 1), bias, n, k};
  };
  emitProductRows(outer, n, product, [&](const ProductRow &row) { emitLinearRow(op, row); });
  places[result] = target;
  return success();
}

LogicalResult LayerEmitter::emitFmTerm(rec::FmTermOp op) {
  Value x = op.getX(), result = op.getResult();
  Type type = elementTypeOf(x);
  materialize(x);
  Place place = destination(result);
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
        return nestOver(dim, [&](Index d) { store(term(r, d[0]), place, {r, d[0]}); });
      Value total = foldOver(dim, ReduceKind::sum, type, [&](Index d) { return term(r, d[0]); });
      store(total, place, {r, zero});
    });
    places[result] = place;
    return success();
  }

  // Sums over features accumulate in memory, whole vectors of the dim at a time.
  SizeExpr bytes = rec::getShape(x)[2] * SizeExpr(8);
  Type sumType = computeType(type);
  Place sums{alignedScratch(bytes), {constantIndex(1)}, sumType};
  Place squares{alignedScratch(bytes), {constantIndex(1)}, sumType};
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
