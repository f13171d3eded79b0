//===- PointerBounds.h - The memory that a pointer may touch -------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//
//
// Every pointer of a kernel is derived from one of its operands, from an array in scratch memory, from the memory that
// the threads of a block share, or from a global of the module. Its bounds are those of what it is derived from: they
// travel beside it, as three more values wherever a block or a function takes a pointer.
//
//===-------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_CODEGEN_POINTERBOUNDS_H
#define RECKON_PASSES_CODEGEN_POINTERBOUNDS_H

#include "dialects/Plan/Plan.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

namespace reckon::codegen {

/// [begin, end), addresses as getAddress() gives them, and the operand that lies there, i32 as in
/// ReckonKernelStatus::table.
struct Bounds {
  mlir::Value begin, end, operand;
  /// Memory of the runtime's own, which the interface of kernels vouches for.
  bool isTrusted = false;

  llvm::SmallVector<mlir::Value, 3> values() const { return {begin, end, operand}; }
};

/// Of pointers of a kind on a GPU.
bool isSharedMemory(mlir::Type type);
/// The i64 that a pointer's bounds compare with. On a GPU memory that threads of a block share is counted from where
/// the block's begins, also behind a generic pointer: LLVM may use one kind of address of it in place of the other.
mlir::Value getAddress(mlir::ImplicitLocOpBuilder &b, mlir::Value pointer, bool isGpu);

class PointerBounds {
public:
  explicit PointerBounds(bool isGpu) : isGpu(isGpu) {}
  /// States the bounds of a pointer, such as an argument.
  void set(mlir::Value pointer, const Bounds &bounds) { known[pointer] = bounds; }
  /// States the bounds of a function's operand: an address that was put together from numbers is one of these.
  void addOperand(mlir::LLVM::LLVMFuncOp function, const Bounds &bounds) { operands[function].push_back(bounds); }
  /// States the values of named dimensions in a function: arrays in scratch memory are as large as these make them.
  void setDims(mlir::LLVM::LLVMFuncOp function, mlir::ArrayAttr names, mlir::ValueRange values);
  /// Fails, with a diagnostic, for a pointer of unknown origin. Blocks get arguments on the way.
  llvm::FailureOr<Bounds> get(mlir::Value pointer);
  /// Of the shared memory that a number is an address in; `user` needs it.
  llvm::FailureOr<Bounds> findShared(mlir::Value number, mlir::Operation *user);

  /// Bounds that hold everything; for what is trusted.
  static Bounds getTrusted(mlir::ImplicitLocOpBuilder &b);
  /// As the arguments of a function or block have them: `values` are begin, end, operand.
  static Bounds fromValues(mlir::ValueRange values) { return {values[0], values[1], values[2]}; }
  static llvm::SmallVector<mlir::Type, 3> getTypes(mlir::MLIRContext *context);

private:
  Bounds makeOwn(mlir::ImplicitLocOpBuilder &b, mlir::Value pointer, mlir::Value bytes) const;
  Bounds makeOwn(mlir::ImplicitLocOpBuilder &b, mlir::Value pointer, uint64_t bytes) const;
  llvm::FailureOr<Bounds> derive(mlir::Value pointer);
  llvm::FailureOr<Bounds> deriveArgument(mlir::BlockArgument argument);
  llvm::FailureOr<Bounds> selectBounds(mlir::LLVM::SelectOp select);
  llvm::FailureOr<Bounds> findOperand(mlir::LLVM::IntToPtrOp address);
  llvm::FailureOr<llvm::SmallVector<Bounds>> getGlobals(mlir::LLVM::LLVMFuncOp function);
  llvm::FailureOr<Bounds> getDynamicShared(mlir::Operation *user);
  llvm::FailureOr<Bounds> deriveGlobal(mlir::LLVM::AddressOfOp address);
  llvm::FailureOr<Bounds> narrow(mlir::LLVM::GEPOp array, const Bounds &whole, const SizeExpr &bytes);
  mlir::Value emitSize(mlir::ImplicitLocOpBuilder &b, const SizeExpr &size, mlir::LLVM::LLVMFuncOp function);

  bool isGpu;
  llvm::DenseMap<mlir::Value, Bounds> known;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<Bounds>> operands;
  llvm::DenseMap<mlir::Operation *, Bounds> dynamicShared;
  llvm::DenseMap<mlir::Operation *, llvm::StringMap<mlir::Value>> dims;
};

} // namespace reckon::codegen

#endif // RECKON_PASSES_CODEGEN_POINTERBOUNDS_H
