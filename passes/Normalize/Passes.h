//===- Passes.h - The normalize phase -------------------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_NORMALIZE_PASSES_H
#define RECKON_PASSES_NORMALIZE_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace reckon {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Normalize/Passes.h.inc"

struct NormalizeOptions {
  /// NAME=FORMAT of tables whose rows are bound when the engine is loaded.
  llvm::ArrayRef<std::string> tableFormats;
  /// See rec-wrap-negative-ids.
  bool wrapNegativeIds = false;
  /// See rec-append-topk; empty: nothing is appended.
  llvm::StringRef appendTopK;
};

/// Appends the passes of the phase: what the importer wrote becomes layers, each idiom of an exporter one op.
void buildNormalizePipeline(mlir::OpPassManager &pm, const NormalizeOptions &options = {});

} // namespace reckon

#endif // RECKON_PASSES_NORMALIZE_PASSES_H
