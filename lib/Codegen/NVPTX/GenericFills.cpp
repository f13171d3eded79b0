//===- GenericFills.cpp - Values of single elements in the generic emitter --------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// Elements that are neighbours in memory are stored together. The grid also reads together what lies at the index that
// it writes, over all dimensions as one where all is dense, and looks at the addresses that callers give.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/GenericEmitter.h"
#include "lib/Codegen/NVPTX/KnownMultiple.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;
using namespace reckon::loops;

/// Steps of the grid whose elements a thread computes together, where they are no neighbours.
static constexpr unsigned gridUnroll = 4;

/// How many neighbours of the last dimension go into one store.
unsigned GenericEmitter::chooseVector(ArrayRef<Value> extents, const StridedView &place) {
  Type type = place.elementType;
  if (!canShare() || extents.empty() || !(type.isF32() || type.isF16() || type.isBF16()) ||
      asConstant(place.strides.back()) != 1)
    return 1;
  uint64_t bytes = type.getIntOrFloatBitWidth() / 8;
  uint64_t count = std::min(knownAlignment(place.base) / bytes, knownMultiple(extents.back()));
  for (Value stride : ArrayRef(place.strides).drop_back())
    count = std::min(count, knownMultiple(stride));
  // A group of threads that has but few elements shares them out.
  if (std::optional<int64_t> total = countOf(extents); total && !isSpread())
    count = std::min<uint64_t>(count, llvm::bit_floor(std::max<uint64_t>(*total / groupThreads, 1)));
  return std::max<uint64_t>(count, 1);
}

void GenericEmitter::fill(Value tensor, bool oneRow, const StridedView &place, ElementAt elementAt) {
  SmallVector<Value> extents = sizes(tensor);
  if (oneRow)
    extents.erase(extents.begin());
  if (isSpread() && canShare())
    return fillByGrid(tensor, extents, place, elementAt);
  unsigned count = chooseVector(extents, place);
  if (count == 1)
    return LayerEmitter::fill(tensor, oneRow, place, elementAt);
  Value step = constantIndex(count);
  extents.back() = b.createOrFold<arith::DivUIOp>(extents.back(), step);
  parallelFor(extents, [&](Index position) {
    SmallVector<Value> index, elements;
    if (oneRow)
      index.push_back(row);
    index.append(position.begin(), position.end());
    Value first = index.back() = mul(index.back(), step);
    Value target = pointer(place, index);
    for (unsigned i = 0; i < count; ++i) {
      index.back() = add(first, constantIndex(i));
      elements.push_back(elementAt(index));
    }
    DeviceBuilder p(b);
    p.store(p.pack(elements, place.elementType), target, count * (place.elementType.getIntOrFloatBitWidth() / 8));
  });
}

//===----------------------------------------------------------------------===//
// By the grid
//===----------------------------------------------------------------------===//

static bool isVectorType(Type type) { return type.isF32() || type.isF16() || type.isBF16(); }

static unsigned bytesOf(const StridedView &place) { return place.elementType.getIntOrFloatBitWidth() / 8; }

/// Values in memory that are read at the index that is written, and nowhere else, to compute a value.
struct GenericEmitter::SameIndex {
  rec::Shape shape;
  llvm::SetVector<Value> found;
  llvm::DenseSet<Value> elsewhere;
};

void GenericEmitter::findSameIndex(SameIndex &search, Value value, bool isSame) {
  if (places.contains(value)) {
    if (isSame)
      search.found.insert(value);
    else
      search.elsewhere.insert(value);
    return;
  }
  Operation *op = value.getDefiningOp();
  if (!op)
    return;
  isSame &= op->hasTrait<rec::Pointwise>();
  for (Value operand : op->getOperands())
    findSameIndex(search, operand, isSame && rec::getShape(operand) == search.shape);
}

/// How a thread of the grid writes neighbours at once, and reads those that they are computed from.
struct GenericEmitter::Vectors {
  unsigned run = 1;
  bool isFlat = false; ///< along all dimensions as one, else along the last
  SmallVector<std::pair<Value, StridedView>> sources;
};

