//===- GenericLookups.cpp - Lookups of the generic emitter -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// The rows of a sequence's ids. All threads of a group share all rows: a thread takes pieces of up to 16 bytes, and
// asks for the ids of several before it asks for their rows. No branch stands between these loads, for a bad id reads
// zeros; what is reported comes after them.
//
//===-----------------------------------------------------------------------------===//

#include "dialects/Rec/Shape.h"
#include "lib/Codegen/Loops/Scalar.h"
#include "lib/Codegen/NVPTX/GenericEmitter.h"
#include "lib/Codegen/NVPTX/KnownMultiple.h"
#include "reckon/Runtime/KernelABI.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::loops;
using namespace reckon::nvptx;

/// Pieces whose loads a thread has under way.
static constexpr int64_t piecesAhead = 4;

/// What a thread copies at a time.
struct GenericEmitter::RowPiece {
  Value isThere; ///< null where it is known to be
  SmallVector<Value> index;
  Value id, row, isGood, column;
  SmallVector<Value> elements; ///< or their bytes
};

GenericEmitter::RowPiece GenericEmitter::findPiece(rec::EmbeddingOp op, const LookupTable &table, Value position,
                                                   ArrayRef<Value> extents, unsigned count) {
  RowPiece piece;
  piece.index = unflatten(position, extents);
  piece.column = mul(piece.index.pop_back_val(), constantIndex(count));
  piece.index = inCurrentRow(op.getIds(), piece.index);
  Type type = elementTypeOf(op.getIds());
  piece.id = emitCast(b, element(op.getIds(), piece.index), type, b.getI64Type());
  std::tie(piece.row, piece.isGood) = tableRow(table, piece.id);
  return piece;
}

void GenericEmitter::loadPiece(const LookupTable &table, RowPiece &piece, Value zeros, unsigned count) {
  DeviceBuilder p(b);
  if (zeros) {
    Value at = add(mul(piece.row, constantIndex(table.dim)), piece.column);
    Value address = p.select(piece.isGood, offsetPointer(table.base, at, table.type), zeros);
    unsigned bytes = count * table.type.getIntOrFloatBitWidth() / 8;
    piece.elements = {p.load(p.rawType(bytes), address, bytes)};
    return;
  }
  piece.elements = ifElse(
      piece.isGood,
      [&] {
        SmallVector<Value> elements;
        for (unsigned i = 0; i < count; ++i)
          elements.push_back(decodeElement(table, piece.row, add(piece.column, constantIndex(i))));
        return elements;
      },
      [&] { return SmallVector<Value>(count, scalarConstant(b, table.type, 0)); });
}

void GenericEmitter::storePiece(const LookupTable &table, const RowPiece &piece, const StridedView &place,
                                Index extents, bool isRaw, unsigned count) {
  auto body = [&] {
    DeviceBuilder p(b);
    SmallVector<Value> at(piece.index);
    at.push_back(piece.column);
    unsigned bytes = count * table.type.getIntOrFloatBitWidth() / 8;
    if (isRaw)
      p.store(piece.elements[0], pointer(place, at), bytes);
    else if (count > 1)
      p.store(p.pack(piece.elements, table.type), pointer(place, at), bytes);
    else
      store(piece.elements[0], place, at);
    if (rec::failsOutside(table.policy))
      ifThen(p.negate(piece.isGood), [&] {
        report(RECKON_KERNEL_ID_OUT_OF_RANGE, table.operand, linearIndex(piece.index, extents), piece.id);
      });
  };
  piece.isThere ? ifThen(piece.isThere, body) : body();
}

LogicalResult GenericEmitter::emitEmbedding(rec::EmbeddingOp op) {
  if (!canShare() || isNarrowed || !rec::getShape(op.getTable())[1].isConstant())
    return LayerEmitter::emitEmbedding(op);
  LookupTable table = lookupTable(op.getTable(), op.getOutOfRange());
  materialize(op.getIds());
  StridedView place = places[op.getResult()] = destination(op.getResult());
  SmallVector<Value> all = sizes(op.getIds()), extents = all;
  keepOneRow(op.getIds(), extents);
  extents.push_back(constantIndex(table.dim));
  Type type = table.type;
  bool isRaw = table.format.isPlain() && (type.isF32() || type.isF16() || type.isBF16());
  unsigned bytes = type.getIntOrFloatBitWidth() / 8;
  uint64_t count = chooseVector(extents, place);
  if (isRaw)
    count = std::min(count, std::max<uint64_t>(knownAlignment(table.base) / bytes, 1));
  if (isSpread())
    perThread = std::min<unsigned>(perThread, count);
  extents.back() = constantIndex(table.dim / count);
  Value zeros = isRaw ? constantBytes(SmallVector<char>(count * bytes)) : Value();

  Value total = constantIndex(1);
  for (Value extent : extents)
    total = mul(total, extent);
  std::optional<int64_t> known = isSpread() ? std::nullopt : countOf(extents);
  int64_t ahead = isSpread() ? 1 : piecesAhead;
  if (known)
    ahead = std::min<int64_t>(ahead, llvm::divideCeil(*known, groupThreads));
  llvm::SaveAndRestore<bool> inside(alone, true);
  auto loop = scf::ForOp::create(b, lane, total, mul(lanes, constantIndex(std::max<int64_t>(ahead, 1))));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<RowPiece> pieces;
  for (int64_t i = 0; i < std::max<int64_t>(ahead, 1); ++i) {
    Value position = loop.getInductionVar(), isThere;
    if (i > 0) {
      position = add(position, mul(lanes, constantIndex(i)));
      isThere = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, position, total);
      position = arith::SelectOp::create(b, isThere, position, loop.getInductionVar());
    }
    pieces.push_back(findPiece(op, table, position, extents, count));
    pieces.back().isThere = isThere;
  }
  for (RowPiece &piece : pieces)
    loadPiece(table, piece, zeros, count);
  for (const RowPiece &piece : pieces)
    storePiece(table, piece, place, all, isRaw, count);
  return success();
}
