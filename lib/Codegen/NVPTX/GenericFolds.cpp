//===- GenericFolds.cpp - Folds, softmax and norms of the generic emitter ---------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// A part of a warp, a warp or a block takes a fold. Softmax and norms of lines of a known length have the line in
// registers: it is read once and written once, with the layers behind it applied on the way.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Loops/Scalar.h"
#include "lib/Codegen/NVPTX/GenericEmitter.h"
#include "lib/Codegen/NVPTX/Instructions.h"
#include "lib/Codegen/NVPTX/KnownMultiple.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;
using namespace reckon::loops;
using rec::BinaryKind;
using rec::ReduceKind;
using rec::UnaryKind;

/// What a lane has of a line at best, so that a warp reads neighbours and each lane has several loads under way; what
/// it may have in registers; and how many terms of a fold it computes before it adds them.
static constexpr int64_t elementsOfLane = 4, maxHeld = GenericEmitter::lineOfWarp / GpuTarget::warpSize,
                         maxTogether = 8;

//===----------------------------------------------------------------------===//
// Sharing
//===----------------------------------------------------------------------===//

/// The lanes of a warp that differ from this one in the low bits alone.
static Value memberMask(ImplicitLocOpBuilder &b, unsigned width) {
  auto constant = [&](uint32_t value) { return arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(value))); };
  Value first = arith::AndIOp::create(b, laneIndex(b), constant(~(width - 1)));
  return arith::ShLIOp::create(b, constant((1u << width) - 1), first);
}

/// The lanes of a warp that take a line.
static unsigned lanesOfLine(int64_t length) {
  if (length <= 2 * elementsOfLane)
    return 1;
  return std::min<int64_t>(llvm::PowerOf2Ceil(llvm::divideCeil(std::max<int64_t>(length, 1), elementsOfLane)),
                           GpuTarget::warpSize);
}

/// Of a fold along memory a lane takes a few elements; of any other there are as many lanes as would be idle.
unsigned GenericEmitter::chooseWidth(std::optional<int64_t> count, ArrayRef<Value> fold) {
  constexpr int64_t warp = GpuTarget::warpSize;
  if (!fold.empty())
    return std::min(lanesOfLine(countOf(fold).value_or(INT32_MAX)), groupThreads);
  if (isSpread() || !count || *count == 0)
    return 1;
  return std::min<int64_t>(llvm::bit_floor(std::max<uint64_t>(groupThreads / *count, 1)), warp);
}

bool GenericEmitter::takesInTurn(std::optional<int64_t> count, unsigned width) const {
  return count && !isSpread() && (*count == 1 || (width == GpuTarget::warpSize && *count * 2 * width <= groupThreads));
}

void GenericEmitter::nestShared(ArrayRef<Value> extents, ArrayRef<Value> fold, LoopBody body) {
  if (!canShare() || isNarrowed)
    return parallelFor(extents, body);
  nestByParts(extents, chooseWidth(countOf(extents), fold), body);
}

void GenericEmitter::nestByParts(ArrayRef<Value> extents, unsigned width, LoopBody body) {
  std::optional<int64_t> count = countOf(extents);
  if (takesInTurn(count, width))
    return count == 1 ? body(SmallVector<Value>(extents.size(), constantIndex(0))) : sequentialNest(extents, body);
  if (width == 1)
    return parallelFor(extents, body);
  Value total = constantIndex(1);
  for (Value extent : extents)
    total = mul(total, extent);
  Value parts = constantIndex(width);
  Value first = arith::DivUIOp::create(b, lane, parts), step = arith::DivUIOp::create(b, lanes, parts);
  Value lanesOfPart = width == GpuTarget::warpSize ? Value() : memberMask(b, width);
  llvm::SaveAndRestore<Value> partLane(lane, arith::AndIOp::create(b, lane, constantIndex(width - 1)));
  llvm::SaveAndRestore<Value> partLanes(lanes, parts), partMembers(members, lanesOfPart);
  llvm::SaveAndRestore<unsigned> threads(groupThreads, width);
  llvm::SaveAndRestore<bool> narrow(isNarrowed, true);
  auto loop = scf::ForOp::create(b, first, total, step);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(unflatten(loop.getInductionVar(), extents));
}

