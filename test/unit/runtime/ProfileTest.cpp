//===- ProfileTest.cpp - The times of a run's parts ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "SampleEngine.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace reckon;
using namespace reckon::test;
using runtime::Context;
using runtime::Engine;
using runtime::Status;

namespace {
class Profile : public testing::Test {
protected:
  void SetUp() override {
    EngineSpec spec = sampleSpec();
    DispatchSpec &first = spec.programs[0].chains[0].dispatches[0];
    first.traffic = SizeExpr::dim("batch") * SizeExpr(100);
    first.flopsPerRow = 7;
    bytes = sampleEngine(spec);
    Status failed = engine.openMemory(bytes.data(), bytes.size());
    ASSERT_FALSE(failed) << failed.message;
  }
  std::vector<uint8_t> bytes;
  Engine engine;
};

TEST_F(Profile, EveryRowOfEveryDispatchOnce) {
  for (int threads : {1, 3})
    for (int64_t batch : {1, 50, 3000}) {
      Context context;
      ASSERT_FALSE(context.create(engine, threads));
      SampleData data = sampleData(batch);
      ASSERT_FALSE(bindInputs(context, data));
      ReckonProfile profile = RECKON_PROFILE_INIT;
      Status failed = context.profile(&profile);
      ASSERT_FALSE(failed) << failed.message;
      ASSERT_EQ(profile.num_dispatches, 3u);
      ASSERT_GE(profile.num_events, 3u);
      std::vector<int64_t> rows(3);
      std::vector<double> busy(3);
      double last = 0;
      for (size_t i = 0; i < profile.num_events; ++i) {
        ReckonProfileEvent event = context.profiledEvent(i);
        ASSERT_LT(event.dispatch, 3u);
        EXPECT_LT(event.thread, size_t(threads));
        EXPECT_LE(last, event.begin_us);
        EXPECT_LE(event.begin_us, event.end_us);
        EXPECT_LE(event.end_us, profile.total_us);
        last = event.begin_us;
        // A block whose columns are split is a piece for each part.
        rows[event.dispatch] += event.end_row - event.first_row;
        busy[event.dispatch] += event.end_us - event.begin_us;
      }
      for (size_t d = 0; d < 3; ++d) {
        ReckonDispatchProfile dispatch = context.profiledDispatch(d);
        EXPECT_EQ(dispatch.rows, batch);
        EXPECT_EQ(rows[d] % batch, 0);
        EXPECT_NEAR(dispatch.busy_us, busy[d], 1e-6);
      }
      // Outputs are those of a run.
      ReckonTensor y = context.output(0);
      EXPECT_EQ(std::memcmp(y.data, data.y.data(), y.bytes), 0);
      expectCorrect(context, data);
    }
}

TEST_F(Profile, WhatTheCompilerKnows) {
  Context context;
  ASSERT_FALSE(context.create(engine, 1));
  SampleData data = sampleData(9);
  ASSERT_FALSE(bindInputs(context, data));
  ASSERT_FALSE(context.profile());
  ReckonDispatchProfile first = context.profiledDispatch(0), second = context.profiledDispatch(1);
  EXPECT_STREQ(first.kernel, "test_lookup");
  EXPECT_EQ(first.bytes, 900);
  EXPECT_EQ(first.flops, 63);
  EXPECT_EQ(second.bytes, -1);
}

TEST_F(Profile, NothingRanForNoRows) {
  Context context;
  ASSERT_FALSE(context.create(engine, 1));
  SampleData data = sampleData(0);
  ASSERT_FALSE(bindInputs(context, data));
  ReckonProfile profile = RECKON_PROFILE_INIT;
  ASSERT_FALSE(context.profile(&profile));
  EXPECT_EQ(profile.num_events, 0u);
  EXPECT_EQ(profile.num_dispatches, 3u);
  EXPECT_EQ(context.profiledDispatch(2).busy_us, 0);
}

TEST_F(Profile, WrongUse) {
  Context context;
  ASSERT_FALSE(context.create(engine, 1));
  ReckonDispatchProfile dispatch = RECKON_DISPATCH_PROFILE_INIT;
  ReckonProfileEvent event = RECKON_PROFILE_EVENT_INIT;
  EXPECT_EQ(reckon_profile_dispatch(context.get(), 0, &dispatch), RECKON_INVALID);
  EXPECT_EQ(reckon_profile_event(context.get(), 0, &event), RECKON_INVALID);
  EXPECT_EQ(reckon_profile(nullptr, nullptr), RECKON_INVALID);
  EXPECT_EQ(context.profile().message, "missing input 'x', 'ids'");
  SampleData data = sampleData(3);
  ASSERT_FALSE(bindInputs(context, data));
  ASSERT_FALSE(context.profile());
  EXPECT_EQ(reckon_profile_dispatch(context.get(), 3, &dispatch), RECKON_INVALID);
  EXPECT_EQ(reckon_profile_dispatch(context.get(), 0, nullptr), RECKON_INVALID);
  event.struct_size = 3;
  EXPECT_EQ(reckon_profile_event(context.get(), 0, &event), RECKON_INVALID);
  // A run that fails leaves no profile.
  data.ids[1] = -5;
  ASSERT_FALSE(bindInputs(context, data));
  EXPECT_EQ(context.profile().code, RECKON_INVALID);
  EXPECT_EQ(reckon_profile_dispatch(context.get(), 0, &dispatch), RECKON_INVALID);
}

TEST_F(Profile, StructsOfOtherVersions) {
  Context context;
  ASSERT_FALSE(context.create(engine, 1));
  SampleData data = sampleData(3);
  ASSERT_FALSE(bindInputs(context, data));
  struct {
    ReckonProfile known = RECKON_PROFILE_INIT;
    uint64_t added = 0;
  } later;
  later.known.struct_size = sizeof(later);
  ASSERT_EQ(reckon_profile(context.get(), &later.known), RECKON_OK);
  EXPECT_EQ(later.known.struct_size, sizeof(later));
  EXPECT_EQ(later.known.num_dispatches, 3u);
  // An earlier one ends behind the kernel.
  struct {
    size_t structSize = 16;
    const char *kernel = nullptr;
    const char *behind = "untouched";
  } earlier;
  auto *dispatch = reinterpret_cast<ReckonDispatchProfile *>(&earlier);
  ASSERT_EQ(reckon_profile_dispatch(context.get(), 0, dispatch), RECKON_OK);
  EXPECT_STREQ(earlier.kernel, "test_lookup");
  EXPECT_STREQ(earlier.behind, "untouched");
}
} // namespace
