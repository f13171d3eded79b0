//===- FoldsTest.cpp - Folds keep every bit ---------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// Evaluates functions before and after canonicalisation: the lit tests of the folds, and random graphs.
//
//===----------------------------------------------------------------------------------===//

#include "RandomGraph.h"

#include "lib/Reference/RandomInputs.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

using namespace mlir;
using namespace reckon;
using namespace reckon::reference;

namespace {
using Results = FailureOr<SmallVector<Tensor>>;

struct Folds : testing::Test {
  MLIRContext context;
  Folds() { context.loadDialect<rec::RecDialect, func::FuncDialect>(); }

  static std::string print(Operation *op) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    op->print(stream);
    return text;
  }

  static bool sameBits(const Tensor &a, const Tensor &b) {
    if (a.kind() != b.kind() || a.shape() != b.shape())
      return false;
    for (int64_t i = 0, e = a.numElements(); i != e; ++i) {
      if (!a.isFloat()) {
        if (a.intAt(i) != b.intAt(i))
          return false;
        continue;
      }
      double x = a.floatAt(i), y = b.floatAt(i);
      if (std::memcmp(&x, &y, sizeof x) != 0 && !(std::isnan(x) && std::isnan(y)))
        return false;
    }
    return true;
  }

  /// Inputs with every special value among them.
  static FailureOr<SmallVector<Tensor>> makeInputs(func::FuncOp func, int64_t size) {
    DimValues dims = chooseDims(func, size);
    for (auto &entry : dims)
      entry.second = entry.first() == "seq" ? size + 1 : size;
    auto inputs = makeRandomInputs(func, dims);
    if (failed(inputs))
      return failure();
    double special[] = {0.0, -0.0, std::numeric_limits<double>::infinity(), std::nan(""), 1.0, -65519.0};
    for (Tensor &input : *inputs) {
      if (!input.isFloat())
        continue;
      std::vector<double> values(input.floats());
      for (size_t i = 0; i < values.size(); i += 3)
        values[i] = special[i / 3 % std::size(special)];
      input = Tensor::fromFloats(input.kind(), input.shape(), std::move(values));
    }
    return *inputs;
  }

  /// Evaluates all functions, canonicalises, evaluates again. Returns how many results were compared.
  int check(ModuleOp module) {
    std::string before = print(module);
    EXPECT_TRUE(succeeded(verify(module))) << before;
    OwningOpRef<ModuleOp> folded = module.clone();
    PassManager passes(&context);
    passes.addPass(createCanonicalizerPass());
    passes.addPass(createCSEPass());
    EXPECT_TRUE(succeeded(passes.run(*folded))) << before;
    std::string after = print(*folded);
    int compared = 0;
    for (auto func : module.getOps<func::FuncOp>()) {
      auto other = folded->lookupSymbol<func::FuncOp>(func.getName());
      for (int64_t size : {1, 3}) {
        auto inputs = makeInputs(func, size);
        Results expected = failed(inputs) ? Results(failure()) : evaluate(func, *inputs);
        if (failed(expected))
          continue; // needs a dimension that no input has
        std::string error;
        Results actual = evaluate(other, *inputs, &error);
        if (failed(actual)) {
          ADD_FAILURE() << error << before << after;
          continue;
        }
        for (auto [i, pair] : llvm::enumerate(llvm::zip_equal(*expected, *actual))) {
          EXPECT_TRUE(sameBits(std::get<0>(pair), std::get<1>(pair)))
              << "result " << i << " of @" << func.getName().str() << " at size " << size << "\n"
              << before << after;
          ++compared;
        }
      }
    }
    return compared;
  }
};
} // namespace

TEST_F(Folds, LitTests) {
  int compared = 0;
  for (const char *family : {"elementwise", "shape", "sizes"}) {
    std::string path = std::string(RECKON_SOURCE_DIR "/test/dialects/Rec/canonicalize-") + family + ".mlir";
    auto module = parseSourceFile<ModuleOp>(path, &context);
    ASSERT_TRUE(module) << path;
    compared += check(*module);
  }
  EXPECT_GT(compared, 60);
}

TEST_F(Folds, RandomGraphs) {
  int compared = 0;
  for (uint64_t seed = 0; seed < 400 && !HasFailure(); ++seed) {
    auto module = rec::RandomGraph(context, seed).make(20);
    compared += check(*module);
  }
  EXPECT_GT(compared, 4000);
}
