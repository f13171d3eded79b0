//===- Convert.h - Between MLIR constants and reference tensors -----*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#ifndef RECKON_REFERENCE_CONVERT_H
#define RECKON_REFERENCE_CONVERT_H

#include "lib/Reference/Tensor.h"

#include "mlir/IR/BuiltinAttributes.h"

#include <optional>

namespace reckon::reference {

mlir::Type getElementType(ElementKind kind, mlir::MLIRContext *context);

/// The value of a constant. Large ones are read in place: the attribute must outlive the tensor.
mlir::FailureOr<Tensor> getTensor(mlir::ElementsAttr value);
/// A constant of the tensor's elements, each rounded once to the kind.
mlir::ElementsAttr getElements(const Tensor &tensor, mlir::MLIRContext *context);

} // namespace reckon::reference

#endif // RECKON_REFERENCE_CONVERT_H
