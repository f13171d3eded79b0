//===- CudaTest.cpp - The CUDA runtime on a driver that is not there ------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaSample.h"
#include "test/unit/engine/MutableEngine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <random>
#include <thread>

using namespace reckon;
using namespace reckon::test;
using runtime::Context;
using runtime::Engine;
using runtime::Status;

namespace {
class Cuda : public testing::Test {
protected:
  Cuda() : cuda(fakeCuda()) {
    cuda.reset();
    cuda.onLaunch = runHostKernel;
  }
  ~Cuda() override { EXPECT_EQ(cuda.live(), 0u); }

  Status open(Engine &engine, const EngineSpec &spec, const std::vector<ReckonTableBinding> &bindings = {}) {
    bytes.push_back(sampleEngine(spec));
    return engine.openMemory(bytes.back().data(), bytes.back().size(), bindings);
  }
  /// What creating a context says.
  Status refusal(const EngineSpec &spec, const char *device = "cuda") {
    Engine engine;
    Context context;
    EXPECT_FALSE(open(engine, spec));
    return context.create(engine, 1, device);
  }

  FakeCuda &cuda;
  std::list<std::vector<uint8_t>> bytes;
};

TEST_F(Cuda, EveryBatch) {
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine, cudaSampleSpec()));
  Status failed = context.create(engine, 1, "cuda");
  ASSERT_FALSE(failed) << failed.message;
  for (int64_t batch : {0, 1, 2, 4, 5, 33, 1000, 1, 0, 5000, 7, 100000, 3})
    expectCorrect(context, sampleData(batch, 3 + batch));
}

TEST_F(Cuda, ContextsShareWeightsAndTables) {
  Engine engine;
  ASSERT_FALSE(open(engine, cudaSampleSpec()));
  std::vector<std::thread> users;
  for (int user = 0; user < 4; ++user)
    users.emplace_back([&, user] {
      Context context;
      ASSERT_FALSE(context.create(engine, 1, user % 2 ? "cuda" : "cuda:0"));
      for (int i = 0; i < 50; ++i)
        expectCorrect(context, sampleData((i * 37 + user * 11) % 150, i));
    });
  for (std::thread &user : users)
    user.join();
  EXPECT_EQ(cuda.calls("cuModuleLoadDataEx"), 1);
  Context second;
  ASSERT_FALSE(second.create(engine, 1, "cuda:1"));
  EXPECT_EQ(cuda.calls("cuModuleLoadDataEx"), 2);
  expectCorrect(second, sampleData(5));
  Context onHost;
  ASSERT_FALSE(onHost.create(engine, 1));
  expectCorrect(onHost, sampleData(5));
}

TEST_F(Cuda, IdsOutOfRangeAreNamedAsOnTheHost) {
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine, cudaSampleSpec()));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  SampleData data = sampleData(100);
  std::vector<int64_t> good = data.ids;
  data.ids[17] = 200;
  for (int i = 0; i < 3; ++i) {
    ASSERT_FALSE(bindInputs(context, data));
    Status failed = context.run();
    EXPECT_EQ(failed.code, RECKON_INVALID);
    EXPECT_EQ(failed.message, "input 'ids' -> table 'emb.weight': id 200 at position 17 is outside [0, 200)"
                              ", in kernel 'test_lookup' of node '/emb/Gather', '/emb/ReduceSum'");
    data.ids = good;
    expectCorrect(context, data);
    data.ids[17] = 200;
  }
}

TEST_F(Cuda, ARunWhoseTimeIsOverIsWaitedForByTheNext) {
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine, cudaSampleSpec()));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  SampleData data = sampleData(50);
  ASSERT_FALSE(bindInputs(context, data));
  ASSERT_FALSE(context.run());
  // The device never ends what it began.
  cuda.machine.busyQueries = -1;
  EXPECT_EQ(context.run(2000).code, RECKON_DEADLINE);
  // The next run waits for it, in its own time.
  EXPECT_EQ(context.run(2000).code, RECKON_DEADLINE);
  int launches = cuda.calls("cuGraphLaunch");
  EXPECT_EQ(context.run(2000).code, RECKON_DEADLINE);
  EXPECT_EQ(cuda.calls("cuGraphLaunch"), launches);
  cuda.machine.busyQueries = 5;
  EXPECT_FALSE(context.run(60000000));
  expectCorrect(context, sampleData(7));
  EXPECT_EQ(engine.counters().deadline_exceeded, 3u);
}

