//===- TiledAttentionCopies.cpp - Tiles of attention in shared memory -----===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// Rows of a tile are what is contiguous in the matrix, so that a copy moves 16 bytes: a matrix of any strides is
// brought as it lies, and instructions turn it. Where no 16 bytes lie together, threads copy elements.
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/Instructions.h"
#include "lib/Codegen/NVPTX/KnownMultiple.h"
#include "lib/Codegen/NVPTX/TiledAttention.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::nvptx;
using namespace reckon::loops;
using tiling::AttentionTile;

AttentionEmitter::SharedTile AttentionEmitter::shareOf(const StridedMatrix &matrix, unsigned count, unsigned inner) {
  DeviceBuilder p(b);
  return {count, inner, p.constantOf(matrix.innerStride) != 1 && p.constantOf(matrix.rowStride) == 1};
}

/// Of eight elements in a row. For wgmma, rows of 64 elements lie together, and their eights in an order by the row.
Value AttentionEmitter::offsetOf(DeviceBuilder &p, const SharedTile &in, Value row, Value chunk) {
  if (!tile.usesWgmma)
    return p.add(p.mul(row, tile.tileBytes(1, in.width())), p.mul(chunk, 2 * chunkElements));
  Value block = p.mul(p.shiftRight(chunk, 3), 128 * in.height());
  Value swizzled = p.bitXor(p.bitAnd(chunk, 7), p.bitAnd(row, 7));
  return p.add(block, p.add(p.mul(row, 128), p.mul(swizzled, 2 * chunkElements)));
}

/// What lies beyond the matrix becomes zero.
void AttentionEmitter::copyTile(DeviceBuilder &p, const StridedMatrix &from, const SharedTile &to, Value firstRow,
                                Value shared) {
  // From here on rows are what shared memory has as rows.
  StridedMatrix matrix = from;
  Value begin = firstRow, beginColumn = p.i64(0);
  if (to.isTurned) {
    std::swap(matrix.rows, matrix.inner);
    std::swap(matrix.rowStride, matrix.innerStride);
    std::swap(begin, beginColumn);
  }
  if (p.constantOf(matrix.innerStride) != 1 || knownMultiple(matrix.rowStride) % chunkElements != 0)
    return copyElements(matrix, to, {begin, beginColumn}, shared);
  auto isWhole = [&](Value extent, unsigned size, bool isSteps) {
    std::optional<int64_t> known = p.constantOf(extent);
    return known && (isSteps ? *known % size == 0 : *known == size);
  };
  auto copyVectors = [&] {
    if (isWhole(matrix.rows, to.height(), !to.isTurned) && isWhole(matrix.inner, to.width(), to.isTurned))
      copyWhole(matrix, to, {begin, beginColumn}, shared);
    else
      copyPart(matrix, to, {begin, beginColumn}, shared);
  };
  if (knownAlignment(matrix.base) >= 2 * chunkElements)
    return copyVectors();
  // A caller's memory begins anywhere.
  Value address = LLVM::PtrToIntOp::create(b, p.getI64Type(), matrix.base);
  Value isAligned = p.equal(p.bitAnd(address, 2 * chunkElements - 1), 0);
  ifThen(isAligned, copyVectors);
  ifThen(p.negate(isAligned), [&] { copyElements(matrix, to, {begin, beginColumn}, shared); });
}

/// All eights of the tile, as row and number in it, spread over the threads.
void AttentionEmitter::overChunks(const SharedTile &tileOf, llvm::function_ref<void(Value, Value, unsigned)> body) {
  DeviceBuilder p(b);
  unsigned chunks = tileOf.width() / chunkElements, total = tileOf.height() * chunks, threads = tile.threads();
  Value thread = p.thread();
  for (unsigned first = 0; first < total; first += threads) {
    Value id = p.add(thread, first), r = p.divU(id, chunks), chunk = p.remU(id, chunks);
    // The rows of one thread lie a known distance apart.
    if (threads % chunks == 0) {
      r = p.add(p.divU(thread, chunks), first / chunks);
      chunk = p.remU(thread, chunks);
    }
    auto copy = [&] { body(r, chunk, first / chunks); };
    if (first + threads <= total)
      copy();
    else
      ifThen(p.lessU(id, p.i32(total)), copy);
  }
}

