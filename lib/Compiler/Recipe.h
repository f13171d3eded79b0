//===- Recipe.h - What an engine is made of ----------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_COMPILER_RECIPE_H
#define RECKON_LIB_COMPILER_RECIPE_H

#include "reckon/Compiler/Compiler.h"
#include "reckon/Engine/EngineSpec.h"

namespace reckon {

/// The options, and the constants of the module as it was read that are small enough to become code.
RecipeSpec makeRecipe(mlir::ModuleOp module, const CompileOptions &options);

} // namespace reckon

#endif // RECKON_LIB_COMPILER_RECIPE_H
