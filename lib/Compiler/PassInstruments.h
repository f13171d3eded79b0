//===- PassInstruments.h - What is to be seen of the passes -------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// Printed modules, times, reproducers, remarks and crash reports of one compilation, whose phases have a pass manager
// each.
//
//===------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_COMPILER_PASSINSTRUMENTS_H
#define RECKON_LIB_COMPILER_PASSINSTRUMENTS_H

#include "reckon/Compiler/Compiler.h"

#include "mlir/Support/Timing.h"

#include <memory>

namespace mlir {
class PassManager;
} // namespace mlir

namespace reckon {

class PassInstruments {
public:
  /// Both arguments outlive this.
  PassInstruments(mlir::MLIRContext &context, const CompileOptions &options, CompileReport &report);
  /// Prints the times.
  ~PassInstruments();

  /// Sets up the pass manager of a phase; `device` is empty for a phase that all devices share. `pm` is run once, and
  /// before this is given the next one. Fails, with a diagnostic, when the folder for modules cannot be made.
  mlir::LogicalResult attach(mlir::PassManager &pm, llvm::StringRef phase, llvm::StringRef device);

private:
  mlir::MLIRContext &context;
  const CompileOptions &options;
  mlir::DefaultTimingManager timing;
  mlir::TimingScope total, part;
  unsigned attached = 0;
};

} // namespace reckon

#endif // RECKON_LIB_COMPILER_PASSINSTRUMENTS_H
