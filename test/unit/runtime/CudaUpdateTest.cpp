//===- CudaUpdateTest.cpp - Rows and weights that change on a GPU ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaSample.h"
#include "UpdateSample.h"
#include "runtime/Cuda/CudaMemory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <random>
#include <thread>
#include <unistd.h>

using namespace reckon;
using namespace reckon::test;
using namespace reckon::runtime::cuda;
using runtime::Context;
using runtime::Engine;
using runtime::Status;
using runtime::Update;

namespace {
class CudaUpdates : public testing::Test {
protected:
  CudaUpdates() : cuda(fakeCuda()), bytes(sampleEngine(cudaSampleSpec())) {
    cuda.reset();
    cuda.onLaunch = runHostKernel;
    open();
  }
  ~CudaUpdates() override {
    update = Update();
    engine = Engine();
    EXPECT_EQ(cuda.live(), 0u);
  }
  void open() {
    update = Update();
    engine = Engine();
    state = SampleState();
    ASSERT_FALSE(engine.openMemory(bytes.data(), bytes.size()));
    ASSERT_FALSE(update.create(engine));
  }
  void changeRows(const std::vector<int64_t> &ids, uint64_t seed) {
    std::vector<float> rows = state.setRows(ids, seed);
    ASSERT_FALSE(update.setRows("emb.weight", ids, rows.data()));
  }
  void changeTable(uint64_t seed) {
    state.setTable(seed);
    ASSERT_FALSE(update.setTable("emb.weight", tableRows, state.table.data()));
  }
  void changeWeights(uint64_t seed) {
    state.setWeights(seed);
    ASSERT_FALSE(update.setWeight("w", state.weights.data(), state.weights.size() * 4));
  }
  uint64_t commit() {
    uint64_t version = 0;
    Status failed = update.commit(&version);
    EXPECT_FALSE(failed) << failed.message;
    return version;
  }
  /// How much memory the fake has given.
  size_t used() {
    size_t available = 0, total = 0;
    runtime::Error error;
    auto driver = Driver::load(RECKON_TEST_FAKE_CUDA, error);
    EXPECT_TRUE(driver->cuMemGetInfo(error, &available, &total)) << error.message;
    return total - available;
  }

