//===- NodeAttributes.h - Which attributes an operator has ----------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_IMPORT_NODEATTRIBUTES_H
#define RECKON_PASSES_IMPORT_NODEATTRIBUTES_H

#include "mlir/IR/BuiltinAttributes.h"

#include <optional>
#include <string>

namespace reckon::importer {

/// What is wrong with the attributes of a node of the ai.onnx domain: one that the operator does not have in this
/// opset, one of another type, or a required one that is missing. A misspelt attribute would otherwise count as absent
/// and its default give another result.
std::optional<std::string> findAttributeProblem(llvm::StringRef opType, int64_t opset, mlir::DictionaryAttr attrs);

/// What is wrong with the number of a node's operands, up to the last that is there.
std::optional<std::string> findOperandProblem(llvm::StringRef opType, int64_t opset, unsigned count);

} // namespace reckon::importer

#endif // RECKON_PASSES_IMPORT_NODEATTRIBUTES_H
