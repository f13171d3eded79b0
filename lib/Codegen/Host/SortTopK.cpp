//===- SortTopK.cpp - The k greatest elements of an axis, for many k -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//
//
// Insertion moves k / 2 elements for each that enters. For more than a few, every element becomes an unsigned key that
// rises where the result's order falls; a histogram of the keys' leading bits says which buckets hold the first k; and
// the elements of those are sorted by a radix sort, a byte a pass from the lowest on. Both are stable, so equal
// elements stay in index order.
//
//===---------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/HostEmitter.h"
#include "lib/Codegen/Loops/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::host;
using namespace reckon::loops;

/// As many elements as insertion keeps sorted for less than a sort costs.
static constexpr int64_t maxInserted = 128;
static constexpr int64_t buckets = 256;
/// Of a key: their histogram stays in the first-level cache.
static constexpr unsigned leadingBits = 11;
/// Elements that suggest a bound.
static constexpr int64_t samples = 4096;

/// A number of as many bits that rises where the result's order falls: of floats the bits, of which a negative one's
/// are inverted; a NaN is beyond all numbers.
static Value makeKey(ImplicitLocOpBuilder &b, Value element, Type type, bool smallest) {
  unsigned width = element.getType().getIntOrFloatBitWidth();
  Type bitsType = b.getIntegerType(width);
  auto number = [&](const APInt &value) -> Value {
    return arith::ConstantOp::create(b, b.getIntegerAttr(bitsType, value));
  };
  Value sign = number(APInt::getSignMask(width)), ones = number(APInt::getAllOnes(width)), key = element;
  if (isa<FloatType>(element.getType())) {
    // -0 becomes 0, its equal.
    Value canonical = arith::AddFOp::create(b, element, scalarConstant(b, type, 0));
    Value bits = arith::BitcastOp::create(b, bitsType, canonical);
    Value isNegative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, bits, number(APInt::getZero(width)));
    Value flip = arith::SelectOp::create(b, isNegative, ones, sign);
    Value isNumber = arith::CmpFOp::create(b, arith::CmpFPredicate::ORD, element, element);
    key = arith::SelectOp::create(b, isNumber, arith::XOrIOp::create(b, bits, flip), ones);
  } else if (!type.isUnsignedInteger() && width > 1) {
    key = arith::XOrIOp::create(b, element, sign);
  }
  return smallest ? key : Value(arith::XOrIOp::create(b, key, ones));
}

/// `to` gets the elements of `from` ordered by a byte of their keys. `starts` is memory for a number a bucket.
void HostEmitter::emitSortPass(const SortRun &from, const SortRun &to, const StridedView &starts, Value extent,
                               unsigned shift) {
  Type keyType = from.keys.elementType, i64 = b.getI64Type();
  unsigned width = keyType.getIntOrFloatBitWidth();
  Value zero = constantIndex(0), one = constantIndex(1);
  auto bucketOf = [&](Value key) -> Value {
    if (shift != 0)
      key = arith::ShRUIOp::create(b, key, arith::ConstantOp::create(b, b.getIntegerAttr(keyType, shift)));
    if (width > 8)
      key = arith::TruncIOp::create(b, b.getI8Type(), key);
    return arith::ExtUIOp::create(b, i64, key);
  };
  loop(zero, constantIndex(buckets), [&](Value bucket) { store(zero, starts, bucket); });
  loop(zero, extent, [&](Value i) {
    Value bucket = bucketOf(load(from.keys, i));
    store(add(load(starts, bucket), one), starts, bucket);
  });
  reduceLoop(zero, constantIndex(buckets), zero, [&](Value bucket, ValueRange before) {
    Value count = load(starts, bucket);
    store(before[0], starts, bucket);
    return SmallVector<Value>{add(before[0], count)};
  });
  loop(zero, extent, [&](Value i) {
    Value key = load(from.keys, i), bucket = bucketOf(key), at = load(starts, bucket);
    store(key, to.keys, at);
    store(load(from.indices, i), to.indices, at);
    store(add(at, one), starts, bucket);
  });
}

/// Sorts the first `extent` elements of runs[0], with runs[1] as room. Keys have an even number of bytes, but for one
/// byte.
void HostEmitter::emitSort(MutableArrayRef<SortRun> runs, const StridedView &starts, Value extent) {
  unsigned width = runs[0].keys.elementType.getIntOrFloatBitWidth();
  for (unsigned shift = 0; shift < width; shift += 8)
    emitSortPass(runs[shift / 8 % 2], runs[1 - shift / 8 % 2], starts, extent, shift);
  if (width == 8)
    loop(constantIndex(0), extent, [&](Value i) { store(load(runs[1].indices, i), runs[0].indices, i); });
}

