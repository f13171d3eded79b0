//===- GenericEmitter.h - Any kernel as loops that threads share -------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// The layers of lib/Codegen/Loops on a GPU. A group of threads (one, a warp or a block) takes a row; the elements of
// every loop nest are spread over the group, with a barrier after each placed value. Folds into one element go through
// shuffles. What must run in order runs on the group's first thread.
//
//===----------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_GENERICEMITTER_H
#define RECKON_LIB_CODEGEN_NVPTX_GENERICEMITTER_H

#include "lib/Codegen/Loops/LayerEmitter.h"
#include "lib/Codegen/NVPTX/Emitters.h"

namespace reckon::nvptx {

/// How threads are put to work.
enum class Shape {
  Rows,  ///< a group a row
  Block, ///< no rows: one block
  Grid,  ///< rows do not matter, and no thread reads what another wrote: all threads of the grid
};

class GenericEmitter : public loops::LayerEmitter {
public:
  GenericEmitter(plan::KernelOp kernel, DeviceModule &module, Shape shape);

  /// Emits the function. Success does not mean that it is right in the shape: see fits().
  mlir::FailureOr<LaunchPlan> emit();
  /// Whether what was emitted needs no more synchronisation than its shape has.
  bool fits() const { return shape != Shape::Grid || !needsOrder; }
  void erase() { function.function.erase(); }

private:
  using Place = loops::Place;

  llvm::StringRef deviceName() const override { return "device"; }
  bool accumulatesInMemory() const override { return false; }
  Value constantBytes(llvm::ArrayRef<char> bytes) override;
  void report(int code, Value operandIndex, Value position, Value id) override;
  void storeRaw(Value element, Value pointer, mlir::Type elementType) override;
  void nestOver(llvm::ArrayRef<Value> extents, NestBody body) override;
  void nestShared(llvm::ArrayRef<Value> extents, NestBody body) override;
  Value foldOver(llvm::ArrayRef<Value> extents, rec::ReduceKind kind, mlir::Type elementType, Term term) override;
  void onOneThread(llvm::function_ref<void()> body) override;
  void barrier() override;

  /// Whether code here runs on all threads of a group, which can share it.
  bool canShare() const { return groupThreads > 1 && !alone; }
  Value isFirst();
  llvm::SmallVector<Value> indexOf(Value linear, llvm::ArrayRef<Value> extents);
  Value combine(rec::ReduceKind kind, Value value, mlir::Type elementType);
  void placeScratch(mlir::Operation *placeholder);

  DeviceModule &module;
  Shape shape;
  KernelFunction function;
  unsigned blockThreads, groupThreads;
  Value lane;  ///< of the group, i64
  Value lanes; ///< of the group, i64
  Value group; ///< of the grid, i64
  /// Inside a shared nest: each thread is at an element of its own.
  bool alone = false;
  bool needsOrder = false;
  unsigned barriers = 0;
  Value partials; ///< shared memory of combine()
};

/// The emitter that takes every kernel.
EmitResult emitGeneric(plan::KernelOp kernel, DeviceModule &module);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_GENERICEMITTER_H