  FakeCuda &cuda;
  std::vector<uint8_t> bytes;
  Engine engine;
  Update update;
  SampleState state;
};

TEST_F(CudaUpdates, RowsTablesDeletionsAndWeightsOnAllDevicesAtOnce) {
  Context contexts[4];
  const char *devices[] = {"cuda", "cuda:1", "host", "cuda"};
  for (size_t i = 0; i < 4; ++i)
    ASSERT_FALSE(contexts[i].create(engine, 1, devices[i]));
  uint64_t version = 0;
  auto check = [&] {
    for (Context &context : contexts)
      expectState(context, state, version);
  };
  check();
  changeRows({3, 199, 3}, 7);
  EXPECT_EQ(commit(), ++version);
  check();
  ASSERT_FALSE(update.deleteRows("emb.weight", {0, 3}));
  state.deleteRows({0, 3});
  EXPECT_EQ(commit(), ++version);
  check();
  // In one version, of which the later ones count.
  changeTable(11);
  changeWeights(12);
  changeRows({3, 4, 5}, 13);
  changeRows({5, 4, 5}, 14);
  EXPECT_EQ(commit(), ++version);
  check();
  for (int i = 0; i < 12; ++i) {
    if (i % 4 == 3)
      changeWeights(100 + i);
    changeRows({version == 7 ? 0 : 190 + i % 5, i}, 100 + i);
    EXPECT_EQ(commit(), ++version);
    check();
  }
  EXPECT_EQ(commit(), ++version); // of nothing
  check();
}

TEST_F(CudaUpdates, AnEngineThatWasUpdatedIsLoadedAsItIsNow) {
  changeRows({1, 2}, 3);
  changeWeights(4);
  commit();
  changeRows({2, 7}, 5);
  commit();
  Context context, second;
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  expectState(context, state, 2);
  changeRows({9}, 6);
  commit();
  expectState(context, state, 3);
  ASSERT_FALSE(second.create(engine, 1, "cuda:1"));
  changeWeights(8);
  commit();
  for (Context *each : {&context, &second, &context})
    expectState(*each, state, 4);
}

TEST_F(CudaUpdates, MadeUpRowsCanBeChanged) {
  ReckonTableBinding binding = RECKON_TABLE_BINDING_INIT;
  binding.source = RECKON_TABLE_SYNTHETIC;
  binding.rows = tableRows;
  Engine madeUp;
  Context context, host;
  Update changes;
  ASSERT_FALSE(madeUp.openMemory(bytes.data(), bytes.size(), {binding}));
  ASSERT_FALSE(context.create(madeUp, 1, "cuda"));
  ASSERT_FALSE(changes.create(madeUp));
  std::vector<float> rows = state.setRows({6}, 7);
  ASSERT_FALSE(changes.setRows("emb.weight", {6}, rows.data()));
  ASSERT_FALSE(changes.commit());
  ASSERT_FALSE(host.create(madeUp, 1));
  SampleData data = sampleData(30);
  data.ids[4] = 6;
  for (Context *each : {&context, &host}) {
    ASSERT_FALSE(bindInputs(*each, data));
    ASSERT_FALSE(each->run());
  }
  EXPECT_EQ(std::memcmp(context.output(0).data, host.output(0).data, host.output(0).bytes), 0);
}

TEST_F(CudaUpdates, OnlyWhatChangesIsInMemoryTwice) {
  Context context;
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  expectState(context, state, 0);
  size_t before = used();
  changeWeights(1);
  commit();
  EXPECT_EQ(used(), before + state.weights.size() * 4);
  changeRows({1}, 2);
  commit();
  size_t after = used();
  EXPECT_GE(after, before + state.weights.size() * 4 + state.table.size() * 4);
  for (int i = 0; i < 10; ++i) {
    changeRows({i}, i);
    changeWeights(i);
    commit();
  }
  EXPECT_EQ(used(), after);
}

/// A run that nobody has waited for reads one side until its event: what writes that side comes behind a wait for it.
TEST_F(CudaUpdates, ACommitWaitsForRunsThatReadItsSide) {
  Context context;
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  SampleData data = sampleData(50);
  DeviceData tensors(data);
  tensors.bind(context);
  ASSERT_FALSE(context.runAsync(nullptr)); // reads version 0
  auto last = [&](const char *what) {
    const void *found = nullptr;
    for (const auto &[call, object] : cuda.order())
      if (call == what)
        found = object;
    return found;
  };
  /// Whether a wait for the event comes before anything is written from the place on.
  auto waitsFirst = [&](size_t begin, const void *event) {
    auto order = cuda.order();
    for (size_t i = begin; i < order.size(); ++i) {
      if (order[i].first == "wait" && order[i].second == event)
        return true;
      if (order[i].first == "write")
        return false;
    }
    return false;
  };
  const void *first = last("record");
  ASSERT_TRUE(first);
  size_t place = cuda.order().size();
  changeRows({1}, 1);
  commit();
  EXPECT_FALSE(waitsFirst(place, first));  // it is the other side that is written
  ASSERT_FALSE(context.runAsync(nullptr)); // reads version 1
  EXPECT_EQ(context.version(), 1u);
  const void *second = last("record");
  EXPECT_NE(first, second);
  place = cuda.order().size();
  changeRows({2}, 2);
  commit();
  EXPECT_TRUE(waitsFirst(place, first));
  place = cuda.order().size();
  changeRows({3}, 3);
  commit();
  EXPECT_TRUE(waitsFirst(place, second));
  ASSERT_FALSE(context.synchronize());
  ASSERT_FALSE(context.setOutput(0, RECKON_F32, nullptr, 0));
  ASSERT_FALSE(context.setOutput(1, RECKON_F32, nullptr, 0));
  expectState(context, state, 3);
}

TEST_F(CudaUpdates, NoGraphChangesWithAVersion) {
  Context context;
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  for (int i = 0; i < 2; ++i) {
    changeRows({1}, i);
    changeWeights(i);
    commit();
    expectState(context, state, i + 1);
  }
  int made = cuda.calls("cuGraphInstantiateWithFlags");
  EXPECT_EQ(made, 6); // three batch sizes on two sides
  SampleData data = sampleData(33, 33);
  DeviceData tensors(data);
  int changed = 0;
  for (int i = 2; i < 8; ++i) {
    changeRows({1}, i);
    changeWeights(i);
    commit();
    tensors.bind(context);
    ASSERT_FALSE(context.runAsync(nullptr));
    ASSERT_FALSE(context.synchronize());
    if (i == 3) // both sides know these tensors
      changed = cuda.calls("cuGraphExecKernelNodeSetParams_v2");
  }
  EXPECT_EQ(cuda.calls("cuGraphInstantiateWithFlags"), made);
  EXPECT_EQ(cuda.calls("cuGraphExecKernelNodeSetParams_v2"), changed);
}

TEST_F(CudaUpdates, ReplaysReadTheVersionOfTheirCapture) {
  runtime::Error error;
  auto driver = Driver::load(RECKON_TEST_FAKE_CUDA, error);
  Stream stream(*driver);
  ASSERT_TRUE(stream.create(error));
  Context context;
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  changeRows({1}, 1);
  commit();
  SampleData data = sampleData(50);
  DeviceData tensors(data), others(data);
  tensors.bind(context);
  ASSERT_TRUE(driver->cuStreamBeginCapture(error, stream.get(), CU_STREAM_CAPTURE_MODE_GLOBAL));
  // A commit is no part of the capture.
  changeRows({2}, 2);
  commit();
  ASSERT_FALSE(context.runAsync(stream.get()));
  EXPECT_EQ(context.version(), 2u);
  CUgraph graph = nullptr;
  CUgraphExec instance = nullptr;
  ASSERT_TRUE(driver->cuStreamEndCapture(error, stream.get(), &graph) &&
              driver->cuGraphInstantiate(error, &instance, graph, 0));
  ASSERT_TRUE(driver->cuGraphLaunch(error, instance, stream.get()));
  std::vector<float> then = tensors.y;
  size_t before = used();
  for (int i = 3; i < 9; ++i) {
    changeTable(i);
    changeWeights(i);
    commit();
    std::fill(tensors.y.begin(), tensors.y.end(), 0.0f);
    ASSERT_TRUE(driver->cuGraphLaunch(error, instance, stream.get()));
    EXPECT_EQ(tensors.y, then) << i;
    others.bind(context);
    ASSERT_FALSE(context.runAsync(stream.get()));
    ASSERT_FALSE(context.synchronize());
    EXPECT_NE(others.y, then) << i;
    ASSERT_FALSE(context.setOutput(0, RECKON_F32, nullptr, 0));
    ASSERT_FALSE(context.setOutput(1, RECKON_F32, nullptr, 0));
    expectState(context, state, i);
  }
  // What the capture keeps, and two sides beside it.
  size_t kept = state.table.size() * 4 + state.weights.size() * 4;
  EXPECT_LE(used(), before + 2 * kept + (size_t(1) << 16));
  driver->cuGraphExecDestroy.raw(instance);
  driver->cuGraphDestroy.raw(graph);
  size_t full = used();
  context = Context();
  EXPECT_LE(used() + kept, full);
}

TEST_F(CudaUpdates, MemoryThatIsNotThereLeavesTheVersion) {
  Context context;
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  expectState(context, state, 0);
  size_t enough = cuda.machine.memory;
  cuda.machine.memory = used() + 3000;
  SampleState old = state;
  changeRows({1}, 1);
  Status failed = update.commit();
  EXPECT_EQ(failed.code, RECKON_UNAVAILABLE);
  EXPECT_NE(failed.message.find("for 6400 bytes of another version of table 'emb.weight'; 3000 of "), std::string::npos)
      << failed.message;
  EXPECT_EQ(engine.version(), 0u);
  expectState(context, old, 0);
  cuda.machine.memory = enough;
  EXPECT_EQ(commit(), 1u);
  expectState(context, state, 1);
}

/// Each driver call of a commit fails once: the version and what runs read stay, and the same update goes well next.
TEST_F(CudaUpdates, EveryCallOfACommitMayFail) {
  for (int commitsBefore : {0, 1, 3}) {
    int call = 1;
    for (bool finished = false; !finished && call < 200; ++call) {
      open();
      Context contexts[2];
      ASSERT_FALSE(contexts[0].create(engine, 1, "cuda"));
      ASSERT_FALSE(contexts[1].create(engine, 1, "cuda:1"));
      for (int i = 0; i < commitsBefore; ++i) {
        changeRows({i, 100}, i);
        changeWeights(i);
        commit();
      }
      SampleState old = state;
      uint64_t version = engine.version();
      changeRows({1, 100, 1}, 50);
      changeWeights(51);
      ASSERT_FALSE(update.deleteRows("emb.weight", {7}));
      state.deleteRows({7});
      cuda.failAt(call);
      Status failed = update.commit();
      cuda.failAt(0);
      finished = !failed;
      if (failed) {
        EXPECT_EQ(failed.code,
                  failed.message.find("lacks the kernel") == std::string::npos ? RECKON_UNAVAILABLE : RECKON_INVALID);
        EXPECT_NE(failed.message.find("made up failure (CUDA_ERROR_MADE_UP, 999)"), std::string::npos)
            << failed.message;
        EXPECT_EQ(engine.version(), version);
        for (Context &context : contexts)
          expectState(context, old, version);
        // Another update comes first: nothing of the one that failed is in it.
        Update other;
        ASSERT_FALSE(other.create(engine));
        ASSERT_FALSE(other.deleteRows("emb.weight", {9}));
        ASSERT_FALSE(other.commit());
        old.deleteRows({9});
        ++version;
        for (Context &context : contexts)
          expectState(context, old, version);
        state.deleteRows({9});
        EXPECT_EQ(commit(), version + 1);
      }
      for (int i = 0; i < 3; ++i) {
        for (Context &context : contexts)
          expectState(context, state, engine.version());
        changeRows({20 + i}, i);
        commit();
      }
      if (testing::Test::HasFailure())
        FAIL() << "call " << call << " after " << commitsBefore << " commits";
    }
    EXPECT_GT(call, 15);
  }
}

TEST_F(CudaUpdates, ALogIsFollowed) {
  std::string path = "/tmp/reckon-cuda-log-" + std::to_string(getpid());
  runtime::UpdateLog writer, follower;
  Engine other;
  Context context;
  ASSERT_FALSE(writer.open(engine, path, RECKON_LOG_APPEND));
  ASSERT_FALSE(other.openMemory(bytes.data(), bytes.size()));
  ASSERT_FALSE(context.create(other, 1, "cuda"));
  ASSERT_FALSE(follower.open(other, path, RECKON_LOG_FOLLOW));
  for (int i = 0; i < 5; ++i) {
    changeRows({i, 2 * i}, i);
    ASSERT_FALSE(writer.append(update));
    ASSERT_FALSE(follower.apply());
    expectState(context, state, i + 1);
  }
  unlink(path.c_str());
}

TEST_F(CudaUpdates, LibraryProductsReadTheirVersion) {
  cuda.machine.hasCublasLt = true;
  // The library gets the rows alone, and what is added to them on the host is zero.
  EngineSpec spec = cudaSampleSpec();
  spec.programs[1].chains[1].dispatches[0].launches[0].gemm->a = 1;
  bytes = sampleEngine(spec);
  open();
  Context context, host;
  ASSERT_FALSE(context.create(engine, 1, "cuda"));
  ASSERT_FALSE(host.create(engine, 1));
  int timed = 0;
  for (int i = 0; i < 6; ++i) {
    for (int64_t batch : {3, 40}) {
      SampleData data = sampleData(batch);
      std::fill(data.x.begin(), data.x.end(), 0.0f);
      for (Context *each : {&context, &host}) {
        ASSERT_FALSE(bindInputs(*each, data));
        ASSERT_FALSE(each->run());
      }
      EXPECT_EQ(std::memcmp(context.output(0).data, host.output(0).data, host.output(0).bytes), 0) << i;
    }
    // The ways to do a product are timed for one side, and are those of the other.
    if (i == 0)
      timed = cuda.calls("cuEventElapsedTime");
    changeWeights(i);
    changeRows({i}, i);
    commit();
  }
  EXPECT_GT(timed, 0);
  EXPECT_EQ(cuda.calls("cuEventElapsedTime"), timed);
}

/// Every output is that of exactly one version, the one that the run reports.
TEST_F(CudaUpdates, Soak) {
  cuda.recording = false;
  std::mutex mutex; // of the states
  std::map<uint64_t, SampleState> states;
  states[0] = state;
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int user = 0; user < 3; ++user)
    threads.emplace_back([&, user] {
      Context context;
      ASSERT_FALSE(context.create(engine, 1, user == 2 ? "cuda:1" : "cuda"));
      for (int64_t round = 0; !stop && !testing::Test::HasFailure(); ++round) {
        SampleData data = sampleData(1 + (round * 7 + user) % 3, static_cast<unsigned>(round));
        ASSERT_FALSE(bindInputs(context, data));
        ASSERT_FALSE(context.run());
        SampleState of;
        {
          std::lock_guard<std::mutex> lock(mutex);
          of = states.at(context.version());
        }
        of.expect(context, data);
      }
    });
  std::mt19937 random(1); // NOLINT(bugprone-random-generator-seed): the same changes every time
  for (uint64_t version = 1; version <= 400 && !testing::Test::HasFailure(); ++version) {
    if (version % 8 == 0)
      changeTable(version);
    else if (version % 8 == 1)
      changeWeights(version);
    else
      changeRows({int64_t(random() % tableRows), int64_t(random() % tableRows)}, version);
    {
      std::lock_guard<std::mutex> lock(mutex);
      states[version] = state;
    }
    EXPECT_EQ(commit(), version);
  }
  stop = true;
  for (std::thread &thread : threads)
    thread.join();
}
} // namespace
