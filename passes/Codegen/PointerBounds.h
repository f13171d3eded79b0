//===- PointerBounds.h - The memory that a pointer may touch -------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//
//
// Every pointer of a kernel is derived from one of its operands, from scratch memory, or from a global of the module.
// Its bounds are those of what it is derived from: they travel beside it, as three more values wherever a block or a
// function takes a pointer.
//
//===-------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_CODEGEN_POINTERBOUNDS_H
#define RECKON_PASSES_CODEGEN_POINTERBOUNDS_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/DenseMap.h"

namespace reckon::codegen {

/// [begin, end), i64 addresses, and the operand that lies there, i32 as in ReckonKernelStatus::table.
struct Bounds {
  mlir::Value begin, end, operand;
  /// Memory of the runtime's own, which the interface of kernels vouches for.
  bool isTrusted = false;

  llvm::SmallVector<mlir::Value, 3> values() const { return {begin, end, operand}; }
};

class PointerBounds {
public:
  /// States the bounds of a pointer, such as an argument.
  void set(mlir::Value pointer, const Bounds &bounds) { known[pointer] = bounds; }
  /// States the bounds of a function's operand: an address that was put together from numbers is one of these.
  void addOperand(mlir::LLVM::LLVMFuncOp function, const Bounds &bounds) { operands[function].push_back(bounds); }
  /// Fails, with a diagnostic, for a pointer of unknown origin. Blocks get arguments on the way.
  llvm::FailureOr<Bounds> get(mlir::Value pointer);

  /// Bounds that hold everything; for what is trusted.
  static Bounds getTrusted(mlir::ImplicitLocOpBuilder &b);
  /// As the arguments of a function or block have them: `values` are begin, end, operand.
  static Bounds fromValues(mlir::ValueRange values) { return {values[0], values[1], values[2]}; }
  static llvm::SmallVector<mlir::Type, 3> getTypes(mlir::MLIRContext *context);

private:
  llvm::FailureOr<Bounds> derive(mlir::Value pointer);
  llvm::FailureOr<Bounds> deriveArgument(mlir::BlockArgument argument);
  llvm::FailureOr<Bounds> selectBounds(mlir::LLVM::SelectOp select);
  llvm::FailureOr<Bounds> findOperand(mlir::LLVM::IntToPtrOp address);

  llvm::DenseMap<mlir::Value, Bounds> known;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<Bounds>> operands;
};

} // namespace reckon::codegen

#endif // RECKON_PASSES_CODEGEN_POINTERBOUNDS_H
