//===- KernelEmitter.h - From a plan.kernel to loops over memory -------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// One emitter turns the body of one plan.kernel into a function of scf loops, scalar and vector arithmetic, and loads
// and stores through raw pointers.
//
// Every tensor value of the body is either *placed* (it has a Place: an address and strides) or *inline* (computed at
// each use from the elements of its operands). Layers that only move elements of placed values are other views of the
// same memory. In row kernels the loop over rows is outermost and a placed intermediate holds one row only: its leading
// stride is zero.
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_HOST_KERNELEMITTER_H
#define RECKON_LIB_CODEGEN_HOST_KERNELEMITTER_H

#include "dialects/Plan/Plan.h"
#include "dialects/Rec/Rec.h"
#include "dialects/Rec/Shape.h"
#include "lib/Codegen/Host/Target.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

#include <string>

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace reckon::host {

using mlir::Value;

/// Where a tensor's elements are: address of the element at index zero, and the distance in elements between
/// neighbours of each dimension.
struct Place {
  Value base;
  llvm::SmallVector<Value> strides; ///< i64 values, constants where static
  mlir::Type elementType;           ///< as in the tensor type: f32, i1, ui8, ...
};

/// Emits functions into `module`. Helpers shared by kernels (GEMM tiles, error reporting) are emitted once a module.
class KernelEmitter {
public:
  KernelEmitter(mlir::ModuleOp module, plan::KernelOp kernel, const Target &target);

  /// Emits the kernel under its own name with the ABI of reckon/Runtime/KernelABI.h. On failure a diagnostic names the
  /// layer that has no host code.
  mlir::LogicalResult emit();

  /// Bytes of scratch a thread needs, known after emit(): an expression in named dimensions.
  SizeExpr scratchBytes() const { return scratchSize; }

private:
  //===--- Skeleton (KernelEmitter.cpp) ---===//
  void emitPrologue();
  mlir::LogicalResult emitRows();
  mlir::LogicalResult emitBody();
  mlir::LogicalResult emitLayer(mlir::Operation *op);
  void placeOutputs();
  void forwardDestination(Value value);
  /// Whether the leading dimension of a value is the row a row kernel is at.
  bool isRowValue(Value tensor);
  bool isInlined(Value tensor);

  //===--- Values and memory (Memory.cpp) ---===//
  using Index = llvm::ArrayRef<Value>;
  Value constantIndex(int64_t value);
  Value constantFloat(mlir::Type type, double value);
  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value size(const SizeExpr &expr);
  llvm::SmallVector<Value> sizes(Value tensor);
  Value alignedScratch(const SizeExpr &bytes);
  Value pointer(const Place &place, Index index);
  Value offsetPointer(Value base, Value elements, mlir::Type elementType);
  Value load(const Place &place, Index index);
  void store(Value element, const Place &place, Index index);
  Value loadRaw(Value pointer, mlir::Type elementType);
  void storeRaw(Value element, Value pointer, mlir::Type elementType);
  /// Dense row-major strides of a shape; `oneRow` makes the leading one zero.
  llvm::SmallVector<Value> denseStrides(llvm::ArrayRef<SizeExpr> shape, bool oneRow);
  bool isDense(Value tensor, const Place &place);
  Place placeInScratch(Value tensor);
  Place constantPlace(rec::ConstantOp constant);
  std::optional<Place> viewOf(mlir::Operation *op);

  //===--- Control flow (Memory.cpp) ---===//
  using Body = llvm::function_ref<void(Value)>;
  using NestBody = llvm::function_ref<void(Index)>;
  using Accumulate = llvm::function_ref<llvm::SmallVector<Value>(Value, mlir::ValueRange)>;
  void loop(Value begin, Value end, Body body, int64_t step = 1);
  llvm::SmallVector<Value> reduceLoop(Value begin, Value end, mlir::ValueRange init, Accumulate body, int64_t step = 1);
  /// Loops over all dimensions of a tensor; the leading one is the current row when the tensor has rows.
  void nest(Value tensor, NestBody body);
  void nest(Value tensor, bool oneRow, NestBody body);
  void nestOver(llvm::ArrayRef<Value> extents, NestBody body);
  /// Loops over all dimensions of a tensor but `axis`, whose place in the index the body fills in.
  using AxisBody = llvm::function_ref<void(llvm::SmallVectorImpl<Value> &)>;
  void nestAround(Value tensor, int64_t axis, AxisBody body);
  void ifThen(Value condition, llvm::function_ref<void()> then);
  llvm::SmallVector<Value> ifElse(Value condition, llvm::function_ref<llvm::SmallVector<Value>()> then,
                                  llvm::function_ref<llvm::SmallVector<Value>()> otherwise);

  //===--- Elements (Elements.cpp) ---===//
  /// The element of a tensor at an index, from memory or computed; in the type arithmetic is done in.
  Value element(Value tensor, Index index);
  Value inlineElement(mlir::Operation *op, Index index);
  Value gatherElement(mlir::Operation *op, Index index);
  /// An index checked against [-size, size) and wrapped; a bad one is reported and read as 0. Second: whether it is
  /// good.
  std::pair<Value, Value> checkedIndex(Value indices, Index at, Value extent);
  /// `index` reduced to the dimensions of `tensor` by numpy's broadcasting.
  llvm::SmallVector<Value> broadcastIndex(Value tensor, Index index, unsigned resultRank);
  Value linearIndex(Index index, llvm::ArrayRef<Value> extents);
  llvm::SmallVector<Value> unflatten(Value linear, llvm::ArrayRef<Value> extents);
  void report(int code, Value operandIndex, Value position, Value id);

  /// Computes a value into memory now, when it is not there yet.
  const Place &materialize(Value tensor);
  /// Where a value goes: what placeOutputs() or forwardPlace() chose, or scratch.
  Place destination(Value tensor);

  //===--- Layers that need loops of their own ---===//
  mlir::LogicalResult emitReduce(rec::ReduceOp op);
  mlir::LogicalResult emitArgReduce(rec::ArgReduceOp op);
  mlir::LogicalResult emitSoftmax(rec::SoftmaxOp op);
  mlir::LogicalResult emitLayerNorm(rec::LayerNormOp op);
  mlir::LogicalResult emitCumSum(rec::CumSumOp op);
  mlir::LogicalResult emitTopK(rec::TopKOp op);
  Value emitFilteredTopK(const Place &from, const Place &values, const Place &indices, Value extent, int64_t k,
                         bool smallest);
  mlir::LogicalResult emitMatmul(rec::MatmulOp op);
  mlir::LogicalResult emitLinearLoops(rec::LinearOp op);
  llvm::StringRef packingOf(Value weight);
  mlir::LogicalResult emitConv(rec::ConvOp op);
  mlir::LogicalResult emitPoolWindow(rec::PoolWindowOp op);
  mlir::LogicalResult emitScatterNd(rec::ScatterNdOp op);
  mlir::LogicalResult emitScatterElements(rec::ScatterElementsOp op);
  mlir::LogicalResult emitConcat(rec::ConcatOp op);
  mlir::LogicalResult emitFmTerm(rec::FmTermOp op);
  mlir::LogicalResult emitDotInteraction(rec::DotInteractionOp op);
  mlir::LogicalResult emitEmbedding(rec::EmbeddingOp op);
  mlir::LogicalResult emitEmbeddingBag(rec::EmbeddingBagOp op);
  mlir::LogicalResult emitMultiLookup(rec::MultiLookupOp op);

  /// c[j] = init[j] + sum_k a[k] b[k, j] for j in [0, n).
  struct ProductRow {
    Place a, b, c;
    std::optional<Place> init;
    Value n, k;
  };
  void emitProductRow(const ProductRow &product);
  Place vectorAt(const Place &place, Index index, unsigned dim);
  /// A sliding window over the spatial dimensions; `extents` are the input's.
  struct Window {
    llvm::ArrayRef<int64_t> window, strides, pads, dilations;
    llvm::ArrayRef<Value> extents;
  };
  using WindowBody = llvm::function_ref<llvm::SmallVector<Value>(Index, Index, mlir::ValueRange)>;
  llvm::SmallVector<Value> overWindow(const Window &w, Index output, mlir::ValueRange init, WindowBody body);
  void scatterElement(std::optional<rec::ReduceKind> reduction, Value update, const Place &place, Index index,
                      mlir::Type type);

  //===--- Lookups (Lookup.cpp) ---===//
  struct LookupTable;
  struct LookupBag;
  LookupTable lookupTable(Value table, rec::OutOfRange policy);
  void emitBagRow(const LookupTable &table, const LookupBag &bag, Value out);
  void prefetchRow(const LookupTable &table, Value id);

  //===--- GEMM (Gemm.cpp) ---===//
  struct GemmStage;
  mlir::LogicalResult emitGemm();
  mlir::LogicalResult emitUntiled();
  void emitGemmStage(GemmStage &stage, Value begin, Value end, Value panelBegin, Value panelEnd);
  void emitTiles(GemmStage &stage, Value begin, Value end, Value panel, unsigned vectors, Value column, Value columns,
                 const Place &out);
  void emitEpilogue(GemmStage &stage, Value begin, Value end, Value column, Value columns, const Place &tile);
  void emitColumns(GemmStage &stage, Value begin, Value end);
  mlir::func::FuncOp getTileFunction(unsigned rows, unsigned vectors, bool hasBias, bool relu);

  //===--- Functions of a module (KernelEmitter.cpp) ---===//
  mlir::func::FuncOp getReportFunction();
  Value globalConstant(mlir::ElementsAttr value, mlir::Type elementType);

  mlir::InFlightDiagnostic unsupported(mlir::Operation *op, const llvm::Twine &what);

  mlir::ModuleOp module;
  plan::KernelOp kernel;
  const Target &target;
  mlir::ImplicitLocOpBuilder b;

  llvm::SmallVector<Value> dimValues;             ///< i64, one per kernel dimension
  llvm::SmallVector<Value> operandPointers;       ///< inputs, then outputs
  llvm::DenseMap<Value, unsigned> operandIndex;   ///< block argument -> operand
  Value rowBegin, rowEnd, columnBegin, columnEnd; ///< i64
  Value scratchPointer, statusPointer;
  Value row; ///< the current row of a row kernel, null elsewhere
  SizeExpr scratchSize;
  /// Sizes and scratch addresses go before it, so that they dominate every use; null in functions that kernels share.
  mlir::Operation *entry = nullptr;

  llvm::DenseMap<Value, Place> places;       ///< computed already
  llvm::DenseMap<Value, Place> destinations; ///< chosen, not computed yet
  /// Values whose consumer, a reshape or concat, finds them in its own destination already.
  llvm::DenseSet<Value> forwarded;
  /// Outputs that repeat another output, an input or a constant: copied at the end of a row.
  llvm::SmallVector<std::pair<Value, Place>> outputCopies;
  std::vector<std::pair<SizeExpr, Value>> sizeCache;
  llvm::DenseMap<int64_t, Value> constants;
  unsigned globalCount = 0;
};

} // namespace reckon::host

#endif // RECKON_LIB_CODEGEN_HOST_KERNELEMITTER_H