TEST_F(Cuda, CancellationEndsTheWaitAndWhatTheRunFoundIsForgotten) {
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine, cudaSampleSpec()));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  SampleData data = sampleData(50);
  data.ids[3] = 200;
  ASSERT_FALSE(bindInputs(context, data));
  cuda.machine.busyQueries = -1;
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop)
      context.cancel();
  });
  EXPECT_EQ(context.run(0).code, RECKON_CANCELLED);
  stop = true;
  other.join();
  cuda.machine.busyQueries = 0;
  expectCorrect(context, sampleData(7));
}

TEST_F(Cuda, AWaitForRunsOnStreamsEndsAndCanGoOn) {
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine, cudaSampleSpec()));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  SampleData data = sampleData(50);
  DeviceData onDevice(data);
  onDevice.bind(context);
  cuda.machine.busyQueries = -1;
  ASSERT_FALSE(context.runAsync(nullptr, 2000));
  EXPECT_EQ(context.synchronize().code, RECKON_DEADLINE);
  cuda.machine.busyQueries = 0;
  EXPECT_FALSE(context.synchronize());
  EXPECT_EQ(onDevice.y, data.y);
}

TEST_F(Cuda, GraphsFollowTheBuffers) {
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine, cudaSampleSpec()));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  expectCorrect(context, sampleData(3));
  expectCorrect(context, sampleData(50));
  std::vector<FakeGraph> graphs = cuda.graphs();
  ASSERT_EQ(graphs.size(), 2u);
  EXPECT_EQ(graphs[0].kernels, (std::vector<std::string>{"test_lookup", "test_linear_small", "test_finish"}));
  EXPECT_EQ(graphs[1].kernels, (std::vector<std::string>{"test_lookup", "test_linear", "test_finish"}));
  EXPECT_EQ(graphs[1].after, (std::vector<std::vector<size_t>>{{}, {0}, {1}}));
  EXPECT_EQ(graphs[1].early, std::vector<bool>(3));
}

TEST_F(Cuda, KernelsStartEarlyWhereTheyWaitThemselves) {
  EngineSpec spec = cudaSampleSpec();
  for (KernelSpec &kernel : spec.programs[1].kernels)
    kernel.usesPdl = kernel.symbol != "test_linear";
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine, spec));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  expectCorrect(context, sampleData(3));
  expectCorrect(context, sampleData(50));
  std::vector<FakeGraph> graphs = cuda.graphs();
  ASSERT_EQ(graphs.size(), 2u);
  // The first waits for nothing in the graph.
  EXPECT_EQ(graphs[0].early, (std::vector<bool>{false, true, true}));
  EXPECT_EQ(graphs[1].early, (std::vector<bool>{false, false, true}));
  for (const FakeGraph &graph : graphs)
    EXPECT_EQ(graph.after, (std::vector<std::vector<size_t>>{{}, {0}, {1}}));
}

TEST_F(Cuda, BranchesTakeTurnsBesideKernelsThatStay) {
  EngineSpec spec = cudaSampleSpec();
  ProgramSpec &program = spec.programs[1];
  for (KernelSpec &kernel : program.kernels)
    kernel.usesPdl = true;
  // The first dispatch once more, into memory that nobody reads: it may run beside all others.
  ChainSpec aside = program.chains[0];
  aside.dispatches[0].operands.back() = {Space::Arena, uint32_t(program.slots.size()), 0, 0, "", ""};
  program.slots.push_back(program.slots[1]);
  program.chains.push_back(aside);
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine, spec));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  expectCorrect(context, sampleData(3)); // the kernel for few rows has twelve blocks on four multiprocessors
  expectCorrect(context, sampleData(50));
  std::vector<FakeGraph> graphs = cuda.graphs();
  ASSERT_EQ(graphs.size(), 2u);
  EXPECT_EQ(graphs[0].after, (std::vector<std::vector<size_t>>{{}, {0}, {1}, {2}}));
  EXPECT_EQ(graphs[0].early, (std::vector<bool>{false, true, true, true}));
  EXPECT_EQ(graphs[1].after, (std::vector<std::vector<size_t>>{{}, {0}, {1}, {}}));
  EXPECT_EQ(graphs[1].early, (std::vector<bool>{false, true, true, false}));
}

