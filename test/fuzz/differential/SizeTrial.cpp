//===- SizeTrial.cpp - Runs one module at sizes that are hard for it ----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/fuzz/differential/Trial.h"

#include "dialects/Rec/Rec.h"
#include "lib/Reference/RandomInputs.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <random>

using namespace reckon;
using namespace reckon::fuzz;
using namespace reckon::reference;

/// The evaluator takes some tens of milliseconds for so many steps, which is many times a usual run.
static constexpr double maxWork = 1e7;

/// Steps of the evaluator: a step an element, and for products of M x K by K x N the M*N*K that is the root of the
/// product of the three numbers of elements. A shape without a value is refused before any work.
static double estimateWork(mlir::func::FuncOp func, const DimValues &dims) {
  auto count = [&](mlir::Value value) -> double {
    auto shape = llvm::isa<mlir::RankedTensorType>(value.getType()) ? getShapeAt(value.getType(), dims) : std::nullopt;
    return shape ? static_cast<double>(getNumElements(*shape)) : 0;
  };
  double work = 0;
  func.walk([&](mlir::Operation *op) {
    double sum = 0, product = 1;
    for (mlir::ValueRange values : {mlir::ValueRange(op->getOperands()), mlir::ValueRange(op->getResults())})
      for (mlir::Value value : values) {
        sum += count(value);
        product *= count(value);
      }
    work += sum + (op->hasTrait<rec::Product>() ? std::sqrt(product) : 0);
  });
  return work;
}

namespace {
class SizeTrial {
public:
  SizeTrial(mlir::func::FuncOp func, uint64_t seed, const SizeOptions &options)
      : func(func), options(options), names(getInputDims(func)), random(seed), isOnHost(options.target == "host"),
        isImported(rec::RecDialect::RequirementsAttrHelper(func.getContext()).isAttrPresent(func)) {
    // Sums on a GPU are in another order, and its functions are approximations.
    if (!isOnHost)
      tolerance.atol = 5e-6;
  }

  std::string open(const std::vector<uint8_t> &engine) {
    const char *device = isOnHost ? "host" : "cuda";
    std::string error = alone.open(engine, 1, {}, device);
    return error.empty() && isOnHost ? shared.open(engine, 3, {}, device) : error;
  }

  Outcome run(uint64_t number) {
    Outcome outcome;
    DimValues dims = drawDims();
    RandomInputOptions drawn;
    drawn.seed = random();
    drawn.badIndex = number % 5 == 4;
    if (estimateWork(func, dims) > maxWork) {
      outcome.skipped = 1;
      return outcome;
    }
    std::string error;
    auto inputs = makeRandomInputs(func, dims, drawn, &error);
    if (mlir::failed(inputs))
      return {Outcome::NoInputs, error};
    Verdict verdict = judge(func, isOnHost && number % 8 == 7 ? shared : alone, *inputs, tolerance);
    outcome = verdict.outcome;
    // What import wrote down, sizes that it folded away, the evaluator does not know.
    if (isImported && outcome.kind == Outcome::RunError && verdict.said.find(" needs ") != std::string::npos)
      outcome = {};
    outcome.runs = 1;
    outcome.refused = !verdict.said.empty() && !outcome.isFailure();
    if (outcome.isFailure()) {
      std::string where;
      for (const std::string &name : names)
        where += name + " = " + std::to_string(dims[name]) + ", ";
      outcome.message = where + "run " + std::to_string(number) + ": " + outcome.message;
    } else if (outcome.kind == Outcome::Ok && !options.exportDir.empty() && !write(number, *inputs, verdict)) {
      return {Outcome::RunError, "cannot write to " + options.exportDir};
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
      dims[names[below(names.size())]] = 1000 + below(4000);
    }
    return dims;
  }

  /// DIR/NUMBER with input_K.pb, and output_K.pb or refused.txt.
  bool write(uint64_t number, llvm::ArrayRef<Tensor> inputs, const Verdict &verdict) {
    std::string folder = options.exportDir + "/" + std::to_string(number) + "/";
    if (llvm::sys::fs::create_directories(folder))
      return false;
    auto writeAll = [&](llvm::ArrayRef<Tensor> tensors, const std::string &what) {
      return llvm::all_of(llvm::enumerate(tensors), [&](auto indexed) {
        return writeTensor(indexed.value(), folder + what + std::to_string(indexed.index()) + ".pb");
      });
    };
    if (verdict.said.empty())
      return writeAll(inputs, "input_") && writeAll(verdict.outputs, "output_");
    std::error_code error;
    llvm::raw_fd_ostream os(folder + "refused.txt", error);
    os << verdict.said << "\n" << verdict.refused << "\n";
    return writeAll(inputs, "input_") && !error;
  }

  mlir::func::FuncOp func;
  const SizeOptions &options;
  std::vector<std::string> names;
  std::mt19937_64 random;
  bool isOnHost, isImported;
  Tolerance tolerance;
  EngineSession alone, shared;
};
} // namespace

Outcome fuzz::trySizes(mlir::ModuleOp module, uint64_t seed, const SizeOptions &options) {
  CompileOptions compilation;
  compilation.checkKernels = true;
  compilation.target = options.target;
  std::vector<uint8_t> engine;
  if (Outcome compiled = compileTrial(module, compilation, engine); compiled.isFailure())
    return compiled;
  SizeTrial trial(getFunc(module), seed, options);
  Outcome total;
  if (std::string error = trial.open(engine); !error.empty())
    return {Outcome::RunError, error};
  for (uint64_t run = 0; run < options.runs; ++run) {
    Outcome outcome = trial.run(run);
    total.runs += outcome.runs;
    total.refused += outcome.refused;
    total.skipped += outcome.skipped;
    if (outcome.isFailure()) {
      total.kind = outcome.kind;
      total.message = outcome.message;
      return total;
    }
  }
  return total;
}