Value GenericEmitter::reduceOver(ArrayRef<Value> extents, ReduceKind kind, Type elementType, Term term) {
  if (!canShare() || isSpread())
    return LayerEmitter::reduceOver(extents, kind, elementType, term);
  Value total = constantIndex(1), result = reduceIdentity(b, kind, elementType);
  for (Value extent : extents)
    total = mul(total, extent);
  if (std::optional<int64_t> count = countOf(extents); count && *count <= maxTogether * groupThreads) {
    llvm::SaveAndRestore<bool> inside(alone, true);
    for (int64_t first = 0; first < *count; first += groupThreads) {
      Value at = add(lane, constantIndex(first)), isThere;
      if (first + groupThreads > *count) {
        isThere = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, at, total);
        at = arith::MinSIOp::create(b, at, constantIndex(*count - 1));
      }
      Value next = reduceStep(b, kind, result, term(unflatten(at, extents)), elementType);
      result = isThere ? Value(arith::SelectOp::create(b, isThere, next, result)) : next;
    }
  } else {
    auto loop = scf::ForOp::create(b, lane, total, lanes, result);
    llvm::SaveAndRestore<bool> inside(alone, true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value next = term(unflatten(loop.getInductionVar(), extents));
    next = reduceStep(b, kind, loop.getRegionIterArg(0), next, elementType);
    scf::YieldOp::create(b, next);
    result = loop.getResult(0);
  }
  bool isSum = kind != ReduceKind::max && kind != ReduceKind::min && kind != ReduceKind::prod;
  return combine(isSum ? ReduceKind::sum : kind, result, elementType);
}

Value GenericEmitter::combine(ReduceKind kind, Value value, Type elementType) {
  Type type = value.getType();
  unsigned width = type.getIntOrFloatBitWidth();
  // Shuffles and shared memory hold words.
  auto toWord = [&](Value v) -> Value { return width < 32 ? Value(arith::ExtUIOp::create(b, b.getI32Type(), v)) : v; };
  auto fromWord = [&](Value v) -> Value { return width < 32 ? Value(arith::TruncIOp::create(b, type, v)) : v; };
  for (int mask = std::min(groupThreads, 32u) / 2; mask > 0; mask /= 2)
    value = reduceStep(b, kind, value, fromWord(shuffleXor(b, toWord(value), mask, members)), elementType);
  if (groupThreads <= 32)
    return value;

  // A partial result of each warp, through shared memory.
  if (!partials) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(entry);
    static_assert(sharedOfFolds >= GpuTarget::maxBlockThreads / GpuTarget::warpSize * 8);
    partials = module.createShared(b, groupThreads / 32 * 8);
  }
  auto slot = [&](Value warp) -> Value {
    return LLVM::GEPOp::create(b, partials.getType(), b.getI64Type(), partials, ValueRange{warp});
  };
  Value warp = arith::ShRUIOp::create(b, lane, constantIndex(5));
  Value inWarp = arith::AndIOp::create(b, lane, constantIndex(31));
  Value isLeader = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, inWarp, constantIndex(0));
  ifThen(isLeader, [&] { LLVM::StoreOp::create(b, toWord(value), slot(warp)); });
  nvptx::barrier(b);
  Type word = width < 32 ? Type(b.getI32Type()) : type;
  Value result;
  for (unsigned w = 0; w < groupThreads / 32; ++w) {
    Value partial = fromWord(LLVM::LoadOp::create(b, word, slot(constantIndex(w))));
    result = result ? reduceStep(b, kind, result, partial, elementType) : partial;
  }
  nvptx::barrier(b);
  return result;
}

/// A number that orders as elements of f32 or i32 do, or as they do backwards, with NaN above all and all zeros equal.
static Value orderOf(ImplicitLocOpBuilder &b, Value x, bool backwards) {
  auto i32 = [&](int32_t value) { return arith::ConstantOp::create(b, b.getI32IntegerAttr(value)); };
  auto flipped = [&](Value value) -> Value {
    return backwards ? Value(arith::XOrIOp::create(b, value, i32(-1))) : value;
  };
  if (!x.getType().isF32())
    return flipped(x);
  Value number = arith::AddFOp::create(b, x, scalarConstant(b, x.getType(), 0));
  Value isNan = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, number, number);
  Value bits = arith::BitcastOp::create(b, b.getI32Type(), number);
  // Of negative numbers the greater bits are of the lesser one.
  Value magnitude = arith::AndIOp::create(b, arith::ShRSIOp::create(b, bits, i32(31)), i32(INT32_MAX));
  return arith::SelectOp::create(b, isNan, i32(INT32_MAX), flipped(arith::XOrIOp::create(b, bits, magnitude)));
}

