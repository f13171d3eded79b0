//===- MemoryBuilder.h - Sizes, addresses and loops of a kernel --------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// What every kernel is made of, whatever the device: sizes in named dimensions, memory with strides, loads and stores
// in storage types, loops. A device says how its threads share the elements of a loop nest.
//
//===----------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_LOOPS_MEMORYBUILDER_H
#define RECKON_LIB_CODEGEN_LOOPS_MEMORYBUILDER_H

#include "dialects/Plan/Plan.h"
#include "dialects/Rec/Rec.h"
#include "dialects/Rec/Shape.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/DenseMap.h"

namespace reckon::loops {

using mlir::Value;

/// Where a tensor's elements are: address of the element at index zero, and the distance in elements between
/// neighbours of each dimension.
struct StridedView {
  Value base;
  llvm::SmallVector<Value> strides; ///< i64 values, constants where static
  mlir::Type elementType;           ///< as in the tensor type: f32, i1, ui8, ...
};

/// The number of a constant integer.
std::optional<int64_t> asConstant(Value value);

class MemoryBuilder {
public:
  explicit MemoryBuilder(plan::KernelOp kernel) : kernel(kernel), b(kernel.getLoc(), kernel.getContext()) {}
  virtual ~MemoryBuilder() = default;

  /// Bytes of scratch that one row or loop needs, known after emission: an expression in named dimensions.
  SizeExpr scratchBytes() const { return scratchSize; }

protected:
  using Index = llvm::ArrayRef<Value>;

  //===--- Integers ---===//
  Value constantIndex(int64_t value);
  Value constantFloat(mlir::Type type, double value);
  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value size(const SizeExpr &expr);
  llvm::SmallVector<Value> sizes(Value tensor);
  Value linearIndex(Index index, llvm::ArrayRef<Value> extents);
  virtual llvm::SmallVector<Value> unflatten(Value linear, llvm::ArrayRef<Value> extents);

  //===--- Memory ---===//
  Value alignedScratch(const SizeExpr &bytes);
  Value pointer(const StridedView &place, Index index);
  Value offsetPointer(Value base, Value elements, mlir::Type elementType);
  Value load(const StridedView &place, Index index);
  void store(Value element, const StridedView &place, Index index);
  Value loadRaw(Value pointer, mlir::Type elementType);
  virtual void storeRaw(Value element, Value pointer, mlir::Type elementType);
  /// Dense row-major strides of a shape; `oneRow` makes the leading one zero.
  llvm::SmallVector<Value> denseStrides(llvm::ArrayRef<SizeExpr> shape, bool oneRow);
  /// A vector along dimension `dim` of a place, the other dimensions fixed at `index`.
  StridedView vectorAt(const StridedView &place, Index index, unsigned dim);
  /// The address of constant bytes, usable in the whole kernel.
  virtual Value constantBytes(llvm::ArrayRef<char> bytes) = 0;

  //===--- Control flow ---===//
  using Body = llvm::function_ref<void(Value)>;
  using LoopBody = llvm::function_ref<void(Index)>;
  using Accumulate = llvm::function_ref<llvm::SmallVector<Value>(Value, mlir::ValueRange)>;
  void loop(Value begin, Value end, Body body, int64_t step = 1);
  llvm::SmallVector<Value> reduceLoop(Value begin, Value end, mlir::ValueRange init, Accumulate body, int64_t step = 1);
  void ifThen(Value condition, llvm::function_ref<void()> then);
  llvm::SmallVector<Value> ifElse(Value condition, llvm::function_ref<llvm::SmallVector<Value>()> then,
                                  llvm::function_ref<llvm::SmallVector<Value>()> otherwise);
  /// One loop an extent, in order.
  void sequentialNest(llvm::ArrayRef<Value> extents, LoopBody body);

  //===--- What threads share ---===//
  /// Runs `body` at every index, in any order and on any thread. Here: one loop an extent.
  virtual void parallelFor(llvm::ArrayRef<Value> extents, LoopBody body);
  /// As parallelFor(), where no index reads or writes what another one writes: one thread may take several together.
  virtual void overElements(llvm::ArrayRef<Value> extents, LoopBody body) { parallelFor(extents, body); }
  /// As parallelFor(), but several threads may take part in one index, and share the reductions and loops in its body.
  /// `fold` are the extents of these where neighbours in them are neighbours in memory, or else none.
  virtual void nestShared(llvm::ArrayRef<Value> extents, llvm::ArrayRef<Value> fold, LoopBody body) {
    parallelFor(extents, body);
  }
  /// The reduction of `term` over all indices, from the identity of `kind`. All threads that get here get the result.
  using Term = llvm::function_ref<Value(Index)>;
  virtual Value reduceOver(llvm::ArrayRef<Value> extents, rec::ReduceKind kind, mlir::Type elementType, Term term);
  /// Runs `body` on one thread.
  virtual void onOneThread(llvm::function_ref<void()> body) { body(); }
  /// After it, what any thread wrote before is seen by all.
  virtual void barrier() {}
  /// Whether folding loops go outside, accumulating whole vectors of results in memory, or inside, in registers.
  virtual bool accumulatesInMemory() const { return true; }

  plan::KernelOp kernel;
  mlir::ImplicitLocOpBuilder b;

  llvm::SmallVector<Value> dimValues; ///< i64, one per kernel dimension
  Value scratchPointer;
  SizeExpr scratchSize;
  /// Sizes and scratch addresses go before it, so that they dominate every use; null in functions that kernels share.
  mlir::Operation *entry = nullptr;
  std::vector<std::pair<SizeExpr, Value>> sizeCache;
  llvm::DenseMap<int64_t, Value> constants;
};

} // namespace reckon::loops

#endif // RECKON_LIB_CODEGEN_LOOPS_MEMORYBUILDER_H
