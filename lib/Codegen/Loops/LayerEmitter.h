//===- LayerEmitter.h - The layers of a kernel as loops over memory ----*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// Every tensor value of a kernel's body is either *placed* (it has a StridedView: an address and strides) or *inline*
// (computed at each use from the elements of its operands). Layers that only move elements of placed values are other
// views of the same memory. In row kernels the loop over rows is outermost and a placed intermediate holds one row
// only: its leading stride is zero.
//
// A device derives from this: it makes the function and the loop over rows, and overrides the layers that it has better
// code for.
//
//===----------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_LOOPS_LAYEREMITTER_H
#define RECKON_LIB_CODEGEN_LOOPS_LAYEREMITTER_H

#include "lib/Codegen/Loops/Contraction.h"
#include "lib/Codegen/Loops/MemoryBuilder.h"
#include "reckon/Engine/RowFormat.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallBitVector.h"

namespace reckon::loops {

/// A table of which rows are read.
struct LookupTable {
  Value base, rows, operand;
  int64_t dim;
  mlir::Type type; ///< of the elements that a lookup gives
  RowFormat format;
  rec::OutOfRange policy;

  int64_t rowBytes() const { return format.rowBytes(dim); }
};

/// `id` and `position` map an entry of the bag to its id and to its place in the id tensor.
struct LookupBag {
  Value count;
  std::function<Value(Value)> id, position, weight;
  rec::PoolMode mode = rec::PoolMode::sum;
  std::optional<int64_t> padding;
  bool isSingle = false; ///< exactly one entry: a plain lookup
};

class LayerEmitter : public MemoryBuilder {
public:
  using MemoryBuilder::MemoryBuilder;

protected:
  //===--- Skeleton (LayerEmitter.cpp) ---===//
  /// Places the inputs at `operandPointers`.
  void placeInputs();
  void placeOutputs();
  /// The layers one after another, for the current row if there is one.
  mlir::LogicalResult emitBody();
  virtual mlir::LogicalResult emitLayer(mlir::Operation *op);
  /// Whether the leading dimension of a value is the row a row kernel is at.
  bool isRowValue(Value tensor);
  bool isInlined(Value tensor);
  /// Whether the value is a constant of one number, however often.
  static bool isSplat(Value tensor);
  mlir::InFlightDiagnostic unsupported(mlir::Operation *op, const llvm::Twine &what);
  /// "host" or "device": whose code it is, for diagnostics.
  virtual llvm::StringRef deviceName() const = 0;

  //===--- Memory of values (LayerEmitter.cpp) ---===//
  bool isDense(Value tensor, const StridedView &place);
  /// Scratch for a tensor, in its own element type or another.
  StridedView placeInScratch(Value tensor, mlir::Type elementType = {});
  /// The result of a layer that only moves elements, as another view of its placed operand's memory. None when the
  /// operand is not in memory or the view has no strides.
  std::optional<StridedView> viewOf(mlir::Operation *op);
  std::optional<StridedView> view(rec::ReshapeOp op, const StridedView &place);
  std::optional<StridedView> reshaped(Value from, Value to, const StridedView &place);
  std::optional<StridedView> view(rec::TransposeOp op, const StridedView &place);
  std::optional<StridedView> view(rec::SliceOp op, const StridedView &place);
  std::optional<StridedView> view(rec::BroadcastOp op, const StridedView &place);
  /// 0 where an extent is 1 at run time, else the value: a stride or an index of what is repeated.
  Value whereNotOne(const SizeExpr &extent, Value value);
  /// Writes what `elementAt` gives for every index of a tensor, of the current row alone when `oneRow`.
  using ElementAt = llvm::function_ref<Value(Index)>;
  virtual void fill(Value tensor, bool oneRow, const StridedView &place, ElementAt elementAt);
  /// Whether elements behind a reshape are computed from the position that they have in it; else it needs memory.
  virtual bool computesThroughReshapes() const { return false; }
  /// The index of `to`, which has the elements of `from` in another shape, that names the element at an index of
  /// `from`.
  llvm::SmallVector<Value> reshapeIndex(Value from, Value to, Index index);
  /// Computes a value into memory now, when it is not there yet.
  const StridedView &materialize(Value tensor);
  /// A value in memory is about to be read.
  virtual void noteRead(Value tensor) {}
  /// Where a value goes: what placeOutputs() or forwardDestination() chose, or scratch.
  StridedView destination(Value tensor);
  /// overElements() of all dimensions of a tensor; the leading one is the current row when the tensor has rows.
  void nest(Value tensor, LoopBody body);
  void nest(Value tensor, bool oneRow, LoopBody body);
  using MemoryBuilder::nestShared;
  void nestShared(Value tensor, llvm::ArrayRef<Value> fold, LoopBody body);
  /// For nests over leading dimensions of a tensor: one row of them when the tensor has rows, and a position in such a
  /// nest with the current row in its place.
  void keepOneRow(Value tensor, llvm::SmallVectorImpl<Value> &extents);
  llvm::SmallVector<Value> inCurrentRow(Value tensor, Index position);
  /// The extents of a nest around an axis: the axis and the row have one.
  llvm::SmallVector<Value> extentsAround(Value tensor, int64_t axis);
  /// Loops over all dimensions of a tensor but `axis`, whose place in the index the body fills in.
  using AxisBody = llvm::function_ref<void(llvm::SmallVectorImpl<Value> &)>;
  void nestAround(Value tensor, int64_t axis, AxisBody body);
  void nestSharedAround(Value tensor, int64_t axis, AxisBody body);
  /// The extent as what nestShared() wants of a fold along one dimension.
  llvm::SmallVector<Value> foldAlong(Value tensor, int64_t axis);
  /// The current row, or every row of a tensor.
  void overRows(Value tensor, Body body);