/// Keys and indices of the elements that may be among the first k, in index order: those whose keys' leading bits are
/// no greater than the k-th's. Returns their number.
Value HostEmitter::emitCandidates(const StridedView &from, const SortRun &to, Value extent, Value k, bool smallest) {
  Type keyType = to.keys.elementType, i64 = b.getI64Type();
  unsigned width = keyType.getIntOrFloatBitWidth(), shift = width - std::min(width, leadingBits);
  Value zero = constantIndex(0), one = constantIndex(1), numLeading = constantIndex(int64_t(1) << (width - shift));
  StridedView histogram{alignedScratch(SizeExpr(int64_t(8) << leadingBits)), {one}, i64};
  auto leadingOf = [&](Value key) -> Value {
    if (shift != 0)
      key = arith::ShRUIOp::create(b, key, arith::ConstantOp::create(b, b.getIntegerAttr(keyType, shift)));
    return width < 64 ? Value(arith::ExtUIOp::create(b, i64, key)) : key;
  };
  loop(zero, numLeading, [&](Value bucket) { store(zero, histogram, bucket); });
  loop(zero, extent, [&](Value i) {
    Value key = makeKey(b, load(from, i), from.elementType, smallest);
    if (key.getType() != keyType)
      key = arith::ExtUIOp::create(b, keyType, key);
    store(key, to.keys, i);
    Value bucket = leadingOf(key);
    store(add(load(histogram, bucket), one), histogram, bucket);
  });
  // The bucket of the k-th: the first up to which there are k.
  Value last = reduceLoop(zero, numLeading, {zero, zero}, [&](Value bucket, ValueRange state) {
    Value isBefore = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, state[0], k);
    return SmallVector<Value>{add(state[0], load(histogram, bucket)),
                              arith::SelectOp::create(b, isBefore, bucket, state[1])};
  })[1];
  return reduceLoop(zero, extent, zero, [&](Value i, ValueRange count) {
    Value key = load(to.keys, i);
    store(key, to.keys, count[0]);
    store(i, to.indices, count[0]);
    Value isIn = arith::CmpIOp::create(b, arith::CmpIPredicate::ule, leadingOf(key), last);
    return SmallVector<Value>{add(count[0], arith::ExtUIOp::create(b, i64, isIn))};
  })[0];
}

/// The same for a contiguous f32 axis by a bound that a sorted sample suggests: then most elements are dropped a vector
/// at a time. Returns 0 when the bound lets in too few or too many.
Value HostEmitter::emitSampledCandidates(const StridedView &from, MutableArrayRef<SortRun> runs,
                                         const StridedView &starts, Value extent, Value k, bool smallest) {
  Value zero = constantIndex(0), one = constantIndex(1), numSamples = constantIndex(samples);
  Value stride = arith::DivUIOp::create(b, extent, numSamples);
  auto put = [&](Value index, Value slot) {
    store(makeKey(b, load(from, index), from.elementType, smallest), runs[0].keys, slot);
    store(index, runs[0].indices, slot);
  };
  loop(zero, numSamples, [&](Value i) { put(mul(i, stride), i); });
  emitSort(runs, starts, numSamples);
  // Half as many again as the k-th should have before it, and a few, so that chance seldom leaves too few.
  Value before = arith::DivUIOp::create(b, mul(k, numSamples), extent);
  Value rank = add(before, add(arith::ShRUIOp::create(b, before, one), constantIndex(8)));
  Value bound = load(from, load(runs[0].indices, rank));
  // As many as there is room for; the last place takes what is beyond.
  Value room = sub(extent, one);
  Value count = collectReaching(from, extent, bound, smallest, [&](Value at, Value number) {
    Value slot = arith::MinUIOp::create(b, number, room);
    put(at, slot);
    return add(number, one);
  });
  return arith::SelectOp::create(b, arith::CmpIOp::create(b, arith::CmpIPredicate::ult, count, room), count, zero);
}

void HostEmitter::emitSortedTopK(const StridedView &from, const StridedView &values, const StridedView &indices,
                                 const SizeExpr &size, Value k, bool smallest) {
  Type type = from.elementType, i64 = b.getI64Type();
  unsigned width = std::max(8u, computeType(type).getIntOrFloatBitWidth());
  Type keyType = b.getIntegerType(width);
  Value zero = constantIndex(0), one = constantIndex(1), extent = this->size(size);
  auto makeRun = [&] {
    StridedView keys{alignedScratch(size * SizeExpr(width / 8)), {one}, keyType};
    return SortRun{keys, {alignedScratch(size * SizeExpr(8)), {one}, i64}};
  };
  SortRun runs[2] = {makeRun(), makeRun()};
  StridedView starts{alignedScratch(SizeExpr(buckets * 8)), {one}, i64};
  auto all = [&] { return SmallVector<Value>{emitCandidates(from, runs[0], extent, k, smallest)}; };
  Value count;
  if (type.isF32() && matchPattern(from.strides[0], m_One())) {
    Value isLong = arith::AndIOp::create(
        b, arith::CmpIOp::create(b, arith::CmpIPredicate::sge, extent, constantIndex(4 * samples)),
        arith::CmpIOp::create(b, arith::CmpIPredicate::sge, extent, mul(k, constantIndex(16))));
    Value sampled = ifElse(
        isLong, [&] { return SmallVector<Value>{emitSampledCandidates(from, runs, starts, extent, k, smallest)}; },
        [&] { return SmallVector<Value>{zero}; })[0];
    Value isEnough = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, sampled, k);
    count = ifElse(isEnough, [&] { return SmallVector<Value>{sampled}; }, all)[0];
  } else {
    count = all()[0];
  }
  emitSort(runs, starts, count);
  loop(zero, k, [&](Value i) {
    Value index = load(runs[0].indices, i);
    store(load(from, index), values, i);
    store(index, indices, i);
  });
}

Value HostEmitter::sortTopK(rec::TopKOp op, const StridedView &from, const StridedView &values,
                            const StridedView &indices) {
  const SizeExpr size = rec::getShape(op.getX())[op.getAxis()], count = rec::getShape(op.getValues())[op.getAxis()];
  if (count.constant() && *count.constant() <= maxInserted)
    return {};
  Value k = this->size(count), extent = this->size(size);
  // Of elements in random order few enter after the first k, and insertion looks at the others a vector at a time.
  Value isMany =
      arith::AndIOp::create(b, arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, k, constantIndex(maxInserted)),
                            arith::CmpIOp::create(b, arith::CmpIPredicate::sge, mul(k, k),
                                                  arith::ShRUIOp::create(b, extent, constantIndex(2))));
  ifThen(isMany, [&] { emitSortedTopK(from, values, indices, size, k, op.getSmallest()); });
  return isMany;
}
