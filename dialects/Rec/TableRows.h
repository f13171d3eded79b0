//===- TableRows.h - The rows of tables ------------------------------- -*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_TABLEROWS_H
#define RECKON_DIALECTS_REC_TABLEROWS_H

#include "reckon/Engine/RowFormat.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Types.h"

namespace reckon::rec {

/// How rows lie of which a tensor type names the elements; nullopt for what a table cannot hold.
std::optional<RowFormat> getRowFormat(mlir::Type elementType);

/// The same rows, decoded to the type of the elements of `type`.
mlir::ElementsAttr withType(mlir::ElementsAttr rows, mlir::ShapedType type);

/// The value of a table whose rows are bound when the engine is loaded: a resource without data, equal to nothing but
/// itself.
mlir::ElementsAttr makeUnboundRows(mlir::ShapedType type, llvm::StringRef name);

} // namespace reckon::rec

#endif // RECKON_DIALECTS_REC_TABLEROWS_H
