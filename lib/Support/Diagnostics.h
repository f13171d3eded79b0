//===- Diagnostics.h - MLIR's diagnostics in the model's words -----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_SUPPORT_DIAGNOSTICS_H
#define RECKON_LIB_SUPPORT_DIAGNOSTICS_H

#include "mlir/IR/Location.h"

#include <string>

namespace reckon {

/// A location for people: the file and the place in it, or the names of the ONNX nodes that an op came from. Empty when
/// nothing is known.
std::string describe(mlir::Location location);

/// Prints the context's diagnostics to the error stream as "tool: error: where: message", notes below their error.
void printDiagnostics(mlir::MLIRContext &context, std::string tool);

} // namespace reckon

#endif // RECKON_LIB_SUPPORT_DIAGNOSTICS_H
