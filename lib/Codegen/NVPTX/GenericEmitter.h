//===- GenericEmitter.h - Any kernel as loops that threads share -------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// The layers of lib/Codegen/Loops on a GPU. A group of threads (one, a warp or a block) takes a row; the elements of
// every loop nest are spread over the group, with a barrier after each placed value. Folds into one element go through
// shuffles, several of them side by side in a warp. Products are tiles of a warp's tensor cores or of a thread's
// registers. What must run in order runs on the group's first thread.
//
//===----------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_GENERICEMITTER_H
#define RECKON_LIB_CODEGEN_NVPTX_GENERICEMITTER_H

#include "lib/Codegen/Loops/LayerEmitter.h"
#include "lib/Codegen/NVPTX/Emitters.h"
#include "lib/Codegen/NVPTX/WarpMatrix.h"
#include "lib/Tiling/Attention.h"

namespace reckon::nvptx {

/// How threads are put to work.
enum class Shape {
  Rows,  ///< a group a row
  Block, ///< no rows: one block
  Grid,  ///< rows do not matter, and no thread reads what another wrote: all threads of the grid
  Tiles, ///< nothing but a transpose and layers of single elements: a block a tile
};

class GenericEmitter : public loops::LayerEmitter {
public:
  /// Static shared memory that folds may take.
  static constexpr unsigned sharedOfFolds = 256;
  /// Elements of a line that a warp has in registers, at most.
  static constexpr int64_t lineOfWarp = 1024;

  /// `threads` of a block; 0: as many as rows want.
  GenericEmitter(plan::KernelOp kernel, DeviceModule &module, Shape shape, unsigned threads = 0);

  /// Emits the function. Success does not mean that it is right in the shape: see fits().
  mlir::FailureOr<LaunchPlan> emit();
  /// Whether what was emitted needs no more synchronisation than its shape has.
  bool fits() const { return (shape != Shape::Grid && shape != Shape::Tiles) || !needsOrder; }
  /// The transpose that moves the last dimension in a kernel of Shape::Tiles; null: it is none.
  static rec::TransposeOp findTransposed(plan::KernelOp kernel);
  void erase() { function.function.erase(); }

protected:
  using StridedView = loops::StridedView;

  llvm::StringRef deviceName() const override { return "device"; }
  bool accumulatesInMemory() const override { return false; }
  Value constantBytes(llvm::ArrayRef<char> bytes) override;
  void report(int code, Value operandIndex, Value position, Value id) override;
  void storeRaw(Value element, Value pointer, mlir::Type elementType) override;
  void parallelFor(llvm::ArrayRef<Value> extents, LoopBody body) override;
  void nestShared(llvm::ArrayRef<Value> extents, llvm::ArrayRef<Value> fold, LoopBody body) override;
  Value reduceOver(llvm::ArrayRef<Value> extents, rec::ReduceKind kind, mlir::Type elementType, Term term) override;
  void onOneThread(llvm::function_ref<void()> body) override;
  void barrier() override;
  mlir::LogicalResult emitLayer(mlir::Operation *op) override;
  void fill(Value tensor, bool oneRow, const StridedView &place, ElementAt elementAt) override;
  bool computesThroughReshapes() const override { return true; }

  void noteRead(Value tensor) override;
  //===--- Single elements (GenericFills.cpp) ---===//
  mlir::LogicalResult emitConcat(rec::ConcatOp op) override;
  bool isWrittenWhole(rec::ConcatOp op, const StridedView &place);
  void writeWhole(rec::ConcatOp op, const StridedView &place);
  unsigned chooseVector(llvm::ArrayRef<Value> extents, const StridedView &place);
  struct SameIndex;
  void findSameIndex(SameIndex &search, Value value, bool isSame);
  struct Vectors;
  Vectors chooseVectors(Value tensor, const StridedView &place);
  Value areAligned(const Vectors &vectors, const StridedView &place);
  void fillByGrid(Value tensor, llvm::ArrayRef<Value> extents, const StridedView &place, ElementAt elementAt);
  void fillTogether(llvm::ArrayRef<Value> extents, Value begin, unsigned together, const StridedView &place,
                    ElementAt elementAt);

