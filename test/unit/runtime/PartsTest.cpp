//===- PartsTest.cpp - The parts of the runtime one by one ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "lib/Engine/Numbers.h"
#include "lib/Engine/RandomFill.h"
#include "runtime/AlignedBuffer.h"
#include "runtime/GuardedLayout.h"
#include "runtime/Host/Schedule.h"
#include "runtime/KernelErrors.h"
#include "runtime/PlanCache.h"
#include "runtime/SizeProgram.h"
#include "runtime/ThreadPool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <random>

using namespace reckon;
using namespace reckon::runtime;

namespace {
TEST(AlignedBuffer, GivesNoMoreThanTheMachineHas) {
  AlignedBuffer buffer;
  // The system would map this much, and end the process that writes to it.
  EXPECT_FALSE(buffer.allocate(size_t(1) << 46));
  EXPECT_EQ(buffer.size(), 0u);
  EXPECT_FALSE(buffer.allocate(SIZE_MAX));
  ASSERT_TRUE(buffer.allocate(size_t(1) << 22));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 64, 0u);
}

TEST(GuardedLayout, FindsWhatIsWrittenAroundParts) {
  GuardedLayout layout;
  uint64_t first, second, empty;
  ASSERT_TRUE(layout.add(10, first) && layout.add(0, empty) && layout.add(64, second));
  EXPECT_EQ(first % 64, 0u);
  EXPECT_EQ(second % 64, 0u);
  EXPECT_GE(empty, first + 10 + GuardedLayout::gap);
  std::vector<uint8_t> memory(layout.bytes());
  layout.poison(memory.data());
  // NaN as a float, -1 as an integer.
  EXPECT_EQ(memory[first], 0xff);
  std::fill_n(memory.begin() + first, 10, 0);
  std::fill_n(memory.begin() + second, 64, 0);
  EXPECT_FALSE(layout.findDamage(memory.data()));
  auto expect = [&](uint64_t at, size_t part, int64_t position, uint64_t bytes) {
    std::vector<uint8_t> damaged = memory;
    ++damaged[at];
    auto damage = layout.findDamage(damaged.data());
    ASSERT_TRUE(damage) << at;
    EXPECT_EQ(damage->part, part);
    EXPECT_EQ(damage->position, position);
    EXPECT_EQ(damage->partBytes, bytes);
  };
  expect(0, 0, -static_cast<int64_t>(first), 10);
  expect(first - 1, 0, -1, 10);
  expect(first + 10, 0, 10, 10);
  expect(empty, 1, 0, 0);
  expect(second - 1, 2, -1, 64);
  expect(second + 64, 2, 64, 64);
  expect(layout.bytes() - 1, 2, static_cast<int64_t>(layout.bytes() - 1 - second), 64);
  EXPECT_FALSE(layout.add(UINT64_MAX - 100, first));
}