TEST_F(Cuda, LaunchesAreAsTheEngineSays) {
  static std::vector<std::string> seen;
  seen.clear();
  cuda.onLaunch = [](const FakeLaunch &launch) {
    seen.push_back(std::string(launch.kernel) + " " + std::to_string(launch.grid[0]) + "x" +
                   std::to_string(launch.grid[1]) + " of " + std::to_string(launch.block) + " shared " +
                   std::to_string(launch.shared) + " cluster " + std::to_string(launch.cluster));
    runHostKernel(launch);
  };
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine, cudaSampleSpec()));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  expectCorrect(context, sampleData(4));
  // Three blocks on each of four processors, though 1000 are wanted.
  EXPECT_EQ(seen, (std::vector<std::string>{"test_lookup 1x1 of 128 shared 0 cluster 0",
                                            "test_linear_small 12x1 of 128 shared 1000 cluster 2",
                                            "test_finish 1x1 of 128 shared 0 cluster 0"}));
}

/// The launch for few rows of the sample's layer, as a dispatch that stands in for the layer's.
static EngineSpec coveringSpec() {
  EngineSpec spec = cudaSampleSpec();
  std::vector<ChainSpec> &chains = spec.programs[1].chains;
  ChainSpec cover = chains[1];
  std::vector<LaunchSpec> &launches = chains[1].dispatches[0].launches;
  cover.dispatches[0].launches = {launches[1]};
  cover.dispatches[0].covers = {1};
  launches.erase(launches.begin(), launches.begin() + 2);
  chains.insert(chains.begin() + 2, cover);
  return spec;
}

TEST_F(Cuda, CoveringDispatchesRunInsteadOfOthers) {
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine, coveringSpec()));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  for (int64_t batch : {4, 5, 0, 3})
    expectCorrect(context, sampleData(batch));
  std::vector<FakeGraph> graphs = cuda.graphs();
  ASSERT_EQ(graphs.size(), 3u);
  EXPECT_EQ(graphs[0].kernels, (std::vector<std::string>{"test_lookup", "test_linear_small", "test_finish"}));
  EXPECT_EQ(graphs[1].kernels, (std::vector<std::string>{"test_lookup", "test_linear", "test_finish"}));
  // Who is passed over hands on what it waits for.
  for (const FakeGraph &graph : graphs)
    EXPECT_EQ(graph.after, (std::vector<std::vector<size_t>>{{}, {0}, {1}}));
}

/// Also one for many rows; between the two the covered one runs. In both orders of the two.
static EngineSpec coveringTwiceSpec(bool manyFirst) {
  EngineSpec spec = coveringSpec();
  std::vector<ChainSpec> &chains = spec.programs[1].chains;
  ChainSpec many = chains[2];
  many.dispatches[0].launches[0].minRows = 20;
  many.dispatches[0].launches[0].maxRows = UINT64_MAX;
  chains.insert(chains.begin() + (manyFirst ? 2 : 3), many);
  return spec;
}

TEST_F(Cuda, SeveralDispatchesCoverOne) {
  for (bool manyFirst : {false, true}) {
    Engine engine;
    Context context;
    ASSERT_FALSE(open(engine, coveringTwiceSpec(manyFirst)));
    Status failed = context.create(engine, 1, "cuda");
    ASSERT_FALSE(failed) << failed.message;
    for (int64_t batch : {4, 5, 19, 20, 300}) {
      expectCorrect(context, sampleData(batch));
      FakeGraph graph = cuda.graphs().back();
      const char *layer = batch <= 4 || batch >= 20 ? "test_linear_small" : "test_linear";
      EXPECT_EQ(graph.kernels, (std::vector<std::string>{"test_lookup", layer, "test_finish"})) << batch;
      EXPECT_EQ(graph.after, (std::vector<std::vector<size_t>>{{}, {0}, {1}})) << batch;
    }
  }
}

