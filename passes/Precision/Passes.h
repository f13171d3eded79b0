//===- Passes.h - The precision phase --------------------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_PRECISION_PASSES_H
#define RECKON_PASSES_PRECISION_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace reckon {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Precision/Passes.h.inc"

/// Appends the passes of the phase: every GEMM-like op and every lookup states its types.
void buildPrecisionPipeline(mlir::OpPassManager &pm);

} // namespace reckon

#endif // RECKON_PASSES_PRECISION_PASSES_H
