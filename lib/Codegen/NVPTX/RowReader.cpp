//===- RowReader.cpp - Rows of tables into registers -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/RowReader.h"
#include "dialects/Rec/TableRows.h"
#include "reckon/Runtime/KernelABI.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;
using rec::PoolMode;

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

RowLayout RowLayout::get(int64_t rowBytes, unsigned lanes) {
  unsigned vector = llvm::MinAlign(16, rowBytes);
  unsigned vectors = rowBytes / vector;
  return {vector, vectors, static_cast<unsigned>(llvm::divideCeil(vectors, lanes))};
}

unsigned RowLayout::lanesFor(int64_t rowBytes) {
  return std::min<uint64_t>(32, llvm::PowerOf2Ceil(get(rowBytes, 32).vectors));
}

static int64_t longestTableRow(plan::KernelOp kernel) {
  int64_t longest = 16;
  for (unsigned operand = 0; operand < kernel.getNumInputs(); ++operand)
    if (kernel.getLayout(operand).isTable()) {
      auto type = kernel.getOperandType(operand);
      longest = std::max<int64_t>(longest, rec::getRowFormat(type.getElementType())->rowBytes(type.getDimSize(1)));
    }
  return longest;
}

RowReader::RowReader(DeviceBuilder &b, DeviceModule &module, KernelFunction &function, plan::KernelOp kernel,
                     unsigned lanes)
    : b(b), module(module), function(function), kernel(kernel), lanes(lanes) {
  lane = lanes == 1 ? b.i32(0) : b.bitAnd(threadIndex(b), lanes - 1);
  std::vector<char> bytes(longestTableRow(kernel) + 16, 0);
  zeros = module.createConstant(b, bytes);
}

//===----------------------------------------------------------------------===//
// Ids
//===----------------------------------------------------------------------===//

Value RowReader::loadId(const RowPiece &piece, Value position) {
  unsigned bytes = piece.wideIds ? 8 : 4;
  Value pointer = b.at(function.operands[piece.ids], b.mul(position, bytes));
  Value id = b.loadInvariant(b.getIntegerType(bytes * 8), pointer, bytes);
  return piece.wideIds ? id : Value(arith::ExtSIOp::create(b, b.getI64Type(), id));
}

Value RowReader::rowAddress(const RowPiece &piece, Value id, Value position, Value *counts, Value valid) {
  Value rows = function.dims[piece.rowsDim], use = id;
  if (piece.policy == rec::OutOfRange::clamp) {
    Value last = b.add(rows, -1);
    use = arith::MaxSIOp::create(b, arith::MinSIOp::create(b, id, last), b.i64(0));
  } else if (piece.policy == rec::OutOfRange::wrap) {
    Value negative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, id, b.i64(0));
    use = b.select(negative, b.add(id, rows), id);
  }
  Value good = b.lessU(use, rows);
  Value isCounted = valid ? valid : b.boolean(true);
  if (piece.padding)
    isCounted = b.both(isCounted, b.negate(b.equal(id, *piece.padding)));
  if (rec::failsOutside(piece.policy))
    badIds.push_back({b.both(isCounted, b.negate(good)), position, id, piece.operand});
  if (counts)
    *counts = isCounted;
  Value address = b.at(function.operands[piece.operand], b.mul(use, piece.storedBytes()));
  return b.select(b.both(good, isCounted), address, zeros);
}

void RowReader::reportBad() {
  if (badIds.empty())
    return;
  SmallVector<BadId> found;
  std::swap(found, badIds);
  Value any = found[0].isBad;
  for (const BadId &bad : ArrayRef(found).drop_front())
    any = b.either(any, bad.isBad);
  b.ifThen(any, [&] {
    for (const BadId &bad : found)
      b.ifThen(bad.isBad, [&] {
        module.report(b, function.status, RECKON_KERNEL_ID_OUT_OF_RANGE, b.i32(bad.table), bad.position, bad.id);
      });
  });
}

Value RowReader::positionOf(const RowPiece &piece, Value sample, int64_t entry) {
  return b.add(b.mul(sample, piece.idStride), piece.idColumn + entry);
}

