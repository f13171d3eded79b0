//===- Activate.h - Activations that other layers have fused ---------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_IMPORT_ACTIVATE_H
#define RECKON_PASSES_IMPORT_ACTIVATE_H

#include "passes/Import/Node.h"

namespace reckon::importer {

/// An activation by its ONNX name, with the parameters that it takes; Clip takes its bounds.
struct Activation {
  llvm::StringRef name;
  double alpha = 0, beta = 0;
};

/// The activation of x; x itself for an empty name. Null, and the node is unsupported, for an unknown one.
mlir::Value activate(Node &node, mlir::Value x, const Activation &activation);

} // namespace reckon::importer

#endif // RECKON_PASSES_IMPORT_ACTIVATE_H
