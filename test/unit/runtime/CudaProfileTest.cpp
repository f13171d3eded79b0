//===- CudaProfileTest.cpp - Profiles on a driver that is not there --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaSample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

using namespace reckon;
using namespace reckon::test;
using runtime::Context;
using runtime::Engine;
using runtime::Status;

namespace {
class CudaProfile : public testing::Test {
protected:
  CudaProfile() : cuda(fakeCuda()) {
    cuda.reset();
    cuda.onLaunch = runHostKernel;
  }
  ~CudaProfile() override { EXPECT_EQ(cuda.live(), 0u); }

  void open(Engine &engine) {
    bytes = sampleEngine(cudaSampleSpec());
    Status failed = engine.openMemory(bytes.data(), bytes.size());
    ASSERT_FALSE(failed) << failed.message;
  }

  FakeCuda &cuda;
  std::vector<uint8_t> bytes;
};

TEST_F(CudaProfile, KernelsOneAfterAnother) {
  Engine engine;
  Context context;
  open(engine);
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  SampleData data = sampleData(20);
  ASSERT_FALSE(bindInputs(context, data));
  ReckonProfile profile = RECKON_PROFILE_INIT;
  Status failed = context.profile(&profile);
  ASSERT_FALSE(failed) << failed.message;
  // The fake's clock says 0.5 ms between any two events.
  ASSERT_EQ(profile.num_events, 3u);
  EXPECT_EQ(profile.total_us, 1500);
  for (size_t i = 0; i < 3; ++i) {
    ReckonProfileEvent event = context.profiledEvent(i);
    EXPECT_EQ(event.dispatch, i);
    EXPECT_EQ(event.begin_us, 500.0 * double(i));
    EXPECT_EQ(event.end_us, 500.0 * double(i + 1));
    EXPECT_EQ(event.end_row, 20);
    EXPECT_EQ(context.profiledDispatch(i).busy_us, 500);
    EXPECT_EQ(context.profiledDispatch(i).rows, 20);
  }
  ReckonTensor y = context.output(0);
  EXPECT_EQ(std::memcmp(y.data, data.y.data(), y.bytes), 0);
  // The profile's graph: a node for an event before each kernel and behind the last, in one line.
  FakeGraph graph = cuda.graphs().back();
  ASSERT_EQ(graph.after.size(), 7u);
  for (size_t node = 0; node < 7; ++node)
    EXPECT_EQ(graph.after[node], node == 0 ? std::vector<size_t>() : std::vector<size_t>{node - 1});
  expectCorrect(context, data);
}

TEST_F(CudaProfile, ProductsOfALibraryAreCalledByIt) {
  cuda.machine.hasCublasLt = true;
  EngineSpec spec = cudaSampleSpec();
  spec.programs[1].chains[1].dispatches[0].launches[0].gemm->a = 1;
  bytes = sampleEngine(spec);
  Engine engine;
  Context context;
  ASSERT_FALSE(engine.openMemory(bytes.data(), bytes.size()));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  SampleData data = sampleData(20);
  std::fill(data.x.begin(), data.x.end(), 0.0f);
  ASSERT_FALSE(bindInputs(context, data));
  Status failed = context.profile();
  ASSERT_FALSE(failed) << failed.message;
  EXPECT_STREQ(context.profiledDispatch(1).kernel, "cublaslt");
  EXPECT_STREQ(context.profiledDispatch(2).kernel, "test_finish");
}

TEST_F(CudaProfile, EveryCallMayFail) {
  Engine engine;
  open(engine);
  SampleData data = sampleData(3);
  bool finished = false;
  int call = 1;
  for (; !finished && call < 1000; ++call) {
    Context context;
    ASSERT_FALSE(context.create(engine, 1, "cuda"));
    ASSERT_FALSE(bindInputs(context, data));
    int before = cuda.calls();
    cuda.failAt(call);
    Status failed = context.profile();
    finished = !failed && cuda.calls() - before < call;
    cuda.failAt(0);
    if (failed)
      EXPECT_EQ(failed.code, RECKON_UNAVAILABLE) << failed.message;
    expectCorrect(context, data);
    EXPECT_FALSE(context.profile());
  }
  EXPECT_TRUE(finished);
  EXPECT_GT(call, 20);
}
} // namespace