  mlir::LogicalResult emitTransposed(rec::TransposeOp op); // GenericTransposes.cpp

  //===--- Folds, and lines in registers (GenericFolds.cpp) ---===//
  mlir::LogicalResult emitArgReduce(rec::ArgReduceOp op) override;
  mlir::LogicalResult emitSoftmax(rec::SoftmaxOp op) override;
  mlir::LogicalResult emitLayerNorm(rec::LayerNormOp op) override;
  struct Epilogue;
  struct Line;
  using LineBody = llvm::function_ref<void(const Line &)>;
  bool overLines(Value x, Value result, unsigned axis, LineBody body);
  llvm::SmallVector<Value> lineElements(const Line &line, Value x);
  Value foldLine(const Line &line, rec::ReduceKind kind, llvm::ArrayRef<Value> elements, mlir::Type elementType);
  void finishLine(const Line &line, llvm::ArrayRef<Value> elements);

  mlir::LogicalResult emitCumSum(rec::CumSumOp op) override; // GenericScans.cpp
  void scanShortLines(rec::CumSumOp op, int64_t length, const StridedView &place);
  /// A line by all threads of a block.
  void scanLine(rec::CumSumOp op, const StridedView &place, llvm::SmallVector<Value> index);
  mlir::LogicalResult emitEmbedding(rec::EmbeddingOp op) override; // GenericLookups.cpp
  struct RowPiece;
  /// The piece of a row at a position among those of all ids; loads its id.
  RowPiece findPiece(rec::EmbeddingOp op, const loops::LookupTable &table, Value position,
                     llvm::ArrayRef<Value> extents, unsigned count);
  /// With `zeros`, what a bad id reads, bytes go from the table to the result as they are.
  void loadPiece(const loops::LookupTable &table, RowPiece &piece, Value zeros, unsigned count);
  void storePiece(const loops::LookupTable &table, const RowPiece &piece, const StridedView &place, Index extents,
                  bool isRaw, unsigned count);
  mlir::LogicalResult emitTopK(rec::TopKOp op) override; // GenericOrders.cpp
  bool countsOrder(rec::TopKOp op) const;

  bool updatesTogether(rec::ReduceKind kind, mlir::Type elementType) const override;
  void update(rec::ReduceKind kind, Value element, const StridedView &place, Index at, bool together) override;
  void overUpdates(llvm::ArrayRef<Value> extents, const llvm::SmallBitVector &apart, LoopBody body) override;

  //===--- Products (GenericProducts.cpp) ---===//
  mlir::LogicalResult emitMatmul(rec::MatmulOp op) override;
  /// An operand as a matrix with leading dimensions: rows, or for a right one columns, before the inner dimension.
  struct ProductSide {
    StridedView place;
    rec::Shape shape;
    llvm::SmallVector<Value> extents;

