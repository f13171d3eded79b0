//===- Expectation.h - What an engine should answer, and how exactly ---*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------------------===//

#ifndef RECKON_REFERENCE_EXPECTATION_H
#define RECKON_REFERENCE_EXPECTATION_H

#include "lib/Reference/Compare.h"
#include "lib/Reference/Evaluator.h"

namespace reckon::reference {

/// The answer of a model to some inputs in double precision, with what single precision may do to it.
///
/// A fixed tolerance is wrong for a deep model: where large terms cancel, correct single-precision code is far off in
/// relative terms. So the model also runs with imitated rounding (Noise), and an output may be off by the tolerance
/// plus the tolerance's `noiseFactor` times the largest deviation seen in it. For the well-conditioned models of
/// practice that adds less than the tolerance itself.
struct Expectation {
  struct Output {
    Tensor value;
    double noise = 0; // the largest deviation of a noisy run; infinite when one run has a number and another has none
    std::set<int64_t> ambiguousRows; // of integers: where a noisy run differs, or near ties decided
  };
  llvm::SmallVector<Output> outputs;
  /// Near ties decided some order: outputs computed from indices may differ altogether.
  bool hasTies = false;

  Difference check(size_t output, const Tensor &actual, const Tolerance &tolerance) const;
  /// Whether rounding decides what the output is, so that a comparison says little.
  bool isIllConditioned(size_t output) const;
};

/// `draws` of random roundings show what rounding does to the outputs.
mlir::FailureOr<Expectation> computeExpectation(mlir::func::FuncOp func, llvm::ArrayRef<Tensor> inputs,
                                                const Tolerance &tolerance = {}, std::string *error = nullptr,
                                                unsigned draws = 2);

} // namespace reckon::reference

#endif // RECKON_REFERENCE_EXPECTATION_H