RowReader::Bounds RowReader::bagBounds(const RowPiece &piece, Value sample) {
  if (!piece.offsets)
    return {positionOf(piece, sample, 0), b.i64(piece.count), b.mul(sample, piece.weightStride)};
  // The flat ids' length is one of the engine's dimensions or a constant.
  Value total = b.i64(0);
  if (auto length = piece.numIds.constant())
    total = b.i64(*length);
  else
    for (auto [i, name] : llvm::enumerate(kernel.getDims().getAsValueRange<StringAttr>()))
      if (piece.numIds == SizeExpr::dim(name.str()))
        total = function.dims[i];
  Value offsets = function.operands[*piece.offsets];
  bool isWide = kernel.getOperandType(*piece.offsets).getElementType().isInteger(64);
  auto load = [&](Value index) -> Value {
    Value raw = b.loadInvariant(b.getIntegerType(isWide ? 64 : 32), b.at(offsets, b.mul(index, isWide ? 8 : 4)),
                                isWide ? 8 : 4);
    return isWide ? raw : Value(arith::ExtSIOp::create(b, b.getI64Type(), raw));
  };
  Value begin = load(sample), next = b.add(sample, 1), end;
  if (piece.includeLastOffset) {
    end = load(next);
  } else {
    Value isInside = b.lessU(next, function.rows);
    Value loaded = load(b.select(isInside, next, sample));
    end = b.select(isInside, loaded, total);
  }
  // Offsets come from outside: a bag that runs backwards or beyond the ids is an error and reads nothing.
  Value isBad = b.lessS(begin, b.i64(0));
  isBad = b.either(isBad, b.lessS(end, begin));
  isBad = b.either(isBad, b.lessS(total, end));
  b.ifThen(isBad, [&] {
    Value isOutside = b.either(b.lessS(begin, b.i64(0)), b.lessS(total, begin));
    module.report(b, function.status, RECKON_KERNEL_BAD_OFFSETS, b.i32(piece.operand), sample,
                  b.select(isOutside, begin, end));
  });
  return {begin, b.select(isBad, b.i64(0), b.sub(end, begin)), begin};
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

/// Up to four bytes as an i32, in loads no wider than their alignment.
static Value loadBytes(DeviceBuilder &b, Value address, unsigned bytes, unsigned alignment) {
  unsigned width = std::min(bytes, alignment);
  Value word = b.i32(0);
  for (unsigned i = 0; i < bytes; i += width) {
    Value part = b.loadInvariant(b.getIntegerType(width * 8), b.at(address, i), width);
    if (width < 4)
      part = arith::ExtUIOp::create(b, b.getI32Type(), part);
    word = i == 0 ? part : arith::OrIOp::create(b, word, arith::ShLIOp::create(b, part, b.i32(i * 8)).getResult());
  }
  return word;
}

/// Of an encoded row: words with the stored elements of each vector, then one with the scale and the bias.
SmallVector<Value> RowReader::loadRow(const RowPiece &piece, Value address) {
  RowLayout layout = layoutOf(piece);
  const RowFormat &format = piece.format;
  unsigned alignment = format.rowAlignment(piece.columns, 16), perVector = layout.vectorBytes / piece.elementBytes();
  SmallVector<Value> raw;
  for (unsigned j = 0; j < layout.perLane; ++j) {
    Value vector = b.add(lane, j * lanes);
    if ((j + 1) * lanes > layout.vectors) // lanes past the end read the first vector once more
      vector = b.select(b.lessU(vector, b.i32(layout.vectors)), vector, b.i32(0));
    if (!format.isPlain()) {
      Value at = b.at(b.at(address, format.elementsAt()), b.mul(vector, perVector));
      unsigned bytes = std::min(perVector, 4u), known = llvm::MinAlign(alignment, llvm::MinAlign(perVector, 4));
      for (unsigned i = 0; i < perVector; i += bytes)
        raw.push_back(loadBytes(b, b.at(at, i), bytes, known));
      continue;
    }
    raw.push_back(b.loadInvariant(b.rawType(layout.vectorBytes), b.at(address, b.mul(vector, layout.vectorBytes)),
                                  layout.vectorBytes));
  }
  if (!format.isPlain())
    raw.push_back(loadBytes(b, address, 4, alignment));
  return raw;
}

SmallVector<Value> RowReader::unpackRow(const RowPiece &piece, ArrayRef<Value> raw) {
  SmallVector<Value> elements;
  for (Value vector : raw)
    llvm::append_range(elements, b.unpack(vector, piece.elementType));
  return elements;
}

SmallVector<Value> RowReader::decodeRow(const RowPiece &piece, ArrayRef<Value> loaded) {
  if (piece.format.isPlain())
    return unpackRow(piece, loaded);
  unsigned perWord = std::min<unsigned>(layoutOf(piece).vectorBytes / piece.elementBytes(), 4);
  SmallVector<Value> halves = b.unpack(loaded.back(), b.getF16Type()), elements;
  Value scale = halves[piece.format.scale()->offset / 2], bias = halves[piece.format.bias()->offset / 2];
  for (Value word : loaded.drop_back())
    for (unsigned i = 0; i < perWord; ++i) {
      Value byte = b.bitAnd(b.shiftRight(word, 8 * i), 0xff);
      Value number = arith::UIToFPOp::create(b, b.getF32Type(), byte);
      elements.push_back(math::FmaOp::create(b, number, scale, bias));
    }
  return elements;
}

SmallVector<Value> RowReader::poolStart(const RowPiece &piece) {
  RowLayout layout = layoutOf(piece);
  unsigned elements = layout.perLane * layout.vectorBytes / piece.elementBytes();
  double start = piece.mode == PoolMode::max ? -std::numeric_limits<double>::infinity() : 0;
  return SmallVector<Value>(elements, b.f32(start));
}

Value RowReader::pool(const RowPiece &piece, Value sofar, Value element, Value counts, Value weight) {
  if (piece.mode == PoolMode::max) {
    Value greater = arith::MaximumFOp::create(b, sofar, element);
    return b.select(counts, greater, sofar);
  }
  if (weight)
    element = arith::MulFOp::create(b, element, weight);
  return arith::AddFOp::create(b, sofar, element);
}

/// A row as it is written, from a lane's f32 elements.
PooledRow RowReader::packRow(const RowPiece &piece, ArrayRef<Value> elements) {
  PooledRow row;
  RowLayout layout = layoutOf(piece);
  size_t perVector = elements.size() / layout.perLane;
  for (unsigned j = 0; j < layout.perLane; ++j)
    row.raw.push_back(b.pack(elements.slice(j * perVector, perVector), piece.elementType));
  // What others compute from is the row as it is stored.
  row.elements = unpackRow(piece, row.raw);
  return row;
}

/// What does not count was read as zeros, so only means and maxima need the number of rows that count (i32).
PooledRow RowReader::finish(const RowPiece &piece, ArrayRef<Value> sums, Value counted) {
  SmallVector<Value> elements(sums);
  if (piece.mode == PoolMode::mean) {
    Value divisor = arith::MaxSIOp::create(b, counted, b.i32(1));
    divisor = arith::SIToFPOp::create(b, b.getF32Type(), divisor);
    for (Value &element : elements)
      element = arith::DivFOp::create(b, element, divisor);
  } else if (piece.mode == PoolMode::max) {
    Value isEmpty = b.equal(counted, 0);
    for (Value &element : elements)
      element = b.select(isEmpty, b.f32(0), element);
  }
  return packRow(piece, elements);
}

static Value loadWeight(DeviceBuilder &b, Value operand, Value position, Type type) {
  unsigned bytes = type.getIntOrFloatBitWidth() / 8;
  return b.unpack(b.loadInvariant(b.rawType(bytes), b.at(operand, b.mul(position, bytes)), bytes), type)[0];
}

SmallVector<PooledRow> RowReader::readTogether(ArrayRef<const RowPiece *> pieces, Value sample) {
  struct Entry {
    Value position, id, address, counts, weight;
    SmallVector<Value> raw;
  };
  SmallVector<SmallVector<Entry>> entries;
  for (const RowPiece *piece : pieces) {
    auto &list = entries.emplace_back();
    for (int64_t k = 0; k < piece->count; ++k) {
      Value position = positionOf(*piece, sample, k), weight;
      if (piece->weights) {
        Value at = b.add(b.mul(sample, piece->weightStride), k);
        weight = loadWeight(b, function.operands[*piece->weights], at, piece->elementType);
      }
      list.push_back({position, loadId(*piece, position), {}, {}, weight, {}});
    }
  }
  for (auto [piece, list] : llvm::zip(pieces, entries))
    for (Entry &entry : list) {
      entry.address = rowAddress(*piece, entry.id, entry.position, &entry.counts);
      entry.raw = loadRow(*piece, entry.address);
    }
  reportBad();
  SmallVector<PooledRow> rows;
  for (auto [piece, list] : llvm::zip(pieces, entries)) {
    if (!piece->isBag()) {
      // Plain rows are written as they were read.
      rows.push_back(piece->format.isPlain() ? PooledRow{list[0].raw, {}}
                                             : packRow(*piece, decodeRow(*piece, list[0].raw)));
      continue;
    }
    SmallVector<Value> sums = poolStart(*piece);
    Value counted = b.i32(0);
    for (Entry &entry : list) {
      for (auto [sum, element] : llvm::zip(sums, decodeRow(*piece, entry.raw)))
        sum = pool(*piece, sum, element, entry.counts, entry.weight);
      counted = b.add(counted, b.select(entry.counts, b.i32(1), b.i32(0)));
    }
    rows.push_back(finish(*piece, sums, counted));
  }
  return rows;
}

/// Adds the rows [from, to) of a bag to `state`, the sums and the number of rows that count. The groups of a warp take
/// every `groups`-th row each.
SmallVector<Value> RowReader::addRows(const RowPiece &piece, const BagRange &range, unsigned groups, unsigned unroll,
                                      ValueRange state) {
  const Bounds &bag = range.bag;
  Value from = range.from, to = range.to;
  Value first = b.widen(groups == 1 ? b.i32(0) : b.divU(laneIndex(b), lanes)), last = b.add(to, -1);
  return b.loop(from, to, b.i64(groups * unroll), state, [&](Value i, ValueRange values) {
    SmallVector<Value> sums(values.drop_back());
    Value counted = values.back();
    SmallVector<Value> positions, valid, ids, weights, counts(unroll);
    for (unsigned u = 0; u < unroll; ++u) {
      Value entry = b.add(b.add(i, first), u * groups);
      valid.push_back(b.lessS(entry, to));
      entry = b.select(valid.back(), entry, last);
      positions.push_back(b.add(bag.begin, entry));
      ids.push_back(loadId(piece, positions.back()));
      if (piece.weights)
        weights.push_back(
            loadWeight(b, function.operands[*piece.weights], b.add(bag.weightBegin, entry), piece.elementType));
    }
    SmallVector<SmallVector<Value>> raw;
    for (unsigned u = 0; u < unroll; ++u)
      raw.push_back(loadRow(piece, rowAddress(piece, ids[u], positions[u], &counts[u], valid[u])));
    reportBad();
    for (unsigned u = 0; u < unroll; ++u) {
      for (auto [sum, element] : llvm::zip(sums, decodeRow(piece, raw[u])))
        sum = pool(piece, sum, element, counts[u], piece.weights ? weights[u] : Value());
      counted = b.add(counted, b.select(counts[u], b.i32(1), b.i32(0)));
    }
    sums.push_back(counted);
    return sums;
  });
}

/// One state from those of all groups, in every group.
void RowReader::combineGroups(const RowPiece &piece, unsigned groups, SmallVectorImpl<Value> &state) {
  for (unsigned mask = lanes; mask < lanes * groups; mask *= 2) {
    for (Value &sum : MutableArrayRef(state).drop_back()) {
      Value other = b.shuffleXor(sum, mask);
      sum = piece.mode == PoolMode::max ? Value(arith::MaximumFOp::create(b, sum, other))
                                        : Value(arith::AddFOp::create(b, sum, other));
    }
    if (piece.mode != PoolMode::sum)
      state.back() = b.add(state.back(), b.shuffleXor(state.back(), mask));
  }
}

PooledRow RowReader::readBag(const RowPiece &piece, Value sample, unsigned groups, unsigned unroll) {
  Bounds bag = bagBounds(piece, sample);
  SmallVector<Value> state = poolStart(piece);
  state.push_back(b.i32(0));
  state = addRows(piece, {bag, b.i64(0), bag.count}, groups, unroll, state);
  combineGroups(piece, groups, state);
  Value counted = state.pop_back_val();
  return finish(piece, state, counted);
}

PooledRow RowReader::readUnevenBag(const RowPiece &piece, Value sample, Value active, unsigned unroll) {
  unsigned groups = 32 / lanes, alone = 2 * unroll;
  Bounds bag = bagBounds(piece, sample);
  bag.count = b.select(active, bag.count, b.i64(0));
  SmallVector<Value> start = poolStart(piece);
  start.push_back(b.i32(0));
  Value isLong = b.lessS(b.i64(alone), bag.count);
  SmallVector<Value> state =
      addRows(piece, {bag, b.i64(0), b.select(isLong, b.i64(alone), bag.count)}, 1, unroll, start);
  if (groups == 1) {
    state = addRows(piece, {bag, b.i64(alone), bag.count}, 1, unroll, state);
  } else {
    // What is left of each group's bag, by all groups together.
    Value group = b.divU(laneIndex(b), lanes);
    state = b.loop(b.i32(0), b.i32(groups), b.i32(1), state, [&](Value g, ValueRange values) {
      Value source = b.mul(g, lanes), count = b.shuffle(bag.count, source);
      Bounds theirs{b.shuffle(bag.begin, source), count, {}};
      if (piece.weights)
        theirs.weightBegin = b.shuffle(bag.weightBegin, source);
      Value isMine = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, g, group);
      return b.ifElse(
          b.lessS(b.i64(alone), count),
          [&] {
            SmallVector<Value> rest = addRows(piece, {theirs, b.i64(alone), count}, groups, unroll, start);
            combineGroups(piece, groups, rest);
            if (piece.mode == PoolMode::sum)
              rest.back() = b.i32(0);
            for (auto [i, value] : llvm::enumerate(values)) {
              Value both = i + 1 == rest.size()          ? b.add(value, rest[i])
                           : piece.mode == PoolMode::max ? Value(arith::MaximumFOp::create(b, value, rest[i]))
                                                         : Value(arith::AddFOp::create(b, value, rest[i]));
              rest[i] = b.select(isMine, both, value);
            }
            return rest;
          },
          [&] { return SmallVector<Value>(values); });
    });
  }
  Value counted = state.pop_back_val();
  return finish(piece, state, counted);
}

