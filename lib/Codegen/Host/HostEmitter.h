//===- HostEmitter.h - From a plan.kernel to a host function -----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// One emitter turns the body of one plan.kernel into a function of scf loops, scalar and vector arithmetic, and loads
// and stores through raw pointers. The layers are those of lib/Codegen/Loops; here is what a CPU does better: tiles of
// packed weights, whole vectors of table rows, triangles and top-k candidates.
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_HOST_HOSTEMITTER_H
#define RECKON_LIB_CODEGEN_HOST_HOSTEMITTER_H

#include "lib/Codegen/Host/Target.h"
#include "lib/Codegen/Loops/LayerEmitter.h"
#include "lib/Codegen/Loops/Triangle.h"

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace reckon::host {

using mlir::Value;

/// Emits functions into `module`. Helpers shared by kernels (GEMM tiles, error reporting) are emitted once a module.
class HostEmitter : public loops::LayerEmitter {
public:
  HostEmitter(mlir::ModuleOp module, plan::KernelOp kernel, const Target &target)
      : LayerEmitter(kernel), module(module), target(target) {}

  /// Emits the kernel under its own name with the ABI of reckon/Runtime/KernelABI.h. On failure a diagnostic names the
  /// layer that has no host code.
  mlir::LogicalResult emit();

private:
  friend class ContractionTiles;
  friend class BlockRecurrence;
  using StridedView = loops::StridedView;
  using LookupTable = loops::LookupTable;
  using LookupBag = loops::LookupBag;

  //===--- Skeleton (HostEmitter.cpp) ---===//
  llvm::StringRef deviceName() const override { return "host"; }
  void emitPrologue();
  mlir::LogicalResult emitRows();
  mlir::func::FuncOp getReportFunction();
  void report(int code, Value operandIndex, Value position, Value id) override;
  Value constantBytes(llvm::ArrayRef<char> bytes) override;
  void fill(Value tensor, bool oneRow, const StridedView &place, ElementAt elementAt) override;
  bool isFlat(Value value, llvm::ArrayRef<SizeExpr> inner);
  bool isDenseOver(const StridedView &place, llvm::ArrayRef<SizeExpr> inner);
  void overElements(llvm::ArrayRef<Value> extents, LoopBody body) override;
  Value reduceOver(llvm::ArrayRef<Value> extents, rec::ReduceKind kind, mlir::Type elementType, Term term) override;

  //===--- Lookups (Lookup.cpp) ---===//
  void finishBag(const LookupTable &table, rec::PoolMode mode, llvm::SmallVectorImpl<Value> &total);
  void emitBagRow(const LookupTable &table, const LookupBag &bag, Value out) override;
  void beforeMultiLookup(rec::MultiLookupOp op, llvm::ArrayRef<LookupTable> tables, Value r, IdAt idAt) override;
  void prefetchRow(const LookupTable &table, Value id);
  /// Elements [begin, begin + width) of a row.
  using Part = std::pair<int64_t, int64_t>;
  llvm::SmallVector<Value> decodeRow(const LookupTable &table, Value row, llvm::ArrayRef<Part> parts);

  //===--- Interaction.cpp, Recurrent.cpp, Reductions.cpp, Softmax.cpp, TopK.cpp ---===//
  mlir::LogicalResult emitReduce(rec::ReduceOp op) override;
  void overLanes(Value extent, int64_t lanes, llvm::function_ref<void(Value, int64_t, Value)> body);
  rec::RecurrenceOp findBlockRecurrence();
  mlir::LogicalResult emitRecurrentKernel(rec::RecurrenceOp op);
  mlir::LogicalResult emitSoftmax(rec::SoftmaxOp op) override;
  void emitSoftmaxAlong(rec::SoftmaxOp op, const StridedView &from, const StridedView &place);
  void emitSoftmaxAcross(rec::SoftmaxOp op, const StridedView &from, const StridedView &place);
  mlir::LogicalResult emitDotInteraction(rec::DotInteractionOp op) override;
  void storePairs(const loops::TriangleRow &row, int64_t column, Value r, Value sum, const StridedView &to);
  Value filterTopK(rec::TopKOp op, const StridedView &from, const StridedView &values, const StridedView &indices,
                   Value extent) override;
  void scanTopK(rec::TopKOp op, const StridedView &from, Value begin, Value end, Value worst,
                Consider consider) override;
  Value emitFilteredTopK(const StridedView &from, const StridedView &values, const StridedView &indices, Value extent,
                         int64_t k, bool smallest);

  Value findReachedBound(const StridedView &from, Value extent, int64_t k, bool smallest);
  Value collectReaching(const StridedView &from, Value extent, Value bound, bool smallest,
                        llvm::function_ref<Value(Value, Value)> append);

  //===--- Top-k of many (SortTopK.cpp) ---===//
  /// As filterTopK().
  Value sortTopK(rec::TopKOp op, const StridedView &from, const StridedView &values, const StridedView &indices);
  void emitSortedTopK(const StridedView &from, const StridedView &values, const StridedView &indices,
                      const SizeExpr &size, Value k, bool smallest);
  /// Keys and the indices that they belong to.
  struct SortRun {
    StridedView keys, indices;
  };
  void emitSort(llvm::MutableArrayRef<SortRun> runs, const StridedView &starts, Value extent);
  Value emitSampledCandidates(const StridedView &from, llvm::MutableArrayRef<SortRun> runs, const StridedView &starts,
                              Value extent, Value k, bool smallest);
  Value emitCandidates(const StridedView &from, const SortRun &to, Value extent, Value k, bool smallest);
  void emitSortPass(const SortRun &from, const SortRun &to, const StridedView &starts, Value extent, unsigned shift);

  //===--- Products (Gemm.cpp, PackedLinear.cpp, ContractionTiles.cpp) ---===//
  struct GemmStage;
  /// Rows [begin, end), and `columns` columns from the first of a panel on, which is `column`.
  struct TileRange {
    Value begin, end, panel, column, columns;
  };
  mlir::SmallVector<GemmStage, 2> findGemmStages(Value &x);
  mlir::LogicalResult emitGemm();
  mlir::LogicalResult emitUntiled();
  void emitGemmStage(GemmStage &stage, Value begin, Value end, Value panelBegin, Value panelEnd);
  /// Cuts rows into those of tile functions.
  void overTileRows(Value begin, Value end, llvm::function_ref<void(Value at, unsigned rows)> body);
  void emitTiles(GemmStage &stage, const TileRange &range, unsigned vectors, const StridedView &out);
  void emitEpilogue(GemmStage &stage, Value begin, Value end, Value column, Value columns, const StridedView &tile);
  void emitColumns(GemmStage &stage, Value begin, Value end);
  Value widened(Value base, mlir::Type type, Value scratch, Value count);
  mlir::func::FuncOp getTileFunction(unsigned rows, unsigned vectors, bool hasBias, bool relu, mlir::Type weightType);
  void emitContraction(const loops::Contraction &contraction) override;
  void emitLinearContraction(rec::LinearOp op, const loops::Contraction &contraction) override;

  mlir::ModuleOp module;
  const Target &target;
  Value rowBegin, rowEnd, columnBegin, columnEnd; ///< i64
  Value statusPointer;
  unsigned globalCount = 0;
  /// Whether reductions may be unrolled, which leaves the loop around them to LLVM's vectoriser.
  bool unrollsReductions = false;
};

} // namespace reckon::host

#endif // RECKON_LIB_CODEGEN_HOST_HOSTEMITTER_H
