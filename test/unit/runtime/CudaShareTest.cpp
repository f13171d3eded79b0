//===- CudaShareTest.cpp - Tables on a GPU that several processes have -----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaSample.h"
#include "UpdateSample.h"
#include "reckon/Engine/EngineFile.h"
#include "reckon/Engine/Signature.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace reckon;
using namespace reckon::test;
using runtime::Context;
using runtime::Engine;
using runtime::Status;
using runtime::Update;

namespace {
class CudaSharing : public testing::Test {
protected:
  CudaSharing() : cuda(fakeCuda()) {
    cuda.reset();
    cuda.onLaunch = runHostKernel;
    // Engines of other test programs that run beside this one are others.
    EngineSpec spec = cudaSampleSpec();
    spec.producer = "reckon test " + std::to_string(getpid());
    bytes = sampleEngine(spec);
  }
  ~CudaSharing() override { EXPECT_EQ(cuda.live(), 0u); }

  Status open(Engine &engine, ReckonDeviceTables tables = RECKON_DEVICE_TABLES_SHARED,
              const std::vector<ReckonTableBinding> &bindings = {}) {
    return engine.openMemory(bytes.data(), bytes.size(), bindings, nullptr, tables);
  }
  /// What creating a context says.
  Status use(Engine &engine, Context &context, ReckonDeviceTables tables = RECKON_DEVICE_TABLES_SHARED,
             const std::vector<ReckonTableBinding> &bindings = {}, const char *device = "cuda") {
    if (Status failed = open(engine, tables, bindings))
      return failed;
    return context.create(engine, 1, device);
  }
  int made() const { return cuda.calls("cuMemCreate"); }
  int opened() const { return cuda.calls("cuMemImportFromShareableHandle"); }

