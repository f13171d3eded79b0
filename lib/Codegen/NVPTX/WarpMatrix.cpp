//===- WarpMatrix.cpp - Matrices with strides as operands of a warp ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/WarpMatrix.h"
#include "lib/Codegen/NVPTX/Instructions.h"
#include "lib/Codegen/NVPTX/KnownMultiple.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

static constexpr unsigned elementBytes = 2;

/// The most elements, up to `most`, that one access may move along a dimension of stride one and the length given.
static unsigned vectorAlong(const StridedMatrix &matrix, Value otherStride, Value length, unsigned most) {
  uint64_t count = std::min(
      {knownAlignment(matrix.base) / elementBytes, knownMultiple(otherStride), knownMultiple(length), uint64_t(most)});
  return std::max<uint64_t>(count, 1);
}

WarpOperand::WarpOperand(DeviceBuilder &b, const StridedMatrix &matrix, Value lane, unsigned tiles, Inner inner,
                         bool keepsRowOrder)
    : matrix(matrix), lane(lane), firstRow(b.i64(0)), tiles(tiles), inner(inner) {
  isAlongInner = b.constantOf(matrix.innerStride) == 1 || b.constantOf(matrix.rowStride) != 1;
  if (b.constantOf(matrix.innerStride) == 1)
    innerVector = vectorAlong(matrix, matrix.rowStride, matrix.inner, inner == Inner::Pairs ? 2 : 4);
  if (isAlongInner || keepsRowOrder)
    return;
  rowVector = vectorAlong(matrix, matrix.innerStride, matrix.rows, 8);
  while (tiles % rowVector != 0)
    rowVector /= 2;
}

void WarpOperand::moveTo(DeviceBuilder &b, Value base, Value row) {
  matrix.base = base;
  firstRow = row;
}

Value WarpOperand::rowOf(DeviceBuilder &b, unsigned tile, Value place) const {
  unsigned group = tile / rowVector * rowVector;
  return b.add(firstRow, b.add(b.mul(place, rowVector), 8 * group + tile % rowVector));
}

/// Rows beyond the matrix read its last `count`: nobody uses what comes of them.
Value WarpOperand::clampRow(DeviceBuilder &b, Value row, unsigned count) const {
  if (auto rows = b.constantOf(matrix.rows), first = b.constantOf(firstRow);
      rows && first && *first + 8 * tiles <= *rows)
    return row;
  return arith::MinSIOp::create(b, row, b.sub(matrix.rows, b.i64(count)));
}

SmallVector<WarpOperand::Tile> WarpOperand::load(DeviceBuilder &b, Value at, bool isWhole) const {
  return isAlongInner ? loadAlongInner(b, at, isWhole) : loadAlongRows(b, at, isWhole);
}

/// The words of a vector of 16-bit elements; one alone is the low half of a word.
static Values loadElements(DeviceBuilder &b, Value pointer, unsigned count) {
  unsigned bytes = count * elementBytes;
  Value raw = b.load(b.rawType(bytes), pointer, bytes, /*constant=*/true);
  if (count == 1)
    return {arith::ExtUIOp::create(b, b.getI32Type(), raw)};
  return b.words(raw);
}

/// Offset and presence of what begins at inner position `at`: beyond the matrix the first is read.
static std::pair<Value, Value> inside(DeviceBuilder &b, const StridedMatrix &matrix, Value at, bool isWhole) {
  if (isWhole)
    return {at, Value()};
  Value isThere = b.lessS(at, matrix.inner);
  return {b.select(isThere, at, b.i64(0)), isThere};
}

static Value orZero(DeviceBuilder &b, Value word, Value isThere) {
  return isThere ? b.select(isThere, word, b.i32(0)) : word;
}

static Value elementPointer(DeviceBuilder &b, Value base, Value offset) {
  return b.at(base, b.mul(offset, elementBytes));
}

