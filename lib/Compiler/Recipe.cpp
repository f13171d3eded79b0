//===- Recipe.cpp - What an engine is made of ----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#include "lib/Compiler/Recipe.h"
#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Rec.h"
#include "lib/Compiler/OptionTable.h"
#include "lib/Engine/EngineFormat.h"

using namespace reckon;

/// Greater ones are weights, and the recipe would grow with the model.
static constexpr int64_t mostElements = 4096;

RecipeSpec reckon::makeRecipe(mlir::ModuleOp module, const CompileOptions &options) {
  RecipeSpec recipe;
  recipe.options = listProgramOptions(options);
  module.walk([&](rec::ConstantOp constant) {
    if (!constant.getName() || constant.getValue().getShapedType().getNumElements() > mostElements)
      return;
    if (std::optional<rec::ConstantBytes> bytes = rec::getConstantBytes(constant.getValue()))
      recipe.initializers.push_back(
          {constant.getName()->str(), format::checksum(bytes->get().data(), bytes->get().size())});
  });
  return recipe;
}