//===----------------------------------------------------------------------===//
// Output
//===----------------------------------------------------------------------===//

Value RowReader::outputRow(unsigned operand, Value sample) {
  int64_t bytes = kernel.getOperandType(operand).getElementTypeBitWidth() / 8;
  return b.at(function.operands[operand], b.mul(sample, *getRowStride(kernel, operand) * bytes));
}

/// Whether an operand's address is aligned better than the plan promises, for a caller's memory mostly is.
Value RowReader::isAligned(unsigned operand, unsigned alignment) {
  Value &known = alignedBases[{operand, alignment}];
  if (!known) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointAfterValue(lanes == 1 ? zeros : lane);
    Value address = LLVM::PtrToIntOp::create(b, b.getI64Type(), function.operands[operand]);
    known = b.equal(b.bitAnd(address, alignment - 1), 0);
  }
  return known;
}

void RowReader::storeRaw(Value raw, unsigned bytes, Value pointer, unsigned alignment) {
  if (alignment >= bytes) {
    b.store(raw, pointer, bytes);
    return;
  }
  unsigned offset = 0;
  for (Value word : b.words(raw)) {
    if (alignment >= 4) {
      b.store(word, b.at(pointer, offset), 4);
    } else {
      Value low = arith::TruncIOp::create(b, b.getI16Type(), word);
      Value high = arith::TruncIOp::create(b, b.getI16Type(), b.shiftRight(word, 16));
      b.store(low, b.at(pointer, offset), 2);
      b.store(high, b.at(pointer, offset + 2), 2);
    }
    offset += 4;
  }
}

