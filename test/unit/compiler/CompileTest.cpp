//===- CompileTest.cpp - The compiler as a library ---------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//

#include "lib/Compiler/Phases.h"
#include "reckon/Compiler/Compiler.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <set>

using namespace reckon;

namespace {
const char *const model = R"(
func.func @main(%x: tensor<?x3xf32, #rec.dims<"batch", 3>> {rec.name = "x"})
    -> (tensor<?x2xf32, #rec.dims<"batch", 2>> {rec.name = "y"}) {
  %w = rec.constant "w" = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %0 = rec.matmul %x, %w : (tensor<?x3xf32, #rec.dims<"batch", 3>>, tensor<3x2xf32>)
    -> tensor<?x2xf32, #rec.dims<"batch", 2>>
  %1 = rec.unary tanh %0 : (tensor<?x2xf32, #rec.dims<"batch", 2>>) -> tensor<?x2xf32, #rec.dims<"batch", 2>>
  return %1 : tensor<?x2xf32, #rec.dims<"batch", 2>>
}
)";

class Compile : public testing::Test {
protected:
  Compile() {
    initializeCompiler(context);
    context.getDiagEngine().registerHandler(
        [this](mlir::Diagnostic &diagnostic) { messages += diagnostic.str() + "\n"; });
  }
  mlir::OwningOpRef<mlir::ModuleOp> parse(llvm::StringRef text = model) {
    return mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  }

  mlir::MLIRContext context;
  std::string messages;
  CompileOptions options;
  CompileReport report;
};

TEST_F(Compile, GivesAnEngineThatMatchesTheReference) {
  options.verify = true;
  auto module = parse();
  ASSERT_TRUE(module);
  auto engine = compileModule(*module, options, report);
  ASSERT_TRUE(engine) << messages;
  EXPECT_EQ(report.error, ErrorKind::None);
  ASSERT_TRUE(report.reference);
  for (int64_t batch : {0, 1, 5}) {
    auto verified = verifyEngine(*report.reference, *engine, batch, {}, /*seed=*/1);
    ASSERT_TRUE(verified) << messages;
    EXPECT_TRUE(verified->matches) << verified->outputs[0].difference;
    EXPECT_EQ(verified->outputs[0].name, "y");
  }
  // The engine of a model with another weight shows that the comparison compares.
  std::string text = model;
  text.replace(text.find("6.0"), 3, "6.1");
  auto changed = parse(text);
  ASSERT_TRUE(changed);
  CompileReport other;
  auto wrong = compileModule(*changed, options, other);
  ASSERT_TRUE(wrong) << messages;
  auto verified = verifyEngine(*report.reference, *wrong, 64, {}, /*seed=*/1);
  ASSERT_TRUE(verified);
  EXPECT_FALSE(verified->matches);
}

TEST_F(Compile, SameBytesTwice) {
  auto first = parse(), second = parse();
  auto a = compileModule(*first, options, report), b = compileModule(*second, options, report);
  ASSERT_TRUE(a && b) << messages;
  EXPECT_EQ(*a, *b);
}

TEST_F(Compile, StopsAfterEveryPhaseAndGoesOn) {
  for (const Phase &phase : getPhases()) {
    auto module = parse();
    options.stopAfter = phase.name;
    std::vector<std::string> begun;
    options.onPhase = [&](const std::string &name) { begun.push_back(name); };
    report = CompileReport();
    auto engine = compileModule(*module, options, report);
    ASSERT_TRUE(engine) << phase.name << ": " << messages;
    EXPECT_EQ(engine->empty(), &phase != &getPhases().back());
    EXPECT_EQ(begun.back(), phase.name);
    EXPECT_EQ(report.phases.size(), begun.size());
  }
}

TEST_F(Compile, BadOptionsAreBadInput) {
  auto module = parse();
  options.stopAfter = "fusion";
  EXPECT_FALSE(compileModule(*module, options, report));
  EXPECT_EQ(report.error, ErrorKind::BadInput);
  EXPECT_NE(messages.find("no phase 'fusion'; there are import, normalize, "), std::string::npos) << messages;

  options = CompileOptions();
  options.cpu = "z80";
  EXPECT_FALSE(compileModule(*module, options, report));
  EXPECT_EQ(report.error, ErrorKind::BadInput);
  EXPECT_NE(messages.find("z80"), std::string::npos) << messages;
}

TEST_F(Compile, MissingFilesAreBadInput) {
  for (const char *path : {"/nonexistent/model.onnx", "/nonexistent/model.mlir"}) {
    report = CompileReport();
    EXPECT_FALSE(loadModel(path, context, options, report));
    EXPECT_EQ(report.error, ErrorKind::BadInput);
  }
}

TEST_F(Compile, UnsupportedNodesAreUnsupported) {
  auto module = parse(R"(
func.func @main(%x: tensor<4xf32> {rec.name = "x"}) -> (tensor<4xf32> {rec.name = "y"}) {
  %0 = rec.onnx "Frobnicate"(%x) {opset = 17 : i64} : (tensor<4xf32>) -> tensor<4xf32> loc("node_f")
  return %0 : tensor<4xf32>
}
)");
  ASSERT_TRUE(module) << messages;
  EXPECT_FALSE(compileModule(*module, options, report));
  EXPECT_EQ(report.error, ErrorKind::Unsupported);
  EXPECT_NE(messages.find("Frobnicate"), std::string::npos) << messages;
}

TEST(Phases, TheTableIsWhole) {
  std::set<std::string> names;
  const char *before = "onnx";
  for (const Phase &phase : getPhases()) {
    EXPECT_TRUE(names.insert(phase.name).second) << phase.name;
    EXPECT_STREQ(phase.from, before) << phase.name;
    EXPECT_EQ(findPhase(phase.name), &phase);
    before = phase.to;
  }
  EXPECT_STREQ(before, "engine");
  EXPECT_EQ(findPhase(""), nullptr);
}
} // namespace
