//===- RegistriesTest.cpp - Every layer is known wherever it has to be -------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//
//
// A new op that one of the registries lacks fails here, not in a user's model.
//
//===-------------------------------------------------------------------------------===//

#include "dialects/Rec/Rec.h"
#include "lib/Codegen/Loops/LayerCode.h"
#include "lib/Reference/Registry.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringMap.h"
#include "gtest/gtest.h"

using namespace reckon;

namespace {
/// Ops that are no layers: they hold values, regions or imported nodes.
const llvm::StringMap<const char *> structure = {
    {"rec.constant", "a value"},
    {"rec.data_size", "a size, until the normalize phase has bounded it"},
    {"rec.fusion", "a region of layers"},
    {"rec.join", "operands that lie side by side already"},
    {"rec.none", "an absent operand of rec.onnx"},
    {"rec.onnx", "a node that is not a layer yet"},
    {"rec.prefix", "a view, until the normalize phase has bounded its size"},
    {"rec.yield", "a terminator"},
};

class Registries : public testing::Test {
protected:
  Registries() { context.loadDialect<rec::RecDialect>(); }

  /// The ops for which `knows` does not hold are those of `exceptions`, and no others.
  void expectKnown(llvm::function_ref<bool(mlir::OperationName)> knows,
                   const llvm::StringMap<const char *> &exceptions) {
    unsigned count = 0;
    for (mlir::RegisteredOperationName name : context.getRegisteredOperationsByDialect("rec")) {
      EXPECT_NE(knows(name), exceptions.contains(name.getStringRef())) << name.getStringRef().str();
      ++count;
    }
    EXPECT_GT(count, exceptions.size());
  }

  mlir::MLIRContext context;
};

TEST_F(Registries, EveryLayerAnswersTheInterfaces) {
  expectKnown(
      [](mlir::OperationName name) {
        return name.hasInterface<rec::RowLocalityOpInterface>() && name.hasInterface<rec::CostOpInterface>() &&
               name.hasInterface<rec::PrecisionOpInterface>() && name.hasInterface<rec::NamingOpInterface>();
      },
      structure);
}

TEST_F(Registries, EveryOpIsEvaluated) {
  expectKnown([](mlir::OperationName name) { return reference::getEvaluation(name) != nullptr; },
              {{"rec.data_size", "not a layer"},
               {"rec.none", "not a layer"},
               {"rec.onnx", "not a layer"},
               {"rec.prefix", "not a layer"},
               {"rec.yield", "not a layer"}});
}

TEST_F(Registries, EveryLayerHasLoops) {
  llvm::StringMap<const char *> exceptions = structure;
  exceptions["rec.cross_layer"] = "the fuse phase decomposes it";
  exceptions["rec.einsum"] = "the normalize phase rewrites it";
  exceptions["rec.rnn"] = "the normalize phase rewrites it";
  expectKnown([](mlir::OperationName name) { return loops::getLayerCode(name) != nullptr; }, exceptions);
}

TEST_F(Registries, ViewsHaveCodeForViews) {
  for (mlir::RegisteredOperationName name : context.getRegisteredOperationsByDialect("rec")) {
    const loops::LayerCode *code = loops::getLayerCode(name);
    EXPECT_EQ(name.hasTrait<rec::View>(), code && code->view) << name.getStringRef().str();
  }
}

} // namespace
