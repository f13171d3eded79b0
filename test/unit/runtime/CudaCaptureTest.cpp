//===- CudaCaptureTest.cpp - Runs inside a capture of the caller's --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaSample.h"
#include "runtime/Cuda/CudaMemory.h"

#include <gtest/gtest.h>

using namespace reckon;
using namespace reckon::test;
using namespace reckon::runtime::cuda;
using runtime::Context;
using runtime::Engine;
using runtime::Status;

namespace {
class CudaCapture : public testing::Test {
protected:
  CudaCapture() : cuda(fakeCuda()) {
    cuda.reset();
    cuda.onLaunch = runHostKernel;
    driver = Driver::load(RECKON_TEST_FAKE_CUDA, error);
    stream = std::make_unique<Stream>(*driver);
    EXPECT_TRUE(stream->create(error));
  }
  ~CudaCapture() override {
    context = Context();
    engine = Engine();
    stream.reset();
    EXPECT_EQ(cuda.live(), 0u);
  }

  void open(const EngineSpec &spec) {
    bytes = sampleEngine(spec);
    ASSERT_FALSE(engine.openMemory(bytes.data(), bytes.size()));
    ASSERT_FALSE(context.create(engine, 1, "cuda"));
  }
  void begin(CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL) {
    ASSERT_TRUE(driver->cuStreamBeginCapture(error, stream->get(), mode)) << error.message;
  }
  /// A graph as the caller has it.
  struct Graph {
    const Driver &driver;
    CUgraph graph = nullptr;
    CUgraphExec instance = nullptr;
    explicit Graph(const Driver &driver) : driver(driver) {}
    ~Graph() {
      driver.cuGraphExecDestroy.raw(instance);
      driver.cuGraphDestroy.raw(graph);
    }
  };
  std::unique_ptr<Graph> end() {
    auto result = std::make_unique<Graph>(*driver);
    EXPECT_TRUE(driver->cuStreamEndCapture(error, stream->get(), &result->graph) &&
                driver->cuGraphInstantiate(error, &result->instance, result->graph, 0))
        << error.message;
    return result;
  }
  void replay(const Graph &graph) {
    EXPECT_TRUE(driver->cuGraphLaunch(error, graph.instance, stream->get())) << error.message;
  }

