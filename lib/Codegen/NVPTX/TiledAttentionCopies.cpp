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

AttentionEmitter::SharedTile AttentionEmitter::shareOf(const StridedMatrix &matrix, unsigned count, unsigned inner) {
  DeviceBuilder p(b);
  return {count, inner, p.constantOf(matrix.innerStride) != 1 && p.constantOf(matrix.rowStride) == 1};
}

/// Of neighbours in a row, from a multiple of their number on. For wgmma, rows of 64 elements lie together, and their
/// eights in an order by the row.
Value AttentionEmitter::offsetOf(DeviceBuilder &p, const SharedTile &in, Value row, Value column) {
  if (!tile.usesWgmma)
    return p.add(p.mul(row, tile.tileBytes(1, in.width())), p.mul(column, 2));
  Value block = p.mul(p.shiftRight(column, 6), 128 * in.height());
  Value swizzled = p.bitXor(p.bitAnd(p.shiftRight(column, 3), 7), p.bitAnd(row, 7));
  Value bytes = p.add(p.mul(swizzled, 2 * chunkElements), p.mul(p.bitAnd(column, chunkElements - 1), 2));
  return p.add(block, p.add(p.mul(row, 128), bytes));
}

/// What lies beyond the matrix becomes zero.
void AttentionEmitter::copyTile(DeviceBuilder &p, const StridedMatrix &from, const SharedTile &to, Value firstRow,
                                Value shared) {
  // From here on rows are what shared memory has as rows.
  StridedMatrix matrix = from;
  Origin begin{firstRow, p.i64(0)};
  if (to.isTurned) {
    std::swap(matrix.rows, matrix.inner);
    std::swap(matrix.rowStride, matrix.innerStride);
    std::swap(begin.first, begin.second);
  }
  // As many neighbours as begin at multiples of their bytes in every row; tiles begin at multiples of 16 elements.
  unsigned vector =
      std::min<uint64_t>({knownMultiple(matrix.rowStride), knownMultiple(matrix.inner), uint64_t(chunkElements)});
  if (p.constantOf(matrix.innerStride) != 1 || vector == 1)
    return copyElements(matrix, to, begin, shared);
  auto isWhole = [&](Value extent, unsigned size, bool isSteps) {
    std::optional<int64_t> known = p.constantOf(extent);
    return known && (isSteps ? *known % size == 0 : *known == size);
  };
  auto copyVectors = [&] {
    if (isWhole(matrix.rows, to.height(), !to.isTurned) && isWhole(matrix.inner, to.width(), to.isTurned))
      copyWhole(matrix, to, begin, shared, vector);
    else
      copyPart(matrix, to, begin, shared, vector);
  };
  if (knownAlignment(matrix.base) >= 2 * vector)
    return copyVectors();
  // A caller's memory begins anywhere.
  Value address = LLVM::PtrToIntOp::create(b, p.getI64Type(), matrix.base);
  Value isAligned = p.equal(p.bitAnd(address, 2 * vector - 1), 0);
  ifThen(isAligned, copyVectors);
  ifThen(p.negate(isAligned), [&] { copyElements(matrix, to, begin, shared); });
}

/// The number of the thread among those that copy.
Value AttentionEmitter::copyThread(DeviceBuilder &p) {
  return tile.copyWarps ? p.add(p.thread(), -32 * int64_t(tile.warps)) : p.thread();
}

/// All vectors of the tile, as row and column in it, spread over the threads.
void AttentionEmitter::overVectors(const SharedTile &tileOf, unsigned vector,
                                   llvm::function_ref<void(Value, Value, unsigned)> body) {
  DeviceBuilder p(b);
  unsigned vectors = tileOf.width() / vector, total = tileOf.height() * vectors, threads = tile.copyThreads();
  Value thread = copyThread(p);
  for (unsigned first = 0; first < total; first += threads) {
    Value id = p.add(thread, first), r = p.divU(id, vectors), number = p.remU(id, vectors);
    // The rows of one thread lie a known distance apart.
    if (threads % vectors == 0) {
      r = p.add(p.divU(thread, vectors), first / vectors);
      number = p.remU(thread, vectors);
    }
    auto copy = [&] { body(r, DeviceBuilder(b).mul(number, vector), first / vectors); };
    if (first + threads <= total)
      copy();
    else
      ifThen(p.lessU(id, p.i32(total)), copy);
  }
}

