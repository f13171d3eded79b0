//===- TiledAttention.h - Attention with keys in shared memory ---------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_TILEDATTENTION_H
#define RECKON_LIB_CODEGEN_NVPTX_TILEDATTENTION_H

#include "lib/Codegen/NVPTX/GenericEmitter.h"
#include "lib/Tiling/Attention.h"

namespace reckon::nvptx {

/// Emits one attention as a kernel over tiles.
class AttentionEmitter : public GenericEmitter {
public:
  AttentionEmitter(plan::KernelOp kernel, DeviceModule &module, const tiling::Attention &attention,
                   const tiling::AttentionTile &tile)
      : GenericEmitter(kernel, module, Shape::Grid, tile.threads()), attention(attention), tile(tile),
        limits(tiling::findKeyLimits(attention)) {
    deferred.insert_range(attention.layers);
  }

  mlir::FailureOr<LaunchPlan> emitTiles();
  // Known once it is emitted.
  unsigned blocksPerSm() const;
  /// Whether what was emitted is right with threads that do nothing but copy.
  bool fitsRoles() const {
    return !tile.copyWarps || (!greatestExcluded() && !queryTile.isTurned && !keyTile.isTurned);
  }
  unsigned sharedBytes() const {
    return bytesOf(queryTile) + tile.stages * (bytesOf(keyTile) + bytesOf(valueTile)) + tile.barrierBytes();
  }

private:
  static constexpr unsigned chunkElements = 8; ///< of 16 bytes
  static constexpr unsigned innerStep = 16;    ///< of the inner dimension, in one product of tensor cores

  mlir::LogicalResult emitLayer(mlir::Operation *op) override;
  mlir::LogicalResult emitMatmul(rec::MatmulOp op) override;

  /// What a thread carries over the keys: of each row of the accumulators the greatest score and the sum of the
  /// weights, where softmax makes these, and the sums of values.
  struct State {
    Values greatest, sum;
    WarpSums values;
  };
  State start(DeviceBuilder &p);
  Values pack(const State &state);
  State unpack(mlir::ValueRange flat);

  void placeBlock(DeviceBuilder &p, Value matrices, Value keys);
  llvm::SmallVector<Value> loadBounds(DeviceBuilder &p);
  Value keysOf(llvm::ArrayRef<Value> bounds, Value upper, Value lower);
  std::optional<double> greatestExcluded() const;
  /// A part of a matrix in shared memory, `rows` by `inner`; the rows there are the matrix's, or what is contiguous.
  struct SharedTile {
    unsigned rows = 0, inner = 0;
    bool isTurned = false;

    unsigned height() const { return isTurned ? inner : rows; }
    unsigned width() const { return isTurned ? rows : inner; }
  };
  unsigned bytesOf(const SharedTile &shared) const { return tile.tileBytes(shared.height(), shared.width()); }
  Value offsetOf(DeviceBuilder &p, const SharedTile &in, Value row, Value column);
  SharedTile shareOf(const StridedMatrix &matrix, unsigned rows, unsigned inner);
  void copyTile(DeviceBuilder &p, const StridedMatrix &from, const SharedTile &to, Value firstRow, Value shared);
  using Origin = std::pair<Value, Value>; ///< row and column, i64
  Value copyThread(DeviceBuilder &p);
  void overVectors(const SharedTile &tileOf, unsigned vector,
                   llvm::function_ref<void(Value row, Value column, unsigned firstRow)> body);
  void copyWhole(const StridedMatrix &from, const SharedTile &to, Origin origin, Value shared, unsigned vector);
  void copyPart(const StridedMatrix &from, const SharedTile &to, Origin origin, Value shared, unsigned vector);
  void copyElements(const StridedMatrix &from, const SharedTile &to, Origin origin, Value shared);
  Value loadBits(DeviceBuilder &p, const StridedMatrix &from, Value row, Value column);
  Values loadRight(DeviceBuilder &p, const SharedTile &from, Value shared, unsigned row, unsigned inner);
  Value keysAt(DeviceBuilder &p, Value step);
  Value valuesAt(DeviceBuilder &p, Value step);
  Value stageOf(DeviceBuilder &p, Value step);
  void copyStep(DeviceBuilder &p, Value step, Value last);
  void startCopies(DeviceBuilder &p, Value begin, Value last);
  void meetCopies(DeviceBuilder &p, unsigned pending = 0);

