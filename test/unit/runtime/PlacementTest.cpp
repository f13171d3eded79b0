//===- PlacementTest.cpp - How rows lie in the host's memory ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "runtime/Placement.h"
#include "UpdateSample.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <sys/prctl.h>
#include <unistd.h>

using namespace reckon;
using namespace reckon::test;
using runtime::Context;
using runtime::Engine;
using runtime::Status;
using runtime::Update;

namespace {
constexpr int64_t rows = 300000; // 9.6 MB
constexpr uint64_t tableBytes = uint64_t(rows) * width * sizeof(float);
constexpr int64_t both = RECKON_HOST_TABLES_HUGE_PAGES | RECKON_HOST_TABLES_INTERLEAVED;

ReckonOpenOptions placed(int64_t how) {
  ReckonOpenOptions options = RECKON_OPEN_OPTIONS_INIT;
  options.host_tables = how;
  return options;
}

/// Kilobytes of a kind that the process has.
uint64_t kilobytes(const std::string &kind) {
  std::ifstream file("/proc/self/smaps_rollup");
  std::string word;
  uint64_t value = 0;
  while (file >> word)
    if (word == kind + ":")
      file >> value;
  return value;
}

/// Kilobytes in mappings whose pages go to the nodes in turn.
uint64_t interleavedKilobytes() {
  std::ifstream file("/proc/self/numa_maps");
  uint64_t pages = 0;
  for (std::string line; std::getline(file, line);)
    if (size_t at = line.find(" anon="); line.find(" interleave") != std::string::npos && at != std::string::npos)
      pages += std::stoull(line.substr(at + 6));
  return pages * 4;
}

class Placement : public testing::Test {
protected:
  Placement()
      : spec(withRows(sampleSpec(), rows)), bytes(sampleEngine(spec)),
        path("/tmp/reckon-placement-" + std::to_string(getpid())) {}
  ~Placement() override {
    reckon_set_log(nullptr, nullptr, RECKON_LOG_ERROR);
    unlink(path.c_str());
  }
  void listen() {
    reckon_set_log([](void *user, ReckonLogLevel level,
                      const char *message) { static_cast<Placement *>(user)->messages.emplace_back(level, message); },
                   this, RECKON_LOG_INFO);
  }
  /// What the log says of the placement.
  std::string said() const {
    for (const auto &[level, message] : messages)
      if (message.find("are in memory of the process") != std::string::npos)
        return message;
    return "";
  }
  bool isGranted(runtime::Placement placement) {
    runtime::Error error;
    return checkPlacement(placement, error);
  }

  EngineSpec spec;
  std::vector<uint8_t> bytes;
  std::string path;
  std::vector<std::pair<ReckonLogLevel, std::string>> messages;
};

TEST_F(Placement, RowsLieOnHugePages) {
  if (!isGranted({true, false}))
    GTEST_SKIP() << "the system has no huge pages";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char *>(bytes.data()), std::streamsize(bytes.size()));
  listen();
  Engine engine;
  ASSERT_FALSE(engine.open(path, {}, placed(RECKON_HOST_TABLES_HUGE_PAGES)));
  EXPECT_EQ(said(), ""); // nothing is read yet
  uint64_t before = kilobytes("AnonHugePages");
  Context context, second;
  ASSERT_FALSE(context.create(engine, 1));
  uint64_t got = kilobytes("AnonHugePages") - before;
  std::string text = said(),
              expected = std::to_string(tableBytes) + " bytes of 1 tables are in memory of the process, on huge pages";
  if (got * 1024 >= tableBytes) {
    EXPECT_EQ(text, expected);
  } else { // the system is short of them, and that is said
    EXPECT_EQ(text, expected + "; the system had huge pages for " + std::to_string(got * 1024) + " of them");
    EXPECT_EQ(messages.back().first, RECKON_LOG_WARNING);
  }
  expectCorrect(context, sampleData(100));
  ASSERT_FALSE(second.create(engine, 1));
  EXPECT_EQ(kilobytes("AnonHugePages") - before, got); // once
  expectCorrect(second, sampleData(100));
}

TEST_F(Placement, PagesAreInterleaved) {
  if (!isGranted({false, true}))
    GTEST_SKIP() << "the system does not interleave pages";
  Engine engine;
  ASSERT_FALSE(engine.openMemory(bytes.data(), bytes.size(), {}, placed(RECKON_HOST_TABLES_INTERLEAVED)));
  EXPECT_EQ(interleavedKilobytes(), 0u);
  Context context;
  ASSERT_FALSE(context.create(engine, 1));
  // In huge pages, so that the last one is whole.
  EXPECT_GE(interleavedKilobytes() * 1024, tableBytes);
  expectCorrect(context, sampleData(100));
}