/// By vectors, of a tile that lies inside the matrix.
void AttentionEmitter::copyWhole(const StridedMatrix &from, const SharedTile &to, Origin origin, Value shared,
                                 unsigned vector) {
  DeviceBuilder p(b);
  unsigned vectors = to.width() / vector;
  bool isEven = tile.copyThreads() % vectors == 0;
  // One address a thread, from which the others lie known distances away.
  auto addressOf = [&](DeviceBuilder &in, Value r, Value c) {
    Value row = in.add(origin.first, in.widen(r)), column = in.add(origin.second, in.widen(c));
    return in.at(from.base, in.mul(in.add(in.mul(row, from.rowStride), column), 2));
  };
  Value thread = copyThread(p), mine;
  if (isEven)
    mine = addressOf(p, p.divU(thread, vectors), p.mul(p.remU(thread, vectors), vector));
  overVectors(to, vector, [&](Value r, Value c, unsigned firstRow) {
    DeviceBuilder in(b);
    Value address = isEven ? in.at(mine, in.mul(from.rowStride, 2 * firstRow)) : addressOf(in, r, c);
    copyAsync(in, in.add(shared, offsetOf(in, to, r, c)), address, 2 * vector);
  });
}

/// By vectors, of a tile that hangs over.
void AttentionEmitter::copyPart(const StridedMatrix &from, const SharedTile &to, Origin origin, Value shared,
                                unsigned vector) {
  overVectors(to, vector, [&](Value r, Value c, unsigned) {
    DeviceBuilder p(b);
    Value row = p.add(origin.first, p.widen(r)), column = p.add(origin.second, p.widen(c));
    Value isThere = p.both(p.lessS(row, from.rows), p.lessS(column, from.inner));
    Value offset = p.select(isThere, p.add(p.mul(row, from.rowStride), column), p.i64(0));
    copyAsync(p, p.add(shared, offsetOf(p, to, r, c)), p.at(from.base, p.mul(offset, 2)), 2 * vector,
              p.select(isThere, p.i32(2 * vector), p.i32(0)));
  });
}

/// One by one.
void AttentionEmitter::copyElements(const StridedMatrix &from, const SharedTile &to, Origin origin, Value shared) {
  DeviceBuilder p(b);
  unsigned chunks = to.width() / chunkElements;
  auto loop = scf::ForOp::create(b, copyThread(p), p.i32(to.height() * chunks), p.i32(tile.copyThreads()));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  DeviceBuilder in(b);
  Value r = in.divU(loop.getInductionVar(), chunks);
  Value c = in.mul(in.remU(loop.getInductionVar(), chunks), chunkElements);
  Value row = in.add(origin.first, in.widen(r)), column = in.add(origin.second, in.widen(c));
  Values words;
  for (unsigned i = 0; i < chunkElements; i += 2) {
    Value low = loadBits(in, from, row, in.add(column, i)), high = loadBits(in, from, row, in.add(column, i + 1));
    words.push_back(in.bitOr(low, in.shiftLeft(high, 16)));
  }
  in.storeWords(words, in.sharedPointer(in.add(shared, offsetOf(in, to, r, c))));
}

/// The bits of an element, in a word.
Value AttentionEmitter::loadBits(DeviceBuilder &p, const StridedMatrix &from, Value row, Value column) {
  Value isThere = p.both(p.lessS(row, from.rows), p.lessS(column, from.inner));
  Value offset = p.add(p.mul(row, from.rowStride), p.mul(column, from.innerStride));
  Value address = p.at(from.base, p.mul(p.select(isThere, offset, p.i64(0)), 2));
  Value bits = arith::ExtUIOp::create(b, p.getI32Type(), p.load(p.getI16Type(), address, 2, /*constant=*/true));
  return p.select(isThere, bits, p.i32(0));
}

Value AttentionEmitter::stageOf(DeviceBuilder &p, Value step) {
  return tile.holdsAll ? p.narrow(step) : p.remU(p.narrow(step), tile.stages);
}

Value AttentionEmitter::keysAt(DeviceBuilder &p, Value step) {
  return p.add(stages, p.mul(stageOf(p, step), bytesOf(keyTile)));
}

Value AttentionEmitter::valuesAt(DeviceBuilder &p, Value step) {
  return p.add(p.add(stages, tile.stages * bytesOf(keyTile)), p.mul(stageOf(p, step), bytesOf(valueTile)));
}

/// Keys and values of a step before `last`, or nothing: one group of copies.
void AttentionEmitter::copyStep(DeviceBuilder &p, Value step, Value last) {
  ifThen(p.lessS(step, last), [&] {
    DeviceBuilder in(b);
    copyTile(in, key, keyTile, in.mul(step, tile.keys), keysAt(in, step));
    copyTile(in, value, valueTile, in.mul(step, tile.keys), valuesAt(in, step));
  });
  commitCopies(p);
}

/// The first steps, which overSteps() meets.
void AttentionEmitter::startCopies(DeviceBuilder &p, Value begin, Value last) {
  for (unsigned i = 0; i < tile.stepsAhead(); ++i)
    copyStep(p, p.add(begin, i), last);
}

/// All groups of copies but the `pending` last have come, for all threads; nobody reads what was there before.
void AttentionEmitter::meetCopies(DeviceBuilder &p, unsigned pending) {
  waitCopies(p, pending);
  if (tile.usesWgmma)
    fenceShared(p);
  p.barrier();
}
