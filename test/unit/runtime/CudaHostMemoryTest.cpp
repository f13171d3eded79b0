//===- CudaHostMemoryTest.cpp - Runs from and to host memory --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaSample.h"
#include "lib/Engine/RandomFill.h"
#include "runtime/Cuda/HostMemory.h"
#include "runtime/Cuda/Staging.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

using namespace reckon;
using namespace reckon::test;
using runtime::Context;
using runtime::Engine;
using runtime::HostMemory;
using runtime::Status;

namespace {
class CudaHostMemory : public testing::Test {
protected:
  CudaHostMemory() : cuda(fakeCuda()) {
    cuda.reset();
    cuda.onLaunch = runHostKernel;
    bytes = sampleEngine(cudaSampleSpec());
  }
  ~CudaHostMemory() override { EXPECT_EQ(cuda.live(), 0u); }

  void open(Engine &engine, Context &context, int threads = 1) {
    ASSERT_FALSE(engine.openMemory(bytes.data(), bytes.size()));
    Status failed = context.create(engine, threads, "cuda");
    ASSERT_FALSE(failed) << failed.message;
  }
  /// Whether the device copied this memory as a whole, or at all, after the first copies.
  bool isDirect(const void *data, size_t size) {
    std::vector<FakeCopy> copies = cuda.copies();
    return std::any_of(copies.begin() + since, copies.end(),
                       [&](const FakeCopy &copy) { return copy.host == data && copy.bytes == size; });
  }
  bool isTouched(const void *data, size_t size) {
    const char *begin = static_cast<const char *>(data);
    std::vector<FakeCopy> copies = cuda.copies();
    return std::any_of(copies.begin() + since, copies.end(),
                       [&](const FakeCopy &copy) { return copy.host >= begin && copy.host < begin + size; });
  }

