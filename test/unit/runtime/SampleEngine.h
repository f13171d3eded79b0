//===- SampleEngine.h - A small engine with hand-written kernels ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TEST_UNIT_RUNTIME_SAMPLEENGINE_H
#define RECKON_TEST_UNIT_RUNTIME_SAMPLEENGINE_H

#include "reckon/Engine/EngineFile.h"
#include "reckon/Runtime/Runtime.hpp"

namespace reckon::test {

constexpr int width = 8, hidden = 16, numIds = 2, tableRows = 200;

/// The network of Kernels.c: inputs x [batch, 8] and ids [batch, 2], outputs y [batch, 16] and s [batch].
EngineSpec sampleSpec();
/// With a table of so many rows, of which those that it does not have are 0.5.
EngineSpec withRows(EngineSpec spec, int64_t rows);
/// Says that kernels of the sample's program, for either device, check themselves, and what their operands hold.
void makeChecked(ProgramSpec &program);
std::vector<uint8_t> sampleEngine(const EngineSpec &spec = sampleSpec());

struct SampleData {
  std::vector<float> x, y, s;
  std::vector<int64_t> ids;
};
/// Random inputs and the outputs they should give, to the bit.
SampleData sampleData(int64_t batch, unsigned seed = 1);
/// Binds the inputs.
runtime::Status bindInputs(runtime::Context &context, const SampleData &data);
/// Binds the inputs, runs, and compares both outputs.
void expectCorrect(runtime::Context &context, const SampleData &data);

} // namespace reckon::test

#endif // RECKON_TEST_UNIT_RUNTIME_SAMPLEENGINE_H
