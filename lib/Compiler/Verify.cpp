//===- Verify.cpp - The engine against the reference evaluator ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "dialects/Rec/ConstantData.h"
#include "dialects/Rec/Rec.h"
#include "dialects/Rec/TableRows.h"
#include "lib/Reference/EngineSession.h"
#include "lib/Reference/Expectation.h"
#include "lib/Reference/RandomInputs.h"
#include "reckon/Compiler/Compiler.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cmath>
#include <deque>

using namespace reckon;
using reference::Tensor;

static bool hasNaN(const reference::Expectation &expectation) {
  return llvm::any_of(expectation.outputs, [](const reference::Expectation::Output &output) {
    return output.value.isFloat() && llvm::any_of(output.value.floats(), [](double x) { return std::isnan(x); });
  });
}

namespace {
/// Rows made up for tables that have none, in a copy of the reference and for the engine alike.
class MadeUpRows {
public:
  MadeUpRows(mlir::ModuleOp reference, uint64_t seed) : copy(reference.clone()) {
    copy->walk([&](rec::ConstantOp constant) { fill(constant, seed); });
  }
  mlir::ModuleOp module() { return *copy; }
  const std::vector<ReckonTableBinding> &bindings() const { return bound; }

private:
  void fill(rec::ConstantOp constant, uint64_t seed) {
    auto type = constant.getType();
    std::optional<uint64_t> size = rec::getDataSize(type);
    std::optional<RowFormat> format = rec::getRowFormat(type.getElementType());
    if (rec::getConstantBytes(constant.getValue()) || !constant.getName() || type.getRank() != 2 || !size || !format)
      return;
    int64_t rows = type.getDimSize(0), dim = type.getDimSize(1);
    auto data = std::make_unique<std::vector<char>>(*size);
    format->fill(data->data(), rows, dim, seed + bound.size());
    constant.setValueAttr(rec::makeConstant(type, *data, *constant.getName()));
    ReckonTableBinding &binding = bound.emplace_back(ReckonTableBinding RECKON_TABLE_BINDING_INIT);
    names.push_back(constant.getName()->str());
    binding.table = names.back().c_str();
    binding.source = RECKON_TABLE_MEMORY;
    binding.data = data->data();
    binding.rows = rows;
    memory.push_back(std::move(data));
  }

  mlir::OwningOpRef<mlir::ModuleOp> copy;
  std::deque<std::string> names;
  std::vector<std::unique_ptr<std::vector<char>>> memory;
  std::vector<ReckonTableBinding> bound;
};
} // namespace

VerifyTolerance reckon::getVerifyTolerance(const std::string &precision) {
  // A half keeps 11 bits, as a factor in tf32 does, a bfloat16 8. The noise is twice the error of one rounding.
  if (precision == "fp16" || precision == "tf32")
    return {1e-3, 5e-3, 0x1p-10, 4};
  if (precision == "bf16")
    return {8e-3, 4e-2, 0x1p-7, 4};
  return {};
}

std::optional<VerifyResult> reckon::verifyEngine(mlir::ModuleOp reference, const std::vector<uint8_t> &engine,
                                                 int64_t batch, const VerifyTolerance &allowed, uint64_t seed) {
  auto fail = [&](const llvm::Twine &message) -> std::optional<VerifyResult> {
    mlir::emitError(reference.getLoc()) << "cannot verify: " << message;
    return std::nullopt;
  };
  MadeUpRows rows(reference, seed);
  auto funcs = rows.module().getOps<mlir::func::FuncOp>();
  if (funcs.empty())
    return fail("the model has no function");
  mlir::func::FuncOp func = *funcs.begin();

  // Where the model has no meaning there is nothing to compare.
  VerifyResult result;
  std::optional<reference::DimValues> dims = reference::chooseValidDims(func, batch);
  if (!dims) {
    result.skipped = "found no sizes that meet all of the model's requirements";
    return result;
  }
  std::string error;
  reference::Tolerance tolerance{allowed.atol, allowed.rtol, allowed.rounding, allowed.noiseFactor};
  llvm::SmallVector<Tensor> inputs;
  reference::Expectation expected;
  // A model that takes logarithms of its inputs says nothing about negative ones.
  for (double low : {-1.0, 0.0}) {
    auto expectation = mlir::FailureOr<reference::Expectation>(mlir::failure());
    mlir::FailureOr<llvm::SmallVector<Tensor>> drawn;
    // An integer that a count or an index is computed from may have to be small.
    for (int64_t intEnd : {8, 2, 1}) {
      reference::RandomInputOptions options;
      options.seed = seed;
      options.floatLow = low;
      options.intEnd = intEnd;
      drawn = reference::makeRandomInputs(func, *dims, options, &error);
      if (mlir::failed(drawn))
        return fail(error);
      expectation = reference::computeExpectation(func, *drawn, tolerance, &error);
      if (mlir::succeeded(expectation))
        break;
    }
    if (mlir::failed(expectation))
      return fail(error);
    inputs = *drawn;
    expected = *expectation;
    if (!hasNaN(expected))
      break;
  }

  reference::EngineSession session;
  llvm::SmallVector<Tensor> actual;
  error = session.open(engine, /*threads=*/0, rows.bindings());
  if (error.empty())
    error = session.run(inputs, actual);
  if (!error.empty())
    return fail(error);
  if (actual.size() != expected.outputs.size())
    return fail("the engine has " + llvm::Twine(actual.size()) + " outputs, the model " +
                llvm::Twine(expected.outputs.size()));

  for (auto [i, tensor] : llvm::enumerate(actual)) {
    reference::Difference difference = expected.check(i, tensor, tolerance);
    result.outputs.push_back({session.outputName(i), difference.str(), difference.isMatch()});
    result.matches &= difference.isMatch();
  }
  return result;
}

bool reckon::verifyWithErrors(const CompileOptions &options, const CompileReport &report,
                              const std::vector<uint8_t> &engine) {
  constexpr int64_t batch = 64;
  constexpr uint64_t seed = 0;
  mlir::ModuleOp reference = *report.reference;
  std::optional<VerifyResult> result =
      verifyEngine(reference, engine, batch, getVerifyTolerance(options.precision), seed);
  if (!result)
    return false;
  for (const VerifyResult::Output &output : result->outputs)
    if (!output.matches)
      mlir::emitError(reference.getLoc())
          << "output '" << output.name << "' differs from the reference: " << output.difference;
  if (!result->skipped.empty())
    mlir::emitWarning(reference.getLoc()) << "nothing was compared: " << result->skipped;
  return result->matches;
}