/// A fold of keys: the order of an element, and below it where the element is.
LogicalResult GenericEmitter::emitArgReduce(rec::ArgReduceOp op) {
  Value x = op.getX(), result = op.getResult();
  Type type = elementTypeOf(x), i64 = b.getI64Type();
  int64_t axis = op.getAxis();
  std::optional<int64_t> length = rec::getShape(x)[axis].constant();
  bool hasOrder = computeType(type).isF32() || type.isSignlessInteger(32);
  if (!hasOrder || !length || *length == 0 || *length > INT32_MAX)
    return LayerEmitter::emitArgReduce(op);
  StridedView place = destination(result);
  SmallVector<Value> fold;
  if (axis + 1 == int64_t(sizes(x).size()))
    fold.push_back(constantIndex(*length));
  auto place32 = [&](Value value) -> Value { // of an element; the first of equal ones is the greatest
    return op.getSelectLast() ? value : sub(constantIndex(INT32_MAX), value);
  };
  LayerEmitter::nestShared(result, fold, [&](Index index) {
    Value key = reduceOver({constantIndex(*length)}, ReduceKind::max, i64, [&](Index at) -> Value {
      SmallVector<Value> source(index);
      if (op.getKeepdims())
        source[axis] = at[0];
      else
        source.insert(source.begin() + axis, at[0]);
      Value order = orderOf(b, element(x, source), op.getKind() == ReduceKind::min);
      Value high = arith::ShLIOp::create(b, arith::ExtSIOp::create(b, i64, order), constantIndex(32));
      return arith::OrIOp::create(b, high, place32(at[0]));
    });
    store(place32(arith::AndIOp::create(b, key, constantIndex(INT32_MAX))), place, index);
  });
  places[result] = place;
  return success();
}

//===----------------------------------------------------------------------===//
// Lines in registers
//===----------------------------------------------------------------------===//

/// What a thread has of a line: runs of neighbours, as far apart as the line's other threads have theirs.
struct GenericEmitter::Line {
  const Epilogue &epilogue; ///< of the layer that has the lines
  unsigned threads;         ///< that share the line
  unsigned run;
  SmallVector<SmallVector<Value>> indices; ///< of each element, in the whole tensor; the last one's beyond the line
  SmallVector<SmallVector<Value>> inner;   ///< of each element, in the line
  SmallVector<Value> isThere;              ///< of each element; null: always

  Line(const Epilogue &epilogue, unsigned threads, unsigned run) : epilogue(epilogue), threads(threads), run(run) {}
};

/// Neighbours along the last dimension that may be one load or store.
static unsigned getRun(const StridedView &place) {
  Type type = place.elementType;
  if (!(type.isF32() || type.isF16() || type.isBF16()) || asConstant(place.strides.back()) != 1)
    return 1;
  uint64_t bytes = type.getIntOrFloatBitWidth() / 8, run = knownAlignment(place.base) / bytes;
  for (Value stride : ArrayRef(place.strides).drop_back())
    run = std::min(run, knownMultiple(stride));
  return std::clamp<uint64_t>(run, 1, 16 / bytes);
}

/// Goes over the lines of a tensor, which are its dimensions from an axis on. False, and nothing is emitted, where a
/// line is too long for registers, or how long it is not known.
bool GenericEmitter::overLines(Value x, Value result, unsigned axis, LineBody body) {
  SmallVector<Value> extents = sizes(result);
  SmallVector<Value> outer(extents.begin(), extents.begin() + axis), inner(extents.begin() + axis, extents.end());
  keepOneRow(result, outer);
  std::optional<int64_t> length = countOf(inner), count = countOf(outer);
  if (!canShare() || isNarrowed || !length || *length == 0)
    return false;
  unsigned width = std::min(lanesOfLine(*length), groupThreads);
  unsigned threads = takesInTurn(count, width) ? groupThreads : width;
  if (llvm::divideCeil(*length, threads) > maxHeld)
    return false;
  // Lanes have runs where both ends take vectors.
  unsigned run = 1;
  if (auto from = places.find(x); from != places.end()) {
    auto to = destinations.find(result);
    run = std::min(getRun(from->second), to != destinations.end() ? getRun(to->second) : unsigned(elementsOfLane));
  }
  while (run > 1 && (*asConstant(inner.back()) % run != 0 || *length < int64_t(run) * threads))
    run /= 2;
  Epilogue epilogue = takeEpilogue(result, {}, {});
  nestByParts(outer, width, [&](Index position) {
    Line line(epilogue, threads, run);
    Value first = threads == 1 ? constantIndex(0) : mul(lane, constantIndex(run));
    llvm::SaveAndRestore<bool> inside(alone, true);
    for (int64_t begin = 0; begin < *length; begin += int64_t(threads) * run)
      for (unsigned i = 0; i < run; ++i) {
        Value at = add(first, constantIndex(begin + i)), isThere;
        if (begin + int64_t(threads) * run > *length) {
          isThere = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, at, constantIndex(*length));
          at = arith::MinSIOp::create(b, at, constantIndex(*length - 1));
        }
        SmallVector<Value> index = inCurrentRow(result, position);
        line.inner.push_back(unflatten(at, inner));
        llvm::append_range(index, line.inner.back());
        line.indices.push_back(std::move(index));
        line.isThere.push_back(isThere);
      }
    body(line);
  });
  return true;
}