    Value rows() const { return extents[extents.size() - 2]; }
    Value inner() const { return extents.back(); }
  };
  ProductSide getSide(Value operand, bool isRight, bool isTransposed);
  /// The matrix at an index of the product's leading dimensions.
  StridedMatrix matrixAt(const ProductSide &side, Index leading);
  /// Layers behind a product that take its elements one by one, out of registers.
  struct Epilogue {
    Value product;
    Value rows, columns; ///< of each of its matrices
    llvm::SmallVector<mlir::Operation *> layers;
    StridedView place;    ///< of the last one's result
    bool keepsNeighbours; ///< of the product's last dimension, in memory
  };
  Epilogue takeEpilogue(Value product, Value rows, Value columns);
  bool isAvailable(Value tensor);
  /// Stores elements that follow each other along the product's last dimension.
  void finish(const Epilogue &epilogue, Index first, llvm::ArrayRef<Value> elements);
  void storeNeighbours(const Epilogue &epilogue, llvm::ArrayRef<llvm::SmallVector<Value>> indices,
                       llvm::ArrayRef<Value> elements);
  void storeAligned(const Epilogue &epilogue, llvm::function_ref<void(const Epilogue &)> body);
  /// Spreads tiles of a product's leading dimensions and rows and columns over the warps of the group.
  using TileBody = llvm::function_ref<void(Index leading, Value firstRow, Value firstColumn)>;
  void overWarpTiles(llvm::ArrayRef<Value> leading, Value rows, Value columns, unsigned tileRows, unsigned tileColumns,
                     TileBody body);
  void finishTile(const Epilogue &epilogue, Index leading, const WarpOperand &x, const WarpOperand &y,
                  const WarpSums &sums);
  /// The leading extents of a product, of one row alone in a row kernel.
  llvm::SmallVector<Value> leadingExtents(rec::MatmulOp op);
  void emitWarpProduct(rec::MatmulOp op, const ProductSide &x, const ProductSide &y);
  void emitThreadProduct(rec::MatmulOp op, const ProductSide &x, const ProductSide &y);
  /// Rows of two matrices that a thread multiplies, and the sums of their products along the inner dimension.
  struct ThreadTile {
    StridedMatrix left, right;
    llvm::SmallVector<Value> rows, columns;
  };
  llvm::SmallVector<Value> clampedRows(const StridedMatrix &matrix, Value tile, int64_t count);
  llvm::SmallVector<Value> multiplyTile(const ThreadTile &tile);
  void emitAttention(const tiling::Attention &attention);
  /// The running maxima and sums of two rows of weights, and the sums of values, of one tile of queries.
  struct Softmax {
    Values greatest, sum;
    WarpSums values;
  };
  struct WarpAttention;
  Softmax addKeys(const WarpAttention &tile, const Softmax &before, Value firstKey, bool isWhole);
  /// The index of an element of a product's result: rank-1 operands have no rows or columns.
  llvm::SmallVector<Value> productIndex(rec::MatmulOp op, Index leading, Value r, Value c);

  /// Whether code here runs on all threads of a group, which can share it.
  /// Whether the rows of the product, which has no others, are those of the kernel: then it has one here, and no tile.
  bool isOneRow(rec::MatmulOp op) const;
  bool canShare() const { return groupThreads > 1 && !alone; }
  /// Whether threads here are those of the grid, which have no barrier.
  bool isSpread() const { return shape == Shape::Grid && !isNarrowed; }
  /// How many threads share one index of a nest.
  unsigned chooseWidth(std::optional<int64_t> count, llvm::ArrayRef<Value> fold);
  /// Whether all threads of the group take one index of a nest after another, of which each wants `width` of them.
  bool takesInTurn(std::optional<int64_t> count, unsigned width) const;
  void nestByParts(llvm::ArrayRef<Value> extents, unsigned width, LoopBody body);
  std::optional<int64_t> countOf(llvm::ArrayRef<Value> extents);
  Value isFirst();
  llvm::SmallVector<Value> unflatten(Value linear, llvm::ArrayRef<Value> extents) override;
  Value combine(rec::ReduceKind kind, Value value, mlir::Type elementType);
  void placeScratch(mlir::Operation *placeholder);
  void planGrid();

  DeviceModule &module;
  Shape shape;
  KernelFunction function;
  unsigned blockThreads, groupThreads;
  Value lane;  ///< of the group, i64
  Value lanes; ///< of the group, i64
  Value group; ///< of the grid, i64
  /// Inside a shared nest: each thread is at an element of its own.
  bool alone = false;
  bool isNarrowed = false;       ///< inside a nest whose indices a part of a warp shares
  Value members;                 ///< the lanes of this part, i32
  unsigned perThread = UINT_MAX; ///< the fewest elements that a thread of the grid stores at a time
  bool needsOrder = false;
  bool readsWritten = false; ///< of what the kernel has written itself
  rec::TransposeOp transposed;
  LaunchPlan launch;
  unsigned barriers = 0;
  Value partials; ///< shared memory of combine()
  /// What is computed where its one reader is.
  llvm::DenseMap<mlir::Operation *, tiling::Attention> attentions;
  llvm::DenseSet<mlir::Operation *> deferred, finished;
};

/// The emitter that takes every kernel.
EmitResult emitGeneric(plan::KernelOp kernel, DeviceModule &module);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_GENERICEMITTER_H