void RowReader::writeRow(const RowPiece &piece, const PooledRow &row, Value sample, Value active) {
  RowLayout layout = layoutOf(piece);
  int64_t elementBytes = piece.elementBytes();
  for (const PieceTarget &target : piece.targets) {
    unsigned alignment = getRowAlignment(kernel, target.operand, target.column);
    unsigned hoped = std::min(layout.vectorBytes, getRowAlignment(kernel, target.operand, target.column, 16));
    Value fast = alignment >= hoped ? b.boolean(true) : isAligned(target.operand, hoped);
    Value out = b.at(outputRow(target.operand, sample), target.column * elementBytes);
    for (unsigned j = 0; j < row.raw.size(); ++j) {
      Value raw = row.raw[j];
      Value vector = b.add(lane, j * lanes), writes = active;
      if ((j + 1) * lanes > layout.vectors)
        writes = b.both(writes, b.lessU(vector, b.i32(layout.vectors)));
      Value to = b.at(out, b.mul(vector, layout.vectorBytes));
      b.ifThen(b.both(writes, fast), [&] { storeRaw(raw, layout.vectorBytes, to, hoped); });
      b.ifThen(b.both(writes, b.negate(fast)), [&] { storeRaw(raw, layout.vectorBytes, to, alignment); });
    }
  }
}