  FakeCuda &cuda;
  std::vector<uint8_t> bytes;
  size_t since = 0;
};

constexpr int64_t batch = 5000; // x 160 kB, ids 80 kB, y 320 kB, s 20 kB

/// Binds everything, with x where it is told.
void bind(Context &context, const SampleData &data, const void *x, void *y) {
  ASSERT_FALSE(context.setInput(0, RECKON_F32, {batch, width}, x));
  ASSERT_FALSE(context.setInput(1, RECKON_I64, {batch, numIds}, data.ids.data()));
  ASSERT_FALSE(context.setOutput(0, RECKON_F32, y, data.y.size() * 4));
}

TEST_F(CudaHostMemory, PageLockedMemoryIsNotStaged) {
  Engine engine;
  Context context;
  open(engine, context);
  SampleData data = sampleData(batch);
  HostMemory x, y;
  ASSERT_FALSE(x.allocate(data.x.size() * 4));
  ASSERT_FALSE(y.allocate(data.y.size() * 4));
  std::memcpy(x.data(), data.x.data(), data.x.size() * 4);
  // Mixed: the ids and s are pageable.
  since = cuda.copies().size();
  for (int round = 0; round < 2; ++round) {
    bind(context, data, x.data(), y.data());
    std::memset(y.data(), 0xff, data.y.size() * 4);
    Status failed = context.run();
    ASSERT_FALSE(failed) << failed.message;
    EXPECT_EQ(std::memcmp(y.data(), data.y.data(), data.y.size() * 4), 0);
    EXPECT_EQ(std::memcmp(context.output(1).data, data.s.data(), data.s.size() * 4), 0);
  }
  EXPECT_TRUE(isDirect(x.data(), data.x.size() * 4));
  EXPECT_TRUE(isDirect(y.data(), data.y.size() * 4));
  EXPECT_FALSE(isTouched(data.ids.data(), data.ids.size() * 8));
  // Its graph is as good for pageable memory in between, at whatever addresses.
  bind(context, data, data.x.data(), y.data());
  ASSERT_FALSE(context.run());
  EXPECT_FALSE(isTouched(data.x.data(), data.x.size() * 4));
  EXPECT_EQ(std::memcmp(y.data(), data.y.data(), data.y.size() * 4), 0);
  EXPECT_EQ(cuda.calls("cuGraphInstantiateWithFlags"), 1);
}

TEST_F(CudaHostMemory, OnlyLargeTensorsAreAskedAbout) {
  Engine engine;
  Context context;
  open(engine, context);
  expectCorrect(context, sampleData(500));
  EXPECT_EQ(cuda.calls("cuPointerGetAttributes"), 0);
  expectCorrect(context, sampleData(batch)); // x, ids and y, not s
  EXPECT_EQ(cuda.calls("cuPointerGetAttributes"), 3);
  cuda.machine.failsForPlainMemory = true;
  expectCorrect(context, sampleData(batch));
}

TEST_F(CudaHostMemory, PageLockedInPartIsStaged) {
  Engine engine;
  Context context;
  open(engine, context);
  SampleData data = sampleData(batch);
  size_t size = data.x.size() * 4;
  for (bool knowsRanges : {true, false}) {
    cuda.machine.knowsRanges = knowsRanges;
    for (size_t locked : {size / 2, size - 1, size}) {
      SCOPED_TRACE(locked);
      since = cuda.copies().size();
      std::vector<float> x(data.x), y(data.y.size());
      ASSERT_EQ(reckon_host_register("cuda", x.data(), locked), RECKON_OK);
      bind(context, data, x.data(), y.data());
      Status failed = context.run();
      EXPECT_FALSE(failed) << failed.message;
      EXPECT_EQ(y, data.y);
      EXPECT_EQ(isDirect(x.data(), size), locked == size);
      EXPECT_EQ(isTouched(x.data(), size), locked == size);
      ASSERT_EQ(reckon_host_unregister(x.data()), RECKON_OK);
      // The same address, ordinary memory again.
      since = cuda.copies().size();
      failed = context.run();
      EXPECT_FALSE(failed) << failed.message;
      EXPECT_FALSE(isTouched(x.data(), size));
      since = cuda.copies().size();
    }
  }
  // From the middle of one block to its end.
  HostMemory block;
  ASSERT_FALSE(block.allocate(2 * size));
  float *half = block.as<float>() + data.x.size();
  std::memcpy(half, data.x.data(), size);
  cuda.machine.knowsRanges = true;
  std::vector<float> y(data.y.size());
  bind(context, data, half, y.data());
  ASSERT_FALSE(context.run());
  EXPECT_TRUE(isDirect(half, size));
  EXPECT_EQ(y, data.y);
}

TEST_F(CudaHostMemory, AfterAFailureNothingIsUnderWay) {
  Engine engine;
  Context context;
  open(engine, context);
  SampleData data = sampleData(batch);
  HostMemory x;
  ASSERT_FALSE(x.allocate(data.x.size() * 4));
  std::memcpy(x.data(), data.x.data(), data.x.size() * 4);
  std::vector<float> y(data.y.size());
  bind(context, data, x.data(), y.data());
  ASSERT_FALSE(context.run());
  int before = cuda.calls();
  ASSERT_FALSE(context.run());
  int calls = cuda.calls() - before;
  for (int call = 1; call <= calls; ++call) {
    int waits = cuda.calls("cuStreamSynchronize");
    cuda.failAt(call);
    EXPECT_TRUE(context.run()) << call;
    cuda.failAt(0);
    EXPECT_GT(cuda.calls("cuStreamSynchronize") + (call == 1), waits) << call; // the first one makes it current
    ASSERT_FALSE(context.run());
    EXPECT_EQ(y, data.y);
  }
}

TEST_F(CudaHostMemory, BlocksAreKnownByTheirAddress) {
  void *block = nullptr;
  ASSERT_EQ(reckon_host_alloc("cuda:1", 1000, &block), RECKON_OK);
  std::memset(block, 1, 1000);
  EXPECT_EQ(reckon_host_free(static_cast<char *>(block) + 64), RECKON_INVALID);
  EXPECT_STREQ(reckon_last_error(), "this memory does not come from reckon_host_alloc()");
  EXPECT_EQ(reckon_host_unregister(block), RECKON_INVALID);
  EXPECT_STREQ(reckon_last_error(), "this memory has not been registered");
  EXPECT_EQ(reckon_host_register("cuda", block, 1000), RECKON_UNAVAILABLE);
  EXPECT_EQ(reckon_host_free(block), RECKON_OK);
  EXPECT_EQ(reckon_host_free(block), RECKON_INVALID);
  EXPECT_EQ(reckon_host_free(nullptr), RECKON_OK);
  EXPECT_EQ(reckon_host_unregister(nullptr), RECKON_OK);
  EXPECT_EQ(reckon_host_alloc("cuda:7", 1000, &block), RECKON_UNAVAILABLE);
  EXPECT_EQ(block, nullptr);
  EXPECT_EQ(reckon_host_alloc("cuda", 1000, nullptr), RECKON_INVALID);
  EXPECT_EQ(reckon_host_alloc(nullptr, 1000, &block), RECKON_INVALID);
  EXPECT_EQ(reckon_host_alloc("abacus", 1000, &block), RECKON_INVALID);
  std::vector<char> own(1000);
  EXPECT_EQ(reckon_host_register("cuda", own.data(), 0), RECKON_INVALID);
  EXPECT_EQ(reckon_host_register("cuda", nullptr, 10), RECKON_INVALID);
  // For code that runs on either device.
  HostMemory plain, moved;
  ASSERT_FALSE(plain.allocate(100, "host"));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(plain.data()) % 64, 0u);
  ASSERT_FALSE(plain.allocate(0, "host"));
  EXPECT_NE(plain.data(), nullptr);
  moved = std::move(plain);
  EXPECT_EQ(plain.data(), nullptr);
  EXPECT_EQ(reckon_host_register("host", own.data(), own.size()), RECKON_OK);
  EXPECT_EQ(reckon_host_register("host", own.data(), own.size()), RECKON_INVALID);
  EXPECT_EQ(reckon_host_unregister(own.data()), RECKON_OK);
  // No memory, and no context left behind.
  for (int call = 1; call <= 2; ++call) {
    cuda.failAt(call);
    EXPECT_EQ(reckon_host_alloc("cuda", 1000, &block), RECKON_UNAVAILABLE);
    EXPECT_EQ(cuda.live(), 0u);
  }
  cuda.failAt(0);
}

