//===- TablePlaces.h - Where the rows of tables go ------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_COMPILER_TABLEPLACES_H
#define RECKON_LIB_COMPILER_TABLEPLACES_H

#include "reckon/Compiler/Compiler.h"
#include "reckon/Engine/EngineSpec.h"

namespace reckon {

/// Takes the rows of tables out of the engine, as CompileOptions::tables says. What is wrong; empty when nothing is,
/// with its kind in the report.
std::string placeTables(EngineSpec &spec, const CompileOptions &options, CompileReport &report);

} // namespace reckon

#endif // RECKON_LIB_COMPILER_TABLEPLACES_H
