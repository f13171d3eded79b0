//===- Reductions.cpp - Reductions, norms and running sums ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Loops/LayerEmitter.h"
#include "lib/Codegen/Loops/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;
using rec::BinaryKind;
using rec::ReduceKind;
using rec::UnaryKind;

LogicalResult LayerEmitter::emitReduce(rec::ReduceOp op) {
  Value x = op.getX(), result = op.getResult();
  Type type = elementTypeOf(x);
  ReduceKind kind = op.getKind();
  SmallVector<Value> extents = sizes(x);
  unsigned rank = extents.size();
  auto isReduced = [&](unsigned d) { return llvm::is_contained(op.getAxes(), int64_t(d)); };
  SmallVector<Value> reducedExtents;
  Value count = constantIndex(1);
  for (int64_t axis : op.getAxes()) {
    reducedExtents.push_back(extents[axis]);
    count = mul(count, extents[axis]);
  }
  if (kind == ReduceKind::log_sum_exp)
    materialize(x);
  StridedView place = destination(result);

  // Index of x from an index of the result and one over the reduced dimensions.
  auto sourceIndex = [&](Index kept, Index reduced) {
    SmallVector<Value> source;
    unsigned k = 0, r = 0;
    for (unsigned d = 0; d < rank; ++d) {
      if (isReduced(d)) {
        source.push_back(reduced[r++]);
        k += op.getKeepdims();
      } else {
        source.push_back(kept[k++]);
      }
    }
    return source;
  };
  auto accumulate = [&](Index kept, ReduceKind step, Value shift) {
    return reduceOver(reducedExtents, step, type, [&](Index reduced) {
      Value x0 = element(x, sourceIndex(kept, reduced));
      return shift ? emitBinary(b, BinaryKind::sub, x0, shift, type) : x0;
    });
  };

  bool keepsLast = accumulatesInMemory() && rank > 1 && !isReduced(rank - 1) && kind != ReduceKind::log_sum_exp;
  if (keepsLast) {
    // Reduced loops outside, the last dimension inside: whole vectors of results accumulate in memory, and narrow ones
    // in memory of their own, in single precision.
    bool isNarrow = isa<FloatType>(type) && computeType(type) != type;
    StridedView sums = isNarrow ? placeInScratch(result, computeType(type)) : place;
    nest(result, [&](Index index) { store(reduceIdentity(b, kind, type), sums, index); });
    parallelFor(reducedExtents, [&](Index reduced) {
      nest(result, [&](Index index) {
        Value next = reduceStep(b, kind, load(sums, index), element(x, sourceIndex(index, reduced)), type);
        store(next, sums, index);
      });
    });
    if (isNarrow || kind == ReduceKind::mean || kind == ReduceKind::l2 || kind == ReduceKind::log_sum)
      nest(result, [&](Index index) { store(reduceLast(b, kind, load(sums, index), count, type), place, index); });
  } else {
    bool isAlongLast = rank != 0 && isReduced(rank - 1);
    nestShared(result, isAlongLast ? reducedExtents : SmallVector<Value>(), [&](Index index) {
      if (kind == ReduceKind::log_sum_exp && isa<FloatType>(computeType(type))) {
        // Shifted by the maximum, so that nothing overflows; a maximum of +-inf is its own result.
        Value greatest = accumulate(index, ReduceKind::max, {});
        Value infinite = emitUnary(b, UnaryKind::is_inf, greatest, type);
        Value shift = arith::SelectOp::create(b, infinite, scalarConstant(b, type, 0), greatest);
        Value sum = accumulate(index, kind, shift);
        store(emitBinary(b, BinaryKind::add, math::LogOp::create(b, sum), shift, type), place, index);
      } else {
        store(reduceLast(b, kind, accumulate(index, kind, {}), count, type), place, index);
      }
    });
  }
  places[result] = place;
  return success();
}

LogicalResult LayerEmitter::emitArgReduce(rec::ArgReduceOp op) {
  Value x = op.getX(), result = op.getResult();
  Type type = elementTypeOf(x);
  int64_t axis = op.getAxis();
  Value extent = sizes(x)[axis];
  StridedView place = destination(result);
  auto better = op.getKind() == ReduceKind::max ? rec::CompareKind::gt : rec::CompareKind::lt;
  nest(result, [&](Index index) {
    auto at = [&](Value i) {
      SmallVector<Value> source(index);
      if (op.getKeepdims())
        source[axis] = i;
      else
        source.insert(source.begin() + axis, i);
      return element(x, source);
    };
    Value zero = constantIndex(0);
    // The first element is read inside the loop, so that an empty axis reads nothing.
    SmallVector<Value> best = reduceLoop(
        zero, extent, {zero, scalarConstant(b, type, 0)}, [&](Value i, ValueRange values) -> SmallVector<Value> {
          Value candidate = at(i), current = values[1];
          Value take = emitCompare(b, better, candidate, current, type);
          if (op.getSelectLast())
            take = arith::OrIOp::create(b, take, emitCompare(b, rec::CompareKind::eq, candidate, current, type));
          if (isa<FloatType>(candidate.getType())) {
            // The first NaN beats every number and, unless the last is wanted, every later NaN.
            Value isNan = emitUnary(b, UnaryKind::is_nan, candidate, type);
            Value wasNan = emitUnary(b, UnaryKind::is_nan, current, type);
            Value one = arith::ConstantOp::create(b, b.getBoolAttr(true));
            if (!op.getSelectLast())
              isNan = arith::AndIOp::create(b, isNan, arith::XOrIOp::create(b, wasNan, one));
            take = arith::OrIOp::create(b, take, isNan);
          }
          Value first = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, i, zero);
          take = arith::OrIOp::create(b, take, first);
          return {arith::SelectOp::create(b, take, i, values[0]), arith::SelectOp::create(b, take, candidate, current)};
        });
    store(best[0], place, index);
  });
  places[result] = place;
  return success();
}