  FakeCuda &cuda;
  runtime::Error error;
  std::unique_ptr<Driver> driver;
  std::unique_ptr<Stream> stream;
  std::vector<uint8_t> bytes;
  Engine engine;
  Context context;
};

TEST_F(CudaCapture, ARunBecomesANodeOfTheCallersGraph) {
  open(cudaSampleSpec());
  SampleData data = sampleData(50), other = sampleData(50, 9), large = sampleData(5000);
  DeviceData first(data), second(other), third(large);
  // Nothing is known of this batch size yet: the capture must not stop memory from being taken.
  begin();
  first.bind(context);
  Status failed = context.runAsync(stream->get());
  ASSERT_FALSE(failed) << failed.message;
  second.bind(context);
  ASSERT_FALSE(context.runAsync(stream->get()));
  auto graph = end();
  EXPECT_EQ(first.y, std::vector<float>(first.y.size())); // nothing has run
  EXPECT_EQ(cuda.graphs().back().after, (std::vector<std::vector<size_t>>{{}, {0}}));
  EXPECT_EQ(cuda.calls("cuGraphLaunch"), 0);
  replay(*graph);
  EXPECT_EQ(first.y, data.y);
  EXPECT_EQ(second.y, other.y);

  // Other inputs at the same addresses, after other runs that took a larger arena.
  third.bind(context);
  ASSERT_FALSE(context.runAsync(stream->get()));
  ASSERT_FALSE(context.synchronize());
  EXPECT_EQ(third.y, large.y);
  expectCorrect(context, sampleData(50));
  SampleData again = sampleData(50, 4);
  first.x = again.x;
  std::copy(again.ids.begin(), again.ids.end(), first.ids.begin());
  replay(*graph);
}

TEST_F(CudaCapture, ReplaysUseTheAddressesOfTheCapture) {
  open(cudaSampleSpec());
  SampleData data = sampleData(50), other = sampleData(50, 9);
  DeviceData first(data), second(other);
  first.bind(context);
  ASSERT_FALSE(context.runAsync(stream->get()));
  begin();
  second.bind(context);
  ASSERT_FALSE(context.runAsync(stream->get()));
  auto graph = end();
  // The context's own graph has what it is told, in turn with the caller's.
  for (int i = 0; i < 2; ++i) {
    std::fill(first.y.begin(), first.y.end(), -1.0f);
    std::fill(second.y.begin(), second.y.end(), -1.0f);
    first.bind(context);
    ASSERT_FALSE(context.runAsync(stream->get()));
    EXPECT_EQ(first.y, data.y);
    EXPECT_NE(second.y, other.y);
    std::fill(first.y.begin(), first.y.end(), -1.0f);
    replay(*graph);
    EXPECT_EQ(second.y, other.y);
    EXPECT_NE(first.y, data.y);
  }
  EXPECT_EQ(cuda.calls("cuGraphInstantiateWithFlags"), 2); // one is the caller's
  ASSERT_FALSE(context.synchronize());
}

TEST_F(CudaCapture, BadIdsAreFoundAtTheNextSynchronisation) {
  open(cudaSampleSpec());
  SampleData data = sampleData(50);
  DeviceData tensors(data);
  begin();
  tensors.bind(context);
  ASSERT_FALSE(context.runAsync(stream->get()));
  auto graph = end();
  replay(*graph);
  ASSERT_FALSE(context.synchronize());
  int64_t good = std::exchange(tensors.ids[3], -5);
  replay(*graph);
  tensors.ids[3] = good;
  // A run that is waited for tells of its own ids only.
  expectCorrect(context, data);
  EXPECT_EQ(context.synchronize().message,
            "input 'ids' -> table 'emb.weight': id -5 at position 3 is outside [0, 200)"
            ", in kernel 'test_lookup' of node '/emb/Gather', '/emb/ReduceSum'; negative ids count from the end in "
            "engines compiled with --negative-ids=wrap");
  replay(*graph);
  ASSERT_FALSE(context.synchronize());
}

TEST_F(CudaCapture, RunsThatAreNotPartOfIt) {
  open(cudaSampleSpec());
  SampleData data = sampleData(50);
  DeviceData tensors(data);
  begin();
  // On the context's own stream and on another one, with memory to be taken, while this thread captures.
  expectCorrect(context, sampleData(300));
  ASSERT_FALSE(context.setOutput(0, RECKON_F32, nullptr, 0));
  tensors.bind(context);
  ASSERT_FALSE(context.runAsync(nullptr));
  ASSERT_FALSE(context.synchronize());
  EXPECT_EQ(tensors.y, data.y);
  Context second;
  Status failed = second.create(engine, 1, "cuda");
  EXPECT_FALSE(failed) << failed.message;
  auto graph = end();
  EXPECT_TRUE(cuda.graphs().back().kernels.empty());
}

TEST_F(CudaCapture, EmptyBatchesAddNothing) {
  open(cudaSampleSpec());
  SampleData data = sampleData(0);
  float one[4] = {};
  int64_t id = 0;
  begin();
  ASSERT_FALSE(context.setDeviceInput(0, RECKON_F32, {0, width}, one));
  ASSERT_FALSE(context.setDeviceInput(1, RECKON_I64, {0, numIds}, &id));
  ASSERT_FALSE(context.setDeviceOutput(0, RECKON_F32, one, sizeof(one)));
  ASSERT_FALSE(context.setDeviceOutput(1, RECKON_F32, one, sizeof(one)));
  Status failed = context.runAsync(stream->get());
  EXPECT_FALSE(failed) << failed.message;
  auto graph = end();
  EXPECT_TRUE(cuda.graphs().back().kernels.empty());
}

TEST_F(CudaCapture, ASpoiltCaptureIsNamed) {
  open(cudaSampleSpec());
  DeviceData tensors(sampleData(50));
  tensors.bind(context);
  begin();
  runtime::Error refused;
  EXPECT_FALSE(driver->cuStreamSynchronize(refused, stream->get()));
  EXPECT_EQ(context.runAsync(stream->get()).message, "an earlier call has invalidated the capture of this stream");
  CUgraph none;
  EXPECT_NE(driver->cuStreamEndCapture.raw(stream->get(), &none), CUDA_SUCCESS);
  ASSERT_FALSE(context.runAsync(stream->get()));
  ASSERT_FALSE(context.synchronize());
}

TEST_F(CudaCapture, LibraryProductsAreChosenOutsideOfIt) {
  cuda.machine.hasCublasLt = true;
  EngineSpec spec = cudaSampleSpec();
  spec.programs[1].chains[1].dispatches[0].launches[0].gemm->a = 1; // without x, which is zero here
  open(spec);
  SampleData data = sampleData(50);
  std::fill(data.x.begin(), data.x.end(), 0.0f);
  DeviceData tensors(data), direct(data);
  begin();
  tensors.bind(context);
  Status failed = context.runAsync(stream->get());
  ASSERT_FALSE(failed) << failed.message;
  auto graph = end();
  replay(*graph);
  direct.bind(context);
  ASSERT_FALSE(context.runAsync(stream->get()));
  ASSERT_FALSE(context.synchronize());
  EXPECT_EQ(tensors.y, direct.y);
  EXPECT_NE(tensors.y, std::vector<float>(tensors.y.size()));
  EXPECT_EQ(cuda.calls("cublasLtMatmul"), 2 * 10 + 2); // timed once
}

/// Each driver call of a captured run fails once: it is named, nothing leaks, and the context works afterwards.
TEST_F(CudaCapture, EveryCallMayFail) {
  SampleData data = sampleData(30);
  bytes = sampleEngine(cudaSampleSpec());
  ASSERT_FALSE(engine.openMemory(bytes.data(), bytes.size()));
  bool finished = false;
  int call = 1;
  for (; !finished && call < 1000; ++call) {
    DeviceData tensors(data);
    {
      Context own;
      ASSERT_FALSE(own.create(engine, 1, "cuda"));
      begin();
      tensors.bind(own);
      cuda.failAt(call);
      Status failed = own.runAsync(stream->get());
      cuda.failAt(0);
      finished = !failed;
      if (failed) {
        EXPECT_EQ(failed.code, RECKON_UNAVAILABLE);
        EXPECT_NE(failed.message.find("made up failure (CUDA_ERROR_MADE_UP, 999)"), std::string::npos);
      }
      CUgraph graph = nullptr;
      EXPECT_EQ(driver->cuStreamEndCapture.raw(stream->get(), &graph), CUDA_SUCCESS);
      driver->cuGraphDestroy.raw(graph);
      ASSERT_FALSE(own.setOutput(0, RECKON_F32, nullptr, 0));
      ASSERT_FALSE(own.setOutput(1, RECKON_F32, nullptr, 0));
      expectCorrect(own, data);
    }
  }
  EXPECT_GT(call, 15);
}
} // namespace
