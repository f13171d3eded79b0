//===- Register.h - Everything reckon-opt knows by name ------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_COMPILER_REGISTER_H
#define RECKON_LIB_COMPILER_REGISTER_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace reckon {

/// The project's dialects and MLIR's own, which the code generator lowers through.
void registerDialects(mlir::DialectRegistry &registry);

/// Every pass by its flag, and every phase of the table in Phases.h as `--reckon-<phase>-pipeline`.
void registerPasses();

} // namespace reckon

#endif // RECKON_LIB_COMPILER_REGISTER_H