  FakeCuda &cuda;
  std::vector<uint8_t> bytes;
};

TEST_F(CudaSharing, TheFirstMakesThemAndOthersOpenThem) {
  Engine engines[4];
  Context contexts[4];
  for (size_t i = 0; i < 3; ++i) {
    Status failed = use(engines[i], contexts[i]);
    ASSERT_FALSE(failed) << failed.message;
    expectCorrect(contexts[i], sampleData(30, 1 + i));
  }
  EXPECT_EQ(made(), 1);
  EXPECT_EQ(opened(), 2);
  // Who made it may go.
  contexts[0] = Context();
  engines[0] = Engine();
  ASSERT_FALSE(use(engines[3], contexts[3]));
  EXPECT_EQ(made(), 1);
  for (size_t i = 1; i < 4; ++i)
    expectCorrect(contexts[i], sampleData(40, 4 + i));
  // Another GPU has its own, as have processes that do not ask.
  Engine other, own;
  Context second, alone;
  ASSERT_FALSE(use(other, second, RECKON_DEVICE_TABLES_SHARED, {}, "cuda:1"));
  EXPECT_EQ(made(), 2);
  expectCorrect(second, sampleData(10));
  ASSERT_FALSE(use(own, alone, RECKON_DEVICE_TABLES_OWN));
  EXPECT_EQ(made(), 2);
  expectCorrect(alone, sampleData(11));
}

TEST_F(CudaSharing, OtherRowsAreOthers) {
  ReckonTableBinding madeUp = RECKON_TABLE_BINDING_INIT;
  madeUp.source = RECKON_TABLE_SYNTHETIC;
  madeUp.rows = tableRows;
  madeUp.seed = 7;
  Engine first, second, third, fourth;
  Context contexts[4];
  ASSERT_FALSE(use(first, contexts[0], RECKON_DEVICE_TABLES_SHARED, {madeUp}));
  ASSERT_FALSE(use(second, contexts[1], RECKON_DEVICE_TABLES_SHARED, {madeUp}));
  EXPECT_EQ(made(), 1);
  madeUp.seed = 8;
  ASSERT_FALSE(use(third, contexts[2], RECKON_DEVICE_TABLES_SHARED, {madeUp}));
  EXPECT_EQ(made(), 2);
  madeUp.rows = 100;
  ASSERT_FALSE(use(fourth, contexts[3], RECKON_DEVICE_TABLES_SHARED, {madeUp}));
  EXPECT_EQ(made(), 3);
  SampleData data = sampleData(20);
  for (int64_t &id : data.ids)
    id %= 100;
  std::vector<std::vector<uint8_t>> results;
  for (Context &context : contexts) {
    ASSERT_FALSE(bindInputs(context, data));
    ASSERT_FALSE(context.run());
    auto *y = static_cast<const uint8_t *>(context.output(0).data);
    results.emplace_back(y, y + context.output(0).bytes);
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_NE(results[0], results[2]);
  // Row i depends on the seed and on i alone.
  EXPECT_EQ(results[2], results[3]);
}

TEST_F(CudaSharing, AFileIsWhatItsContentsAre) {
  std::string path = "/tmp/reckon-share-rows-" + std::to_string(getpid());
  auto write = [&](uint64_t seed) {
    SampleState state;
    state.setTable(seed);
    std::string next = path + ".next";
    std::ofstream(next, std::ios::binary)
        .write(reinterpret_cast<const char *>(state.table.data()), ptrdiff_t(state.table.size() * 4));
    rename(next.c_str(), path.c_str());
    return state;
  };
  ReckonTableBinding file = RECKON_TABLE_BINDING_INIT;
  file.source = RECKON_TABLE_FILE;
  file.path = path.c_str();
  Engine engines[3], late;
  Context contexts[3], none;
  SampleState before = write(1);
  for (size_t i = 0; i < 2; ++i)
    ASSERT_FALSE(use(engines[i], contexts[i], RECKON_DEVICE_TABLES_SHARED, {file}));
  EXPECT_EQ(made(), 1);
  SampleState after = write(2);
  ASSERT_FALSE(use(engines[2], contexts[2], RECKON_DEVICE_TABLES_SHARED, {file}));
  EXPECT_EQ(made(), 2);
  for (size_t i = 0; i < 3; ++i)
    expectState(contexts[i], i < 2 ? before : after, 0);
  unlink(path.c_str());
}

TEST_F(CudaSharing, WhoRequiresASignatureSharesWithThoseThatDo) {
  std::string path = "/tmp/reckon-share-signed-" + std::to_string(getpid());
  EngineError error;
  SecretKey secret;
  PublicKey key;
  ASSERT_TRUE(makeKeys(path + ".key", error) && readSecretKey(path + ".key", secret, error) &&
              readPublicKey(path + ".key.pub", key, error))
      << error.message;
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char *>(bytes.data()), ptrdiff_t(bytes.size()));
  ASSERT_TRUE(signEngine(path, path, secret, error)) << error.message;
  Engine engines[4];
  Context contexts[4];
  for (size_t i = 0; i < 4; ++i) {
    ASSERT_FALSE(engines[i].open(path, {}, i < 2 ? nullptr : key.data(), RECKON_DEVICE_TABLES_SHARED));
    ASSERT_FALSE(contexts[i].create(engines[i], 1, "cuda"));
    expectCorrect(contexts[i], sampleData(5));
    EXPECT_EQ(made(), i < 2 ? 1 : 2);
  }
  for (const char *end : {"", ".key", ".key.pub"})
    unlink((path + end).c_str());
}

TEST_F(CudaSharing, WhatCannotBeSharedIsNamed) {
  SampleState state;
  ReckonTableBinding memory = RECKON_TABLE_BINDING_INIT;
  memory.source = RECKON_TABLE_MEMORY;
  memory.data = state.table.data();
  memory.rows = tableRows;
  Engine engine, updated, refused;
  Context context;
  Status failed = use(engine, context, RECKON_DEVICE_TABLES_SHARED, {memory});
  EXPECT_EQ(failed.code, RECKON_INVALID);
  EXPECT_EQ(failed.message, "table 'emb.weight': it is bound to memory of this process, which others do not have");
  EXPECT_FALSE(use(engine, context, RECKON_DEVICE_TABLES_SHARED_OR_OWN, {memory}));
  expectCorrect(context, sampleData(3));
  Update update;
  ASSERT_FALSE(open(updated));
  ASSERT_FALSE(update.create(updated));
  ASSERT_FALSE(update.deleteRows("emb.weight", {1}));
  ASSERT_FALSE(update.commit());
  failed = context.create(updated, 1, "cuda");
  EXPECT_EQ(failed.code, RECKON_UNSUPPORTED);
  EXPECT_EQ(failed.message, "the engine was updated before it was loaded on device 'cuda:0' (Fake GPU, sm_90), so its "
                            "tables are not those of other processes");
  cuda.machine.sharesMemory = false;
  failed = use(refused, context);
  EXPECT_EQ(failed.code, RECKON_UNAVAILABLE);
  EXPECT_EQ(failed.message, "device 'cuda:0' (Fake GPU, sm_90) has no memory that processes can share");
  EXPECT_FALSE(use(refused, context, RECKON_DEVICE_TABLES_SHARED_OR_OWN));
  expectCorrect(context, sampleData(4));
  EXPECT_EQ(made(), 0);
  EXPECT_EQ(open(refused, static_cast<ReckonDeviceTables>(3)).code, RECKON_INVALID);
}

TEST_F(CudaSharing, UpdatesDoNotReachOthers) {
  Engine first, second;
  Context one, two;
  ASSERT_FALSE(use(first, one));
  ASSERT_FALSE(use(second, two));
  Update update;
  ASSERT_FALSE(update.create(first));
  SampleState state;
  for (uint64_t version = 1; version < 8; ++version) {
    std::vector<float> rows = state.setRows({1, int64_t(version)}, version);
    ASSERT_FALSE(update.setRows("emb.weight", {1, int64_t(version)}, rows.data()));
    ASSERT_FALSE(update.commit());
    expectState(one, state, version);
    expectState(two, SampleState(), 0);
  }
}

/// Each driver call of the first process fails, then each of the second: a status, and nothing is left behind.
TEST_F(CudaSharing, EveryCallMayFail) {
  for (bool joins : {false, true})
    for (ReckonDeviceTables how : {RECKON_DEVICE_TABLES_SHARED, RECKON_DEVICE_TABLES_SHARED_OR_OWN}) {
      int statuses = 0;
      bool finished = false;
      for (int call = 1; !finished && call < 300; ++call) {
        Engine first, engine, next;
        Context other, context, last;
        if (joins) {
          ASSERT_FALSE(use(first, other));
        }
        ASSERT_FALSE(open(engine, how));
        int before = cuda.calls();
        cuda.failAt(call);
        Status failed = context.create(engine, 1, "cuda");
        cuda.failAt(0);
        finished = cuda.calls() - before < call;
        statuses += bool(failed);
        if (failed) {
          EXPECT_NE(failed.message.find("made up failure (CUDA_ERROR_MADE_UP, 999)"), std::string::npos)
              << failed.message;
        } else {
          expectCorrect(context, sampleData(5));
        }
        Status again = use(next, last);
        ASSERT_FALSE(again) << again.message;
        expectCorrect(last, sampleData(6));
        if (joins)
          expectCorrect(other, sampleData(7));
      }
      EXPECT_TRUE(finished);
      EXPECT_GT(statuses, 10);
      EXPECT_EQ(cuda.live(), 0u);
    }
}

/// Processes, of which the first makes the tables and is killed.
TEST_F(CudaSharing, ProcessesThatAreKilled) {
  auto start = [&](int &ready) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
      Engine engine;
      Context context;
      bool good = !use(engine, context);
      if (good)
        expectCorrect(context, sampleData(20));
      char result = static_cast<char>(!good || testing::Test::HasFailure() ? 0 : made() == 1 ? 'm' : 'o');
      static_cast<void>(write(ends[1], &result, 1));
      for (;;)
        pause();
    }
    close(ends[1]);
    char result = 0;
    EXPECT_EQ(read(ends[0], &result, 1), 1);
    close(ends[0]);
    ready = static_cast<unsigned char>(result);
    return child;
  };
  auto end = [](pid_t child) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  };
  int how[6];
  pid_t first = start(how[0]), second = start(how[1]);
  EXPECT_EQ(how[0], 'm');
  EXPECT_EQ(how[1], 'o');
  end(first);
  pid_t third = start(how[2]);
  EXPECT_EQ(how[2], 'o');
  end(second);
  pid_t fourth = start(how[3]);
  EXPECT_EQ(how[3], 'o');
  end(third);
  end(fourth);
  pid_t fifth = start(how[4]);
  EXPECT_EQ(how[4], 'm');
  end(fifth);
}
} // namespace
