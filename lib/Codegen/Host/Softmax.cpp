//===- Softmax.cpp - Softmax by whole vectors -------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// LLVM vectorises neither a maximum that NaN passes through nor a loop that also stores. A short axis stays in
// registers from the load to the store. A NaN need not pass through the maximum: its exponential makes the sum NaN.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/HostEmitter.h"
#include "lib/Codegen/Host/Lanes.h"
#include "lib/Codegen/Loops/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;
using namespace reckon;
using namespace reckon::host;
using namespace reckon::loops;

/// Vectors of an axis that stay in registers.
static constexpr int64_t maxVectorsInRegisters = 8;

namespace {
/// The neighbours along the axis at one position of the others.
class SoftmaxRow {
public:
  SoftmaxRow(ImplicitLocOpBuilder &b, int64_t lanes) : b(b), lanes(lanes) {}

  Value greater(Value x, Value y) {
    return arith::SelectOp::create(b, arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, y), x, y);
  }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, x, y); }
  /// Where there is no lane, what leaves a maximum or a sum as it is.
  Value only(Value mask, Value x, double otherwise) {
    Type element = getElementTypeOrSelf(x.getType());
    Value rest = splat(b, arith::ConstantOp::create(b, b.getFloatAttr(element, otherwise)), lanes);
    return mask ? Value(arith::SelectOp::create(b, mask, x, rest)) : x;
  }
  Value exponential(Value x, Value greatest) { return math::ExpOp::create(b, difference(x, greatest)); }
  /// By halves: LLVM's reduction of maxima without NaN is a chain of scalars.
  Value maximum(Value x) {
    for (int64_t half = lanes / 2; half > 0; half /= 2) {
      SmallVector<int64_t> swapped;
      for (int64_t lane = 0; lane < lanes; ++lane)
        swapped.push_back(lane ^ half);
      x = greater(x, vector::ShuffleOp::create(b, x, x, swapped));
    }
    return vector::ExtractOp::create(b, x, 0);
  }
  Value total(Value x) {
    return vector::ReductionOp::create(b, vector::CombiningKind::ADD, x, arith::FastMathFlags::reassoc);
  }
  Value splatted(Value scalar) { return splat(b, scalar, lanes); }
  Value difference(Value x, Value y) { return arith::SubFOp::create(b, x, y); }
  /// What the exponentials are multiplied with, or the logarithm that is subtracted.
  Value last(Value sum, bool isLog) {
    if (isLog)
      return math::LogOp::create(b, sum);
    Type type = sum.getType();
    Attribute one = b.getFloatAttr(getElementTypeOrSelf(type), 1);
    if (auto vector = dyn_cast<VectorType>(type))
      one = DenseElementsAttr::get(vector, one);
    return arith::DivFOp::create(b, arith::ConstantOp::create(b, cast<TypedAttr>(one)), sum);
  }
  Value product(Value x, Value y) { return arith::MulFOp::create(b, x, y); }

private:
  ImplicitLocOpBuilder &b;
  int64_t lanes;
};
} // namespace

LogicalResult HostEmitter::emitSoftmax(rec::SoftmaxOp op) {
  Value x = op.getX(), result = op.getResult();
  Type type = elementTypeOf(x), computed = computeType(type);
  int64_t axis = op.getAxis();
  const StridedView from = materialize(x);
  StridedView place = destination(result);
  auto isRun = [&](int64_t d) { return asConstant(from.strides[d]) == 1 && asConstant(place.strides[d]) == 1; };
  if (!computed.isF32() || !(isRun(axis) || isRun(place.strides.size() - 1)))
    return LayerEmitter::emitSoftmax(op);
  if (isRun(axis))
    emitSoftmaxAlong(op, from, place);
  else
    emitSoftmaxAcross(op, from, place);
  places[result] = place;
  return success();
}

