//===- Trial.cpp - Compiles, runs and compares one module ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/fuzz/differential/Trial.h"

#include "dialects/Rec/SizeRequirements.h"
#include "lib/Reference/RandomInputs.h"

#include "mlir/IR/Diagnostics.h"

using namespace reckon;
using namespace reckon::fuzz;
using namespace reckon::reference;

const char *fuzz::getName(Outcome::Kind kind) {
  static const char *const names[] = {"ok",        "inconclusive", "no inputs", "compile error",
                                      "run error", "mismatch",     "crash",     "timeout"};
  return names[kind];
}

Outcome fuzz::prepareTrial(mlir::func::FuncOp func, int64_t batch, uint64_t seed, llvm::SmallVector<Tensor> &inputs,
                           Expectation &expectation) {
  for (uint64_t attempt = 0; attempt < 3; ++attempt) {
    std::string error;
    RandomInputOptions options;
    options.seed = seed + 1000003 * attempt + batch;
    auto drawn = makeRandomInputs(func, chooseDims(func, batch), options, &error);
    if (mlir::failed(drawn))
      return {Outcome::NoInputs, error};
    auto expected = computeExpectation(func, *drawn, {}, &error);
    if (mlir::failed(expected))
      return {Outcome::NoInputs, error};
    inputs = *drawn;
    expectation = *expected;
    if (!expectation.hasTies)
      return {};
  }
  return {Outcome::Inconclusive, "near ties"};
}

Outcome fuzz::compileTrial(mlir::ModuleOp module, const CompileOptions &options, std::vector<uint8_t> &engine) {
  std::string diagnostics;
  mlir::ScopedDiagnosticHandler handler(module.getContext(), [&](mlir::Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error)
      diagnostics += diagnostic.str() + "\n";
    return mlir::success();
  });
  mlir::OwningOpRef<mlir::ModuleOp> compiled = module.clone();
  llvm::SmallVector<rec::RequirementAttr> requirements;
  mlir::func::FuncOp func = getFunc(*compiled);
  func.walk([&](mlir::Operation *op) { rec::getUnprovenRequirements(op, requirements); });
  rec::addRequirements(func, requirements);
  CompileReport report;
  auto made = compileModule(*compiled, options, report);
  if (!made)
    return {Outcome::CompileError, diagnostics};
  engine = std::move(*made);
  return {};
}

Outcome fuzz::compareOutputs(const Expectation &expectation, llvm::ArrayRef<Tensor> actual,
                             const Tolerance &tolerance) {
  if (actual.size() != expectation.outputs.size())
    return {Outcome::Mismatch, "another number of outputs"};
  if (expectation.hasTies)
    return {Outcome::Inconclusive, "near ties"};
  Outcome outcome;
  for (size_t i = 0; i < actual.size(); ++i) {
    Difference difference = expectation.check(i, actual[i], tolerance);
    if (difference.isMatch())
      continue;
    if (!difference.shape.empty() || !expectation.isIllConditioned(i))
      return {Outcome::Mismatch, "output " + std::to_string(i) + ": " + difference.str()};
    outcome = {Outcome::Inconclusive, difference.str()};
  }
  return outcome;
}

/// Whether the evaluator refuses an index whose element may be one that a slice leaves out: engines compute, and so
/// check, what outputs need.
static bool mayBeUnneeded(mlir::func::FuncOp func, llvm::StringRef refusal) {
  if (!refusal.contains("is outside"))
    return false;
  llvm::SmallVector<mlir::Operation *> reached;
  func.walk([&](mlir::Operation *op) {
    if (refusal.starts_with(op->getName().getStringRef()))
      reached.push_back(op);
  });
  // Those that may have refused come first; a gather among them does not leave out its own index.
  size_t refusing = reached.size();
  bool isReturned = false;
  for (size_t i = 0; i < reached.size(); ++i) {
    if (mlir::isa<rec::SliceOp, rec::GatherOp>(reached[i]) && i >= refusing)
      return true;
    isReturned |= reached[i]->hasTrait<mlir::OpTrait::IsTerminator>();
    for (mlir::Operation *user : reached[i]->getUsers())
      if (!llvm::is_contained(reached, user))
        reached.push_back(user);
  }
  return !isReturned;
}