TEST_F(Cuda, CoveringKernelsMayNotFitTheDevice) {
  const auto firstKernels = [&] {
    Engine engine;
    Context context;
    EXPECT_FALSE(open(engine, coveringSpec()));
    Status failed = context.create(engine, 1, "cuda");
    EXPECT_FALSE(failed) << failed.message;
    expectCorrect(context, sampleData(4));
    return cuda.graphs().back().kernels[1];
  };
  EXPECT_EQ(firstKernels(), "test_linear_small");
  for (int clusters : {0, -1}) {
    cuda.machine.maxClusters = clusters;
    EXPECT_EQ(firstKernels(), "test_linear");
  }
  cuda.machine.maxClusters = 2;
  cuda.machine.staticShared = 232000;
  EXPECT_EQ(firstKernels(), "test_linear");
}

TEST_F(Cuda, GraphsAreKeptUpToTheLimit) {
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine, cudaSampleSpec()));
  ReckonContextOptions options = RECKON_CONTEXT_OPTIONS_INIT;
  options.threads = 1;
  options.device = "cuda";
  options.graph_cache = 2;
  ASSERT_FALSE(context.create(engine, options));
  for (int64_t batch : {5, 6, 5, 6})
    expectCorrect(context, sampleData(batch));
  EXPECT_EQ(cuda.calls("cuGraphInstantiateWithFlags"), 2);
  expectCorrect(context, sampleData(7)); // in the place of 5
  EXPECT_EQ(cuda.calls("cuGraphExecDestroy"), 1);
  expectCorrect(context, sampleData(6));
  EXPECT_EQ(cuda.calls("cuGraphInstantiateWithFlags"), 3);
  expectCorrect(context, sampleData(5));
  EXPECT_EQ(cuda.calls("cuGraphInstantiateWithFlags"), 4);
  EXPECT_EQ(cuda.calls("cuGraphExecDestroy"), 2);
}

TEST_F(Cuda, DeviceMemoryOnStreams) {
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine, cudaSampleSpec()));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  SampleData data = sampleData(50), other = sampleData(50, 9);
  DeviceData first(data), second(other);
  first.bind(context);
  ASSERT_FALSE(context.runAsync(nullptr));
  ASSERT_FALSE(context.synchronize());
  EXPECT_EQ(first.y, data.y);
  EXPECT_EQ(first.s, data.s);

  // The same addresses: one launch, and an event to wait for.
  int before = cuda.calls();
  first.bind(context);
  ASSERT_FALSE(context.runAsync(nullptr));
  EXPECT_EQ(cuda.calls() - before, 4); // the context made current, and whether the stream is being captured
  EXPECT_EQ(cuda.calls("cuGraphExecKernelNodeSetParams_v2"), 0);

  // Another x is an operand of the product alone.
  ASSERT_FALSE(context.setDeviceInput(0, RECKON_F32, {50, width}, second.x.data()));
  ASSERT_FALSE(context.runAsync(nullptr));
  EXPECT_EQ(cuda.calls("cuGraphExecKernelNodeSetParams_v2"), 1);
  second.bind(context);
  ASSERT_FALSE(context.runAsync(nullptr));
  EXPECT_EQ(cuda.calls("cuGraphExecKernelNodeSetParams_v2"), 3);
  // On another stream it waits for the run before.
  ASSERT_FALSE(context.runAsync(&before));
  EXPECT_EQ(cuda.calls("cuStreamWaitEvent"), 1);
  ASSERT_FALSE(context.synchronize());
  EXPECT_EQ(second.y, other.y);
  EXPECT_EQ(cuda.calls("cuGraphInstantiateWithFlags"), 1);
  EXPECT_EQ(context.output(0).data, second.y.data());

  // Errors wait for the next synchronisation, and are forgotten there.
  second.ids[3] = -5;
  ASSERT_FALSE(context.runAsync(nullptr));
  second.ids[3] = 1;
  ASSERT_FALSE(context.runAsync(nullptr));
  EXPECT_EQ(context.synchronize().message,
            "input 'ids' -> table 'emb.weight': id -5 at position 3 is outside [0, 200)"
            ", in kernel 'test_lookup' of node '/emb/Gather', '/emb/ReduceSum'; negative ids count from the end in "
            "engines compiled with --negative-ids=wrap");
  ASSERT_FALSE(context.runAsync(nullptr));
  ASSERT_FALSE(context.synchronize());
  ASSERT_FALSE(context.synchronize());
}

