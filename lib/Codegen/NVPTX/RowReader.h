//===- RowReader.h - Rows of tables into registers ---------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// A row is read by a group of `lanes` neighbouring lanes of a warp, at most 16 bytes a lane and load; a group reads one
// row at a time, and several groups of a warp work side by side. A memory-bound kernel is as fast as it has loads in
// flight, so everything here comes in the order ids, checks, rows, arithmetic, over as many rows as registers hold.
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_ROWREADER_H
#define RECKON_LIB_CODEGEN_NVPTX_ROWREADER_H

#include "lib/Codegen/NVPTX/DeviceBuilder.h"
#include "lib/Codegen/NVPTX/DeviceModule.h"
#include "lib/Codegen/NVPTX/RowRegion.h"

#include "llvm/ADT/DenseMap.h"

namespace reckon::nvptx {

/// How the bytes of a row lie over the lanes of a group: lane l holds vectors l, l + lanes, ...
struct RowLayout {
  unsigned vectorBytes; ///< of one store, and of one load of plain rows: the greatest power of two up to 16 that
                        ///< divides the row
  unsigned vectors;     ///< in a row
  unsigned perLane;     ///< loads of a lane

  static RowLayout get(int64_t rowBytes, unsigned lanes);
  /// The lanes that a row keeps busy, as a power of two.
  static unsigned lanesFor(int64_t rowBytes);
};

/// A pooled row: raw words as they go to memory, one value a vector of the lane, and the f32 elements if they were
/// made.
struct PooledRow {
  llvm::SmallVector<Value> raw;
  llvm::SmallVector<Value> elements;
};

class RowReader {
public:
  RowReader(DeviceBuilder &b, DeviceModule &module, KernelFunction &function, plan::KernelOp kernel, unsigned lanes);

  /// Bags of few rows, and single rows, of one sample (i64) by one group, all loads before all arithmetic.
  llvm::SmallVector<PooledRow> readTogether(llvm::ArrayRef<const RowPiece *> pieces, Value sample);
  /// One bag: the groups of a warp take every `groups`-th row each and end up with the same sums;
  /// `groups` is 1 when each group reads for a sample of its own. `unroll` rows of a group are in flight.
  PooledRow readBag(const RowPiece &piece, Value sample, unsigned groups, unsigned unroll);
  /// A bag that may have any length, by each group for a sample of its own: the first rows of its bag alone, and what
  /// is left of long bags by all groups together, one bag after another. All lanes of the warp take part; where not
  /// `active` the bag is empty.
  PooledRow readUnevenBag(const RowPiece &piece, Value sample, Value active, unsigned unroll);
  /// Writes a row to the targets of a piece where `active` (i1).
  void writeRow(const RowPiece &piece, const PooledRow &row, Value sample, Value active);
  /// Copies a piece of an input to its targets.
  void copyPiece(const RowPiece &piece, Value sample, Value active);

  /// The address of the row of an id, of zeros where the id is bad or padding. Remembers bad ids for reportBad().
  Value rowAddress(const RowPiece &piece, Value id, Value position, Value *counts = nullptr, Value valid = {});
  Value loadId(const RowPiece &piece, Value position);
  /// Reports what rowAddress() found since the last call; one branch when all is well.
  void reportBad();
  RowLayout layoutOf(const RowPiece &piece) const { return RowLayout::get(piece.rowBytes(), lanes); }
  /// At least 16 zero bytes more than the longest row. In every encoding they are a row of zeros.
  Value zeroRow() const { return zeros; }
  Value laneInGroup() const { return lane; }
  /// Where an output's row begins.
  Value outputRow(unsigned operand, Value sample);
  void storeRaw(Value raw, unsigned bytes, Value pointer, unsigned alignment);

private:
  Value isAligned(unsigned operand, unsigned alignment);
  llvm::SmallVector<Value> loadRow(const RowPiece &piece, Value address);
  Value positionOf(const RowPiece &piece, Value sample, int64_t entry);
  PooledRow packRow(const RowPiece &piece, llvm::ArrayRef<Value> elements);
  PooledRow finish(const RowPiece &piece, llvm::ArrayRef<Value> sums, Value counted);
  Value pool(const RowPiece &piece, Value sofar, Value element, Value counts, Value weight);
  llvm::SmallVector<Value> poolStart(const RowPiece &piece);
  /// The f32 elements of a lane's part of a row: of what loadRow() gave, and of a row as it is written.
  llvm::SmallVector<Value> decodeRow(const RowPiece &piece, llvm::ArrayRef<Value> loaded);
  llvm::SmallVector<Value> unpackRow(const RowPiece &piece, llvm::ArrayRef<Value> raw);
  /// Of a bag, i64: where its ids begin, how many they are, and where its weights begin.
  struct Bounds {
    Value begin, count, weightBegin;
  };
  Bounds bagBounds(const RowPiece &piece, Value sample);
  /// The rows [from, to) of a bag, i64.
  struct BagRange {
    Bounds bag;
    Value from, to;
  };
  llvm::SmallVector<Value> addRows(const RowPiece &piece, const BagRange &range, unsigned groups, unsigned unroll,
                                   mlir::ValueRange state);
  void combineGroups(const RowPiece &piece, unsigned groups, llvm::SmallVectorImpl<Value> &state);

  struct BadId {
    Value isBad, position, id;
    unsigned table;
  };

  DeviceBuilder &b;
  DeviceModule &module;
  KernelFunction &function;
  plan::KernelOp kernel;
  unsigned lanes;
  Value lane, zeros;
  llvm::SmallVector<BadId> badIds;
  llvm::DenseMap<std::pair<unsigned, unsigned>, Value> alignedBases;
};

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_ROWREADER_H
