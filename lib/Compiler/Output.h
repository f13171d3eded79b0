//===- Output.h - What a compilation writes -------------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_COMPILER_OUTPUT_H
#define RECKON_LIB_COMPILER_OUTPUT_H

#include "mlir/IR/BuiltinOps.h"

#include <cstdint>
#include <string>
#include <vector>

namespace reckon {

/// Why the output of a compilation of `model` cannot be written to `path`, which would overwrite the model; empty when
/// it would not.
std::string checkOutput(const std::string &path, const std::string &model);

/// Writes what `emit` says, "engine", "mlir" or "ptx", to a file or, for "-", to standard output. A module is written
/// with its locations, which hold the names of ONNX nodes. Empty, or why it cannot.
std::string writeOutput(const std::string &path, const std::string &emit, mlir::ModuleOp module, bool bytecode,
                        const std::vector<uint8_t> &engine, const std::string &ptx);

} // namespace reckon

#endif // RECKON_LIB_COMPILER_OUTPUT_H