TEST_F(Cuda, TensorMapsFollowTheirOperand) {
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine, cudaSampleSpec()));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  SampleData data = sampleData(3);
  DeviceData first(data), second(data);
  for (DeviceData *tensors : {&first, &second, &first}) {
    tensors->bind(context);
    ASSERT_FALSE(context.runAsync(nullptr)); // the kernel compares
  }
  ASSERT_FALSE(context.synchronize());
  EXPECT_EQ(second.y, data.y);
  int encoded = cuda.calls("cuTensorMapEncodeTiled");
  ASSERT_FALSE(context.runAsync(nullptr));
  EXPECT_EQ(cuda.calls("cuTensorMapEncodeTiled"), encoded);
  // Memory that a tensor map cannot show.
  std::vector<float> shifted(3 * width + 4);
  float *odd = shifted.data() + 1;
  while (reinterpret_cast<uintptr_t>(odd) % 16 == 0)
    ++odd;
  std::copy(data.x.begin(), data.x.end(), odd);
  ASSERT_FALSE(context.setDeviceInput(0, RECKON_F32, {3, width}, odd));
  EXPECT_NE(context.runAsync(nullptr).message.find("must be multiples of 16 bytes"), std::string::npos);
  first.bind(context);
  ASSERT_FALSE(context.runAsync(nullptr));
  ASSERT_FALSE(context.synchronize());
}

TEST_F(Cuda, MemoryOfBothKinds) {
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine, cudaSampleSpec()));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  SampleData data = sampleData(20);
  DeviceData device(data);
  device.bind(context);
  ASSERT_FALSE(context.setInput(0, RECKON_F32, {20, width}, data.x.data()));
  ASSERT_FALSE(context.setOutput(1, RECKON_F32, nullptr, 0));
  ASSERT_FALSE(context.run());
  EXPECT_EQ(device.y, data.y);
  const auto *s = static_cast<const float *>(context.output(1).data);
  EXPECT_TRUE(std::equal(s, s + 20, data.s.begin()));
  EXPECT_EQ(context.runAsync(nullptr).message, "input 'x' is not in device memory, as a run on a stream needs it");
  device.bind(context);
  ASSERT_FALSE(context.setOutput(1, RECKON_F32, nullptr, 0));
  EXPECT_NE(context.runAsync(nullptr).message.find("output 's' is not in device memory"), std::string::npos);

  Context host;
  ASSERT_FALSE(host.create(engine, 1));
  EXPECT_EQ(host.setDeviceInput(0, RECKON_F32, {20, width}, data.x.data()).message,
            "input 'x': device memory goes with a context on a 'cuda' device");
  EXPECT_FALSE(host.synchronize()); // nothing was started
  EXPECT_EQ(host.setProfiling(true).code, RECKON_INVALID);
}

TEST_F(Cuda, Profiling) {
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine, cudaSampleSpec()));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  ASSERT_FALSE(context.setProfiling(true));
  expectCorrect(context, sampleData(20));
  ReckonRunTimes times = context.times();
  EXPECT_EQ(times.h2d_ms, 0.5);
  EXPECT_EQ(times.compute_ms, 0.5);
  EXPECT_EQ(times.d2h_ms, 0.5);
  EXPECT_GT(times.enqueue_ms, 0);
  ASSERT_FALSE(context.setProfiling(false));
  expectCorrect(context, sampleData(20));
  EXPECT_EQ(context.times().compute_ms, 0);
}