/// The fold of a line's elements, the same on all of its threads.
Value GenericEmitter::foldLine(const Line &line, ReduceKind kind, ArrayRef<Value> elements, Type elementType) {
  Value result = reduceIdentity(b, kind, elementType);
  for (auto [element, isThere] : llvm::zip(elements, line.isThere)) {
    Value next = reduceStep(b, kind, result, element, elementType);
    result = isThere ? Value(arith::SelectOp::create(b, isThere, next, result)) : next;
  }
  return line.threads == 1 ? result : combine(kind, result, elementType);
}

void GenericEmitter::finishLine(const Line &line, ArrayRef<Value> elements) {
  for (size_t first = 0; first < elements.size(); first += line.run) {
    auto finishRun = [&] { finish(line.epilogue, line.indices[first], elements.slice(first, line.run)); };
    line.isThere[first] ? ifThen(line.isThere[first], finishRun) : finishRun();
  }
}

SmallVector<Value> GenericEmitter::lineElements(const Line &line, Value x) {
  return llvm::map_to_vector(line.indices, [&](const SmallVector<Value> &index) { return element(x, index); });
}

LogicalResult GenericEmitter::emitSoftmax(rec::SoftmaxOp op) {
  Value x = op.getX(), result = op.getResult();
  Type type = elementTypeOf(x);
  if (static_cast<int64_t>(op.getAxis()) + 1 != op.getType().getRank())
    return LayerEmitter::emitSoftmax(op);
  bool isDone = overLines(x, result, op.getAxis(), [&](const Line &line) {
    SmallVector<Value> elements = lineElements(line, x);
    Value greatest = foldLine(line, ReduceKind::max, elements, type);
    SmallVector<Value> weights;
    for (Value &element : elements) {
      element = emitBinary(b, BinaryKind::sub, element, greatest, type);
      weights.push_back(math::ExpOp::create(b, element));
    }
    Value sum = foldLine(line, ReduceKind::sum, weights, type);
    Value scale = op.getLog() ? Value(math::LogOp::create(b, sum))
                              : emitBinary(b, BinaryKind::div, scalarConstant(b, type, 1), sum, type);
    for (auto [element, weight] : llvm::zip(elements, weights))
      element = op.getLog() ? emitBinary(b, BinaryKind::sub, element, scale, type)
                            : emitBinary(b, BinaryKind::mul, weight, scale, type);
    finishLine(line, elements);
  });
  return isDone ? success() : LayerEmitter::emitSoftmax(op);
}

LogicalResult GenericEmitter::emitLayerNorm(rec::LayerNormOp op) {
  Value x = op.getX(), result = op.getResult();
  Type type = elementTypeOf(x);
  bool isDone = overLines(x, result, op.getAxis(), [&](const Line &line) {
    SmallVector<Value> elements = lineElements(line, x), squares;
    Value count = scalarConstant(b, type, double(*countOf(ArrayRef(sizes(x)).drop_front(op.getAxis()))));
    auto mean = [&](ArrayRef<Value> values) {
      return emitBinary(b, BinaryKind::div, foldLine(line, ReduceKind::sum, values, type), count, type);
    };
    Value middle = mean(elements);
    for (Value &element : elements) {
      element = emitBinary(b, BinaryKind::sub, element, middle, type);
      squares.push_back(emitBinary(b, BinaryKind::mul, element, element, type));
    }
    Value epsilon = scalarConstant(b, type, op.getEpsilon().convertToDouble());
    Value scale = emitUnary(b, UnaryKind::rsqrt, emitBinary(b, BinaryKind::add, mean(squares), epsilon, type), type);
    for (size_t i = 0; i < elements.size(); ++i) {
      Value &element = elements[i];
      Index index = line.inner[i];
      element = emitBinary(b, BinaryKind::mul, element, scale, type);
      auto parameter = [&](Value tensor) { return this->element(tensor, broadcastIndex(tensor, index, index.size())); };
      if (Value s = op.getScale())
        element = emitBinary(b, BinaryKind::mul, element, parameter(s), type);
      if (Value s = op.getBias())
        element = emitBinary(b, BinaryKind::add, element, parameter(s), type);
    }
    finishLine(line, elements);
  });
  return isDone ? success() : LayerEmitter::emitLayerNorm(op);
}