void HostEmitter::emitSoftmaxAlong(rec::SoftmaxOp op, const StridedView &from, const StridedView &place) {
  Value x = op.getX(), result = op.getResult();
  Type type = elementTypeOf(x);
  int64_t axis = op.getAxis();
  bool isLog = op.getLog();
  Value extent = sizes(x)[axis], zero = constantIndex(0);
  auto known = asConstant(extent);
  int64_t lanes = target.lanes();
  if (known)
    lanes = std::clamp<int64_t>(llvm::PowerOf2Ceil(std::max<int64_t>(*known, 1)), 4, lanes);
  constexpr double lowest = -std::numeric_limits<double>::infinity();
  SoftmaxRow row(b, lanes);
  nestAround(result, axis, [&](SmallVectorImpl<Value> &index) {
    index[axis] = zero;
    Value source = pointer(from, index), target = pointer(place, index);
    auto loadAt = [&](Value first, Value mask) {
      return row.only(mask, loadLanes(b, offsetPointer(source, first, type), type, lanes, mask), lowest);
    };
    auto storeAt = [&](Value vector, Value first, Value mask) {
      storeLanes(b, vector, offsetPointer(target, first, type), type, mask);
    };
    if (known && *known <= maxVectorsInRegisters * lanes) {
      SmallVector<Value> vectors, masks, firsts;
      for (int64_t first = 0; first < *known; first += lanes) {
        firsts.push_back(constantIndex(first));
        masks.push_back(first + lanes <= *known ? Value() : lanesBelow(b, constantIndex(*known - first), lanes));
        vectors.push_back(loadAt(firsts.back(), masks.back()));
      }
      if (vectors.empty())
        return;
      Value greatest = vectors.front();
      for (Value vector : ArrayRef(vectors).drop_front())
        greatest = row.greater(vector, greatest);
      greatest = row.splatted(row.maximum(greatest));
      Value sum;
      for (auto [vector, mask] : llvm::zip(vectors, masks)) {
        Value power = row.only(mask, row.exponential(vector, greatest), 0);
        sum = sum ? row.add(sum, power) : power;
        vector = isLog ? row.difference(vector, greatest) : power;
      }
      Value last = row.splatted(row.last(row.total(sum), isLog));
      for (auto [vector, first, mask] : llvm::zip(vectors, firsts, masks))
        storeAt(isLog ? row.difference(vector, last) : row.product(vector, last), first, mask);
      return;
    }
    // Long: the exponentials wait in the result.
    Value rest = arith::RemUIOp::create(b, extent, constantIndex(lanes)), whole = sub(extent, rest);
    Value mask = lanesBelow(b, rest, lanes);
    auto fold = [&](double identity, llvm::function_ref<Value(Value, Value, Value)> next) {
      Value init = splat(b, scalarConstant(b, type, identity), lanes);
      Value folded = reduceLoop(
          zero, whole, init,
          [&](Value first, ValueRange values) { return SmallVector<Value>{next(first, {}, values[0])}; }, lanes)[0];
      return next(whole, mask, folded);
    };
    Value greatest = row.splatted(row.maximum(fold(
        lowest, [&](Value first, Value mask, Value greatest) { return row.greater(loadAt(first, mask), greatest); })));
    Value sum = row.total(fold(0, [&](Value first, Value mask, Value sum) {
      Value vector = row.only(mask, row.exponential(loadAt(first, mask), greatest), 0);
      if (!isLog)
        storeAt(vector, first, mask);
      return row.add(sum, vector);
    }));
    Value last = row.splatted(row.last(sum, isLog));
    auto finish = [&](Value first, Value mask) {
      if (isLog)
        return storeAt(row.difference(row.difference(loadAt(first, mask), greatest), last), first, mask);
      Value vector = loadLanes(b, offsetPointer(target, first, type), type, lanes, mask);
      storeAt(row.product(vector, last), first, mask);
    };
    loop(zero, whole, [&](Value first) { finish(first, {}); }, lanes);
    finish(whole, mask);
  });
}

/// Along an axis whose neighbours are apart: a lane for each position of the last axis, which is contiguous.
void HostEmitter::emitSoftmaxAcross(rec::SoftmaxOp op, const StridedView &from, const StridedView &place) {
  Value x = op.getX(), result = op.getResult(), zero = constantIndex(0);
  Type type = elementTypeOf(x);
  int64_t axis = op.getAxis(), last = place.strides.size() - 1;
  bool isLog = op.getLog();
  Value extent = sizes(x)[axis], inner = sizes(x)[last];
  int64_t lanes = target.lanes();
  if (auto known = asConstant(inner))
    lanes = std::clamp<int64_t>(llvm::PowerOf2Ceil(std::max<int64_t>(*known, 1)), 4, lanes);
  SoftmaxRow row(b, lanes);
  SmallVector<Value> outer = extentsAround(result, axis);
  outer[last] = constantIndex(1);
  parallelFor(outer, [&](Index position) {
    SmallVector<Value> index = inCurrentRow(result, position);
    auto emitLanes = [&](Value first, Value mask) {
      index[last] = first;
      auto at = [&](const StridedView &view, Value i) {
        index[axis] = i;
        return pointer(view, index);
      };
      auto loadFrom = [&](const StridedView &view, Value i) { return loadLanes(b, at(view, i), type, lanes, mask); };
      auto storeAt = [&](Value vector, Value i) { storeLanes(b, vector, at(place, i), type, mask); };
      auto fold = [&](double identity, llvm::function_ref<Value(Value, Value)> next) {
        Value init = row.splatted(scalarConstant(b, type, identity));
        return reduceLoop(zero, extent, init,
                          [&](Value i, ValueRange values) { return SmallVector<Value>{next(i, values[0])}; })[0];
      };
      Value greatest = fold(-std::numeric_limits<double>::infinity(),
                            [&](Value i, Value greatest) { return row.greater(loadFrom(from, i), greatest); });
      Value sum = fold(0, [&](Value i, Value sum) {
        Value power = row.exponential(loadFrom(from, i), greatest);
        if (!isLog)
          storeAt(power, i);
        return row.add(sum, power);
      });
      Value scale = row.last(sum, isLog);
      loop(zero, extent, [&](Value i) {
        if (isLog)
          storeAt(row.difference(row.difference(loadFrom(from, i), greatest), scale), i);
        else
          storeAt(row.product(loadFrom(place, i), scale), i);
      });
    };
    Value rest = b.createOrFold<arith::RemUIOp>(inner, constantIndex(lanes)), whole = sub(inner, rest);
    loop(zero, whole, [&](Value first) { emitLanes(first, {}); }, lanes);
    auto emitRest = [&] { emitLanes(whole, lanesBelow(b, rest, lanes)); };
    if (auto known = asConstant(rest); known && *known > 0)
      emitRest();
    else if (!known)
      ifThen(arith::CmpIOp::create(b, arith::CmpIPredicate::ne, rest, zero), emitRest);
  });
}