TEST_F(Cuda, SyntheticTablesAreMadeOnTheDevice) {
  ReckonTableBinding binding = RECKON_TABLE_BINDING_INIT;
  binding.source = RECKON_TABLE_SYNTHETIC;
  binding.rows = 1000;
  binding.seed = 5;
  Engine engine;
  ASSERT_FALSE(open(engine, cudaSampleSpec(), {binding}));
  SampleData data = sampleData(3);
  data.ids[2] = 999;
  std::vector<std::vector<float>> results;
  for (const char *device : {"cuda", "host"}) {
    Context context;
    ASSERT_FALSE(context.create(engine, 1, device));
    ASSERT_FALSE(bindInputs(context, data));
    ASSERT_FALSE(context.run());
    const float *y = static_cast<const float *>(context.output(0).data);
    results.emplace_back(y, y + 3 * hidden);
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(cuda.calls("cuLaunchKernel"), 1);
}

TEST_F(Cuda, MemoryThatIsNotThere) {
  cuda.machine.memory = 4096;
  Status failed = refusal(cudaSampleSpec());
  EXPECT_EQ(failed.code, RECKON_UNAVAILABLE);
  EXPECT_EQ(failed.message,
            "device 'cuda:0' (Fake GPU, sm_90) lacks memory: the engine needs 512 bytes for weights and 6400 for 1 "
            "tables; 4096 of 4096 bytes are free; the largest table is 'emb.weight' with 200 rows, 6400 bytes");
  cuda.machine.memory = 20000;
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine, cudaSampleSpec()));
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  expectCorrect(context, sampleData(10));
  ASSERT_FALSE(bindInputs(context, sampleData(1000)));
  failed = context.run();
  EXPECT_EQ(failed.code, RECKON_UNAVAILABLE);
  EXPECT_NE(failed.message.find("cuMemAlloc: out of memory (CUDA_ERROR_OUT_OF_MEMORY, 2) for 97024 bytes of the arena "
                                "of these inputs; "),
            std::string::npos)
      << failed.message;
  expectCorrect(context, sampleData(10));
}

TEST_F(Cuda, CodeRunsOnTheDeviceOrIsRefused) {
  EngineSpec spec = cudaSampleSpec();
  CodeSpec ptx = spec.code.back();
  auto isFor = [&](const char *arch) { spec.programs[1].target.cpu = spec.code.back().name = arch; };
  // The driver compiles for what is newer.
  EXPECT_FALSE(refusal(spec));
  isFor("sm_100");
  EXPECT_EQ(refusal(spec).message,
            "the engine does not run on device 'cuda:0' (Fake GPU, sm_90): it has PTX for sm_100");
  EXPECT_EQ(refusal(spec).code, RECKON_UNSUPPORTED);
  isFor("sm_90a");
  EXPECT_FALSE(refusal(spec));
  spec.code.back() = fakeCubin(spec, "sm_90a", ptx.data);
  EXPECT_FALSE(refusal(spec));
  spec.code.back() = fakeCubin(spec, "sm_80", ptx.data);
  isFor("sm_80");
  EXPECT_EQ(refusal(spec).message,
            "the engine does not run on device 'cuda:0' (Fake GPU, sm_90): it has no PTX, cubins for sm_80");
  isFor("h200");
  EXPECT_EQ(refusal(spec).code, RECKON_UNSUPPORTED);
  isFor("sm_90");
  spec.code.back().data.size = 60;
  EXPECT_EQ(refusal(spec).message, "the cubin for sm_90 is not whole");
  const char bad[] = "bad";
  spec.code.back() = {CodeKind::Ptx, "sm_90a", spec.own({bad, bad + 4})};
  isFor("sm_90a");
  EXPECT_EQ(refusal(spec).message,
            "the PTX for sm_90a on device 'cuda:0' (Fake GPU, sm_90) cannot be loaded: device "
            "'cuda': cuModuleLoadDataEx: made up failure (CUDA_ERROR_MADE_UP, 218); the driver's "
            "log: line 1: it is bad");
  spec.code.back().data.size = 3;
  EXPECT_EQ(refusal(spec).message, "the PTX for sm_90a does not end with a zero byte");
}

TEST_F(Cuda, KernelsThatDoNotFitTheDevice) {
  cuda.machine.maxThreads = 64;
  EXPECT_EQ(refusal(cudaSampleSpec()).message,
            "kernel 'test_lookup' wants blocks of 128 threads; its registers allow 64 on device 'cuda:0' (Fake GPU, "
            "sm_90)");
  cuda.machine.maxThreads = 1024;
  cuda.machine.staticShared = 232000;
  EXPECT_NE(refusal(cudaSampleSpec()).message.find("kernel 'test_linear_small' needs 233000 bytes of shared memory"),
            std::string::npos);
  cuda.machine.staticShared = 0;
  EngineSpec spec = cudaSampleSpec();
  spec.programs[1].kernels[0].symbol = "test_absent";
  EXPECT_NE(refusal(spec).message.find("lacks the kernel 'test_absent'"), std::string::npos);
  spec = cudaSampleSpec();
  spec.programs[1].chains[0].dispatches[0].operands.insert(spec.programs[1].chains[0].dispatches[0].operands.begin(),
                                                           {Space::Input, 0, 0, 0, "", ""});
  EXPECT_EQ(refusal(spec).message, "kernel 'test_lookup' does not have the parameters of its 4 operands, 0 tensor maps "
                                   "and 2 dimensions");
}

