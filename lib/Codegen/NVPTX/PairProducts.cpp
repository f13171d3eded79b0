//===- PairProducts.cpp - Dot products of the rows of a tile ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/PairProducts.h"
#include "lib/Codegen/NVPTX/DeviceModule.h"
#include "lib/Codegen/NVPTX/Instructions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;

/// Rows and columns of pairs that a lane multiplies in f32.
static constexpr int64_t blockSize = 4;

unsigned PairProducts::stagingBytes() const { return llvm::alignTo(dots.numPairs() * elementBytes(), 16); }

void PairProducts::setUp(DeviceBuilder &b) {
  lane = laneIndex(b);
  if (!type.isF32()) {
    // Lane 8i+r addresses row r of the i-th 8x8 block of 16x16: blocks go down first, then right.
    Value row = b.bitAnd(lane, 15), right = b.mul(b.shiftRight(lane, 4), 16);
    for (int64_t top = 0; top < count(); top += 16) {
      Value within = b.add(row, top);
      if (top + 16 > count()) // the rows past the end give products that nobody stores
        within = arith::MinUIOp::create(b, within, b.i32(count() - 1));
      matrixOffsets.push_back(b.add(b.mul(within, pitch), right));
    }
    return;
  }
  numBlocks = llvm::divideCeil(count(), blockSize);
  int64_t total = numBlocks * (numBlocks + 1) / 2;
  for (int64_t first = 0; first < total; first += 32) {
    // Which block is the lane's: numbers of a triangle, row by row.
    Value number = b.add(lane, first), i = b.i32(0), start = b.i32(0);
    for (int64_t row = 1; row < numBlocks; ++row) {
      Value isBelow = b.lessU(b.i32(row * (row + 1) / 2 - 1), number);
      i = b.select(isBelow, b.i32(row), i);
      start = b.select(isBelow, b.i32(row * (row + 1) / 2), start);
    }
    Value isThere = first + 32 <= total ? b.boolean(true) : b.lessU(number, b.i32(total));
    Value j = b.select(isThere, b.sub(number, start), b.i32(0));
    blocks.push_back({i, j, isThere});
  }
}

/// Where the product of rows i >= j goes.
Value PairProducts::pairIndex(DeviceBuilder &b, Value i, Value j) {
  int64_t self = dots.hasSelf;
  if (dots.isLower) { // row i has i entries, with itself i + 1
    Value before = b.divU(b.mul(i, b.add(i, self ? 1 : -1)), 2);
    return b.add(before, j);
  }
  // Row j has the entries after j: count - 1 - j, with itself one more.
  Value skipped = b.divU(b.mul(j, b.add(j, 1)), 2);
  Value before = b.sub(b.mul(j, count() - 1 + self), b.sub(skipped, j));
  return b.add(before, b.add(b.sub(i, j), self - 1));
}

void PairProducts::stage(DeviceBuilder &b, Value staging, Value index, Value valid, Value product) {
  Value raw = b.pack({product}, type);
  b.ifThen(valid, [&] { b.store(raw, b.sharedPointer(b.add(staging, b.mul(index, elementBytes()))), elementBytes()); });
}

void PairProducts::emit(DeviceBuilder &b, Value tile, Value staging) {
  if (type.isF32())
    emitBlocks(b, tile, staging);
  else
    emitTensorCores(b, tile, staging);
}

void PairProducts::emitTensorCores(DeviceBuilder &b, Value tile, Value staging) {
  struct Tile {
    int64_t top, left;
    SmallVector<Value> sums;
  };
  SmallVector<Tile> tiles;
  for (int64_t top = 0; top < count(); top += 16)
    for (int64_t left = 0; left < std::min(top + 16, count()); left += 8)
      tiles.push_back({top, left, SmallVector<Value>(4, b.f32(0))});
  for (int64_t k = 0; k < dots.dim; k += 16) {
    SmallVector<SmallVector<Value>> rows;
    for (Value offset : matrixOffsets)
      rows.push_back(loadMatrix(b, b.add(b.add(tile, offset), k * 2)));
    for (Tile &t : tiles) {
      // Of 16 rows, registers 0 and 2 hold the upper eight, 1 and 3 the lower.
      ArrayRef<Value> right = rows[t.left / 16];
      unsigned half = t.left / 8 % 2;
      t.sums = multiplyWarp(b, type, rows[t.top / 16], {right[half], right[half + 2]}, t.sums);
    }
  }
  Value quarter = b.shiftRight(lane, 2), pair = b.mul(b.bitAnd(lane, 3), 2);
  for (const Tile &t : tiles)
    for (unsigned e = 0; e < 4; ++e) {
      int64_t top = t.top + e / 2 * 8;
      if (top >= count())
        continue;
      Value i = b.add(quarter, top), j = b.add(pair, t.left + e % 2);
      bool isBelow = t.left + 7 < top, isInside = top + 8 <= count();
      Value valid = isBelow ? b.boolean(true) : dots.hasSelf ? b.lessU(j, b.add(i, 1)) : b.lessU(j, i);
      if (!isInside)
        valid = b.both(valid, b.lessU(i, b.i32(count())));
      stage(b, staging, pairIndex(b, i, j), valid, t.sums[e]);
    }
}