GenericEmitter::Vectors GenericEmitter::chooseVectors(Value tensor, const StridedView &place) {
  Vectors vectors;
  rec::Shape shape = rec::getShape(tensor);
  if (!isVectorType(place.elementType) || shape.empty())
    return vectors;
  Operation *op = tensor.getDefiningOp();
  if (auto from = places.find(tensor); from != places.end()) { // a part of a concat
    vectors.sources.push_back({tensor, from->second});
  } else if (op && op->hasTrait<rec::View>()) {
    if (std::optional<StridedView> view = viewOf(op))
      vectors.sources.push_back({tensor, *view});
  } else if (op && op->hasTrait<rec::Pointwise>()) {
    SameIndex search{shape, {}, {}};
    for (Value operand : op->getOperands())
      findSameIndex(search, operand, rec::getShape(operand) == shape);
    for (Value value : search.found)
      if (!search.elsewhere.contains(value) && isVectorType(places[value].elementType))
        vectors.sources.push_back({value, places[value]});
  }
  unsigned run = 16 / bytesOf(place);
  vectors.isFlat = isDense(tensor, place);
  for (auto &[value, from] : vectors.sources) {
    run = std::min(run, 16 / bytesOf(from));
    vectors.isFlat &= isDense(tensor, from);
  }
  if (vectors.isFlat) {
    vectors.run = run;
    return vectors;
  }
  // Along the last dimension, whole.
  auto limit = [&](const StridedView &view) {
    for (Value stride : ArrayRef(view.strides).drop_back())
      run = std::min<uint64_t>(run, knownMultiple(stride));
    if (asConstant(view.strides.back()) != 1)
      run = 1;
  };
  limit(place);
  while (run > 1 && shape.back().constant().value_or(1) % run != 0)
    run /= 2;
  unsigned ofResult = run;
  for (auto &[value, from] : vectors.sources)
    limit(from);
  if (run < ofResult) {
    run = ofResult;
    vectors.sources.clear();
  }
  vectors.run = run;
  return vectors;
}

/// Whether every address is a multiple of a vector's bytes: null where all are known to be.
Value GenericEmitter::areAligned(const Vectors &vectors, const StridedView &place) {
  DeviceBuilder p(b);
  Value bits;
  auto consider = [&](const StridedView &view) {
    uint64_t bytes = vectors.run * bytesOf(view);
    if (knownAlignment(view.base) >= bytes)
      return;
    Value low = p.bitAnd(LLVM::PtrToIntOp::create(b, b.getI64Type(), view.base), bytes - 1);
    bits = bits ? p.bitOr(bits, low) : low;
  };
  consider(place);
  for (const auto &[value, from] : vectors.sources)
    consider(from);
  return bits ? p.equal(bits, 0) : Value();
}

/// Whether a concat is better written element by element of its result than part by part: its few parts are in memory,
/// and one of them is no whole vectors.
bool GenericEmitter::isWrittenWhole(rec::ConcatOp op, const StridedView &place) {
  constexpr size_t mostParts = 8;
  if (op.getInputs().size() > mostParts || !isVectorType(place.elementType) || !isDense(op.getResult(), place))
    return false;
  auto isPlain = [&](Value operand) {
    auto from = places.find(operand);
    return from != places.end() && from->second.elementType == place.elementType && !forwarded.contains(operand);
  };
  auto isOdd = [&](Value operand) {
    rec::Shape shape = rec::getShape(operand);
    SizeExpr part = rec::getNumElements(ArrayRef<SizeExpr>(shape).drop_front(op.getAxis()));
    return part.constant().value_or(1) % (16 / bytesOf(place)) != 0;
  };
  return llvm::all_of(op.getInputs(), isPlain) && llvm::any_of(op.getInputs(), isOdd);
}

/// Each element of the result from the part that has it.
void GenericEmitter::writeWhole(rec::ConcatOp op, const StridedView &place) {
  unsigned axis = op.getAxis();
  llvm::for_each(op.getInputs(), [&](Value operand) { noteRead(operand); });
  fill(op.getResult(), false, place, [&](Index index) {
    StridedView from;
    Value begin = constantIndex(0);
    SizeExpr end = 0;
    for (Value operand : op.getInputs()) {
      const StridedView &part = places[operand];
      Value first = size(end);
      end = end + rec::getShape(operand)[axis];
      if (!from.base) {
        from = part;
        continue;
      }
      Value isBehind = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, index[axis], first);
      auto choose = [&](Value there, Value here) { return b.createOrFold<arith::SelectOp>(isBehind, there, here); };
      begin = choose(first, begin);
      from.base = choose(part.base, from.base);
      for (auto [stride, other] : llvm::zip(from.strides, part.strides))
        stride = choose(other, stride);
    }
    SmallVector<Value> source(index);
    source[axis] = sub(source[axis], begin);
    return load(from, source);
  });
}

