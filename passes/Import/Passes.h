//===- Passes.h - Passes of the import phase ------------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_IMPORT_PASSES_H
#define RECKON_PASSES_IMPORT_PASSES_H

#include "dialects/Rec/Rec.h"
#include "lib/Support/Statistic.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace reckon::importer {

struct ConversionCounts {
  size_t converted = 0;
  size_t remaining = 0;
  size_t unified = 0;
};

/// What the pass `rec-convert-onnx` does, for passes that make nodes convertible and want the rest converted. Fails,
/// after an error that names the node, when the model is wrong (sizes that do not fit, attributes out of range); a node
/// that is right but cannot be converted stays, and is no failure.
/// `unrollsLoops`: as the pass's option.
mlir::LogicalResult convertOnnxOps(mlir::func::FuncOp func, ConversionCounts *counts = nullptr,
                                   bool unrollsLoops = false);

/// Succeeds when no `rec.onnx` is left in the function and its arguments and results are ranked tensors. Otherwise
/// emits one error that lists every operator that Reckon does not support, with the names of its nodes and the reason
/// when the operator is known; nodes that merely wait for the result of one of these are left out.
mlir::LogicalResult reportUnsupported(mlir::func::FuncOp func);

/// What the pass `rec-free-batch` does. Fails, after an error, when the inputs have no one size in the dimension.
mlir::LogicalResult freeBatch(mlir::func::FuncOp func, int64_t axis);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Import/Passes.h.inc"

} // namespace reckon::importer

namespace reckon {

/// Appends the passes of the import phase, which begins with a module as importOnnxFile() gives it.
void buildImportPipeline(mlir::OpPassManager &pm);

} // namespace reckon

#endif // RECKON_PASSES_IMPORT_PASSES_H
