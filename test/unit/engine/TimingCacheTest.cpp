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
const std::vector<bool> secondIsLibrary = {false, true, false};

TimingCache makeCache() {
  TimingCache cache;
  cache.device = "NVIDIA H200";
  cache.driver = "13.0";
  cache.kernels = 0x0123456789abcdef;
  cache.dispatches = {{"gemm",
                       {{"a", {{1, 2.0}, {64, 3.0}}},
                        {"cublaslt", {{1, 5.0}, {64, 5.0}, {4096, 9.0}, {65536, 100.0}}},
                        {"b", {{1, 4.0}, {64, 4.0}, {4096, 12.0}, {65536, 90.0}}}}}};
  return cache;
}

std::vector<std::string> fastest(const std::vector<TimingCache::Candidate> &candidates) {
  std::vector<std::string> text;
  for (const FastestLaunch &launch : findFastest(candidates, secondIsLibrary))
    text.push_back(candidates[launch.candidate].name + " " + std::to_string(launch.minRows) + ".." +
                   (launch.maxRows == all ? "" : std::to_string(launch.maxRows)));
  return text;
}
} // namespace

TEST(TimingCache, TextIsReadAsItWasWritten) {
  TimingCache cache = makeCache();
  std::string text = formatTimingCache(cache), error;
  auto read = parseTimingCache(text, &error);
  ASSERT_TRUE(read) << error;
  EXPECT_EQ(formatTimingCache(*read), text);
  EXPECT_EQ(read->device, "NVIDIA H200");
  EXPECT_EQ(read->dispatches[0].candidates[1].times[2].rows, 4096u);
}

TEST(TimingCache, BadTextIsNamed) {
  std::string good = formatTimingCache(makeCache()), error;
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

TEST(TimingCache, FilesAreRead) {
  std::string path = testing::TempDir() + "reckon-timing-cache.txt", error;
  auto write = [&](const std::string &text) {
    std::FILE *file = std::fopen(path.c_str(), "wb");
    ASSERT_TRUE(file);
    EXPECT_EQ(std::fwrite(text.data(), 1, text.size(), file), text.size());
    EXPECT_EQ(std::fclose(file), 0);
  };
  std::string good = formatTimingCache(makeCache());
  write(good);
  auto read = readTimingCache(path, &error);
  ASSERT_TRUE(read) << error;
  EXPECT_EQ(formatTimingCache(*read), good);
  write("nonsense\n");
  EXPECT_FALSE(readTimingCache(path, &error));
  EXPECT_NE(error.find("reckon-timing-cache.txt, line 1: this is no timing cache"), std::string::npos) << error;
  std::remove(path.c_str());
  EXPECT_FALSE(readTimingCache(path, &error));
  EXPECT_NE(error.find("cannot read the timing cache"), std::string::npos) << error;
  EXPECT_NE(error.find("No such file"), std::string::npos) << error;
}

TEST(TimingCache, WinnersGetTheirRanges) {
  // a wins at 64 rows, the library at 4096, b at 65536; between them ends the geometric mean. Without the library b
  // follows a.
  EXPECT_EQ(fastest(makeCache().dispatches[0].candidates),
            (std::vector<std::string>{"cublaslt 513..16384", "a 0..512", "b 0.."}));
}

TEST(TimingCache, OneLaunchMayWinTwice) {
  std::vector<TimingCache::Candidate> candidates = makeCache().dispatches[0].candidates;
  candidates[0].times = {{1, 2.0}, {64, 9.0}, {4096, 1.0}, {65536, 1.0}};
  candidates[1].times.clear();
  EXPECT_EQ(fastest(candidates), (std::vector<std::string>{"a 0..8", "b 9..512", "a 0.."}));
}

TEST(TimingCache, TheLastLaunchIsGenerated) {
  std::vector<TimingCache::Candidate> candidates = makeCache().dispatches[0].candidates;
  candidates[1].times = {{1, 1.0}, {64, 1.0}, {4096, 1.0}};
  candidates[2].times = {};
  EXPECT_EQ(fastest(candidates), (std::vector<std::string>{"cublaslt 0..", "a 0.."}));
}

TEST(TimingCache, WithoutTimesOfGeneratedKernelsNothingIsChosen) {
  std::vector<TimingCache::Candidate> candidates = makeCache().dispatches[0].candidates;
  candidates[0].times.clear();
  candidates[2].times.clear();
  EXPECT_TRUE(fastest(candidates).empty());
  candidates[1].times.clear();
  EXPECT_TRUE(fastest(candidates).empty());
}
