//===- FoldUtils.h - What the folders share --------------------------- -*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_REC_FOLDUTILS_H
#define RECKON_DIALECTS_REC_FOLDUTILS_H

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Inference.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

namespace reckon::rec {

/// The operand when it has exactly the result's type: a fold may not change a type.
inline mlir::OpFoldResult forward(mlir::Value operand, mlir::Value result) {
  return operand.getType() == result.getType() ? mlir::OpFoldResult(operand) : mlir::OpFoldResult();
}

/// forward() for an operand that a broadcast repeats when other operands are larger: an anonymous size of 1 could be.
inline mlir::OpFoldResult forwardUnrepeated(mlir::Value operand, mlir::Value result) {
  return llvm::any_of(getShape(operand), isAnonymous) ? mlir::OpFoldResult() : forward(operand, result);
}

/// The value all elements of a folded operand have.
inline std::optional<double> getSplat(mlir::Attribute value) {
  auto elements = llvm::dyn_cast_if_present<mlir::ElementsAttr>(value);
  return elements ? getConstantSplat(elements) : std::nullopt;
}

} // namespace reckon::rec

#endif // RECKON_DIALECTS_REC_FOLDUTILS_H
