//===- Outliner.h - From a fused function to a program of dispatches -*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_SCHEDULE_OUTLINER_H
#define RECKON_PASSES_SCHEDULE_OUTLINER_H

#include "dialects/Plan/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSet.h"

namespace reckon::schedule {

class Outliner {
public:
  /// `rowAlignment`: rows that a GEMM reads begin at multiples of so many bytes; 0 leaves values dense.
  Outliner(mlir::func::FuncOp func, int64_t rowAlignment)
      : func(func), block(func.getBody().front()), builder(func.getContext()), rowAlignment(rowAlignment) {}

  /// Writes the program and its kernels before the function. On failure a diagnostic was emitted.
  mlir::LogicalResult run();

  unsigned numKernels = 0, numDispatches = 0, numViews = 0, numPadded = 0;

private:
  mlir::LogicalResult collectDims();
  void findTables();
  std::string getUniqueName(mlir::StringRef name, llvm::StringSet<> &taken);

  void makeInterface();
  mlir::Value getBuffer(mlir::Value value);
  mlir::Value makeConstantBuffer(rec::ConstantOp constant);
  mlir::Value makeBuffer(mlir::Value value);
  mlir::Value makeAlloc(mlir::Value value, plan::BufferType type);
  int64_t getPaddedColumns(mlir::Value value, plan::BufferType type);
  /// The source of a region that only reshapes its input; null for other regions.
  mlir::Value getReshapedSource(mlir::Value result);
  /// The part of a buffer of the run that a region copies and does nothing else; null where its readers need a copy.
  mlir::Value makeSlice(mlir::Value value);

  plan::OperandAttr getLayout(mlir::Value buffer, bool isRow, int64_t rowsDim);
  void makeDispatch(rec::FusionOp fusion);
  plan::KernelOp getKernel(rec::FusionOp fusion, mlir::ValueRange operands);

  mlir::func::FuncOp func;
  mlir::Block &block;
  mlir::OpBuilder builder; // at the end of the program
  int64_t rowAlignment;
  plan::ProgramOp program;
  llvm::SmallVector<std::string> dims;
  size_t numNamedDims = 0; ///< of `dims`; the rest are row counts of tables
  llvm::StringSet<> constantNames, kernelNames;
  /// Tables with the policy of their first lookup.
  llvm::DenseMap<mlir::Operation *, rec::OutOfRange> tables;
  llvm::DenseMap<mlir::Operation *, std::string> tableNames;
  llvm::DenseMap<mlir::Value, mlir::Value> buffers;
  /// Regions that became views.
  llvm::DenseSet<mlir::Operation *> views;
  llvm::SmallVector<plan::KernelOp> kernels;
};

} // namespace reckon::schedule

#endif // RECKON_PASSES_SCHEDULE_OUTLINER_H