  //===--- Elements (Elements.cpp) ---===//
  /// The element of a tensor at an index, from memory or computed; in the type arithmetic is done in.
  Value element(Value tensor, Index index);
  Value inlineElement(mlir::Operation *op, Index index);
  /// The element of an operand that numpy's broadcasting puts at an index of the result.
  Value operandElement(Value operand, Index index);
  Value elementOf(rec::UnaryOp op, Index index);
  Value elementOf(rec::BinaryOp op, Index index);
  Value elementOf(rec::CompareOp op, Index index);
  Value elementOf(rec::SelectOp op, Index index);
  Value elementOf(rec::CastOp op, Index index);
  Value elementOf(rec::BroadcastOp op, Index index);
  Value elementOf(rec::TransposeOp op, Index index);
  Value elementOf(rec::SliceOp op, Index index);
  Value elementOf(rec::ReshapeOp op, Index index);
  Value elementOf(rec::IotaOp op, Index index);
  Value elementOf(rec::DimsOp op, Index index);
  Value elementOf(rec::PadOp op, Index index);
  Value elementOf(rec::BatchNormOp op, Index index);
  Value elementOf(rec::GatherOp op, Index index) { return gatherElement(op, index); }
  Value elementOf(rec::GatherElementsOp op, Index index) { return gatherElement(op, index); }
  Value elementOf(rec::GatherNdOp op, Index index) { return gatherElement(op, index); }
  Value gatherElement(mlir::Operation *op, Index index);
  /// An index checked against [-size, size) and wrapped; a bad one is reported and read as 0. Second: whether it is
  /// good.
  std::pair<Value, Value> checkedIndex(Value indices, Index at, Value extent);
  /// `index` reduced to the dimensions of `tensor` by numpy's broadcasting.
  llvm::SmallVector<Value> broadcastIndex(Value tensor, Index index, unsigned resultRank);
  /// Tells a bad id: RECKON_KERNEL_*.
  virtual void report(int code, Value operandIndex, Value position, Value id) = 0;

  //===--- Layers that need loops of their own ---===//
  virtual mlir::LogicalResult emitReduce(rec::ReduceOp op);
  virtual mlir::LogicalResult emitArgReduce(rec::ArgReduceOp op);
  virtual mlir::LogicalResult emitSoftmax(rec::SoftmaxOp op);
  virtual mlir::LogicalResult emitLayerNorm(rec::LayerNormOp op);
  virtual mlir::LogicalResult emitCumSum(rec::CumSumOp op);
  mlir::LogicalResult emitPoolWindow(rec::PoolWindowOp op);
  virtual mlir::LogicalResult emitRecurrence(rec::RecurrenceOp op);
  mlir::LogicalResult emitScatterNd(rec::ScatterNdOp op);
  mlir::LogicalResult emitScatterElements(rec::ScatterElementsOp op);
  virtual mlir::LogicalResult emitConcat(rec::ConcatOp op);
  mlir::LogicalResult emitFmTerm(rec::FmTermOp op);
  virtual mlir::LogicalResult emitDotInteraction(rec::DotInteractionOp op);

  //===--- Scatters (Scatter.cpp) ---===//
  /// Whether threads can combine numbers in one place at the same time, with the same result in any order.
  virtual bool updatesTogether(rec::ReduceKind kind, mlir::Type elementType) const { return false; }
  /// Updates of one place, `together` with other threads or in order.
  virtual void update(rec::ReduceKind kind, Value element, const StridedView &place, Index at, bool together);
  /// Goes over updates, in order where two may go to one place. Updates whose indices differ in one of the dimensions
  /// that keep them `apart` do not.
  virtual void overUpdates(llvm::ArrayRef<Value> extents, const llvm::SmallBitVector &apart, LoopBody body);

  //===--- Products (Contraction.cpp) ---===//
  virtual mlir::LogicalResult emitMatmul(rec::MatmulOp op);
  mlir::LogicalResult emitLinear(rec::LinearOp op);
  mlir::LogicalResult emitConv(rec::ConvOp op);
  /// Computes the result of a contraction, for the current row if there is one. All threads come here.
  virtual void emitContraction(const Contraction &contraction);
  /// That of a linear layer. `contraction.b` is the weight in row-major order.
  virtual void emitLinearContraction(rec::LinearOp op, const Contraction &contraction) { emitContraction(contraction); }
  using MemoryBuilder::pointer;
  Value pointer(const Contraction::Operand &operand, Index index);
  Value isInsideWindows(const Contraction &contraction, Index index);

