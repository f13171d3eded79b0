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

#include "mlir/IR/Builders.h"

using namespace reckon;

/// Greater ones are weights, and the recipe would grow with the model.
static constexpr int64_t mostElements = 4096;

void reckon::noteRecipe(mlir::ModuleOp module, const CompileOptions &options) {
  mlir::Builder builder(module.getContext());
  std::vector<std::string> texts = listProgramOptions(options);
  llvm::SmallVector<llvm::StringRef> names(texts.begin(), texts.end());
  mlir::NamedAttrList initializers;
  module.walk([&](rec::ConstantOp constant) {
    if (!constant.getName() || constant.getName()->empty() ||
        constant.getValue().getShapedType().getNumElements() > mostElements)
      return;
    if (std::optional<rec::ConstantBytes> bytes = rec::getConstantBytes(constant.getValue()))
      initializers.set(*constant.getName(), builder.getI64IntegerAttr(static_cast<int64_t>(
                                                format::checksum(bytes->get().data(), bytes->get().size()))));
  });
  rec::RecDialect::RecipeAttrHelper(module.getContext())
      .setAttr(module, builder.getDictionaryAttr(
                           {builder.getNamedAttr("options", builder.getStrArrayAttr(names)),
                            builder.getNamedAttr("initializers", initializers.getDictionary(module.getContext()))}));
}

std::optional<RecipeSpec> reckon::getRecipe(mlir::ModuleOp module) {
  mlir::DictionaryAttr noted = rec::RecDialect::RecipeAttrHelper(module.getContext()).getAttr(module);
  if (!noted)
    return std::nullopt;
  RecipeSpec recipe;
  for (auto option : noted.getAs<mlir::ArrayAttr>("options").getAsRange<mlir::StringAttr>())
    recipe.options.push_back(option.str());
  for (mlir::NamedAttribute each : noted.getAs<mlir::DictionaryAttr>("initializers"))
    recipe.initializers.push_back(
        {each.getName().str(), static_cast<uint64_t>(mlir::cast<mlir::IntegerAttr>(each.getValue()).getInt())});
  return recipe;
}
