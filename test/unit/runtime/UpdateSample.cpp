//===- UpdateSample.cpp - The sample engine's state as it changes ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "UpdateSample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

using namespace reckon;
using namespace reckon::test;

/// Small multiples of 1/8, so that sums are exact in any order.
static void fill(float *values, size_t count, uint64_t seed) {
  std::mt19937_64 random(seed * 1000003 + 17);
  for (size_t i = 0; i < count; ++i)
    values[i] = (int(random() % 17) - 8) / 8.0f;
}

SampleState::SampleState(const EngineSpec &spec) {
  table.resize(spec.tables[0].data.size / sizeof(float));
  std::memcpy(table.data(), spec.tables[0].data.data, spec.tables[0].data.size);
  weights.resize(spec.weights[0].data.size / sizeof(float));
  std::memcpy(weights.data(), spec.weights[0].data.data, spec.weights[0].data.size);
}

void SampleState::setTable(uint64_t seed) { fill(table.data(), table.size(), seed); }
void SampleState::setWeights(uint64_t seed) { fill(weights.data(), weights.size(), seed); }

std::vector<float> SampleState::setRows(const std::vector<int64_t> &ids, uint64_t seed) {
  std::vector<float> rows(ids.size() * width);
  fill(rows.data(), rows.size(), seed);
  for (size_t i = 0; i < ids.size(); ++i)
    std::copy_n(rows.begin() + ptrdiff_t(i * width), width, table.begin() + ids[i] * width);
  return rows;
}

void SampleState::deleteRows(const std::vector<int64_t> &ids) {
  for (int64_t id : ids)
    std::fill_n(table.begin() + id * width, width, 0.0f);
}

void SampleState::expect(const runtime::Context &context, const SampleData &inputs) const {
  size_t batch = inputs.s.size();
  std::vector<float> y, s;
  for (size_t r = 0; r < batch; ++r) {
    float sum = 0;
    for (size_t c = 0; c < hidden; ++c) {
      float value = 0;
      for (size_t k = 0; k < width; ++k) {
        float pooled = table[size_t(inputs.ids[r * 2]) * width + k] + table[size_t(inputs.ids[r * 2 + 1]) * width + k];
        value += (inputs.x[r * width + k] + pooled) * weights[k * hidden + c];
      }
      y.push_back(2 * value);
      sum += value;
    }
    s.push_back(sum);
  }
  ReckonTensor gotY = context.output(0), gotS = context.output(1);
  ASSERT_EQ(gotY.bytes, y.size() * 4);
  EXPECT_EQ(std::memcmp(gotY.data, y.data(), gotY.bytes), 0) << "version " << context.version();
  EXPECT_EQ(std::memcmp(gotS.data, s.data(), gotS.bytes), 0) << "version " << context.version();
}

void test::expectState(runtime::Context &context, const SampleState &state, uint64_t version) {
  for (int64_t batch : {1, 33, 150}) {
    SampleData inputs = sampleData(batch, static_cast<unsigned>(batch));
    ASSERT_FALSE(bindInputs(context, inputs));
    runtime::Status failed = context.run();
    ASSERT_FALSE(failed) << failed.message;
    EXPECT_EQ(context.version(), version);
    state.expect(context, inputs);
  }
}