TEST_F(Cuda, DevicesByOrdinal) {
  EXPECT_FALSE(refusal(cudaSampleSpec(), "cuda:1"));
  EXPECT_EQ(refusal(cudaSampleSpec(), "cuda:2").message,
            "device 'cuda:2': this machine has 2 GPUs, 'cuda:0' to 'cuda:1'");
  EXPECT_EQ(refusal(cudaSampleSpec(), "cuda:2").code, RECKON_UNAVAILABLE);
  for (const char *name : {"cuda:", "cuda:x", "cuda:1x", "cuda:99999", "cuda1", "tpu"})
    EXPECT_EQ(refusal(cudaSampleSpec(), name).code, RECKON_INVALID) << name;
  EXPECT_EQ(refusal(sampleSpec()).code, RECKON_UNSUPPORTED);
}

/// Descriptions that lie about a program: refused, or run on it without harm.
TEST_F(Cuda, DamagedProgramsAreHarmless) {
  cuda.onLaunch = nullptr;
  std::string error;
  std::vector<uint8_t> good = *serializeEngine(mutableSpec(), &error);
  EXPECT_EQ(tryOnFakeGpu(good), 5);
  uint64_t metadata = metadataSize(good);
  std::mt19937 random(5); // NOLINT(bugprone-random-generator-seed): the same damage every time
  int ran = 0;
  for (int i = 0; i < 10000; ++i) {
    std::vector<uint8_t> bytes = good;
    for (unsigned k = 1 + random() % 3; k > 0; --k)
      bytes[64 + random() % metadata] = random() % 3 ? static_cast<uint8_t>(random()) : random() % 2 ? 0xff : 0;
    repairChecksums(bytes);
    ran += tryOnFakeGpu(bytes);
  }
  EXPECT_GT(ran, 1000);
}

/// Each driver call fails once: the error names a call, nothing leaks, and the context works afterwards.
TEST_F(Cuda, EveryCallMayFail) {
  bytes.push_back(sampleEngine(coveringSpec()));
  SampleData data = sampleData(3), larger = sampleData(300);
  auto use = [&](int failAt, bool &finished) {
    Engine engine;
    Context context;
    EXPECT_FALSE(engine.openMemory(bytes.back().data(), bytes.back().size()));
    cuda.failAt(failAt);
    Status failed = context.create(engine, 1, "cuda");
    DeviceData tensors(larger);
    if (!failed)
      failed = bindInputs(context, data);
    if (!failed)
      failed = context.run();
    if (!failed) {
      tensors.bind(context);
      failed = context.runAsync(nullptr);
    }
    if (!failed)
      failed = context.synchronize();
    cuda.failAt(0);
    finished = !failed;
    if (failed) {
      EXPECT_EQ(failed.code,
                failed.message.find("lacks the kernel") == std::string::npos ? RECKON_UNAVAILABLE : RECKON_INVALID);
      EXPECT_NE(failed.message.find("made up failure (CUDA_ERROR_MADE_UP, 999)"), std::string::npos) << failed.message;
    }
    if (context.get()) {
      ASSERT_FALSE(context.setOutput(0, RECKON_F32, nullptr, 0));
      ASSERT_FALSE(context.setOutput(1, RECKON_F32, nullptr, 0));
      expectCorrect(context, data);
      expectCorrect(context, larger);
    }
  };
  bool finished = false;
  int call = 1;
  for (; !finished && call < 1000; ++call) {
    use(call, finished);
    EXPECT_EQ(cuda.live(), 0u) << "call " << call;
  }
  EXPECT_GT(call, 50);
}
} // namespace
