//===- WarmUpTest.cpp - Rows in memory before runs want them ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "UpdateSample.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

using namespace reckon;
using namespace reckon::test;
using runtime::Context;
using runtime::Engine;
using runtime::Status;
using runtime::Update;

namespace {
constexpr int64_t rows = 1000000; // 32 MB
constexpr uint64_t rowBytes = width * sizeof(float), chunkRows = 65536 / rowBytes;

struct Progress {
  std::vector<std::pair<uint64_t, uint64_t>> told;
  uint64_t endAt = UINT64_MAX;
  static int take(void *user, uint64_t done, uint64_t total) {
    auto &progress = *static_cast<Progress *>(user);
    progress.told.emplace_back(done, total);
    return done >= progress.endAt;
  }
};

class WarmUps : public testing::Test {
protected:
  WarmUps() : bytes(sampleEngine(withRows(sampleSpec(), rows))) { options.all_rows = 0; }
  /// The table is the last section.
  void damageRow(int64_t row) {
    size_t begin = bytes.size() - (size_t(rows) * rowBytes + 4095) / 4096 * 4096;
    bytes[begin + size_t(row) * rowBytes] ^= 1;
  }
  void open() { ASSERT_FALSE(engine.openMemory(bytes.data(), bytes.size())); }
  Status warm(const std::vector<int64_t> &ids, const char *table = "emb.weight") {
    ReckonHotRows hot = RECKON_HOT_ROWS_INIT;
    hot.table = table;
    hot.ids = ids.data();
    hot.count = ids.size();
    options.hot_rows = &hot;
    options.num_hot_rows = 1;
    options.progress = Progress::take;
    options.user = &progress;
    return engine.warmUp(options);
  }

  std::vector<uint8_t> bytes;
  Engine engine;
  ReckonWarmUpOptions options = RECKON_WARM_UP_OPTIONS_INIT;
  Progress progress;
};

TEST_F(WarmUps, HotRowsAreCheckedAndNoOthers) {
  constexpr int64_t damaged = 5 * chunkRows + 3;
  damageRow(damaged);
  open();
  EXPECT_FALSE(warm({rows - 1, 0, 7 * chunkRows}));
  EXPECT_EQ(progress.told, (std::vector<std::pair<uint64_t, uint64_t>>{{3 * rowBytes, 3 * rowBytes}}));
  Status failed = warm({1, damaged + 8});
  EXPECT_EQ(failed.code, RECKON_INVALID);
  EXPECT_EQ(failed.message, engine.verify().message);
  EXPECT_NE(failed.message.find("are damaged"), std::string::npos);
  // All rows have this one among them.
  options = RECKON_WARM_UP_OPTIONS_INIT;
  EXPECT_EQ(engine.warmUp(options).message, failed.message);
}

TEST_F(WarmUps, HotRowsComeFirstAndProgressIsTold) {
  open();
  options.all_rows = 1;
  std::vector<int64_t> ids(1000);
  for (size_t i = 0; i < ids.size(); ++i)
    ids[i] = int64_t(i * 997 % rows);
  ASSERT_FALSE(warm(ids));
  uint64_t total = (ids.size() + uint64_t(rows)) * rowBytes, last = 0;
  ASSERT_GE(progress.told.size(), 4u);
  for (const auto &[done, of] : progress.told) {
    EXPECT_GT(done, last);
    EXPECT_EQ(of, total);
    last = done;
  }
  EXPECT_EQ(last, total);
  // Nothing is left to be checked.
  damageRow(12345);
  EXPECT_FALSE(engine.verify());
}

TEST_F(WarmUps, ProgressEndsIt) {
  open();
  options.all_rows = 1;
  progress.endAt = 1;
  Status failed = warm({});
  EXPECT_EQ(failed.code, RECKON_CANCELLED);
  EXPECT_EQ(failed.message, "the warm-up was ended after 8388608 of 32000000 bytes");
  EXPECT_EQ(progress.told.size(), 1u);
  progress = {};
  EXPECT_FALSE(warm({}));
}

TEST_F(WarmUps, PagesOfAFileAreRead) {
  std::string path = "/tmp/reckon-warm-up-" + std::to_string(getpid());
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char *>(bytes.data()), std::streamsize(bytes.size()));
  auto resident = [] {
    std::ifstream file("/proc/self/smaps_rollup");
    std::string word;
    uint64_t kilobytes = 0;
    while (word != "Rss:" && file >> word) {
    }
    file >> kilobytes;
    return kilobytes * 1024;
  };
  // The system takes in neighbours of what is read, a few MB at the most.
  uint64_t before = resident();
  ASSERT_FALSE(engine.open(path));
  ASSERT_FALSE(warm({5}));
  EXPECT_LT(resident() - before, uint64_t(rows) * rowBytes / 2);
  ASSERT_FALSE(engine.warmUp());
  EXPECT_GE(resident() - before, uint64_t(rows) * rowBytes);
  Context context;
  ASSERT_FALSE(context.create(engine, 1));
  expectCorrect(context, sampleData(50));
  unlink(path.c_str());
}

TEST_F(WarmUps, RunsAndCommitsGoOnMeanwhile) {
  open();
  std::atomic<bool> stop{false};
  std::thread warming([&] {
    while (!stop) {
      EXPECT_FALSE(engine.warmUp());
    }
  });
  Context context;
  Update update;
  SampleState state;
  ASSERT_FALSE(context.create(engine, 1));
  ASSERT_FALSE(update.create(engine));
  for (uint64_t version = 1; version <= 30; ++version) {
    std::vector<float> changed = state.setRows({3, 9}, version);
    ASSERT_FALSE(update.setRows("emb.weight", {3, 9}, changed.data()));
    ASSERT_FALSE(update.commit());
    expectState(context, state, version);
  }
  stop = true;
  warming.join();
}

TEST_F(WarmUps, WrongRequestsAreRefused) {
  open();
  EXPECT_EQ(warm({1}, "emb").message, "the engine has no table 'emb' to warm up");
  EXPECT_EQ(warm({1, rows}).message,
            "table 'emb.weight': row 1000000 at position 1 of those to warm up is outside [0, 1000000)");
  EXPECT_EQ(warm({-1}).code, RECKON_INVALID);
  EXPECT_EQ(warm({1}, nullptr).code, RECKON_INVALID);
  EXPECT_TRUE(progress.told.empty());
  options.hot_rows = nullptr;
  EXPECT_EQ(engine.warmUp(options).message, "a null argument");
  options = {};
  EXPECT_EQ(engine.warmUp(options).code, RECKON_INVALID);
  EXPECT_EQ(reckon_engine_warm_up(nullptr, nullptr), RECKON_INVALID);
  EXPECT_EQ(reckon_engine_warm_up(engine.get(), nullptr), RECKON_OK);
}
} // namespace
