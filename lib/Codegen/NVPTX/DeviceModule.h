//===- DeviceModule.h - Kernels of one PTX module ----------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// Functions in the LLVM dialect with the parameters of reckon/Runtime/CudaKernelABI.h, ready for a body over scf,
// arith, math, vector, nvvm and llvm; and what bodies share: thread numbers, barriers, shared memory, constants, the
// report of a bad id.
//
//===----------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_DEVICEMODULE_H
#define RECKON_LIB_CODEGEN_NVPTX_DEVICEMODULE_H

#include "dialects/Plan/Plan.h"
#include "lib/Codegen/NVPTX/KernelPlan.h"
#include "lib/Target/GpuTarget.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringSet.h"

namespace reckon::nvptx {

using mlir::ImplicitLocOpBuilder;
using mlir::Value;

/// LLVM's numbers of NVPTX address spaces.
enum AddressSpace : unsigned { Generic = 0, Global = 1, Shared = 3 };

/// An empty kernel: its parameters by what they are. The body goes before the terminator of the only block.
struct KernelFunction {
  mlir::LLVM::LLVMFuncOp function;
  llvm::SmallVector<Value> operands;   ///< !llvm.ptr<1>: the plan kernel's inputs (read only), then its outputs
  llvm::SmallVector<Value> tensorMaps; ///< !llvm.ptr: in parameter memory
  llvm::SmallVector<Value> dims;       ///< i64, as plan.kernel's `dims`
  Value rows;                          ///< i64, of the chain
  Value scratch;                       ///< !llvm.ptr<1>, of the whole grid
  Value status;                        ///< !llvm.ptr<1>, a ReckonKernelStatus
  bool usesPdl = false;                ///< before the kernels that it waits for have ended
  mlir::Operation *wait = nullptr;     ///< for these, at the start; null when it stands elsewhere

  std::string getName() const { return llvm::StringRef(mlir::LLVM::LLVMFuncOp(function).getName()).str(); }
  /// Lets ptxas take as many registers as one block a multiprocessor may have, for kernels that want many loads under
  /// way more than many blocks. By itself it takes few, and then waits for one load before the next.
  void takeAllRegisters();
  /// A builder at the end of the kernel, before its return.
  ImplicitLocOpBuilder getBuilder();
  /// Has the kernel wait here for those before it, no longer at the start; in each branch that a call is in. In front
  /// of it a thread may read what is constant (isConstantMemory()) and nothing else of global memory, and may write
  /// none. A block must not end without it.
  void waitForGridDependencies(ImplicitLocOpBuilder &b);
};

class DeviceModule {
public:
  DeviceModule(mlir::MLIRContext *context, const GpuTarget &target);

  /// Adds a kernel. `name` is made a PTX identifier that is unique in the module: ask the result for it. The block has
  /// exactly `blockThreads` threads. Unless `early` is false it lets the kernels behind it start, and waits for those
  /// before it. Each block pays for that, so kernels of many short blocks do better without
  /// (docs/cuda-measurements.md).
  KernelFunction createKernel(llvm::StringRef name, plan::KernelOp kernel, unsigned blockThreads,
                              llvm::ArrayRef<TensorMapPlan> tensorMaps = {}, bool early = true);

  /// Shared memory of a static size, uninitialised: !llvm.ptr<3>. One call is one allocation of the block.
  Value createShared(ImplicitLocOpBuilder &b, uint64_t bytes, unsigned alignment = 16);
  /// The start of the launch's dynamic shared memory, 1024-byte aligned: !llvm.ptr<3>.
  Value getDynamicShared(ImplicitLocOpBuilder &b);
  /// Constant bytes of the module in global memory: !llvm.ptr<1>.
  Value createConstant(ImplicitLocOpBuilder &b, llvm::ArrayRef<char> bytes);
  /// Keeps a bad id in `status` unless one that comes before it is there: code (RECKON_KERNEL_*), the table's operand
  /// index or -1 (i32), position and id (i64).
  void report(ImplicitLocOpBuilder &b, Value status, int code, Value table, Value position, Value id);

  mlir::ModuleOp getModule() { return *module; }
  const GpuTarget &getTarget() const { return target; }
  /// Whether kernels can start before those that they wait for have ended, and wait for them themselves.
  bool canStartEarly() const { return target.hasGridDependencies; }
  /// Whether this one does.
  bool usesPdl(llvm::StringRef function) const { return pdlKernels.contains(function); }
  mlir::OwningOpRef<mlir::ModuleOp> take() { return std::move(module); }

private:
  std::string uniqueName(llvm::StringRef name);
  mlir::LLVM::LLVMFuncOp getReportFunction();

  mlir::OwningOpRef<mlir::ModuleOp> module;
  const GpuTarget &target;
  llvm::StringSet<> pdlKernels;
  unsigned sharedCount = 0, constantCount = 0;
};

/// Whether nothing writes what the pointer shows during a run: what kernels before the wait for others may read, and
/// what may go through the read-only cache.
bool isConstantMemory(Value pointer);

//===--- Threads: i32 values ---===//
Value threadIndex(ImplicitLocOpBuilder &b); ///< in the block
Value laneIndex(ImplicitLocOpBuilder &b);   ///< in the warp
Value blockIndex(ImplicitLocOpBuilder &b, unsigned dimension = 0);
Value gridSize(ImplicitLocOpBuilder &b, unsigned dimension = 0); ///< in blocks
/// Waits for all threads of the block, or of the warp, and makes their writes visible among them.
void barrier(ImplicitLocOpBuilder &b);
void warpBarrier(ImplicitLocOpBuilder &b);
/// The value of lane `lane ^ mask`; f32, i32 or any type of 64 bits. All lanes of the warp take part, or those of
/// `members`, which differ in bits of the mask.
Value shuffleXor(ImplicitLocOpBuilder &b, Value value, int mask, Value members = {});

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_DEVICEMODULE_H
