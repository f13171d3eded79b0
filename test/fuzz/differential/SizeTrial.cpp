//===- SizeTrial.cpp - Runs one module at sizes that are hard for it ----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/fuzz/differential/Trial.h"

#include "dialects/Rec/Shape.h"
#include "dialects/Rec/SizeRequirements.h"
#include "lib/Reference/EngineSession.h"
#include "lib/Reference/Expectation.h"
#include "lib/Reference/RandomInputs.h"
#include "reckon/Compiler/Compiler.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"

#include <random>

using namespace reckon;
using namespace reckon::fuzz;
using namespace reckon::reference;

namespace {
class SizeTrial {
public:
  SizeTrial(mlir::func::FuncOp func, uint64_t seed) : func(func), names(getInputDims(func)), random(seed) {}

  std::string open(const std::vector<uint8_t> &engine) {
    std::string error = alone.open(engine, 1);
    return error.empty() ? shared.open(engine, 3) : error;
  }

  Outcome run(uint64_t number) {
    DimValues dims = drawDims();
    RandomInputOptions options;
    options.seed = random();
    options.badIndex = number % 5 == 4;
    std::string error;
    auto inputs = makeRandomInputs(func, dims, options, &error);
    if (mlir::failed(inputs))
      return {Outcome::NoInputs, error};
    Outcome outcome = compare(*inputs, number % 8 == 7 ? shared : alone);
    if (outcome.isFailure()) {
      std::string where;
      for (const std::string &name : names)
        where += name + " = " + std::to_string(dims[name]) + ", ";
      outcome.message = where + "run " + std::to_string(number) + ": " + outcome.message;
    }
    return outcome;
  }

private:
  int64_t below(int64_t end) { return static_cast<int64_t>(random() % static_cast<uint64_t>(end)); }

  /// Around the numbers that modules take, primes, and now and then one dimension far larger than all others.
  int64_t drawSize() {
    static constexpr int64_t rare[] = {11, 13, 15, 16, 17, 31, 61};
    return below(4) ? below(10) : rare[below(std::size(rare))];
  }
  DimValues drawDims() {
    DimValues dims;
    int64_t same = drawSize();
    bool areEqual = below(3) == 0;
    for (const std::string &name : names)
      dims[name] = areEqual ? same : drawSize();
    if (!names.empty() && below(50) == 0) {
      for (const std::string &name : names)
        dims[name] = below(3);
      // The evaluator has to end also where a product has it three times.
      dims[names[below(names.size())]] = 200 + below(400);
    }
    return dims;
  }

  Outcome compare(llvm::ArrayRef<Tensor> inputs, EngineSession &session) {
    std::string refused;
    auto expectation = computeExpectation(func, inputs, {}, &refused);
    llvm::SmallVector<Tensor> actual;
    std::string got = session.run(inputs, actual);
    Outcome outcome;
    outcome.runs = 1;
    auto fail = [&](Outcome::Kind kind, const std::string &message) {
      outcome.kind = kind;
      outcome.message = message;
      return outcome;
    };
    if (got.find("is at fault") != std::string::npos || got.find("were written") != std::string::npos)
      return fail(Outcome::RunError, got);
    if (mlir::failed(expectation)) {
      outcome.refusals = 1;
      return got.empty() ? fail(Outcome::Mismatch, "answered what the evaluator refuses: " + refused) : outcome;
    }
    if (!got.empty())
      return fail(Outcome::RunError, "the evaluator accepts what the engine refuses: " + got);
    if (actual.size() != expectation->outputs.size())
      return fail(Outcome::Mismatch, "another number of outputs");
    for (size_t i = 0; i < actual.size() && !expectation->hasTies; ++i) {
      Difference difference = expectation->check(i, actual[i], {});
      if (!difference.isMatch() && !(difference.shape.empty() && expectation->isIllConditioned(i)))
        return fail(Outcome::Mismatch, "output " + std::to_string(i) + ": " + difference.str());
    }
    return outcome;
  }

  mlir::func::FuncOp func;
  std::vector<std::string> names;
  std::mt19937_64 random;
  EngineSession alone, shared;
};
} // namespace

Outcome fuzz::trySizes(mlir::ModuleOp module, uint64_t seed, uint64_t runs) {
  std::string diagnostics;
  mlir::ScopedDiagnosticHandler handler(module.getContext(), [&](mlir::Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error)
      diagnostics += diagnostic.str() + "\n";
    return mlir::success();
  });
  // Import writes down what an op needs as it makes the op.
  mlir::OwningOpRef<mlir::ModuleOp> compiled = module.clone();
  llvm::SmallVector<rec::RequirementAttr> requirements;
  mlir::func::FuncOp made = *compiled->getOps<mlir::func::FuncOp>().begin();
  made.walk([&](mlir::Operation *op) { rec::getUnprovenRequirements(op, requirements); });
  rec::addRequirements(made, requirements);
  CompileOptions options;
  options.checkKernels = true;
  CompileReport report;
  auto engine = compileModule(*compiled, options, report);
  if (!engine)
    return {Outcome::CompileError, diagnostics};

  SizeTrial trial(*module.getOps<mlir::func::FuncOp>().begin(), seed);
  Outcome total;
  if (std::string error = trial.open(*engine); !error.empty())
    return {Outcome::RunError, error};
  for (uint64_t run = 0; run < runs; ++run) {
    Outcome outcome = trial.run(run);
    total.runs += outcome.runs;
    total.refusals += outcome.refusals;
    if (outcome.isFailure()) {
      total.kind = outcome.kind;
      total.message = outcome.message;
      return total;
    }
  }
  return total;
}
