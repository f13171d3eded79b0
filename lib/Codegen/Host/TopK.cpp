//===- TopK.cpp - The k greatest elements ---------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/HostEmitter.h"
#include "lib/Codegen/Loops/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

#include <numeric>

using namespace mlir;
using namespace reckon;
using namespace reckon::host;
using namespace reckon::loops;
using rec::CompareKind;

/// Which lanes of a vector of i1 are set, as bits of an i64.
static Value laneBits(ImplicitLocOpBuilder &b, Value mask) {
  int64_t lanes = cast<VectorType>(mask.getType()).getNumElements();
  Value packed = vector::BitCastOp::create(b, VectorType::get({1}, b.getIntegerType(lanes)), mask);
  return arith::ExtUIOp::create(b, b.getI64Type(), vector::ExtractOp::create(b, packed, 0));
}

/// Appends the elements of a contiguous f32 axis that reach the bound, in index order; a NaN does, too. `append` takes
/// an index and how many there are before it, and gives how many there are then. Returns their number.
Value HostEmitter::collectReaching(const StridedView &from, Value extent, Value bound, bool smallest,
                                   llvm::function_ref<Value(Value, Value)> append) {
  Type i64 = b.getI64Type();
  int64_t lanes = target.lanes();
  auto vectorType = VectorType::get({lanes}, b.getF32Type());
  Value zero = constantIndex(0), one = constantIndex(1);
  auto reaches = [&](Value x, Value limit) -> Value {
    return arith::CmpFOp::create(b, smallest ? arith::CmpFPredicate::ULE : arith::CmpFPredicate::UGE, x, limit);
  };
  Value limit = vector::BroadcastOp::create(b, vectorType, bound);
  Value vectorEnd = sub(extent, arith::RemUIOp::create(b, extent, constantIndex(lanes)));
  Value count = reduceLoop(
      zero, vectorEnd, zero,
      [&](Value at, ValueRange state) {
        Value some = LLVM::LoadOp::create(b, vectorType, pointer(from, at), 4);
        Value mask = laneBits(b, reaches(some, limit));
        auto each = scf::WhileOp::create(
            b, TypeRange{i64, i64}, ValueRange{mask, state[0]},
            [&](OpBuilder &builder, Location, ValueRange args) {
              OpBuilder::InsertionGuard guard(b);
              b.setInsertionPointToEnd(builder.getInsertionBlock());
              Value left = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, args[0], zero);
              scf::ConditionOp::create(b, left, args);
            },
            [&](OpBuilder &builder, Location, ValueRange args) {
              OpBuilder::InsertionGuard guard(b);
              b.setInsertionPointToEnd(builder.getInsertionBlock());
              Value lane = math::CountTrailingZerosOp::create(b, args[0]);
              Value next = append(add(at, lane), args[1]);
              Value rest = arith::AndIOp::create(b, args[0], arith::SubIOp::create(b, args[0], one));
              scf::YieldOp::create(b, ValueRange{rest, next});
            });
        return SmallVector<Value>{each.getResult(1)};
      },
      lanes)[0];
  return reduceLoop(vectorEnd, extent, count, [&](Value at, ValueRange state) {
    return ifElse(
        reaches(load(from, at), bound), [&] { return SmallVector<Value>{append(at, state[0])}; },
        [&] { return SmallVector<Value>{state[0]}; });
  })[0];
}

/// Whether x goes before y: strictly, and no NaN does.
static Value goesBefore(ImplicitLocOpBuilder &b, Value x, Value y, bool smallest) {
  return arith::CmpFOp::create(b, smallest ? arith::CmpFPredicate::OLT : arith::CmpFPredicate::OGT, x, y);
}

static Value countLanes(ImplicitLocOpBuilder &b, Value mask) { return math::CtPopOp::create(b, laneBits(b, mask)); }