void PairProducts::emitBlocks(DeviceBuilder &b, Value tile, Value staging) {
  Type four = b.rawType(16);
  for (const Block &block : blocks) {
    SmallVector<Value> left, right;
    auto rowOf = [&](Value first, int64_t r) -> Value {
      Value row = b.add(first, r * numBlocks);
      if ((r + 1) * numBlocks > count())
        row = arith::MinUIOp::create(b, row, b.i32(count() - 1));
      return b.add(tile, b.mul(row, pitch));
    };
    for (int64_t r = 0; r < blockSize; ++r) {
      left.push_back(rowOf(block.i, r));
      right.push_back(rowOf(block.j, r));
    }
    SmallVector<Value> sums(blockSize * blockSize, b.f32(0));
    sums = b.loop(b.i32(0), b.i32(dots.dim * 4), b.i32(16), sums, [&](Value k, ValueRange values) {
      SmallVector<Value> next(values);
      SmallVector<SmallVector<Value>> x, y;
      for (int64_t r = 0; r < blockSize; ++r) {
        x.push_back(b.unpack(b.load(four, b.sharedPointer(b.add(left[r], k)), 16), type));
        y.push_back(b.unpack(b.load(four, b.sharedPointer(b.add(right[r], k)), 16), type));
      }
      for (int64_t e = 0; e < 4; ++e)
        for (int64_t r = 0; r < blockSize; ++r)
          for (int64_t c = 0; c < blockSize; ++c)
            next[r * blockSize + c] = math::FmaOp::create(b, x[r][e], y[c][e], next[r * blockSize + c]);
      return next;
    });
    for (int64_t r = 0; r < blockSize; ++r)
      for (int64_t c = 0; c < blockSize; ++c) {
        // Rows lie numBlocks apart, so the two sides may come in either order; a block with itself has each pair twice.
        Value x = b.add(block.i, r * numBlocks), y = b.add(block.j, c * numBlocks);
        Value high = arith::MaxUIOp::create(b, x, y), low = arith::MinUIOp::create(b, x, y);
        Value isDiagonal = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, block.i, block.j);
        Value valid = b.both(block.isThere, b.lessU(high, b.i32(count())));
        bool isOnce = r > c || (r == c && dots.hasSelf);
        if (!isOnce)
          valid = b.both(valid, b.negate(isDiagonal));
        stage(b, staging, pairIndex(b, high, low), valid, sums[r * blockSize + c]);
      }
  }
}

void PairProducts::write(DeviceBuilder &b, Value staging, Value out, unsigned alignment) {
  int64_t bytes = dots.numPairs() * elementBytes();
  int64_t whole = bytes / alignment;
  for (int64_t first = 0; first < whole; first += 32) {
    Value at = b.mul(b.add(lane, first), alignment);
    b.ifThen(first + 32 <= whole ? b.boolean(true) : b.lessU(b.add(lane, first), b.i32(whole)), [&] {
      Value raw = b.load(b.rawType(alignment), b.sharedPointer(b.add(staging, at)), alignment);
      b.store(raw, b.at(out, at), alignment);
    });
  }
  int64_t rest = (bytes - whole * alignment) / elementBytes();
  if (rest != 0)
    b.ifThen(b.lessU(lane, b.i32(rest)), [&] {
      Value at = b.add(b.mul(lane, elementBytes()), whole * alignment);
      Value raw = b.load(b.rawType(elementBytes()), b.sharedPointer(b.add(staging, at)), elementBytes());
      b.store(raw, b.at(out, at), elementBytes());
    });
}
