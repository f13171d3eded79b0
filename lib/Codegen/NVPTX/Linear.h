//===- Linear.h - Linear layers with an elementwise epilogue ----------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// What all kernels of a linear layer share: what happens to the sums. Each kernel family computes sums of neighbouring
// columns of a row in registers and hands them to LinearEpilogue, which adds the bias, evaluates the epilogue in f32
// and stores up to 16 bytes at once.
//
//===------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_LINEAR_H
#define RECKON_LIB_CODEGEN_NVPTX_LINEAR_H

#include "lib/Codegen/NVPTX/DeviceBuilder.h"
#include "lib/Tiling/LinearLayer.h"

#include "llvm/ADT/DenseMap.h"

namespace reckon::nvptx {

using namespace tiling;

/// Finishes sums; made once a kernel function, with one address (pointer to global memory) an operand.
class LinearEpilogue {
public:
  LinearEpilogue(DeviceBuilder &p, const LinearLayer &layer, llvm::ArrayRef<Value> operands);

  /// What the epilogue reads at some columns of a row, by block argument.
  using Inputs = llvm::DenseMap<Value, Values>;

  /// Bias, epilogue and store for the f32 `sums` of columns column, column + 1, ... of a row. `column` is a multiple of
  /// their number, a power of two; columns from n on are left out. i32 values; the row is inside the matrix.
  void finish(Value row, Value column, llvm::ArrayRef<Value> sums);
  /// The same where all columns are below n. What `inputs` lacks is loaded.
  void finishInside(Value row, Value column, llvm::ArrayRef<Value> sums, const Inputs &inputs);
  /// What finishInside() stores, in the type arithmetic is done in.
  Values evaluate(Value row, Value column, llvm::ArrayRef<Value> sums, const Inputs &inputs);
  /// Whether all that the epilogue reads is constant during a run: it may then be fetched before the wait for other
  /// kernels.
  bool readsOnlyConstants() const;
  /// Loads all that finishInside() of `count` columns will read: many loads can so be under way before the first use.
  Inputs fetch(Value row, Value column, unsigned count);
  /// Fetches for the only finish() that follows, before the sums are known. The row and column may lie outside.
  void preload(Value row, Value column, unsigned count, Value rows);

private:
  Values elementsOf(Value tensor, Value row, Value column, unsigned count);
  /// Bias, and what the layers of the epilogue read besides their own values.
  llvm::SmallVector<mlir::BlockArgument> readArguments() const;

  DeviceBuilder &p;
  const LinearLayer &layer;
  llvm::ArrayRef<Value> operands;
  Inputs computed, preloaded;
};

/// Neighbouring elements in the type arithmetic is done in. `aligned`: the pointer is aligned to their bytes, or to 16.
Values loadRun(DeviceBuilder &p, Value pointer, mlir::Type type, unsigned count, bool aligned);
/// As loadRun(), from memory that no kernel writes: through the read-only cache.
Values loadConstantRun(DeviceBuilder &p, Value pointer, mlir::Type type, unsigned count, bool aligned);
void storeRun(DeviceBuilder &p, llvm::ArrayRef<Value> elements, Value pointer, mlir::Type type, bool aligned);
/// The 32-bit words of 16 bytes of the layer's own type: elements first, first + 1, ... of the row of x at `row`. From
/// k on they are zero, unless `isWhole`, which says that there is no such.
Values loadChunk(DeviceBuilder &p, const LinearLayer &layer, Value row, Value first, bool isWhole);
/// A row of k elements in memory. `aligned` as in loadRun.
struct MatrixRow {
  Value pointer;
  mlir::Type type;
  int64_t k;
  bool aligned;
};
/// Elements first, first + 1, ... of the row, as f32; zero from k on, where memory may hold anything.
Values loadInside(DeviceBuilder &p, const MatrixRow &row, Value first, unsigned count);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_LINEAR_H
