//===- LayerCode.h - The registry of layers that have code ---------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_LOOPS_LAYERCODE_H
#define RECKON_LIB_CODEGEN_LOOPS_LAYERCODE_H

#include "lib/Codegen/Loops/LayerEmitter.h"

#include <functional>

namespace reckon::loops {

/// How a layer becomes code, on every device.
struct LayerCode {
  /// The result as other strides over the operand's memory, for layers that have that (trait View).
  std::function<std::optional<StridedView>(LayerEmitter &, mlir::Operation *, const StridedView &)> view;
  /// One element of the result, from a few elements of the operands: computed where it is used when that is once.
  std::function<Value(LayerEmitter &, mlir::Operation *, llvm::ArrayRef<Value>)> element;
  /// All of the result, for layers that need loops of their own.
  std::function<mlir::LogicalResult(LayerEmitter &, mlir::Operation *)> loops;
};

/// The code of a layer, or null.
const LayerCode *getLayerCode(mlir::OperationName name);
inline const LayerCode *getLayerCode(mlir::Operation *op) { return getLayerCode(op->getName()); }

} // namespace reckon::loops

#endif // RECKON_LIB_CODEGEN_LOOPS_LAYERCODE_H
