//===- Passes.h - The precision phase --------------------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_PRECISION_PASSES_H
#define RECKON_PASSES_PRECISION_PASSES_H

#include "mlir/Pass/Pass.h"

#include <optional>

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace reckon {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Precision/Passes.h.inc"

/// What a model computes in: its own types, products of f32 rounded to tf32, or f16 or bf16 in place of f32.
enum class FloatPrecision { fp32, tf32, fp16, bf16 };

/// "fp32", "tf32", "fp16" or "bf16"; nullopt for other text.
std::optional<FloatPrecision> parsePrecision(llvm::StringRef name);

/// Appends the passes of the phase: floats get the type that the precision asks for, and every layer that adds or looks
/// up states its types.
void buildPrecisionPipeline(mlir::OpPassManager &pm, FloatPrecision precision);

} // namespace reckon

#endif // RECKON_PASSES_PRECISION_PASSES_H