/// Each operand is written to its part by the whole grid.
LogicalResult GenericEmitter::emitConcat(rec::ConcatOp op) {
  if (!isSpread())
    return LayerEmitter::emitConcat(op);
  StridedView place = destination(op.getResult());
  if (isWrittenWhole(op, place)) {
    writeWhole(op, place);
    places[op.getResult()] = place;
    return success();
  }
  SizeExpr offset = 0;
  for (Value operand : op.getInputs()) {
    StridedView part = place;
    part.base = offsetPointer(place.base, mul(size(offset), place.strides[op.getAxis()]), place.elementType);
    if (!forwarded.contains(operand))
      fill(operand, false, part, [&](Index index) { return element(operand, index); });
    else if (!places.contains(operand))
      materialize(operand);
    offset = offset + rec::getShape(operand)[op.getAxis()];
  }
  places[op.getResult()] = place;
  return success();
}

void GenericEmitter::fillByGrid(Value tensor, ArrayRef<Value> extents, const StridedView &place, ElementAt elementAt) {
  Vectors vectors = chooseVectors(tensor, place);
  for (const auto &[value, from] : vectors.sources)
    noteRead(value);
  perThread = std::min(perThread, vectors.run);
  Value total = constantIndex(1), run = constantIndex(vectors.run);
  for (Value extent : extents)
    total = mul(total, extent);
  if (vectors.run == 1)
    return fillTogether(extents, constantIndex(0), gridUnroll, place, elementAt);
  Value groups = b.createOrFold<arith::DivUIOp>(total, run), isAligned = areAligned(vectors, place);
  if (isAligned)
    groups = arith::SelectOp::create(b, isAligned, groups, constantIndex(0));
  {
    llvm::SaveAndRestore<bool> inside(alone, true);
    llvm::SaveAndRestore<DenseMap<Value, Value>> outer(held, held);
    auto loop = scf::ForOp::create(b, lane, groups, lanes);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value first = mul(loop.getInductionVar(), run);
    SmallVector<Value> at = unflatten(first, extents), elements;
    auto vectorAt = [&](const StridedView &view) {
      return vectors.isFlat ? offsetPointer(view.base, first, view.elementType) : pointer(view, at);
    };
    DeviceBuilder p(b);
    SmallVector<SmallVector<Value>> loaded;
    for (const auto &[value, from] : vectors.sources) {
      unsigned bytes = vectors.run * bytesOf(from);
      loaded.push_back(p.unpack(p.load(p.rawType(bytes), vectorAt(from), bytes), from.elementType));
    }
    for (unsigned i = 0; i < vectors.run; ++i) {
      for (auto [source, values] : llvm::zip(vectors.sources, loaded))
        held[source.first] = values[i];
      SmallVector<Value> index(at);
      if (vectors.isFlat)
        index = unflatten(add(first, constantIndex(i)), extents);
      else
        index.back() = add(index.back(), constantIndex(i));
      elements.push_back(elementAt(index));
    }
    p = DeviceBuilder(b);
    p.store(p.pack(elements, place.elementType), vectorAt(place), vectors.run * bytesOf(place));
  }
  // What is left: less than a vector, or all where an address is odd.
  if (isAligned || !vectors.isFlat || knownMultiple(total) < vectors.run)
    fillTogether(extents, mul(groups, run), 1, place, elementAt);
}

/// Fills from an element on, in the order of all dimensions as one. Elements of `together` steps of the grid are
/// computed before any is stored, so that as many loads are under way.
void GenericEmitter::fillTogether(ArrayRef<Value> extents, Value begin, unsigned together, const StridedView &place,
                                  ElementAt elementAt) {
  Value total = constantIndex(1), next = add(begin, lane);
  for (Value extent : extents)
    total = mul(total, extent);
  llvm::SaveAndRestore<bool> inside(alone, true);
  for (unsigned count = together;; count = 1) {
    Value last = sub(total, mul(lanes, constantIndex(count - 1))), step = mul(lanes, constantIndex(count));
    auto loop = scf::ForOp::create(b, next, last, step, next);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<SmallVector<Value>> indices;
    SmallVector<Value> elements;
    for (unsigned i = 0; i < count; ++i) {
      indices.push_back(unflatten(add(loop.getInductionVar(), mul(lanes, constantIndex(i))), extents));
      elements.push_back(elementAt(indices.back()));
    }
    for (auto [index, element] : llvm::zip(indices, elements))
      store(element, place, index);
    scf::YieldOp::create(b, add(loop.getInductionVar(), step));
    next = loop.getResult(0);
    if (count == 1)
      return;
  }
}
