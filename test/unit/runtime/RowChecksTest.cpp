//===- RowChecksTest.cpp - Rows are checked when they are first read -------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaSample.h"
#include "FakeCuda.h"
#include "SampleEngine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <mutex>
#include <thread>
#include <unistd.h>

using namespace reckon;
using namespace reckon::test;
using runtime::Context;
using runtime::Engine;
using runtime::Status;

namespace {
constexpr int64_t rows = 100000;
constexpr size_t rowBytes = width * 4, tableBytes = rows * rowBytes, chunkRows = 65536 / rowBytes;

EngineSpec largeSpec(EngineSpec spec = sampleSpec()) { return withRows(std::move(spec), rows); }

class RowChecks : public testing::Test {
protected:
  RowChecks() : bytes(sampleEngine(largeSpec())) {}
  /// The table is the last section.
  size_t tableStart() const { return bytes.size() - (tableBytes + 4095) / 4096 * 4096; }
  void damageRow(int64_t row) { bytes[tableStart() + size_t(row) * rowBytes] ^= 1; }
  Status open() { return engine.openMemory(bytes.data(), bytes.size()); }
  /// A run that reads these two rows.
  Status read(int64_t first, int64_t second) {
    Context context;
    EXPECT_FALSE(context.create(engine, 1));
    std::vector<float> x(width);
    int64_t ids[] = {first, second};
    EXPECT_FALSE(context.setInput(0, RECKON_F32, {1, width}, x.data()));
    EXPECT_FALSE(context.setInput(1, RECKON_I64, {1, numIds}, ids));
    return context.run();
  }

