//===- Registry.h - Which evaluation belongs to which op --------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_REFERENCE_REGISTRY_H
#define RECKON_REFERENCE_REGISTRY_H

#include "mlir/IR/OperationSupport.h"

namespace reckon::reference {

struct Context;
using Evaluate = mlir::LogicalResult (*)(mlir::Operation *op, Context &c);

/// The evaluation of an op, or null.
Evaluate getEvaluation(mlir::OperationName name);

} // namespace reckon::reference

#endif // RECKON_REFERENCE_REGISTRY_H