TEST_F(CudaHostMemory, LargeTensorsAreSharedAmongThreads) {
  Engine engine;
  Context context;
  open(engine, context, 4);
  for (int64_t rows : {100000, 3, 200000, 40000})
    expectCorrect(context, sampleData(rows));
}

TEST_F(CudaHostMemory, StagingPiecesOfEverySize) {
  using namespace reckon::runtime::cuda;
  runtime::Error error;
  auto driver = Driver::load(RECKON_TEST_FAKE_CUDA, error);
  ASSERT_TRUE(driver) << error.message;
  const uint64_t chunk = Staging::maxChunk;
  for (int threads : {1, 3, 20}) {
    runtime::ThreadPool pool(threads);
    Staging staging(*driver);
    staging.useThreads(&pool, threads, 20);
    std::mt19937 random(3);
    for (uint64_t size : {uint64_t(1), uint64_t(1000), chunk - 1, chunk, chunk + 1, 5 * chunk + 77, 40 * chunk + 9}) {
      std::vector<uint8_t> host(size), back(size, 1);
      fillRandom(ElementType::U8, host.data(), size, size);
      std::vector<Staging::Piece> in, out;
      uint64_t at = 0;
      while (at < size) {
        uint64_t bytes = std::min<uint64_t>(size - at, 1 + random() % (size / 3 + 1));
        in.push_back({at, bytes, host.data() + at});
        in.push_back({at + bytes, 0, nullptr});
        out.push_back({at, bytes, back.data() + at});
        at += bytes;
      }
      DeviceBuffer device(*driver);
      ASSERT_TRUE(device.allocate(size, "a test", error));
      ASSERT_TRUE(staging.copyIn(device.data(), size, in, nullptr, error));
      ASSERT_TRUE(staging.copyOut(device.data(), size, out, nullptr, {}, error));
      EXPECT_EQ(host, back) << size;
    }
    // A failure in the middle ends the helpers, too.
    std::vector<uint8_t> host(10 * chunk);
    DeviceBuffer device(*driver);
    ASSERT_TRUE(device.allocate(host.size(), "a test", error));
    for (int call = 1; call <= 10; ++call) {
      cuda.failAt(call);
      EXPECT_FALSE(staging.copyIn(device.data(), host.size(), {{0, host.size(), host.data()}}, nullptr, error));
      cuda.failAt(call);
      EXPECT_FALSE(staging.copyOut(device.data(), host.size(), {{0, host.size(), host.data()}}, nullptr, {}, error));
    }
    cuda.failAt(0);
  }
}
} // namespace