TEST(ThreadPool, EveryTaskOnceWhateverTheThreads) {
  for (int threads : {1, 2, 4, 7})
    for (int spin : {0, 50}) {
      ThreadPool pool;
      ThreadPool::Team team;
      Error error;
      ASSERT_TRUE(team.start(pool, threads, spin, error)) << error.message;
      std::vector<int> done(97);
      std::atomic<int> next;
      auto body = [&](int thread) {
        EXPECT_LT(thread, threads);
        for (int task; (task = next.fetch_add(1)) < int(done.size());)
          ++done[task];
      };
      for (int region = 0; region < 500; ++region) {
        next = 0;
        team.run(body);
        // Long enough for workers to fall asleep now and then.
        if (region % 100 == 0)
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      for (int count : done)
        EXPECT_EQ(count, 500);
    }
}

TEST(ThreadPool, WorkersDoHelp) {
  ThreadPool pool;
  ThreadPool::Team team;
  Error error;
  ASSERT_TRUE(team.start(pool, 2, 100, error));
  std::atomic<bool> helped{false};
  auto body = [&](int thread) {
    if (thread == 1)
      helped = true;
    auto start = std::chrono::steady_clock::now();
    while (!helped && std::chrono::steady_clock::now() - start < std::chrono::seconds(10))
      std::this_thread::yield();
  };
  team.run(body);
  EXPECT_TRUE(helped);
}

TEST(ThreadPool, SleepersStayAsleepWhenAsked) {
  ThreadPool pool;
  ThreadPool::Team team;
  Error error;
  ASSERT_TRUE(team.start(pool, 2, 0, error));
  std::atomic<int> calls{0};
  auto body = [&](int) { ++calls; };
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  for (int i = 0; i < 10; ++i)
    team.run(body, /*wakeSleepers=*/false);
  // On a loaded machine the worker may not have come to sleep yet.
  EXPECT_GE(calls, 10);
  EXPECT_LE(calls, 20);
  team.run(body);
  EXPECT_GE(calls, 11);
  EXPECT_FALSE(team.recentlyUsed());
}

ChainSpec chain(uint32_t blockRows, std::vector<DispatchSpec> dispatches) {
  return {SizeExpr::dim("batch"), blockRows, std::move(dispatches)};
}

DispatchSpec work(uint32_t columns, uint64_t flopsPerRow, uint64_t bytesFixed) {
  DispatchSpec dispatch;
  dispatch.columns = columns;
  dispatch.flopsPerRow = flopsPerRow;
  dispatch.bytesFixed = bytesFixed;
  return dispatch;
}

TEST(Schedule, CoversEveryRowWithinBlocks) {
  ChainSpec spec = chain(48, {work(4, 1000, 1000), work(1, 10, 0)});
  for (int threads : {1, 2, 3, 16})
    for (int64_t rows = 0; rows < 700; ++rows) {
      ChainSchedule schedule = scheduleChain(spec, rows, {threads});
      EXPECT_LE(schedule.blockRows, 48);
      EXPECT_EQ(schedule.rows, rows);
      if (rows) {
        EXPECT_GE(schedule.blocks * schedule.blockRows, rows);
        EXPECT_LT((schedule.blocks - 1) * schedule.blockRows, rows);
      } else {
        EXPECT_EQ(schedule.blocks, 0);
      }
    }
}

TEST(Schedule, OneRowIsSplitByColumnsWhenItIsWorthIt) {
  ChainSpec spec = chain(64, {work(8, 1 << 20, 4 << 20), work(8, 64, 64)});
  ChainSchedule schedule = scheduleChain(spec, 1, {2});
  EXPECT_FALSE(schedule.splitRows);
  EXPECT_EQ(schedule.columnParts[0], 2u);
  EXPECT_EQ(schedule.columnParts[1], 1u);
  EXPECT_EQ(scheduleChain(spec, 1, {1}).columnParts[0], 1u);
}

TEST(Schedule, SerialKernelsSpeakForSplittingRows) {
  // A top-k after a product: by columns the product is shared and the top-k is not.
  ChainSpec spec = chain(72, {work(63, 258000, 512000), work(1, 20040, 0)});
  EXPECT_FALSE(scheduleChain(spec, 1, {2}).splitRows);
  EXPECT_TRUE(scheduleChain(spec, 16, {2}).splitRows);
  // Weights that fit the caches of two threads but not of one: better read once.
  ChainSpec large = chain(120, {work(32, 1 << 20, 3 << 20)});
  EXPECT_FALSE(scheduleChain(large, 4, {2, 3 << 20}).splitRows);
  EXPECT_TRUE(scheduleChain(large, 1024, {2, 3 << 20}).splitRows);
}

TEST(Schedule, ManyRowsAreSplitEvenly) {
  ChainSchedule schedule = scheduleChain(chain(64, {work(8, 1 << 16, 1 << 18)}), 1000, {2});
  EXPECT_TRUE(schedule.splitRows);
  EXPECT_EQ(schedule.blocks % 2, 0);
  EXPECT_GT(schedule.rows - (schedule.blocks - 1) * schedule.blockRows, schedule.blockRows / 2);
}

TEST(Schedule, LittleWorkStaysOnTheCaller) {
  ChainSchedule schedule = scheduleChain(chain(64, {work(8, 64, 64)}), 16, {8});
  EXPECT_FALSE(schedule.splitRows);
  EXPECT_EQ(schedule.columnParts[0], 1u);
}

TEST(Schedule, RowCountsBeyondThirtyTwoBits) {
  ChainSchedule schedule = scheduleChain(chain(64, {work(1, 0, 0)}), INT64_MAX, {2});
  EXPECT_GT(schedule.blocks, 0);
  EXPECT_LE(schedule.blockRows, 64);
}

TEST(SizeProgram, AgreesWithTheExpression) {
  DimIndex dims = {{"a", 0}, {"b", 1}};
  for (const char *text :
       {"0", "7", "a", "-a", "3*a*b-2*b+1", "floordiv(a-b, 3)", "a*max(floordiv(a, 2), min(b, 4))+b", "a*a*a*b"}) {
    SizeExpr expr = *SizeExpr::parse(text);
    SizeProgram program;
    ASSERT_TRUE(program.compile(expr, dims));
    for (int64_t a : {int64_t(0), int64_t(1), int64_t(9), int64_t(1) << 33})
      for (int64_t b : {int64_t(2), int64_t(5), int64_t(1) << 33}) {
        int64_t values[] = {a, b}, got = 0;
        auto want = expr.evaluate([&](std::string_view name) { return std::optional<int64_t>(name == "a" ? a : b); });
        ASSERT_EQ(program.evaluate(values, got), want.has_value()) << text;
        if (want) {
          EXPECT_EQ(got, *want) << text;
        }
      }
  }
}

TEST(SizeProgram, RefusesWhatItCannotHold) {
  std::string text = "a";
  for (int i = 0; i < 60; ++i)
    text = "b+a*floordiv(" + text + ", b)";
  auto expr = SizeExpr::parse(text);
  ASSERT_TRUE(expr);
  SizeProgram program;
  DimIndex dims = {{"a", 0}, {"b", 1}};
  int64_t values[] = {1, 1}, result;
  EXPECT_TRUE(!program.compile(*expr, dims) || program.evaluate(values, result));
}

TEST(PlanCache, TellsPlansByTheirDimensionsAlone) {
  const std::vector<uint32_t> planDims = {2, 0};
  PlanCache<int> plans(planDims, 8);
  EXPECT_TRUE(plans.moveTo({3, 4, 5}));
  EXPECT_EQ(plans.find(), nullptr);
  int *first = plans.insert(std::make_unique<int>(1));
  EXPECT_FALSE(plans.moveTo({3, 9, 5})); // no plan depends on the second
  EXPECT_EQ(plans.find(), first);
  EXPECT_TRUE(plans.moveTo({5, 4, 3})); // the values of the first, at other places
  EXPECT_EQ(plans.find(), nullptr);
  EXPECT_TRUE(plans.moveTo({3, 4, 5}));
  EXPECT_EQ(plans.find(), first);
}

TEST(PlanCache, ForgetsTheLeastRecentlyUsed) {
  const std::vector<uint32_t> planDims = {0};
  PlanCache<int> plans(planDims, 2);
  auto insert = [&](int64_t size) {
    plans.moveTo({size});
    plans.insert(std::make_unique<int>(int(size)));
  };
  auto found = [&](int64_t size) {
    plans.moveTo({size});
    int *plan = plans.find();
    return plan && *plan == size;
  };
  insert(1);
  insert(2);
  EXPECT_TRUE(plans.isFull());
  EXPECT_TRUE(found(1));
  insert(3);
  EXPECT_TRUE(found(1) && found(3));
  EXPECT_FALSE(found(2));
}

TEST(Half, EveryValueRoundTrips) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    float value = fromHalf(static_cast<uint16_t>(bits));
    if (std::isnan(value))
      EXPECT_TRUE(std::isnan(fromHalf(toHalf(value))));
    else
      EXPECT_EQ(toHalf(value), bits);
  }
  EXPECT_EQ(toHalf(65520.0f), 0x7c00);
  EXPECT_EQ(toHalf(65519.0f), 0x7bff);
  EXPECT_EQ(toHalf(1 + 0x1p-11f), toHalf(1.0f)); // ties to even
  EXPECT_EQ(toHalf(1e-9f), 0);
}

TEST(KernelErrors, TheFirstOfSeveral) {
  // code, table, position, id; each comes before those after it
  const ReckonKernelStatus order[] = {{2, -1, 0, 7}, {1, 3, 0, 9},  {1, 4, 0, -2}, {1, 4, 0, 5},
                                      {2, 4, 0, -9}, {1, 0, 17, 0}, {1, 0, 18, 0}};
  for (const ReckonKernelStatus &a : order)
    for (const ReckonKernelStatus &b : order)
      EXPECT_EQ(comesBefore(a, b), &a < &b) << &a - order << " and " << &b - order;
}
} // namespace