  //===--- Top-k (TopK.cpp) ---===//
  virtual mlir::LogicalResult emitTopK(rec::TopKOp op);
  /// Whether one element goes before another: strictly greater (less); a NaN before every number but not before a NaN.
  Value isBefore(rec::TopKOp op, Value candidate, Value kept);
  /// A faster way than insertion for a long axis; it says at run time whether it worked. Null: none.
  virtual Value filterTopK(rec::TopKOp op, const StridedView &from, const StridedView &values,
                           const StridedView &indices, Value extent) {
    return {};
  }
  /// Considers the elements [begin, end) in order: `consider` takes a range and the worst element kept, and gives the
  /// worst element then.
  using Consider = llvm::function_ref<Value(Value, Value, Value)>;
  virtual void scanTopK(rec::TopKOp op, const StridedView &from, Value begin, Value end, Value worst,
                        Consider consider) {
    consider(begin, end, worst);
  }

  //===--- Lookups (Lookup.cpp) ---===//
  virtual mlir::LogicalResult emitEmbedding(rec::EmbeddingOp op);
  mlir::LogicalResult emitEmbeddingBag(rec::EmbeddingBagOp op);
  mlir::LogicalResult emitMultiLookup(rec::MultiLookupOp op);
  LookupTable lookupTable(Value table, rec::OutOfRange policy);
  /// The row to read for an id under the table's policy, and whether it is there.
  std::pair<Value, Value> tableRow(const LookupTable &table, Value id);
  /// The address of a row.
  Value rowPointer(const LookupTable &table, Value row);
  /// An element of a row that is there, in the type that arithmetic is done in.
  Value decodeElement(const LookupTable &table, Value row, Value column);
  /// Writes the pooled rows of a bag to `out`. All threads come here with the same bag.
  virtual void emitBagRow(const LookupTable &table, const LookupBag &bag, Value out);
  /// Before the lookups of row `r` of a multi-table lookup; `idAt` gives the id of a sample and column.
  using IdAt = llvm::function_ref<Value(Value, Value)>;
  virtual void beforeMultiLookup(rec::MultiLookupOp op, llvm::ArrayRef<LookupTable> tables, Value r, IdAt idAt) {}

  llvm::SmallVector<Value> operandPointers;        ///< inputs, then outputs
  llvm::DenseMap<Value, unsigned> operandIndex;    ///< block argument -> operand
  Value row;                                       ///< the current row of a row kernel, null elsewhere
  llvm::DenseMap<Value, StridedView> places;       ///< computed already
  llvm::DenseMap<Value, StridedView> destinations; ///< chosen, not computed yet
  llvm::DenseMap<Value, Value> held;               ///< elements in registers, at the index that is being computed
  /// Values whose consumer, a reshape or concat, finds them in its own destination already.
  llvm::DenseSet<Value> forwarded;
  /// Outputs that repeat another output, an input or a constant: copied at the end of a row.
  llvm::SmallVector<std::pair<Value, StridedView>> outputCopies;

private:
  friend class LayerCodes;
  friend class SequenceEmitter;
  void enterRow(Value result, Contraction &contraction);
  void emitContractionElement(const Contraction &contraction, Index result);
  void emitContractionRow(const Contraction &contraction, Index position);
  std::optional<llvm::SmallVector<Value>> reshapeStrides(llvm::ArrayRef<SizeExpr> from, llvm::ArrayRef<Value> strides,
                                                         llvm::ArrayRef<SizeExpr> to);
  bool takesStrides(Value value, const StridedView &place);
  void forwardDestination(Value value);
  StridedView constantView(rec::ConstantOp constant);
  StridedView operandView(unsigned operand, mlir::RankedTensorType type);
  llvm::SmallVector<Value> atRow(Index inner);

  /// A sliding window over the spatial dimensions; `extents` are the input's.
  struct Window {
    llvm::ArrayRef<int64_t> window, strides, pads, dilations;
    llvm::ArrayRef<Value> extents;
  };
  using WindowBody = llvm::function_ref<llvm::SmallVector<Value>(Index, Index, mlir::ValueRange)>;
  llvm::SmallVector<Value> overWindow(const Window &w, Index output, mlir::ValueRange init, WindowBody body);
  /// The element of the result that an update at this index of the loops goes to, and whether there is one.
  using ScatterTarget = llvm::function_ref<std::pair<llvm::SmallVector<Value>, Value>(Index, llvm::ArrayRef<Value>)>;
  template <typename OpT>
  mlir::LogicalResult emitScatter(OpT op, Value over, const llvm::SmallBitVector &apart, ScatterTarget target);
};

} // namespace reckon::loops

#endif // RECKON_LIB_CODEGEN_LOOPS_LAYEREMITTER_H