/// A bound that at least k elements of a contiguous f32 axis reach: the k-th greatest of many running maxima.
Value HostEmitter::findReachedBound(const StridedView &from, Value extent, int64_t k, bool smallest) {
  Type f32 = b.getF32Type();
  int64_t lanes = target.lanes(), vectors = std::max<int64_t>(2, llvm::divideCeil(2 * k, lanes));
  int64_t chunks = vectors * lanes;
  auto vectorType = VectorType::get({lanes}, f32);
  Value zero = constantIndex(0), one = constantIndex(1);
  auto splat = [&](Value value) -> Value { return vector::BroadcastOp::create(b, vectorType, value); };
  auto before = [&](Value x, Value y) { return goesBefore(b, x, y, smallest); };
  auto best = reduceIdentity(b, smallest ? rec::ReduceKind::max : rec::ReduceKind::min, f32);
  auto worst = reduceIdentity(b, smallest ? rec::ReduceKind::min : rec::ReduceKind::max, f32);
  StridedView maxima{alignedScratch(SizeExpr(chunks * 4)), {one}, f32};
  // Running maxima of `chunks` interleaved parts; a NaN loses here and is found below.
  Value whole = mul(arith::DivUIOp::create(b, extent, constantIndex(chunks)), constantIndex(chunks));
  SmallVector<Value> running = reduceLoop(
      zero, whole, SmallVector<Value>(vectors, splat(worst)),
      [&](Value at, ValueRange state) {
        SmallVector<Value> next;
        for (int64_t v = 0; v < vectors; ++v) {
          Value some = LLVM::LoadOp::create(b, vectorType, pointer(from, add(at, constantIndex(v * lanes))), 4);
          next.push_back(arith::SelectOp::create(b, before(some, state[v]), some, state[v]));
        }
        return next;
      },
      chunks);
  for (int64_t v = 0; v < vectors; ++v)
    LLVM::StoreOp::create(b, running[v], pointer(maxima, constantIndex(v * lanes)), 4);
  // The bound: the last of the maxima that fewer than k others beat.
  return reduceLoop(zero, constantIndex(chunks), best, [&](Value j, ValueRange state) {
    Value candidate = load(maxima, j), wide = splat(candidate), beaten = zero;
    for (int64_t v = 0; v < vectors; ++v)
      beaten = add(beaten, countLanes(b, before(running[v], wide)));
    Value among = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, beaten, constantIndex(k));
    Value lower = arith::AndIOp::create(b, among, before(state[0], candidate));
    return SmallVector<Value>{arith::SelectOp::create(b, lower, candidate, state[0])};
  })[0];
}

/// The fast way for a long contiguous f32 axis: find a bound that at least k elements reach, collect the few that do,
/// rank those against each other. Returns whether it worked: a NaN or many equal elements are left to the general way.
Value HostEmitter::emitFilteredTopK(const StridedView &from, const StridedView &values, const StridedView &indices,
                                    Value extent, int64_t k, bool smallest) {
  Type f32 = b.getF32Type(), i64 = b.getI64Type();
  int64_t lanes = target.lanes();
  constexpr int64_t maxCandidates = 256;
  auto vectorType = VectorType::get({lanes}, f32);
  Value zero = constantIndex(0), one = constantIndex(1);
  auto splat = [&](Value value) -> Value { return vector::BroadcastOp::create(b, vectorType, value); };
  auto loadVector = [&](const StridedView &place, Value at) -> Value {
    return LLVM::LoadOp::create(b, vectorType, pointer(place, at), 4);
  };
  auto before = [&](Value x, Value y) { return goesBefore(b, x, y, smallest); };
  auto worst = reduceIdentity(b, smallest ? rec::ReduceKind::min : rec::ReduceKind::max, f32);
  StridedView kept{alignedScratch(SizeExpr((maxCandidates + 1 + lanes) * 4)), {one}, f32};
  StridedView where{alignedScratch(SizeExpr((maxCandidates + 1) * 8)), {one}, i64};

  // Everything that reaches the bound, in index order; a NaN does, too.
  auto append = [&](Value at, Value count) {
    Value slot = arith::MinUIOp::create(b, count, constantIndex(maxCandidates));
    store(load(from, at), kept, slot);
    store(at, where, slot);
    return add(count, one);
  };
  Value bound = findReachedBound(from, extent, k, smallest);
  Value count = collectReaching(from, extent, bound, smallest, append);

  Value few = arith::CmpIOp::create(b, arith::CmpIPredicate::sle, count, constantIndex(maxCandidates));
  return ifElse(
      few,
      [&]() -> SmallVector<Value> {
        // A candidate's rank is how many go before it; equals go by index, which is their order here.
        LLVM::StoreOp::create(b, splat(worst), pointer(kept, count), 4);
        SmallVector<int64_t> numbers(lanes);
        std::iota(numbers.begin(), numbers.end(), 0);
        auto laneType = VectorType::get({lanes}, i64);
        Value lane = arith::ConstantOp::create(b, DenseElementsAttr::get(laneType, ArrayRef<int64_t>(numbers)));
        Value ordered = reduceLoop(
            zero, count, arith::ConstantOp::create(b, b.getBoolAttr(true)).getResult(), [&](Value i, ValueRange state) {
              Value candidate = load(kept, i), wide = splat(candidate);
              Value rank = reduceLoop(
                  zero, count, zero,
                  [&](Value at, ValueRange sum) {
                    Value others = loadVector(kept, at);
                    Value earlier = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, lane,
                                                          vector::BroadcastOp::create(b, laneType, sub(i, at)));
                    Value equal = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, others, wide);
                    Value first =
                        arith::OrIOp::create(b, before(others, wide), arith::AndIOp::create(b, equal, earlier));
                    return SmallVector<Value>{add(sum[0], countLanes(b, first))};
                  },
                  lanes)[0];
              Value wanted = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, rank, constantIndex(k));
              ifThen(wanted, [&] {
                store(candidate, values, rank);
                store(load(where, i), indices, rank);
              });
              Value number = arith::CmpFOp::create(b, arith::CmpFPredicate::ORD, candidate, candidate);
              return SmallVector<Value>{arith::AndIOp::create(b, state[0], number)};
            })[0];
        return {ordered};
      },
      [&]() -> SmallVector<Value> { return {few}; })[0];
}

