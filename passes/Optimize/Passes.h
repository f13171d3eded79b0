//===- Passes.h - The optimize phase --------------------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_OPTIMIZE_PASSES_H
#define RECKON_PASSES_OPTIMIZE_PASSES_H

#include "passes/Common/RegionLimits.h"

#include "mlir/Pass/Pass.h"

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace reckon {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Optimize/Passes.h.inc"

/// Appends the passes of the phase: rewrites of a normalised graph that make it faster and leave nothing dead.
void buildOptimizePipeline(mlir::OpPassManager &pm);

} // namespace reckon

#endif // RECKON_PASSES_OPTIMIZE_PASSES_H
