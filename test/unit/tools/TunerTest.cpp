//===- TunerTest.cpp - Timing launches on a driver that is not there ------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "tools/Support/Tuner.h"
#include "test/unit/runtime/CudaSample.h"
#include "tools/Support/ArgParser.h"
#include "tools/Support/LaunchProbe.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace reckon;
using namespace reckon::test;
using namespace reckon::tools;

namespace {
class Tuning : public testing::Test {
protected:
  Tuning() : cuda(fakeCuda()), spec(cudaSampleSpec()) {
    cuda.reset();
    cuda.onLaunch = runHostKernel;
    // The library multiplies what is in the arena.
    spec.programs[1].chains[1].dispatches[0].launches[0].gemm->a = 1;
    spec.programs[1].candidates = 0xc0ffee;
    options.batches = {1, 50};
    options.repeats = 4;
    options.runs = 3;
  }
  ~Tuning() override { EXPECT_EQ(cuda.live(), 0u); }
  int run() {
    Tuner tuner(spec, options);
    return tuner.run(cache, error, [](size_t, const std::string &) {});
  }

  FakeCuda &cuda;
  EngineSpec spec;
  TuneOptions options;
  TimingCache cache;
  std::string error;
};
} // namespace

TEST_F(Tuning, ProbesAreEngines) {
  for (size_t dispatch = 0; dispatch < 3; ++dispatch)
    for (size_t launch = 0; launch < spec.programs[1].chains[dispatch].dispatches[0].launches.size(); ++launch)
      for (size_t repeats : {1, 2, 16}) {
        EngineSpec probe = makeLaunchProbe(spec, dispatch, launch, repeats);
        EXPECT_EQ(validateEngine(probe), "");
        EXPECT_EQ(probe.programs.size(), 1u);
        EXPECT_EQ(probe.programs[0].chains.size(), repeats);
        EXPECT_EQ(probe.weights.size(), dispatch == 1 ? 1u : 0u);
        EXPECT_TRUE(serializeEngine(probe));
      }
}

TEST_F(Tuning, CopiesOfALaunchWaitForEachOther) {
  cuda.machine.hasCublasLt = true;
  ASSERT_EQ(run(), ExitOk) << error;
  // Every graph is four times one launch, one after another.
  std::vector<FakeGraph> graphs = cuda.graphs();
  ASSERT_FALSE(graphs.empty());
  for (const FakeGraph &graph : graphs) {
    EXPECT_EQ(graph.kernels, std::vector<std::string>(4, graph.kernels[0]));
    for (size_t node = 1; node < 4; ++node)
      EXPECT_TRUE(std::count(graph.after[node].begin(), graph.after[node].end(), node - 1)) << graph.kernels[0];
  }
}

TEST_F(Tuning, EveryCandidateIsTimed) {
  cuda.machine.hasCublasLt = true;
  ASSERT_EQ(run(), ExitOk) << error;
  ASSERT_EQ(cache.dispatches.size(), 3u);
  // A dispatch with one launch needs no time.
  EXPECT_TRUE(cache.dispatches[0].candidates.at(0).times.empty());
  const std::vector<TimingCache::Candidate> &candidates = cache.dispatches[1].candidates;
  ASSERT_EQ(candidates.size(), 3u);
  EXPECT_EQ(candidates[0].name, "cublaslt");
  EXPECT_EQ(candidates[0].times.size(), 2u);
  // Also beyond the 4 rows that it was thought best for.
  EXPECT_EQ(candidates[1].name, "test_linear_small");
  ASSERT_EQ(candidates[1].times.size(), 2u);
  EXPECT_EQ(candidates[1].times[1].rows, 50u);
  EXPECT_NEAR(candidates[1].times[0].microseconds, 500 / 4.0, 1e-6); // the fake's half a millisecond
  EXPECT_EQ(candidates[2].name, "test_linear");
  EXPECT_EQ(cache.kernels, 0xc0ffeeu);
}

TEST_F(Tuning, AMissingLibraryIsNotTimed) {
  ASSERT_EQ(run(), ExitOk) << error;
  EXPECT_TRUE(cache.dispatches[1].candidates[0].times.empty());
  EXPECT_EQ(cache.dispatches[1].candidates[2].times.size(), 2u);
}

TEST_F(Tuning, WhatCannotBeTuned) {
  spec.programs.pop_back();
  EXPECT_EQ(run(), ExitUsage);
  EXPECT_NE(error.find("no code for GPUs"), std::string::npos) << error;
  spec = cudaSampleSpec();
  EXPECT_EQ(run(), ExitUsage);
  EXPECT_NE(error.find("compile it with --candidates=all"), std::string::npos) << error;
  spec.programs[1].candidates = 1;
  options.device = "cuda:7";
  EXPECT_EQ(run(), ExitUnavailable);
  EXPECT_NE(error.find("'cuda:7'"), std::string::npos) << error;
}