SmallVector<WarpOperand::Tile> WarpOperand::loadAlongInner(DeviceBuilder &b, Value at, bool isWhole) const {
  Value quarter = b.bitAnd(lane, 3), place = b.shiftRight(lane, 2);
  SmallVector<Tile> result;
  for (unsigned tile = 0; tile < tiles; ++tile) {
    Value row = b.mul(clampRow(b, rowOf(b, tile, place), 1), matrix.rowStride);
    Value pointer = elementPointer(b, matrix.base, row);
    Values words;
    for (unsigned first = 0; first < 4; first += innerVector) {
      unsigned apart = inner == Inner::Pairs ? first / 2 * 8 + first % 2 : first;
      Value position = b.add(at, b.add(b.mul(quarter, inner == Inner::Pairs ? 2 : 4), apart));
      auto [offset, isThere] = inside(b, matrix, position, isWhole);
      for (Value word : loadElements(b, elementPointer(b, pointer, b.mul(offset, matrix.innerStride)), innerVector))
        words.push_back(orZero(b, word, isThere));
    }
    if (innerVector == 1)
      words = {b.bitOr(words[0], b.shiftLeft(words[1], 16)), b.bitOr(words[2], b.shiftLeft(words[3], 16))};
    result.push_back({words[0], words[1]});
  }
  return result;
}

/// The halves `half` of two words as one.
static Value joinHalves(DeviceBuilder &b, Value low, Value high, unsigned half) {
  if (half == 0)
    return b.bitOr(b.bitAnd(low, 0xffff), b.shiftLeft(high, 16));
  return b.bitOr(b.shiftRight(low, 16), b.bitAnd(high, static_cast<int32_t>(0xffff0000)));
}

SmallVector<WarpOperand::Tile> WarpOperand::loadAlongRows(DeviceBuilder &b, Value at, bool isWhole) const {
  Value quarter = b.bitAnd(lane, 3), place = b.shiftRight(lane, 2);
  std::array<Value, 4> offsets, isThere;
  for (unsigned i = 0; i < 4; ++i) {
    unsigned apart = inner == Inner::Pairs ? i / 2 * 8 + i % 2 : i;
    Value position = b.add(at, b.add(b.mul(quarter, inner == Inner::Pairs ? 2 : 4), apart));
    std::tie(offsets[i], isThere[i]) = inside(b, matrix, position, isWhole);
    offsets[i] = b.mul(offsets[i], matrix.innerStride);
  }
  SmallVector<Tile> result(tiles);
  for (unsigned group = 0; group < tiles; group += rowVector) {
    Value row = b.mul(clampRow(b, rowOf(b, group, place), rowVector), matrix.rowStride);
    std::array<Values, 4> words;
    for (unsigned i = 0; i < 4; ++i)
      for (Value word : loadElements(b, elementPointer(b, matrix.base, b.add(row, offsets[i])), rowVector))
        words[i].push_back(orZero(b, word, isThere[i]));
    for (unsigned tile = 0; tile < rowVector; ++tile)
      for (unsigned pair = 0; pair < 2; ++pair)
        result[group + tile][pair] = joinHalves(b, words[2 * pair][tile / 2], words[2 * pair + 1][tile / 2], tile % 2);
  }
  return result;
}

WarpSums nvptx::zeroSums(DeviceBuilder &b, unsigned rowTiles, unsigned columnTiles) {
  return WarpSums(rowTiles, SmallVector<Values>(columnTiles, Values(4, b.f32(0))));
}

void nvptx::multiply(DeviceBuilder &b, Type type, ArrayRef<WarpOperand::Tile> x, ArrayRef<WarpOperand::Tile> y,
                     WarpSums &sums) {
  for (size_t i = 0; i < sums.size(); ++i)
    for (size_t j = 0; j < sums[i].size(); ++j) {
      Value left[] = {x[2 * i][0], x[2 * i + 1][0], x[2 * i][1], x[2 * i + 1][1]};
      sums[i][j] = multiplyWarp(b, type, left, {y[j][0], y[j][1]}, sums[i][j]);
    }
}