LogicalResult LayerEmitter::emitSoftmax(rec::SoftmaxOp op) {
  Value x = op.getX(), result = op.getResult();
  Type type = elementTypeOf(x);
  int64_t axis = op.getAxis();
  Value extent = sizes(x)[axis];
  materialize(x);
  StridedView place = destination(result);
  nestSharedAround(result, axis, [&](SmallVectorImpl<Value> &index) {
    auto at = [&](Value i) {
      index[axis] = i;
      return element(x, index);
    };
    Value greatest = reduceOver(extent, ReduceKind::max, type, [&](Index i) { return at(i[0]); });
    auto shifted = [&](Value i) { return emitBinary(b, BinaryKind::sub, at(i), greatest, type); };
    Value sum = reduceOver(extent, ReduceKind::sum, type, [&](Index i) {
      Value e = emitExp(b, shifted(i[0]), type);
      if (!op.getLog()) {
        index[axis] = i[0];
        store(e, place, index);
      }
      return e;
    });
    Value scale = op.getLog() ? Value(math::LogOp::create(b, sum))
                              : emitBinary(b, BinaryKind::div, scalarConstant(b, type, 1), sum, type);
    // A thread meets the elements here that it met above.
    overElements(extent, [&](Index i) {
      Value value = op.getLog() ? emitBinary(b, BinaryKind::sub, shifted(i[0]), scale, type) : Value();
      index[axis] = i[0];
      if (!value)
        value = emitBinary(b, BinaryKind::mul, load(place, index), scale, type);
      store(value, place, index);
    });
  });
  places[result] = place;
  return success();
}

LogicalResult LayerEmitter::emitLayerNorm(rec::LayerNormOp op) {
  Value x = op.getX(), result = op.getResult();
  Type type = elementTypeOf(x);
  unsigned axis = op.getAxis();
  materialize(x);
  StridedView place = destination(result);
  SmallVector<Value> extents = sizes(x);
  SmallVector<Value> outer(extents.begin(), extents.begin() + axis), inner(extents.begin() + axis, extents.end());
  keepOneRow(result, outer);
  Value count = constantIndex(1);
  for (Value extent : inner)
    count = mul(count, extent);
  Value countFloat = emitCast(b, count, b.getI64Type(), type);

  nestShared(outer, inner, [&](Index position) {
    SmallVector<Value> lead = inCurrentRow(result, position);
    auto full = [&](Index rest) {
      SmallVector<Value> index(lead);
      index.append(rest.begin(), rest.end());
      return index;
    };
    auto sum = [&](Term term) { return reduceOver(inner, ReduceKind::sum, type, term); };
    Value mean = emitBinary(b, BinaryKind::div, sum([&](Index i) { return element(x, full(i)); }), countFloat, type);
    auto centered = [&](Index i) { return emitBinary(b, BinaryKind::sub, element(x, full(i)), mean, type); };
    Value squares = sum([&](Index i) {
      Value c = centered(i);
      return emitBinary(b, BinaryKind::mul, c, c, type);
    });
    Value variance = emitBinary(b, BinaryKind::div, squares, countFloat, type);
    Value epsilon = scalarConstant(b, type, op.getEpsilon().convertToDouble());
    Value scale = emitUnary(b, UnaryKind::rsqrt, emitBinary(b, BinaryKind::add, variance, epsilon, type), type);
    overElements(inner, [&](Index i) {
      Value value = emitBinary(b, BinaryKind::mul, centered(i), scale, type);
      if (Value s = op.getScale())
        value = emitBinary(b, BinaryKind::mul, value, element(s, broadcastIndex(s, i, i.size())), type);
      if (Value s = op.getBias())
        value = emitBinary(b, BinaryKind::add, value, element(s, broadcastIndex(s, i, i.size())), type);
      store(value, place, full(i));
    });
  });
  places[result] = place;
  return success();
}

LogicalResult LayerEmitter::emitCumSum(rec::CumSumOp op) {
  Value x = op.getX(), result = op.getResult();
  Type type = elementTypeOf(x);
  int64_t axis = op.getAxis();
  Value extent = sizes(x)[axis];
  StridedView place = destination(result);
  nestAround(result, axis, [&](SmallVectorImpl<Value> &index) {
    Value last = sub(extent, constantIndex(1));
    reduceLoop(constantIndex(0), extent, scalarConstant(b, type, 0), [&](Value i, ValueRange values) {
      index[axis] = op.getReverse() ? sub(last, i) : i;
      Value next = emitBinary(b, BinaryKind::add, values[0], element(x, index), type);
      store(op.getExclusive() ? values[0] : next, place, index);
      return SmallVector<Value>{next};
    });
  });
  places[result] = place;
  return success();
}
