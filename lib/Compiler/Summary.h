//===- Summary.h - What a compilation did, for people --------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_COMPILER_SUMMARY_H
#define RECKON_LIB_COMPILER_SUMMARY_H

#include "reckon/Compiler/Compiler.h"

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace reckon {

/// The phase table in Markdown: docs/phases.md holds it.
void printPhases(llvm::raw_ostream &os);

/// Nodes imported, seconds a phase, what each pass did, and what the engine holds; `engine` may be empty.
void printStatistics(const CompileReport &report, const std::vector<uint8_t> &engine, llvm::raw_ostream &os);

/// One line: what was written, its size, how long it took.
void printSummary(llvm::StringRef outputFile, const CompileReport &report, llvm::raw_ostream &os);

/// verifyEngine() at several batch sizes, with a line an output; None, Mismatch or what went wrong.
ErrorKind verifyAndPrint(mlir::ModuleOp reference, const std::vector<uint8_t> &engine, const VerifyTolerance &tolerance,
                         llvm::raw_ostream &os);

} // namespace reckon

#endif // RECKON_LIB_COMPILER_SUMMARY_H
