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
  Value exponential(Value x, Value greatest) {
    return math::ExpOp::create(b, arith::SubFOp::create(b, x, splat(b, greatest, lanes)));
  }
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
  Value scaled(Value x, Value scale) { return arith::MulFOp::create(b, x, splat(b, scale, lanes)); }

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
  if (op.getLog() || !computed.isF32() || asConstant(from.strides[axis]) != 1 || asConstant(place.strides[axis]) != 1)
    return LayerEmitter::emitSoftmax(op);

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
    Value one = scalarConstant(b, type, 1);
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
      greatest = row.maximum(greatest);
      Value sum;
      for (auto [vector, mask] : llvm::zip(vectors, masks)) {
        vector = row.only(mask, row.exponential(vector, greatest), 0);
        sum = sum ? row.add(sum, vector) : vector;
      }
      Value scale = arith::DivFOp::create(b, one, row.total(sum));
      for (auto [vector, first, mask] : llvm::zip(vectors, firsts, masks))
        storeAt(row.scaled(vector, scale), first, mask);
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
    Value greatest = row.maximum(fold(
        lowest, [&](Value first, Value mask, Value greatest) { return row.greater(loadAt(first, mask), greatest); }));
    Value sum = row.total(fold(0, [&](Value first, Value mask, Value sum) {
      Value vector = row.only(mask, row.exponential(loadAt(first, mask), greatest), 0);
      storeAt(vector, first, mask);
      return row.add(sum, vector);
    }));
    Value scale = arith::DivFOp::create(b, one, sum);
    auto finish = [&](Value first, Value mask) {
      Value vector = loadLanes(b, offsetPointer(target, first, type), type, lanes, mask);
      storeAt(row.scaled(vector, scale), first, mask);
    };
    loop(zero, whole, [&](Value first) { finish(first, {}); }, lanes);
    finish(whole, mask);
  });
  places[result] = place;
  return success();
}
