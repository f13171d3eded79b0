//===- AllocationTest.cpp - The hot path takes no memory ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Counts allocations: operator new is replaced here, and the linker wraps aligned_alloc and mmap for everything linked
// into this program.
//
//===----------------------------------------------------------------------------===//

#include "CudaSample.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <sys/mman.h>

static std::atomic<int64_t> allocations{0};

void *operator new(size_t size) {
  ++allocations;
  if (void *address = std::malloc(size ? size : 1))
    return address;
  throw std::bad_alloc();
}
void operator delete(void *address) noexcept { std::free(address); }
void operator delete(void *address, size_t) noexcept { std::free(address); }

extern "C" {
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  ++allocations;
  return __real_aligned_alloc(alignment, size);
}
void *__real_mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset);
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset) {
  ++allocations;
  return __real_mmap(address, size, protection, flags, descriptor, offset);
}
}

using namespace reckon;
using namespace reckon::test;

namespace {
TEST(Allocation, NoneAfterTheFirstRunOfABatchSize) {
  std::vector<uint8_t> bytes = sampleEngine();
  runtime::Engine engine;
  ASSERT_FALSE(engine.openMemory(bytes.data(), bytes.size()));
  for (int threads : {1, 2}) {
    runtime::Context context;
    ASSERT_FALSE(context.create(engine, threads));
    std::vector<SampleData> data;
    for (int64_t batch : {1, 64, 1000, 0, 3})
      data.push_back(sampleData(batch));
    int64_t before = allocations;
    for (int round = 0; round < 20; ++round) {
      if (round == 1)
        before = allocations;
      for (const SampleData &set : data) {
        int64_t shapes[2][2] = {{int64_t(set.s.size()), width}, {int64_t(set.s.size()), numIds}};
        ASSERT_EQ(reckon_set_input_by_name(context.get(), "x", RECKON_F32, 2, shapes[0], set.x.data()), RECKON_OK);
        ASSERT_EQ(reckon_set_input(context.get(), 1, RECKON_I64, 2, shapes[1], set.ids.data()), RECKON_OK);
        ASSERT_EQ(reckon_run(context.get()), RECKON_OK);
      }
    }
    EXPECT_EQ(allocations, before) << threads << " threads";
    EXPECT_GT(before, 0);
  }
}

TEST(Allocation, NoneOnTheGpuAfterTheFirstRunOfABatchSize) {
  FakeCuda &cuda = fakeCuda();
  std::vector<uint8_t> bytes = sampleEngine(cudaSampleSpec());
  runtime::Engine engine;
  runtime::Context context;
  ASSERT_FALSE(engine.openMemory(bytes.data(), bytes.size()));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  cuda.recording = false;
  std::vector<SampleData> data;
  for (int64_t batch : {1, 64, 20000, 1000, 0, 3})
    data.push_back(sampleData(batch));
  runtime::HostMemory locked;
  ASSERT_FALSE(locked.allocate(20000 * width * sizeof(float)));
  int64_t before = allocations;
  for (int round = 0; round < 10; ++round) {
    if (round == 1)
      before = allocations;
    for (SampleData &set : data) {
      int64_t rows = set.s.size(), shapes[2][2] = {{rows, width}, {rows, numIds}};
      ASSERT_EQ(reckon_set_input(context.get(), 0, RECKON_F32, 2, shapes[0], set.x.data()), RECKON_OK);
      ASSERT_EQ(reckon_set_input(context.get(), 1, RECKON_I64, 2, shapes[1], set.ids.data()), RECKON_OK);
      ASSERT_EQ(reckon_run(context.get()), RECKON_OK);
      ASSERT_EQ(reckon_set_input(context.get(), 0, RECKON_F32, 2, shapes[0], locked.data()), RECKON_OK);
      ASSERT_EQ(reckon_run(context.get()), RECKON_OK);
      ASSERT_EQ(reckon_set_device_input(context.get(), 0, RECKON_F32, 2, shapes[0], set.x.data()), RECKON_OK);
      ASSERT_EQ(reckon_set_device_input(context.get(), 1, RECKON_I64, 2, shapes[1], set.ids.data()), RECKON_OK);
      ASSERT_EQ(reckon_set_device_output(context.get(), 0, RECKON_F32, set.y.data(), set.y.size() * 4 + 1), RECKON_OK);
      ASSERT_EQ(reckon_set_device_output(context.get(), 1, RECKON_F32, set.s.data(), set.s.size() * 4 + 1), RECKON_OK);
      ASSERT_EQ(reckon_run_async(context.get(), nullptr), RECKON_OK);
      ASSERT_EQ(reckon_synchronize(context.get()), RECKON_OK);
      ASSERT_EQ(reckon_set_output(context.get(), 0, RECKON_F32, nullptr, 0), RECKON_OK);
      ASSERT_EQ(reckon_set_output(context.get(), 1, RECKON_F32, nullptr, 0), RECKON_OK);
    }
  }
  EXPECT_EQ(allocations, before);
}
} // namespace