TEST_F(Placement, RowsInAFileAndMadeUpOnesAreCopiedAndTheCallersAreNot) {
  if (!isGranted({true, true}))
    GTEST_SKIP() << "the system does not place memory";
  auto *table = reinterpret_cast<const char *>(spec.tables[0].data.data);
  std::ofstream(path, std::ios::binary).write(table, tableBytes);
  ReckonTableBinding binding = RECKON_TABLE_BINDING_INIT;
  binding.path = path.c_str();
  binding.rows = rows;
  for (ReckonTableSource source : {RECKON_TABLE_FILE, RECKON_TABLE_MEMORY, RECKON_TABLE_SYNTHETIC}) {
    binding.source = source;
    binding.data = table;
    Engine engine;
    Context context;
    ASSERT_FALSE(engine.openMemory(bytes.data(), bytes.size(), {binding}, placed(both)));
    ASSERT_FALSE(context.create(engine, 1));
    EXPECT_EQ(interleavedKilobytes() * 1024 >= tableBytes, source != RECKON_TABLE_MEMORY) << source;
    if (source != RECKON_TABLE_SYNTHETIC)
      expectCorrect(context, sampleData(100));
  }
}

TEST_F(Placement, SmallTablesStayWhereTheyAre) {
  std::vector<uint8_t> small = sampleEngine();
  Engine engine;
  Context context;
  Status failed = engine.openMemory(small.data(), small.size(), {}, placed(both));
  if (failed)
    GTEST_SKIP() << failed.message;
  ASSERT_FALSE(context.create(engine, 1));
  EXPECT_EQ(interleavedKilobytes(), 0u);
  expectCorrect(context, sampleData(100));
}

TEST_F(Placement, VersionsLieAsTheRowsDo) {
  if (!isGranted({true, true}))
    GTEST_SKIP() << "the system does not place memory";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char *>(bytes.data()), std::streamsize(bytes.size()));
  // Each starts with another kind of change, on another side.
  for (int first = 0; first < 6; ++first) {
    Engine engine;
    Context context;
    Update update;
    SampleState state(spec);
    ASSERT_FALSE(engine.open(path, {}, placed(both)));
    ASSERT_FALSE(context.create(engine, 1));
    ASSERT_FALSE(update.create(engine));
    for (uint64_t version = 1; version <= 9; ++version) {
      switch ((first + int(version)) % 4) {
      case 0: {
        std::vector<int64_t> ids = {int64_t(version), 7, rows - 1};
        std::vector<float> changed = state.setRows(ids, version);
        ASSERT_FALSE(update.setRows("emb.weight", ids, changed.data()));
        break;
      }
      case 1:
        state.setWeights(version);
        ASSERT_FALSE(update.setWeight("w", state.weights.data(), state.weights.size() * sizeof(float)));
        break;
      case 2:
        state.deleteRows({5, int64_t(version)});
        ASSERT_FALSE(update.deleteRows("emb.weight", {5, int64_t(version)}));
        break;
      default:
        state.setTable(version);
        ASSERT_FALSE(update.setTable("emb.weight", rows, state.table.data()));
      }
      ASSERT_FALSE(update.commit());
      expectState(context, state, version);
    }
    // Two versions, and no third copy.
    uint64_t placedBytes = interleavedKilobytes() * 1024;
    EXPECT_GE(placedBytes, 2 * tableBytes);
    EXPECT_LT(placedBytes, 3 * tableBytes);
    if (testing::Test::HasFailure())
      FAIL() << "from change " << first << " on";
  }
}

TEST_F(Placement, DamagedRowsAreNotCopied) {
  bytes[bytes.size() - 5000] ^= 1;
  Engine engine;
  Context context;
  Status failed = engine.openMemory(bytes.data(), bytes.size(), {}, placed(both));
  if (failed)
    GTEST_SKIP() << failed.message;
  failed = context.create(engine, 1);
  EXPECT_EQ(failed.code, RECKON_INVALID);
  EXPECT_NE(failed.message.find("table 'emb.weight': rows "), std::string::npos) << failed.message;
  EXPECT_NE(failed.message.find(" are damaged"), std::string::npos) << failed.message;
}

TEST_F(Placement, WhatTheSystemRefusesIsRefused) {
  // In a process of its own, which may turn them off.
  EXPECT_EXIT(
      {
        Engine engine;
        prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
        Status failed = engine.openMemory(bytes.data(), bytes.size(), {}, placed(RECKON_HOST_TABLES_HUGE_PAGES));
        std::fprintf(stderr, "%d %s\n", failed.code, failed.message.c_str());
        // Nothing else is different.
        Status other = engine.openMemory(bytes.data(), bytes.size(), {}, placed(0));
        std::_Exit(failed.code == RECKON_UNAVAILABLE && !other ? 0 : 1);
      },
      testing::ExitedWithCode(0), "huge pages: ");
}

TEST_F(Placement, NumbersThatStandForNothingAreRefused) {
  for (int64_t how : {int64_t(4), int64_t(-1), INT64_MIN}) {
    Engine engine;
    Status failed = engine.openMemory(bytes.data(), bytes.size(), {}, placed(how));
    EXPECT_EQ(failed.code, RECKON_INVALID);
    EXPECT_EQ(failed.message, "ReckonOpenOptions: host_tables is " + std::to_string(how));
  }
}
} // namespace