Verdict fuzz::judge(mlir::func::FuncOp func, EngineSession &session, llvm::ArrayRef<Tensor> inputs,
                    const Tolerance &tolerance) {
  Verdict verdict;
  auto expectation = computeExpectation(func, inputs, {}, &verdict.refused);
  llvm::SmallVector<Tensor> actual;
  verdict.said = session.run(inputs, actual);
  if (verdict.said.find("is at fault") != std::string::npos || verdict.said.find("written") != std::string::npos)
    verdict.outcome = {Outcome::RunError, verdict.said};
  else if (mlir::failed(expectation) && verdict.said.empty() && mayBeUnneeded(func, verdict.refused))
    verdict.outcome = {Outcome::Inconclusive, "a slice may leave out the index that the evaluator refuses"};
  else if (llvm::StringRef(verdict.refused).ends_with("is too large to evaluate"))
    verdict.outcome = {Outcome::Inconclusive, verdict.refused};
  else if (mlir::failed(expectation) && verdict.said.empty())
    verdict.outcome = {Outcome::Mismatch, "answered what the evaluator refuses: " + verdict.refused};
  else if (mlir::succeeded(expectation) && !verdict.said.empty())
    verdict.outcome = {Outcome::RunError, "the evaluator accepts what the engine refuses: " + verdict.said};
  else if (mlir::succeeded(expectation)) {
    verdict.outcome = compareOutputs(*expectation, actual, tolerance);
    // A remainder or a ceiling may hang on one rounding of thousands, which two draws do not show.
    if (verdict.outcome.isFailure())
      if (auto known = computeExpectation(func, inputs, {}, nullptr, /*draws=*/64); mlir::succeeded(known))
        verdict.outcome = compareOutputs(*known, actual, tolerance);
  }
  if (mlir::succeeded(expectation))
    for (const Expectation::Output &output : expectation->outputs)
      verdict.outputs.push_back(output.value);
  return verdict;
}

/// One id or index outside its table: what refuses it must say so.
static Outcome tryBadIndex(mlir::func::FuncOp func, EngineSession &session, int64_t batch, uint64_t seed) {
  RandomInputOptions options;
  options.seed = seed;
  options.badIndex = true;
  auto inputs = makeRandomInputs(func, chooseDims(func, batch), options);
  if (mlir::failed(inputs))
    return {};
  Verdict verdict = judge(func, session, *inputs);
  if (verdict.outcome.isFailure())
    return {verdict.outcome.kind, "with a bad index: " + verdict.outcome.message};
  if (!verdict.said.empty() && verdict.said.find("outside") == std::string::npos)
    return {Outcome::RunError, "a bad index was reported as: " + verdict.said};
  return {};
}

Outcome fuzz::tryModule(mlir::ModuleOp module, uint64_t seed) {
  std::vector<uint8_t> engine, again;
  if (Outcome compiled = compileTrial(module, {}, engine); compiled.isFailure())
    return compiled;
  if (seed % 8 == 0)
    if (compileTrial(module, {}, again).isFailure() || again != engine)
      return {Outcome::Mismatch, "a second compilation gives another engine"};

  mlir::func::FuncOp func = getFunc(module);
  Outcome worst;
  for (int threads : {1, 3}) {
    EngineSession session;
    if (std::string error = session.open(engine, threads); !error.empty())
      return {Outcome::RunError, error};
    // From small to large and back (300 leaves blocks of rows over), so that what is kept from an earlier size would
    // show.
    for (int64_t batch : {1, 7, 0, seed % 4 ? 64 : 300, 7}) {
      llvm::SmallVector<Tensor> inputs, actual;
      Expectation expectation;
      Outcome prepared = prepareTrial(func, batch, seed, inputs, expectation);
      if (prepared.kind != Outcome::Ok) {
        worst = prepared;
        continue;
      }
      // Between good runs, which must not notice.
      if (batch == 7)
        if (Outcome bad = tryBadIndex(func, session, batch, seed + threads); bad.kind != Outcome::Ok)
          return bad;
      std::string where = "batch " + std::to_string(batch) + ", " + std::to_string(threads) + " threads: ";
      if (std::string error = session.run(inputs, actual); !error.empty())
        return {Outcome::RunError, where + error};
      Outcome compared = compareOutputs(expectation, actual);
      if (compared.kind == Outcome::Ok)
        continue;
      compared.message.insert(0, where);
      if (compared.isFailure())
        return compared;
      worst = compared;
    }
  }
  return worst;
}