  std::vector<uint8_t> bytes;
  Engine engine;
};

TEST_F(RowChecks, DamagedRowsAreRefusedWhenTheyAreRead) {
  constexpr int64_t damaged = 3 * chunkRows + 5;
  damageRow(damaged);
  ASSERT_FALSE(open());
  EXPECT_FALSE(read(0, rows - 1));
  const char *message = "table 'emb.weight': rows 6144 to 8191 are damaged: bytes 196608 to 262143 do not match their "
                        "checksum";
  for (int i = 0; i < 2; ++i) {
    Status failed = read(5, damaged);
    EXPECT_EQ(failed.code, RECKON_INVALID);
    EXPECT_EQ(failed.message, message);
    // What lies in the same chunk, too.
    EXPECT_EQ(read(damaged + 100, 1).message, message);
  }
  // Neighbours are as they were, and ids that are no rows are the kernel's.
  EXPECT_FALSE(read(4 * chunkRows, 3 * chunkRows - 1));
  EXPECT_EQ(read(rows, 0).message, "input 'ids' -> table 'emb.weight': id 100000 at position 0 is outside [0, 100000)"
                                   ", in kernel 'test_lookup' of node '/emb/Gather', '/emb/ReduceSum'");
  EXPECT_EQ(engine.verify().message, message);
  // Damage does not get a new checksum.
  std::string path = "/tmp/reckon-damaged-" + std::to_string(getpid()) + ".rkn";
  EXPECT_EQ(engine.save(path).message, message);
  EXPECT_NE(access(path.c_str(), F_OK), 0);
  EngineError error;
  EXPECT_FALSE(EngineFile::fromMemory({bytes.data(), bytes.size()}, error));
  EXPECT_EQ(error.message, "engine in memory: section 'emb.weight': checksum mismatch, the file is damaged");
}

TEST_F(RowChecks, EveryChunkHasItsOwn) {
  for (int64_t row : {int64_t(0), int64_t(chunkRows) - 1, int64_t(chunkRows), rows - 1}) {
    damageRow(row);
    ASSERT_FALSE(open());
    EXPECT_EQ(read(row, row).code, RECKON_INVALID) << row;
    damageRow(row);
  }
  // The padding belongs to the last one.
  bytes.back() ^= 1;
  ASSERT_FALSE(open());
  EXPECT_EQ(read(0, rows - 1).code, RECKON_INVALID);
  EXPECT_FALSE(read(0, 1));
  bytes.back() ^= 1;
  ASSERT_FALSE(open());
  EXPECT_FALSE(engine.verify());
  EXPECT_FALSE(read(0, rows - 1));
}

TEST_F(RowChecks, AScrubChecksInTheBackground) {
  struct Heard {
    std::mutex mutex;
    std::vector<std::string> errors, others;
    bool has(const std::string &text) {
      std::lock_guard<std::mutex> lock(mutex);
      return std::any_of(others.begin(), others.end(), [&](const auto &other) { return other.find(text) == 0; });
    }
    static void take(void *user, ReckonLogLevel level, const char *message) {
      auto &self = *static_cast<Heard *>(user);
      std::lock_guard<std::mutex> lock(self.mutex);
      (level == RECKON_LOG_ERROR && std::strstr(message, "are damaged:") ? self.errors : self.others)
          .push_back(message);
    }
  } heard;
  auto waitUntil = [](const auto &condition) {
    for (int i = 0; i < 20000 && !condition(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return condition();
  };
  reckon_set_log(Heard::take, &heard, RECKON_LOG_INFO);
  ReckonOpenOptions options = RECKON_OPEN_OPTIONS_INIT;
  options.scrub_bytes_per_second = int64_t(1) << 40;
  ASSERT_FALSE(engine.openMemory(bytes.data(), bytes.size(), {}, options));
  EXPECT_TRUE(waitUntil([&] { return engine.counters().unchecked_bytes == 0; }));
  EXPECT_TRUE(waitUntil([&] { return heard.has("3203072 bytes of rows were checked in the background, 0 pieces"); }));
  EXPECT_TRUE(heard.errors.empty());
  // What is damaged later is not looked at again.
  damageRow(40);
  EXPECT_FALSE(engine.verify());
  damageRow(90000);
  ASSERT_FALSE(engine.openMemory(bytes.data(), bytes.size(), {}, options));
  EXPECT_TRUE(waitUntil([&] { return heard.has("3203072 bytes of rows were checked in the background, 2 pieces"); }));
  EXPECT_EQ(engine.counters().unchecked_bytes, 2u << 16);
  ASSERT_EQ(heard.errors.size(), 2u);
  EXPECT_EQ(heard.errors[0].find("table 'emb.weight': rows 0 to 2047 are damaged"), 0u) << heard.errors[0];
  EXPECT_FALSE(read(50000, 2100));
  EXPECT_EQ(read(41, 0).code, RECKON_INVALID);
  reckon_set_log(nullptr, nullptr, RECKON_LOG_ERROR);
  // It keeps its pace, and ends with the engine.
  options.scrub_bytes_per_second = 1 << 17;
  ASSERT_FALSE(engine.openMemory(bytes.data(), bytes.size(), {}, options));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_GT(engine.counters().unchecked_bytes, 3000000u);
  engine = Engine();
  options.scrub_bytes_per_second = -1;
  EXPECT_EQ(engine.openMemory(bytes.data(), bytes.size(), {}, options).message,
            "ReckonOpenOptions: scrub_bytes_per_second is -1");
}

TEST_F(RowChecks, TheLogMayCloseAnEngineThatIsScrubbed) {
  damageRow(40);
  ReckonOpenOptions options = RECKON_OPEN_OPTIONS_INIT;
  options.scrub_bytes_per_second = 1 << 20;
  struct Closing {
    std::mutex mutex;
    Engine engine;
    std::atomic<bool> isClosed{false};
  } closing;
  reckon_set_log(
      [](void *user, ReckonLogLevel, const char *) {
        auto &self = *static_cast<Closing *>(user);
        std::lock_guard<std::mutex> lock(self.mutex);
        self.engine = Engine();
        self.isClosed = true;
      },
      &closing, RECKON_LOG_ERROR);
  {
    std::lock_guard<std::mutex> lock(closing.mutex);
    ASSERT_FALSE(closing.engine.openMemory(bytes.data(), bytes.size(), {}, options));
  }
  while (!closing.isClosed)
    std::this_thread::yield();
  reckon_set_log(nullptr, nullptr, RECKON_LOG_ERROR);
}

TEST_F(RowChecks, ThreadsCheckAtOnce) {
  damageRow(50000);
  ASSERT_FALSE(open());
  std::vector<std::thread> threads;
  for (int user = 0; user < 4; ++user)
    threads.emplace_back([&, user] {
      for (int64_t row = user; row < 49000; row += 997)
        EXPECT_FALSE(read(row, row + 1));
      if (user == 0) {
        EXPECT_TRUE(engine.verify());
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_TRUE(read(50000, 0));
}

/// Nothing says which rows a lookup reads whose ids are made by the engine.
TEST_F(RowChecks, OfUnknownIdsTheWholeTableIsChecked) {
  EngineSpec spec = largeSpec();
  spec.programs[0].chains[0].dispatches[0].operands[1].ids = "computed";
  bytes = sampleEngine(spec);
  damageRow(50000);
  ASSERT_FALSE(open());
  EXPECT_EQ(read(0, 1).code, RECKON_INVALID);
  spec.programs[0].chains[0].dispatches[0].operands[1].ids = "ids";
  spec.idUses.clear();
  bytes = sampleEngine(spec);
  damageRow(50000);
  ASSERT_FALSE(open());
  EXPECT_EQ(read(0, 1).code, RECKON_INVALID);
}

TEST_F(RowChecks, SmallTablesAndWeightsAreCheckedWhenTheyAreOpened) {
  std::vector<uint8_t> small = sampleEngine();
  small[small.size() - 1] ^= 1;
  EXPECT_EQ(engine.openMemory(small.data(), small.size()).message,
            "engine in memory: section 'emb.weight': checksum mismatch, the file is damaged");
  bytes[tableStart() - 1] ^= 1;
  EXPECT_TRUE(open());
}

TEST_F(RowChecks, AGpuGetsNoDamagedRows) {
  FakeCuda &cuda = fakeCuda();
  cuda.reset();
  cuda.onLaunch = runHostKernel;
  bytes = sampleEngine(largeSpec(cudaSampleSpec()));
  damageRow(7);
  ASSERT_FALSE(open());
  Context context;
  EXPECT_EQ(context.create(engine, 1, "cuda").code, RECKON_INVALID);
  damageRow(7);
  ASSERT_FALSE(open());
  EXPECT_FALSE(context.create(engine, 1, "cuda"));
}

/// Who opens rows that another one has made reads none itself.
TEST_F(RowChecks, SharedRowsAreCheckedByWhoMakesThem) {
  FakeCuda &cuda = fakeCuda();
  cuda.reset();
  cuda.onLaunch = runHostKernel;
  EngineSpec spec = largeSpec(cudaSampleSpec());
  spec.producer = "reckon test " + std::to_string(getpid());
  bytes = sampleEngine(spec);
  std::vector<uint8_t> good = bytes;
  auto share = [](Engine &engine, const std::vector<uint8_t> &from, Context &context) {
    Status failed = engine.openMemory(from.data(), from.size(), {}, nullptr, RECKON_DEVICE_TABLES_SHARED);
    return failed ? failed : context.create(engine, 1, "cuda");
  };
  damageRow(7);
  Engine maker, other;
  Context first, second;
  EXPECT_EQ(share(engine, bytes, first).code, RECKON_INVALID);
  ASSERT_FALSE(share(maker, good, first));
  ASSERT_FALSE(share(other, bytes, second));
  std::vector<float> x(width);
  int64_t ids[] = {7, 8};
  for (Context *context : {&first, &second}) {
    ASSERT_FALSE(context->setInput(0, RECKON_F32, {1, width}, x.data()));
    ASSERT_FALSE(context->setInput(1, RECKON_I64, {1, numIds}, ids));
    Status failed = context->run();
    EXPECT_FALSE(failed) << failed.message;
  }
  // Its own rows are still looked at where it reads them.
  Context host;
  ASSERT_FALSE(host.create(other, 1));
  ASSERT_FALSE(host.setInput(0, RECKON_F32, {1, width}, x.data()));
  ASSERT_FALSE(host.setInput(1, RECKON_I64, {1, numIds}, ids));
  EXPECT_EQ(host.run().code, RECKON_INVALID);
}
} // namespace