Value HostEmitter::filterTopK(rec::TopKOp op, const StridedView &from, const StridedView &values,
                              const StridedView &indices, Value extent) {
  // The bound costs about as much as the scan of a few hundred elements.
  auto k = rec::getShape(op.getValues())[op.getAxis()].constant();
  if (!from.elementType.isF32() || !k || *k < 4 || *k > 4 * target.lanes() || !matchPattern(from.strides[0], m_One()))
    return sortTopK(op, from, values, indices);
  Value isLong = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, extent, constantIndex(16 * *k));
  return ifElse(
      isLong, [&] { return SmallVector<Value>{emitFilteredTopK(from, values, indices, extent, *k, op.getSmallest())}; },
      [&] { return SmallVector<Value>{isLong}; })[0];
}

/// When k is much smaller than the axis nearly every candidate loses against the worst element kept, so whole vectors
/// of candidates are compared with it and dropped at once.
void HostEmitter::scanTopK(rec::TopKOp op, const StridedView &from, Value begin, Value end, Value worst,
                           Consider consider) {
  Type type = from.elementType, compute = computeType(type);
  bool isContiguous = matchPattern(from.strides[0], m_One()) && storageType(type) == compute;
  if (!isContiguous) {
    consider(begin, end, worst);
    return;
  }
  int64_t lanes = target.vectorBits / compute.getIntOrFloatBitWidth(), width = 2 * lanes;
  Value step = constantIndex(width);
  Value whole = mul(arith::DivUIOp::create(b, sub(end, begin), step), step);
  Value vectorEnd = add(begin, whole);
  worst = reduceLoop(
      begin, vectorEnd, worst,
      [&](Value i, ValueRange state) -> SmallVector<Value> {
        auto vectorType = VectorType::get({lanes}, compute);
        Value limit = vector::BroadcastOp::create(b, vectorType, state[0]);
        Value enters;
        for (int64_t v = 0; v < 2; ++v) {
          Value address = pointer(from, add(i, constantIndex(v * lanes)));
          Value some = LLVM::LoadOp::create(b, vectorType, address, compute.getIntOrFloatBitWidth() / 8);
          Value may;
          // A NaN on either side may enter: the scalar loop knows.
          if (isa<FloatType>(compute))
            may = arith::CmpFOp::create(b, op.getSmallest() ? arith::CmpFPredicate::ULT : arith::CmpFPredicate::UGT,
                                        some, limit);
          else
            may = emitCompare(b, op.getSmallest() ? CompareKind::lt : CompareKind::gt, some, limit, type);
          enters = enters ? Value(arith::OrIOp::create(b, enters, may)) : may;
        }
        Value found = vector::ReductionOp::create(b, vector::CombiningKind::OR, enters);
        return ifElse(
            found, [&] { return SmallVector<Value>{consider(i, add(i, step), state[0])}; },
            [&] { return SmallVector<Value>{state[0]}; });
      },
      width)[0];
  consider(vectorEnd, end, worst);
}
