//===- UnifyDims.h - Dimensions that a model needs equal ------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_IMPORT_UNIFYDIMS_H
#define RECKON_PASSES_IMPORT_UNIFYDIMS_H

#include "dialects/Rec/Rec.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace reckon::importer {

/// Makes two sizes equal in the whole function: solves for one of the dimensions and writes the solution in its place,
/// in the types of the inputs, too, so that the engine checks it on the shapes of a run. False when no dimension can be
/// solved for.
bool unifyDims(mlir::func::FuncOp func, const SizeExpr &a, const SizeExpr &b);

/// Whether the model names all dimensions of a size: an exporter that made up the names, or left them out, does not
/// mean that they differ.
bool haveNames(mlir::func::FuncOp func, const SizeExpr &size);

/// Where no dimension can be solved for, as for `T` and `min(T, 6)`: the operands of a node that have the less simple
/// of two sizes are reshaped to the simpler, and that both are equal becomes a requirement of the function. False when
/// no operand has it, or when they certainly differ.
bool requireEqual(rec::OnnxOp op, const SizeExpr &a, const SizeExpr &b);

} // namespace reckon::importer

#endif // RECKON_PASSES_IMPORT_UNIFYDIMS_H
