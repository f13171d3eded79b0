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

#include <fstream>
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
