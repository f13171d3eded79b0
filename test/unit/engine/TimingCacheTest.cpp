//===- TimingCacheTest.cpp - Choosing launches by measured times -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "reckon/Engine/TimingCache.h"

#include <gtest/gtest.h>

using namespace reckon;

namespace {
constexpr uint64_t all = UINT64_MAX;

/// One dispatch with the launches a (thought best up to 64 rows), cublaslt, and b.
EngineSpec makeSpec() {
  EngineSpec spec;
  ProgramSpec program;
  program.target = {"cuda", "sm_90a", {}};
  for (const char *symbol : {"gemm", "a", "b"}) {
    KernelSpec kernel;
    kernel.symbol = symbol;
    program.kernels.push_back(kernel);
  }
  DispatchSpec dispatch;
  dispatch.kernel = 0;
  dispatch.launches.resize(3);
  dispatch.launches[0].kernel = 1;
  dispatch.launches[0].maxRows = 64;
  dispatch.launches[1].library = "cublaslt";
  dispatch.launches[2].kernel = 2;
  ChainSpec chain;
  chain.dispatches = {dispatch};
  program.chains = {chain};
  spec.programs = {program};
  return spec;
}

TimingCache makeCache(const EngineSpec &spec) {
  TimingCache cache;
  cache.device = "NVIDIA H200";
  cache.driver = "13.0";
  cache.kernels = kernelsIdentity(spec);
  cache.dispatches = {{"gemm",
                       {{"a", {{1, 2.0}, {64, 3.0}}},
                        {"cublaslt", {{1, 5.0}, {64, 5.0}, {4096, 9.0}, {65536, 100.0}}},
                        {"b", {{1, 4.0}, {64, 4.0}, {4096, 12.0}, {65536, 90.0}}}}}};
  return cache;
}

std::vector<std::string> launchesOf(const EngineSpec &spec) {
  std::vector<std::string> text;
  for (const LaunchSpec &launch : spec.programs[0].chains[0].dispatches[0].launches)
    text.push_back(launchName(spec.programs[0], launch) + " " + std::to_string(launch.minRows) + ".." +
                   (launch.maxRows == all ? "" : std::to_string(launch.maxRows)));
  return text;
}
} // namespace

TEST(TimingCache, TextIsReadAsItWasWritten) {
  TimingCache cache = makeCache(makeSpec());
  std::string text = formatTimingCache(cache), error;
  auto read = parseTimingCache(text, &error);
  ASSERT_TRUE(read) << error;
  EXPECT_EQ(formatTimingCache(*read), text);
  EXPECT_EQ(read->device, "NVIDIA H200");
  EXPECT_EQ(read->dispatches[0].candidates[1].times[2].rows, 4096u);
}

TEST(TimingCache, BadTextIsNamed) {
  std::string good = formatTimingCache(makeCache(makeSpec())), error;
  struct {
    const char *text, *reason;
  } cases[] = {
      {"", "line 1: this is no timing cache"},
      {"reckon-timing-cache 2\n", "line 1: this is no timing cache"},
      {"reckon-timing-cache 1\n", "the line 'kernels' is missing"},
      {"reckon-timing-cache 1\nkernels xyz\n", "line 2: expected 'kernels'"},
      {"reckon-timing-cache 1\nlaunch a 1:2\n", "line 2: a launch before"},
      {"reckon-timing-cache 1\nkernels 1\ndispatch d\nlaunch a 1:x\n", "line 4: expected 'launch'"},
      {"reckon-timing-cache 1\nkernels 1\ndispatch d\nlaunch a 5:1 5:1\n", "ascending"},
      {"reckon-timing-cache 1\nkernels 1\ndispatch d\nlaunch a 1:-3\n", "line 4"},
      {"reckon-timing-cache 1\nkernels 1\ndispatch d\nlaunch a 1:nan\n", "line 4"},
      {"reckon-timing-cache 1\nhello\n", "line 2: 'hello' is not known"},
  };
  for (const auto &test : cases) {
    EXPECT_FALSE(parseTimingCache(test.text, &error)) << test.text;
    EXPECT_NE(error.find(test.reason), std::string::npos) << error;
  }
  // Any cut is read or refused, and nothing else.
  for (size_t length = 0; length < good.size(); ++length)
    (void)parseTimingCache(std::string_view(good).substr(0, length), &error);
}

TEST(TimingCache, WinnersKeepTheirRanges) {
  EngineSpec spec = makeSpec();
  std::string error;
  ASSERT_TRUE(applyTimingCache(spec, makeCache(spec), &error)) << error;
  // a wins at 64 rows, the library at 4096, b at 65536; between them ends the geometric mean. Without the library b
  // follows a.
  EXPECT_EQ(launchesOf(spec), (std::vector<std::string>{"cublaslt 513..16384", "a 0..512", "b 0.."}));
}

TEST(TimingCache, TheLastLaunchIsGenerated) {
  EngineSpec spec = makeSpec();
  TimingCache cache = makeCache(spec);
  cache.dispatches[0].candidates[1].times = {{1, 1.0}, {64, 1.0}, {4096, 1.0}};
  cache.dispatches[0].candidates[2].times = {};
  ASSERT_TRUE(applyTimingCache(spec, cache, nullptr));
  EXPECT_EQ(launchesOf(spec), (std::vector<std::string>{"cublaslt 0..", "a 0.."}));
}

TEST(TimingCache, WithoutTimesNothingChanges) {
  EngineSpec spec = makeSpec();
  TimingCache cache = makeCache(spec);
  for (TimingCache::Candidate &candidate : cache.dispatches[0].candidates)
    candidate.times.clear();
  std::vector<std::string> before = launchesOf(spec);
  ASSERT_TRUE(applyTimingCache(spec, cache, nullptr));
  EXPECT_EQ(launchesOf(spec), before);
}

TEST(TimingCache, OtherKernelsAreRefused) {
  EngineSpec spec = makeSpec();
  TimingCache cache = makeCache(spec);
  std::string error;
  cache.dispatches[0].candidates[0].name = "c";
  EXPECT_FALSE(applyTimingCache(spec, cache, &error));
  EXPECT_NE(error.find("other candidates for dispatch 0 (kernel 'gemm')"), std::string::npos) << error;
  cache.dispatches.clear();
  EXPECT_FALSE(applyTimingCache(spec, cache, &error));
  EXPECT_NE(error.find("has 0 dispatches, the engine 1"), std::string::npos) << error;
  ++cache.kernels;
  EXPECT_FALSE(applyTimingCache(spec, cache, &error));
  EXPECT_NE(error.find("measured with other kernels"), std::string::npos) << error;
}
