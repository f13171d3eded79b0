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

/// Notes on the module, as it was read, the options and its constants that are small enough to become code. The note
/// stays with it from phase to phase.
void noteRecipe(mlir::ModuleOp module, const CompileOptions &options);
/// What was noted; nothing of a module that did not come from a model.
std::optional<RecipeSpec> getRecipe(mlir::ModuleOp module);

} // namespace reckon

#endif // RECKON_LIB_COMPILER_RECIPE_H