/// By vectors, of a tile that lies inside the matrix.
void AttentionEmitter::copyWhole(const StridedMatrix &from, const SharedTile &to, Origin origin, Value shared) {
  DeviceBuilder p(b);
  unsigned chunks = to.width() / chunkElements, threads = tile.threads();
  bool isEven = threads % chunks == 0;
  // One address a thread, from which the others lie known distances away.
  auto addressOf = [&](DeviceBuilder &in, Value r, Value chunk) {
    Value row = in.add(origin.first, in.widen(r)),
          column = in.add(origin.second, in.widen(in.mul(chunk, chunkElements)));
    return in.at(from.base, in.mul(in.add(in.mul(row, from.rowStride), column), 2));
  };
  Value thread = p.thread(), mine = isEven ? addressOf(p, p.divU(thread, chunks), p.remU(thread, chunks)) : Value();
  overChunks(to, [&](Value r, Value chunk, unsigned firstRow) {
    DeviceBuilder in(b);
    Value address = isEven ? in.at(mine, in.mul(from.rowStride, 2 * firstRow)) : addressOf(in, r, chunk);
    copyAsync16(in, in.add(shared, offsetOf(in, to, r, chunk)), address);
  });
}

/// By vectors, of a tile that hangs over.
void AttentionEmitter::copyPart(const StridedMatrix &from, const SharedTile &to, Origin origin, Value shared) {
  overChunks(to, [&](Value r, Value chunk, unsigned) {
    DeviceBuilder p(b);
    Value row = p.add(origin.first, p.widen(r)), column = p.add(origin.second, p.widen(p.mul(chunk, chunkElements)));
    // How many of the eight are there.
    Value count = arith::MinSIOp::create(b, p.sub(from.inner, column), p.i64(chunkElements));
    count = arith::MaxSIOp::create(b, count, p.i64(0));
    Value bytes = p.select(p.lessS(row, from.rows), p.narrow(p.mul(count, 2)), p.i32(0));
    Value offset = p.add(p.mul(row, from.rowStride), column);
    offset = p.select(p.lessS(p.i32(0), bytes), offset, p.i64(0));
    copyAsync16(p, p.add(shared, offsetOf(p, to, r, chunk)), p.at(from.base, p.mul(offset, 2)), bytes);
  });
}

/// One by one.
void AttentionEmitter::copyElements(const StridedMatrix &from, const SharedTile &to, Origin origin, Value shared) {
  DeviceBuilder p(b);
  unsigned chunks = to.width() / chunkElements;
  auto loop = scf::ForOp::create(b, p.thread(), p.i32(to.height() * chunks), p.i32(tile.threads()));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  DeviceBuilder in(b);
  Value r = in.divU(loop.getInductionVar(), chunks), chunk = in.remU(loop.getInductionVar(), chunks);
  Value row = in.add(origin.first, in.widen(r)), column = in.add(origin.second, in.widen(in.mul(chunk, chunkElements)));
  Values words;
  for (unsigned i = 0; i < chunkElements; i += 2) {
    Value low = loadBits(in, from, row, in.add(column, i)), high = loadBits(in, from, row, in.add(column, i + 1));
    words.push_back(in.bitOr(low, in.shiftLeft(high, 16)));
  }
  in.storeWords(words, in.sharedPointer(in.add(shared, offsetOf(in, to, r, chunk))));
}

/// The bits of an element, in a word.
Value AttentionEmitter::loadBits(DeviceBuilder &p, const StridedMatrix &from, Value row, Value column) {
  Value isThere = p.both(p.lessS(row, from.rows), p.lessS(column, from.inner));
  Value offset = p.add(p.mul(row, from.rowStride), p.mul(column, from.innerStride));
  Value address = p.at(from.base, p.mul(p.select(isThere, offset, p.i64(0)), 2));
  Value bits = arith::ExtUIOp::create(b, p.getI32Type(), p.load(p.getI16Type(), address, 2, /*constant=*/true));
  return p.select(isThere, bits, p.i32(0));
}

Value AttentionEmitter::keysAt(DeviceBuilder &p, Value step) {
  static_assert(AttentionTile::stages == 2);
  return p.add(stages, p.mul(p.bitAnd(p.narrow(step), 1), bytesOf(keyTile)));
}

Value AttentionEmitter::valuesAt(DeviceBuilder &p, Value step) {
  return p.add(p.add(stages, 2 * bytesOf(keyTile)), p.mul(p.bitAnd(p.narrow(step), 1), bytesOf(valueTile)));
}

void AttentionEmitter::copyKeys(DeviceBuilder &p, Value step, Value last) {
  ifThen(p.lessS(step, last), [&] {
    DeviceBuilder in(b);
    copyTile(in, key, keyTile, in.mul(step, tile.keys), keysAt(in, step));
  });
}

void AttentionEmitter::copyValues(DeviceBuilder &p, Value step, Value last) {
  ifThen(p.lessS(step, last), [&] {
    DeviceBuilder in(b);
    copyTile(in, value, valueTile, in.mul(step, tile.keys), valuesAt(in, step));
  });
}

/// What is on its way has come, for all threads; nobody reads what was there before.
void AttentionEmitter::meetCopies(DeviceBuilder &p) {
  waitCopies(p);
  if (tile.usesWgmma)
    fenceShared(p);
  p.barrier();
}
