//===- UpdateSample.h - The sample engine's state as it changes ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TEST_UNIT_RUNTIME_UPDATESAMPLE_H
#define RECKON_TEST_UNIT_RUNTIME_UPDATESAMPLE_H

#include "SampleEngine.h"

namespace reckon::test {

/// The rows and weights that the sample engine should have, and what it then gives.
struct SampleState {
  std::vector<float> table, weights;
  explicit SampleState(const EngineSpec &spec = sampleSpec());

  void setTable(uint64_t seed);
  void setWeights(uint64_t seed);
  /// The new rows, one after another.
  std::vector<float> setRows(const std::vector<int64_t> &ids, uint64_t seed);
  void deleteRows(const std::vector<int64_t> &ids);

  /// Compares the outputs of a run, to the bit.
  void expect(const runtime::Context &context, const SampleData &inputs) const;
};

/// Runs a few batches on the context.
void expectState(runtime::Context &context, const SampleState &state, uint64_t version);

} // namespace reckon::test

#endif // RECKON_TEST_UNIT_RUNTIME_UPDATESAMPLE_H
