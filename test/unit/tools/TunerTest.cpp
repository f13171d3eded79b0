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
#include <cstring>

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
    return tuner.run(cache, error, [](size_t, size_t, const std::string &) {});
  }

  FakeCuda &cuda;
  EngineSpec spec;
  TuneOptions options;
  TimingCache cache;
  std::string error;
};
} // namespace

TEST_F(Tuning, ProbesAreProgramsOfTheEngine) {
  const ProgramSpec &program = spec.programs[1];
  for (size_t dispatch = 0; dispatch < 3; ++dispatch)
    for (size_t launch = 0; launch < program.chains[dispatch].dispatches[0].launches.size(); ++launch)
      for (size_t repeats : {1, 2, 16}) {
        EngineSpec probe = spec;
        probe.programs[1] = makeLaunchProbe(program, dispatch, launch, repeats);
        EXPECT_EQ(validateEngine(probe), "");
        EXPECT_EQ(probe.programs[1].chains.size(), repeats);
        EXPECT_EQ(probe.programs[1].kernels.size(), program.kernels.size());
        EXPECT_TRUE(serializeEngine(probe));
      }
}

TEST_F(Tuning, ProbesTakeTheMemoryThatTheyUse) {
  ProgramSpec probe = makeLaunchProbe(spec.programs[1], /*dispatch=*/1, /*launch=*/2, /*repeats=*/4);
  for (uint32_t slot = 0; slot < probe.slots.size(); ++slot) {
    bool isUsed = false;
    for (const OperandSpec &operand : probe.chains[0].dispatches[0].operands)
      isUsed |= operand.space == Space::Arena && operand.index == slot;
    EXPECT_EQ(probe.slots[slot] == SizeExpr(0), !isUsed) << slot;
  }
}

TEST_F(Tuning, NothingIsLoadedTwice) {
  cuda.machine.hasCublasLt = true;
  ASSERT_EQ(run(), ExitOk) << error;
  // The code of the engine, and twice that which makes up values: for tables, and for the memory of the run.
  EXPECT_EQ(cuda.calls("cuModuleLoadDataEx"), 3);
  EXPECT_EQ(cuda.calls("cublasLtCreate"), 1);
  // Two sizes of four equal products: two algorithms are timed for each size, then the product is captured four times.
  EXPECT_EQ(cuda.calls("cublasLtMatmul"), 2 * (2 * 10 + 4));
}

TEST_F(Tuning, HopelessLaunchesAreTimedOnce) {
  cuda.onLaunch = [](const FakeLaunch &launch) {
    bool isSlow = std::string(launch.kernel) == "test_linear_small";
    fakeCuda().machine.elapsed = isSlow ? 1.6f : 0.5f;
    runHostKernel(launch);
  };
  ASSERT_EQ(run(), ExitOk) << error;
  // Two sizes: a run to warm up and three to time, or, of what takes over three times as long, the first run alone.
  EXPECT_EQ(cuda.calls("cuGraphLaunch"), 2 * 4 + 2 * 1);
  ASSERT_EQ(cache.dispatches[1].candidates[1].times.size(), 2u);
  EXPECT_NEAR(cache.dispatches[1].candidates[1].times[0].microseconds, 1600 / 4.0, 1e-3);
}

TEST_F(Tuning, LongRunsAreFew) {
  options.runs = 9;
  cuda.machine.elapsed = 40;
  ASSERT_EQ(run(), ExitOk) << error;
  EXPECT_EQ(cuda.calls("cuGraphLaunch"), 2 * 2 * (1 + 3));
}

TEST_F(Tuning, FailuresOfTheDriverAreTold) {
  cuda.machine.hasCublasLt = true;
  ASSERT_EQ(run(), ExitOk) << error;
  int calls = cuda.calls(), failures = 0;
  for (int call = 1; call <= calls; call += 5) {
    cache = {};
    error.clear();
    cuda.failAt(call);
    int code = run();
    cuda.failAt(0);
    EXPECT_EQ(code == ExitOk, error.empty()) << "call " << call;
    EXPECT_EQ(cuda.live(), 0u) << "call " << call;
    failures += code != ExitOk;
  }
  EXPECT_GT(failures, calls / 10);
}

TEST_F(Tuning, MemoryOfTheRunIsFullOfNumbers) {
  static size_t launches, wrong;
  launches = wrong = 0;
  cuda.onLaunch = [](const FakeLaunch &launch) {
    if (std::string(launch.kernel) == "test_linear") {
      uint64_t address;
      std::memcpy(&address, launch.parameters[1], sizeof(address)); // what the lookup handed on
      auto *halves = reinterpret_cast<const uint16_t *>(address);
      ++launches;
      for (size_t i = 0; i < size_t(2) * width; ++i)
        wrong += (halves[i] & 0x7c00) != 0x3800;
      wrong += std::count(halves, halves + 2 * width, halves[0]) == 2 * width;
    }
    runHostKernel(launch);
  };
  ASSERT_EQ(run(), ExitOk) << error;
  // Four copies in a run to warm up and three to time, for two sizes.
  EXPECT_EQ(launches, 2u * 4 * 4);
  EXPECT_EQ(wrong, 0u);
}

TEST_F(Tuning, CopiesOfALaunchWaitForEachOther) {
  cuda.machine.hasCublasLt = true;
  // Among them those that read what the caller has, and nothing of each other.
  options.allDispatches = true;
  ASSERT_EQ(run(), ExitOk) << error;
  // Every graph is four times one launch, one after another.
  std::vector<FakeGraph> graphs = cuda.graphs();
  ASSERT_EQ(graphs.size(), 5u * 2); // five launches, two sizes
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

TEST_F(Tuning, DispatchesWithoutAChoiceAreTimedWhenAsked) {
  options.allDispatches = true;
  ASSERT_EQ(run(), ExitOk) << error;
  ASSERT_EQ(cache.dispatches.size(), 3u);
  for (size_t dispatch : {0, 2}) {
    ASSERT_EQ(cache.dispatches[dispatch].candidates.size(), 1u);
    EXPECT_EQ(cache.dispatches[dispatch].candidates[0].times.size(), 2u);
  }
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