void RowReader::copyPiece(const RowPiece &piece, Value sample, Value active) {
  int64_t elementBytes = piece.elementBytes();
  int64_t inputBytes = piece.inputType.getIntOrFloatBitWidth() / 8;
  unsigned width = elementBytes, inputWidth = inputBytes;
  if (!piece.isCast()) {
    width = llvm::MinAlign(getRowAlignment(kernel, piece.operand, piece.column), piece.rowBytes());
    for (const PieceTarget &target : piece.targets)
      width = std::min(width, getRowAlignment(kernel, target.operand, target.column));
    inputWidth = width;
  }
  Value from = b.at(function.operands[piece.operand],
                    b.add(b.mul(sample, piece.rowStride * inputBytes), piece.column * inputBytes));
  SmallVector<Value> to;
  for (const PieceTarget &target : piece.targets)
    to.push_back(b.at(outputRow(target.operand, sample), target.column * elementBytes));
  unsigned count = piece.rowBytes() / width, steps = llvm::divideCeil(count, lanes);
  // All loads before the first store, of a few vectors at a time.
  constexpr unsigned together = 8;
  auto copy = [&](Value first, unsigned some, bool isWhole) {
    SmallVector<Value> raw, vectors;
    for (unsigned i = 0; i < some; ++i) {
      vectors.push_back(b.add(first, i * lanes));
      Value at = vectors.back();
      if (!isWhole)
        at = b.select(b.lessU(at, b.i32(count)), at, b.i32(0));
      raw.push_back(b.loadInvariant(b.rawType(inputWidth), b.at(from, b.mul(at, inputWidth)), inputWidth));
      if (piece.isCast())
        raw.back() = b.pack(b.unpack(raw.back(), piece.inputType), piece.elementType);
    }
    for (unsigned i = 0; i < some; ++i)
      b.ifThen(isWhole ? b.boolean(true) : b.lessU(vectors[i], b.i32(count)), [&] {
        for (Value row : to)
          b.store(raw[i], b.at(row, b.mul(vectors[i], width)), width);
      });
  };
  b.ifThen(active, [&] {
    unsigned whole = count / lanes / together;
    if (whole > 1)
      b.loop(b.i32(0), b.i32(whole), b.i32(1), {}, [&](Value i, ValueRange) {
        copy(b.add(b.mul(i, together * lanes), lane), together, /*isWhole=*/true);
        return SmallVector<Value>();
      });
    for (unsigned done = whole > 1 ? whole * together : 0; done < steps; done += together)
      copy(b.add(lane, done * lanes), std::min(together, steps - done), /*isWhole=*/false);
  });
}