  void loadQueries(DeviceBuilder &p);
  llvm::SmallVector<WarpOperand::Tile> queryWords(DeviceBuilder &p, unsigned inner);
  Values startScores(DeviceBuilder &p, Value shared);
  WarpSums multiplyKeys(DeviceBuilder &p, Value shared, unsigned first);
  static void approximateFunctions(mlir::LLVM::LLVMFuncOp function);
  std::pair<Value, double> splitFactor() const;
  void findOperands();
  struct ScorePlace {
    unsigned rowTile, columnTile, sum;
  };
  using ScoreBody = llvm::function_ref<void(ScorePlace place, Value column, Index index)>;
  void overScores(DeviceBuilder &p, Value firstKey, bool isMasked, ScoreBody body);
  llvm::SmallVector<Values> loadOperands(DeviceBuilder &p, Value firstKey, bool isMasked);
  void applyLayers(DeviceBuilder &p, WarpSums &scores, Value firstKey, bool isMasked, llvm::ArrayRef<Values> loaded);
  Values weigh(DeviceBuilder &p, WarpSums &scores, State &state);
  void rescale(llvm::ArrayRef<Value> scales, State &state);
  Values startProduct(DeviceBuilder &p, const SharedTile &from, Value shared, unsigned inner,
                      llvm::ArrayRef<llvm::SmallVector<WarpOperand::Tile>> left, llvm::ArrayRef<Values> sums);
  llvm::SmallVector<llvm::SmallVector<WarpOperand::Tile>> packWeights(DeviceBuilder &p, const WarpSums &weights);
  static llvm::SmallVector<llvm::SmallVector<WarpOperand::Tile>> unpackWeights(llvm::ArrayRef<Value> words);
  SharedTile valueColumns() const;
  /// Four sums of every 8 columns.
  static void spread(llvm::ArrayRef<Value> flat, llvm::MutableArrayRef<Values> sums);
  void addValues(DeviceBuilder &p, const WarpSums &weights, Value shared, unsigned first, State &state);
  /// Which keys of a step a query has.
  enum class Keys {
    Whole,    ///< all
    Some,     ///< those that the mask leaves it
    Excluded, ///< those that were left out before
  };
  State addKeys(DeviceBuilder &p, Value step, const State &before, Keys kind);
  /// Over steps of keys. The copy of the first is under way; the others up to `last` follow.
  State overSteps(Value begin, Value end, Value last, const State &state, Keys kind);
  State overExcluded(DeviceBuilder &p, Value begin, Value end, double excluded, const State &state);
  //===--- Threads that copy and threads that multiply (TiledAttentionRoles.cpp) ---===//
  Value fullAt(DeviceBuilder &p, Value step);
  Value emptyAt(DeviceBuilder &p, Value step);
  Value parityOf(DeviceBuilder &p, Value step);
  void emitRoles(const Epilogue &epilogue, Value whole, Value steps);
  void produce(Value steps);
  void signalStep(DeviceBuilder &p, Value step);
  State consume(Value whole, Value steps);
  State overlapSteps(Value whole, Value end);
  Values overlapStep(Value step, mlir::ValueRange carried, bool isMasked);
  void writeResult(DeviceBuilder &p, const Epilogue &epilogue, State state) {
    normalize(p, state);
    storeRows(p, epilogue, state);
  }

  void normalize(DeviceBuilder &p, State &state);
  void storeRows(DeviceBuilder &p, const Epilogue &epilogue, const State &state);
  void storeRun(const Epilogue &epilogue, Value row, Value column, llvm::ArrayRef<Value> elements);

  tiling::Attention attention;
  tiling::AttentionTile tile;
  llvm::SmallVector<tiling::KeyLimit> limits;
  mlir::Type type;
  llvm::SmallVector<Value> operands; ///< of the layers between the products, which all read at the place of a score

  // Of the block.
  llvm::SmallVector<Value> leading; ///< index of the matrix
  StridedMatrix query, key, value;
  SharedTile queryTile, keyTile, valueTile;
  Value firstQuery;               ///< i64
  Value queryShared, stages;      ///< addresses
  Value lane, quarter, place;     ///< of the warp, i32; lane % 4 and lane / 4
  Value warpRow;                  ///< of the warp's first query in the tile, i32
  llvm::SmallVector<Values> rows; ///< i64, inside the matrix: of each 16 queries two of this thread
  Value endOfWarp;                ///< i64: the limit leaves the warp no key from there on
  llvm::SmallVector<llvm::SmallVector<WarpOperand::Tile>> heldQueries; ///< of every step of the inner dimension
};

/// Takes kernels that are one attention and what its masks are computed from.
EmitResult emitTiledAttention(plan::KernelOp kernel, DeviceModule &module);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_TILEDATTENTION_H
