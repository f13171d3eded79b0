//===- Expectation.cpp - What an engine should answer, and how exactly --------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "lib/Reference/Expectation.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cmath>
#include <limits>

namespace reckon::reference {

/// Adds what a noisy run of the output shows.
static void addNoise(Expectation::Output &output, const Tensor &noisy) {
  const Tensor &exact = output.value;
  int64_t count = exact.numElements();
  int64_t perRow = exact.rank() > 0 && exact.size(0) > 0 ? count / exact.size(0) : std::max<int64_t>(count, 1);
  for (int64_t i = 0; i < count; ++i) {
    if (!exact.isFloat()) {
      if (exact.intAt(i) != noisy.intAt(i))
        output.ambiguousRows.insert(exact.rank() ? i / perRow : 0);
      continue;
    }
    double e = exact.floatAt(i), n = noisy.floatAt(i);
    if (e == n || (std::isnan(e) && std::isnan(n)))
      continue;
    double distance = std::fabs(e - n);
    output.noise = std::max(output.noise, std::isnan(distance) ? std::numeric_limits<double>::infinity() : distance);
  }
}

mlir::FailureOr<Expectation> computeExpectation(mlir::func::FuncOp func, llvm::ArrayRef<Tensor> inputs,
                                                const Tolerance &tolerance, std::string *error, unsigned draws) {
  Ties ties;
  ties.atol = tolerance.atol;
  ties.rtol = tolerance.rtol;
  EvaluateOptions options;
  options.ties = &ties;
  auto exact = evaluate(func, inputs, error, options);
  if (mlir::failed(exact))
    return mlir::failure();
  Expectation expectation;
  expectation.hasTies = !ties.rows.empty();
  for (Tensor &value : *exact)
    expectation.outputs.push_back({value, 0, ties.rows});

  for (uint64_t run = 0; run < draws; ++run) {
    Noise noise(run);
    noise.relative = tolerance.rounding;
    EvaluateOptions noisyOptions;
    noisyOptions.noise = &noise;
    // A noisy run can fail where an index is computed from floats.
    auto noisy = evaluate(func, inputs, nullptr, noisyOptions);
    if (mlir::failed(noisy))
      continue;
    for (auto [output, value] : llvm::zip(expectation.outputs, *noisy))
      addNoise(output, value);
  }
  return expectation;
}

Difference Expectation::check(size_t output, const Tensor &actual, const Tolerance &tolerance) const {
  const Output &expected = outputs[output];
  Tolerance widened = tolerance;
  widened.atol += tolerance.noiseFactor * expected.noise;
  return compare(expected.value, actual, widened, &expected.ambiguousRows);
}

bool Expectation::isIllConditioned(size_t output) const {
  const Output &expected = outputs[output];
  if (!expected.value.isFloat())
    return !expected.ambiguousRows.empty();
  double greatest = 0;
  for (double value : expected.value.floats())
    if (std::isfinite(value))
      greatest = std::max(greatest, std::fabs(value));
  return expected.noise > 1e-3 * greatest && expected.noise > 1e-6;
}

} // namespace reckon::reference
