//===- NodeTests.cpp - ONNX's node tests, imported and evaluated --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//
//
// Every node test of Debian's libonnx-testdata goes through the importer and the conversion, and what they make through
// the reference evaluator: what is wrong here is wrong before any code is generated. `NODE_TESTS=regex` picks some and
// prints what became of each.
//
//===--------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Import.h"
#include "lib/Reference/Compare.h"
#include "lib/Reference/Convert.h"
#include "lib/Reference/Evaluator.h"
#include "passes/Import/Passes.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/LineIterator.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Regex.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace reckon;

namespace {

constexpr const char *dataFolder = "/usr/share/libonnx-testdata/data/node";

enum class Outcome { Passed, Unsupported, Wrong };

/// Tests that nothing can pass, by name; the conformance suite has the list, with reasons.
llvm::StringSet<> readExcluded() {
  llvm::StringSet<> names;
  auto file = llvm::MemoryBuffer::getFile(RECKON_EXCLUDED_NODE_TESTS);
  if (!file)
    return names;
  for (llvm::line_iterator line(**file, /*SkipBlanks=*/true, '#'); !line.is_at_end(); ++line)
    names.insert(line->split(':').first);
  return names;
}

/// Tests that the evaluator cannot judge: it computes in double precision, and these round a number that is a tie in
/// single precision only; or their data does not have the type that their model declares.
bool isUnfit(StringRef name) { return name.starts_with("test_dynamicquantizelinear") || name.contains("BFLOAT16"); }

struct NodeTest {
  std::string folder;
  std::string said;

  Outcome run();

private:
  OwningOpRef<ModuleOp> load(MLIRContext &context, const importer::ImportOptions &options);
  /// Adds the graph inputs that the diagnostics ask to freeze; false when there are none.
  bool findInputsToFreeze(MLIRContext &context, importer::ImportOptions &options);
  std::string dataFile(const char *kind, size_t i) const {
    return folder + "/test_data_set_0/" + kind + "_" + std::to_string(i) + ".pb";
  }
};

} // namespace

static SmallVector<std::string> getInputNames(ModuleOp module) {
  SmallVector<std::string> names;
  auto func = *module.getOps<func::FuncOp>().begin();
  for (unsigned i = 0; i < func.getNumArguments(); ++i)
    names.push_back(func.getArgAttrOfType<StringAttr>(i, "rec.name").str());
  return names;
}

OwningOpRef<ModuleOp> NodeTest::load(MLIRContext &context, const importer::ImportOptions &options) {
  said.clear();
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    said += diagnostic.str() + "\n";
    return success();
  });
  OwningOpRef<ModuleOp> module = importer::importOnnxFile(folder + "/model.onnx", context, options);
  if (!module)
    return nullptr;
  auto func = *module->getOps<func::FuncOp>().begin();
  // Sizes that data decide have no evaluation before a pass of another phase has bounded them.
  if (failed(importer::convertOnnxOps(func)) || failed(importer::reportUnsupported(func)) ||
      !func.getOps<rec::DataSizeOp>().empty())
    return nullptr;
  return module;
}

bool NodeTest::findInputsToFreeze(MLIRContext &context, importer::ImportOptions &options) {
  ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) { return success(); });
  OwningOpRef<ModuleOp> module = importer::importOnnxFile(folder + "/model.onnx", context);
  if (!module)
    return false;
  size_t before = options.frozenInputs.size();
  SmallVector<std::string> inputs = getInputNames(*module);
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::string &name = inputs[i];
    bool isKnown = llvm::any_of(options.frozenInputs, [&](const auto &frozen) { return frozen.name == name; });
    StringRef text(said);
    while (!isKnown && text.contains("freeze the input")) {
      text = text.drop_front(text.find("freeze the input"));
      StringRef names = text.take_front(text.find("with --freeze-input"));
      if (names.contains("'" + name + "'")) {
        options.frozenInputs.push_back({name, dataFile("input", i)});
        break;
      }
      text = text.drop_front(1);
    }
  }
  return options.frozenInputs.size() > before;
}

Outcome NodeTest::run() {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  importer::ImportOptions options;
  OwningOpRef<ModuleOp> module = load(context, options);
  while (!module && findInputsToFreeze(context, options))
    module = load(context, options);
  if (!module)
    return Outcome::Unsupported;

  SmallVector<std::string> all;
  {
    OwningOpRef<ModuleOp> original = importer::importOnnxFile(folder + "/model.onnx", context);
    all = getInputNames(*original);
  }
  auto func = *module->getOps<func::FuncOp>().begin();
  SmallVector<std::string> left = getInputNames(*module);
  SmallVector<reference::Tensor> inputs, outputs;
  for (auto [i, name] : llvm::enumerate(all))
    if (llvm::is_contained(left, name))
      inputs.push_back(*reference::getTensor(importer::readTensorFile(dataFile("input", i), context)));
  std::string error;
  auto results = reference::evaluate(func, inputs, &error);
  if (failed(results)) {
    said = "evaluation: " + error;
    return Outcome::Wrong;
  }
  for (auto [i, result] : llvm::enumerate(*results)) {
    ElementsAttr expected = importer::readTensorFile(dataFile("output", i), context);
    auto difference = reference::compare(*reference::getTensor(expected), result, reference::Tolerance{1e-6, 1e-3});
    if (!difference.isMatch()) {
      said = "output " + std::to_string(i) + ": " + difference.str();
      return Outcome::Wrong;
    }
  }
  return Outcome::Passed;
}

TEST(NodeTests, EvaluateAsExpected) {
  if (!llvm::sys::fs::is_directory(dataFolder))
    GTEST_SKIP() << "no " << dataFolder << ": install libonnx-testdata";
  const char *pick = std::getenv("NODE_TESTS");
  llvm::Regex filter(pick ? pick : ".");
  std::vector<std::string> folders;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator it(dataFolder, code), end; it != end && !code; it.increment(code))
    if (filter.match(llvm::sys::path::filename(it->path())))
      folders.push_back(it->path());
  llvm::sort(folders);

  llvm::StringSet<> excluded = readExcluded();
  ASSERT_FALSE(excluded.empty());
  size_t passed = 0, unsupported = 0;
  for (const std::string &folder : folders) {
    std::string name = llvm::sys::path::filename(folder).str();
    if (isUnfit(name) || excluded.contains(name))
      continue;
    NodeTest test{folder, ""};
    Outcome outcome = test.run();
    if (outcome == Outcome::Wrong)
      ADD_FAILURE() << name << ": " << test.said;
    else
      ++(outcome == Outcome::Passed ? passed : unsupported);
    if (pick)
      std::printf("%s: %s %s\n", name.c_str(), outcome == Outcome::Passed ? "passed" : "not passed", test.said.c_str());
  }
  std::printf("%zu passed, %zu unsupported\n", passed, unsupported);
}
