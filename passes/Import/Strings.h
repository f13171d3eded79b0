//===- Strings.h - Constants of strings --------------------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_IMPORT_STRINGS_H
#define RECKON_PASSES_IMPORT_STRINGS_H

#include "passes/Import/Node.h"

namespace reckon::importer {

/// Replaces a comparison of two constants of strings, of which Reckon has no values, by booleans. Fails, and leaves the
/// node as it is, for others.
mlir::LogicalResult foldStrings(Node &node);

} // namespace reckon::importer

#endif // RECKON_PASSES_IMPORT_STRINGS_H
