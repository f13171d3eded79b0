//===- Trial.cpp - Compiles, runs and compares one module ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/fuzz/differential/Trial.h"

#include "lib/Reference/EngineSession.h"
#include "lib/Reference/Expectation.h"
#include "lib/Reference/RandomInputs.h"
#include "reckon/Compiler/Compiler.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringRef.h"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

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

/// One id or index outside its table: the engine must refuse what the evaluator refuses, saying so, and otherwise
/// answer alike.
static Outcome tryBadIndex(mlir::func::FuncOp func, EngineSession &session, int64_t batch, uint64_t seed) {
  RandomInputOptions options;
  options.seed = seed;
  options.badIndex = true;
  auto inputs = makeRandomInputs(func, chooseDims(func, batch), options);
  if (mlir::failed(inputs))
    return {};
  std::string expected;
  auto expectation = computeExpectation(func, *inputs, {}, &expected);
  llvm::SmallVector<Tensor> actual;
  std::string got = session.run(*inputs, actual);
  if (mlir::failed(expectation)) {
    if (got.empty())
      return {Outcome::Mismatch, "a bad index was accepted; the evaluator says: " + expected};
    return got.find("outside") != std::string::npos ? Outcome()
                                                    : Outcome{Outcome::RunError, "a bad index was reported as: " + got};
  }
  if (!got.empty())
    return {Outcome::RunError, "the evaluator accepts what the engine refuses: " + got};
  for (size_t i = 0; i < actual.size() && !expectation->hasTies; ++i) {
    Difference difference = expectation->check(i, actual[i], {});
    if (!difference.isMatch() && !(difference.shape.empty() && expectation->isIllConditioned(i)))
      return {Outcome::Mismatch, "with a bad index, output " + std::to_string(i) + ": " + difference.str()};
  }
  return {};
}

Outcome fuzz::tryModule(mlir::ModuleOp module, uint64_t seed) {
  std::string diagnostics;
  mlir::ScopedDiagnosticHandler handler(module.getContext(), [&](mlir::Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error)
      diagnostics += diagnostic.str() + "\n";
    return mlir::success();
  });
  mlir::OwningOpRef<mlir::ModuleOp> compiled = module.clone();
  CompileReport report;
  auto engine = compileModule(*compiled, {}, report);
  if (!engine)
    return {Outcome::CompileError, diagnostics};

  if (seed % 8 == 0) {
    mlir::OwningOpRef<mlir::ModuleOp> again = module.clone();
    CompileReport secondReport;
    if (compileModule(*again, {}, secondReport) != engine)
      return {Outcome::Mismatch, "a second compilation gives another engine"};
  }

  mlir::func::FuncOp func = *module.getOps<mlir::func::FuncOp>().begin();
  Outcome worst;
  for (int threads : {1, 3}) {
    EngineSession session;
    if (std::string error = session.open(*engine, threads); !error.empty())
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
      if (actual.size() != expectation.outputs.size())
        return {Outcome::Mismatch, where + "another number of outputs"};
      for (size_t i = 0; i < actual.size(); ++i) {
        Difference difference = expectation.check(i, actual[i], {});
        if (difference.isMatch())
          continue;
        if (difference.shape.empty() && expectation.isIllConditioned(i))
          worst = {Outcome::Inconclusive, where + difference.str()};
        else
          return {Outcome::Mismatch, where + "output " + std::to_string(i) + ": " + difference.str()};
      }
    }
  }
  return worst;
}

Outcome fuzz::tryInChild(mlir::ModuleOp module, Trial trial) {
  int ends[2];
  if (pipe(ends))
    return {Outcome::Inconclusive, "no pipe"};
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    alarm(120);
    Outcome outcome = trial(module);
    std::string text = std::to_string(outcome.kind) + " " + std::to_string(outcome.runs) + " " +
                       std::to_string(outcome.refusals) + " " + outcome.message;
    (void)!write(ends[1], text.data(), std::min<size_t>(text.size(), 60000)); // fits the pipe
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, got);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status))
    return {WTERMSIG(status) == SIGALRM ? Outcome::Timeout : Outcome::Crash,
            "signal " + std::to_string(WTERMSIG(status))};
  if (text.empty())
    return {Outcome::Crash, "exit status " + std::to_string(WEXITSTATUS(status))};
  llvm::StringRef rest = text;
  Outcome outcome;
  int kind = 0;
  bool isRead = !rest.consumeInteger(10, kind) && rest.consume_front(" ") && !rest.consumeInteger(10, outcome.runs) &&
                rest.consume_front(" ") && !rest.consumeInteger(10, outcome.refusals) && rest.consume_front(" ");
  if (!isRead)
    return {Outcome::Crash, "the child said: " + text};
  outcome.kind = static_cast<Outcome::Kind>(kind);
  outcome.message = rest.str();
  return outcome;
}
