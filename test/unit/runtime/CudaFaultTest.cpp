//===- CudaFaultTest.cpp - The system and the driver fail at every place ----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// What a process does with an engine on a GPU, swept as FaultSweep.h says: calls of the system fail outside of the
// driver, and calls of the driver as when there is no device memory.
//
//===----------------------------------------------------------------------------===//

#include "CudaSample.h"
#include "FaultSweep.h"
#include "UpdateSample.h"

#include <gtest/gtest.h>

#include <cstring>
#include <unistd.h>

using namespace reckon;
using namespace reckon::test;

namespace {
class CudaFaults : public FaultSweep {
protected:
  CudaFaults() : cuda(fakeCuda()), bytes(sampleEngine(cudaSampleSpec())), data(sampleData(40)) {
    cuda.reset();
    cuda.onLaunch = runHostKernel;
    cuda.onCall = leaveAlone;
    cuda.recording = false;
    // What is held once a process has failed: room for the reason.
    EXPECT_NE(reckon_engine_open(std::string(400, 'x').c_str(), nullptr, 0, &engine), RECKON_OK);
  }
  ~CudaFaults() override {
    cuda.reset();
    EXPECT_EQ(cuda.live(), 0u);
  }

  /// Calls of the system, and of the driver.
  std::vector<Kind> allCalls() {
    std::vector<Kind> kinds = systemCalls();
    kinds.push_back({"driver",
                     [this](uint64_t nth, bool andLater) {
                       callsBefore = cuda.calls();
                       cuda.failAt(int(nth), outOfMemory, andLater);
                     },
                     [this] {
                       cuda.failAt(0);
                       return uint64_t(cuda.calls() - callsBefore);
                     }});
    return kinds;
  }

  ReckonStatus bind(ReckonContext *context) const {
    int64_t x[] = {int64_t(data.s.size()), width}, ids[] = {int64_t(data.s.size()), numIds};
    ReckonStatus status = reckon_set_input(context, 0, RECKON_F32, 2, x, data.x.data());
    return status ? status : reckon_set_input(context, 1, RECKON_I64, 2, ids, data.ids.data());
  }
  ReckonStatus createContext(const char *device, ReckonContext *&context) {
    ReckonContextOptions options = RECKON_CONTEXT_OPTIONS_INIT;
    options.threads = 1;
    options.device = device;
    return reckon_context_create(engine, &options, &context);
  }
  /// Opens, makes contexts, binds and runs; what there is of it stays.
  ReckonStatus openAndRun(const ReckonOpenOptions *options = nullptr) {
    ReckonStatus status = reckon_engine_open_from_memory_with_options(bytes.data(), bytes.size(), options, &engine);
    if (status)
      return status;
    for (size_t i = 0; i < 2; ++i)
      if ((status = createContext(devices[i], contexts[i])) || (status = bind(contexts[i])) ||
          (status = reckon_run(contexts[i])))
        return status;
    return RECKON_OK;
  }
  void closeAll(ReckonStatus status) {
    for (ReckonContext *&context : contexts) {
      if (status == RECKON_OK)
        expectOutputs(context);
      reckon_context_destroy(context);
      context = nullptr;
    }
    reckon_engine_close(engine);
    engine = nullptr;
    EXPECT_EQ(cuda.live(), 0u);
  }
  void expectOutputs(ReckonContext *context) const {
    ReckonTensor y, s;
    ASSERT_EQ(reckon_output(context, 0, &y), RECKON_OK);
    ASSERT_EQ(reckon_output(context, 1, &s), RECKON_OK);
    EXPECT_EQ(std::memcmp(y.data, data.y.data(), y.bytes), 0);
    EXPECT_EQ(std::memcmp(s.data, data.s.data(), s.bytes), 0);
  }
  Trial loading(const ReckonOpenOptions *options = nullptr) {
    return {[this, options] { return openAndRun(options); }, [] {}, [this](ReckonStatus status) { closeAll(status); }};
  }

  static constexpr int outOfMemory = 2;
  static constexpr const char *devices[] = {"cuda", "cuda:1"};
  FakeCuda &cuda;
  std::vector<uint8_t> bytes;
  SampleData data;
  int callsBefore = 0;
  ReckonEngine *engine = nullptr;
  ReckonContext *contexts[2] = {};
};

TEST_F(CudaFaults, LoadAndFirstRun) { sweep(loading(), allCalls()); }

TEST_F(CudaFaults, LoadWithRowsMadeUp) {
  ReckonTableBinding binding = RECKON_TABLE_BINDING_INIT;
  binding.source = RECKON_TABLE_SYNTHETIC;
  binding.rows = tableRows;
  ReckonOpenOptions options = RECKON_OPEN_OPTIONS_INIT;
  options.bindings = &binding;
  options.num_bindings = 1;
  Trial trial = loading(&options);
  trial.after = [this](ReckonStatus) { closeAll(RECKON_INVALID); }; // its outputs are others
  sweep(trial, allCalls());
}

TEST_F(CudaFaults, LoadWithTablesThatAreShared) {
  ReckonOpenOptions options = RECKON_OPEN_OPTIONS_INIT;
  for (ReckonDeviceTables how : {RECKON_DEVICE_TABLES_SHARED, RECKON_DEVICE_TABLES_SHARED_OR_OWN}) {
    options.device_tables = how;
    sweep(loading(&options), allCalls());
  }
}

TEST_F(CudaFaults, ARunThatFailsLeavesTheContextAsItWas) {
  ASSERT_EQ(openAndRun(), RECKON_OK);
  // Sizes that are new each time, so that there is something to prepare.
  std::vector<SampleData> sizes;
  for (int i = 0; i < 4; ++i)
    sizes.push_back(sampleData(100 + 50 * i));
  std::vector<float> y(sizes.back().y.size()), s(sizes.back().s.size());
  size_t next = 0;
  ReckonContext *fresh = nullptr;
  Trial trial;
  trial.before = [&] {
    ASSERT_EQ(createContext("cuda", fresh), RECKON_OK);
    data = sizes[next++ % sizes.size()];
  };
  trial.attempt = [&] {
    ReckonStatus status = bind(fresh);
    if (status || (status = reckon_run(fresh)) || (status = reckon_profile(fresh, nullptr)))
      return status;
    // And tensors on the device.
    int64_t batch = int64_t(data.s.size()), x[] = {batch, width}, ids[] = {batch, numIds};
    if ((status = reckon_set_device_input(fresh, 0, RECKON_F32, 2, x, data.x.data())) ||
        (status = reckon_set_device_input(fresh, 1, RECKON_I64, 2, ids, data.ids.data())) ||
        (status = reckon_set_device_output(fresh, 0, RECKON_F32, y.data(), data.y.size() * sizeof(float))) ||
        (status = reckon_set_device_output(fresh, 1, RECKON_F32, s.data(), data.s.size() * sizeof(float))))
      return status;
    status = reckon_run_async(fresh, nullptr);
    ReckonStatus waited = reckon_synchronize(fresh);
    return status ? status : waited;
  };
  trial.after = [&](ReckonStatus) {
    ASSERT_EQ(bind(fresh), RECKON_OK);
    ASSERT_EQ(reckon_set_output(fresh, 0, RECKON_F32, nullptr, 0), RECKON_OK);
    ASSERT_EQ(reckon_set_output(fresh, 1, RECKON_F32, nullptr, 0), RECKON_OK);
    ASSERT_EQ(reckon_run(fresh), RECKON_OK) << reckon_last_error();
    expectOutputs(fresh);
    reckon_context_destroy(fresh);
  };
  sweep(trial, allCalls());
  closeAll(RECKON_INVALID);
}

/// Opens an engine on two devices, commits with calls failing, and looks which version there is everywhere.
TEST_F(CudaFaults, ACommitHappensOnAllDevicesOrDoesNot) {
  SampleState changed;
  changed.setTable(3);
  changed.setWeights(4);
  std::vector<float> row = changed.setRows({data.ids[0]}, 5);
  changed.deleteRows({data.ids[1]});
  int64_t first[] = {data.ids[0]}, second[] = {data.ids[1]};
  SampleState table; // without the rows, which come after it
  table.setTable(3);
  ReckonUpdate *update = nullptr;
  uint64_t committed = 0;
  auto change = [&] {
    ReckonStatus status = reckon_update_create(engine, &update);
    if (status || (status = reckon_update_table(update, "emb.weight", tableRows, table.table.data())) ||
        (status = reckon_update_weight(update, "w", changed.weights.data(), changed.weights.size() * sizeof(float))) ||
        (status = reckon_update_rows(update, "emb.weight", first, 1, row.data())) ||
        (status = reckon_update_delete_rows(update, "emb.weight", second, 1)))
      return status;
    return reckon_update_commit(update, &committed);
  };
  auto destroy = [&] {
    reckon_update_destroy(update);
    update = nullptr;
  };
  // What a run gives then, from the host.
  std::vector<float> after;
  {
    runtime::Engine host;
    runtime::Update same;
    runtime::Context context;
    ASSERT_FALSE(host.openMemory(bytes.data(), bytes.size()));
    ASSERT_FALSE(same.create(host));
    ASSERT_FALSE(same.setTable("emb.weight", tableRows, changed.table.data()));
    ASSERT_FALSE(same.setWeight("w", changed.weights.data(), changed.weights.size() * sizeof(float)));
    ASSERT_FALSE(same.commit());
    ASSERT_FALSE(context.create(host, 1));
    ASSERT_FALSE(bindInputs(context, data));
    ASSERT_FALSE(context.run());
    auto *y = static_cast<const float *>(context.output(0).data);
    after.assign(y, y + data.y.size());
  }
  auto expectVersion = [&](uint64_t expected) {
    EXPECT_EQ(reckon_engine_version(engine), expected);
    for (ReckonContext *context : contexts) {
      uint64_t version;
      ASSERT_EQ(reckon_run(context), RECKON_OK) << reckon_last_error();
      ASSERT_EQ(reckon_run_version(context, &version), RECKON_OK);
      EXPECT_EQ(version, expected);
      ReckonTensor y;
      ASSERT_EQ(reckon_output(context, 0, &y), RECKON_OK);
      EXPECT_EQ(std::memcmp(y.data, data.y.data(), y.bytes) == 0, expected == 0);
      if (expected != 0) {
        EXPECT_EQ(std::memcmp(y.data, after.data(), y.bytes), 0);
      }
    }
  };
  for (int commitsBefore : {0, 1, 2}) { // the first ones make what later ones find
    Trial trial;
    trial.before = [&] {
      ASSERT_EQ(openAndRun(), RECKON_OK);
      for (int i = 0; i < commitsBefore; ++i) {
        ASSERT_EQ(change(), RECKON_OK);
        destroy();
      }
    };
    trial.attempt = change;
    trial.after = [&](ReckonStatus status) {
      destroy();
      uint64_t expected = static_cast<uint64_t>(commitsBefore) + (status == RECKON_OK);
      expectVersion(expected);
      EXPECT_EQ(change(), RECKON_OK) << reckon_last_error();
      EXPECT_EQ(committed, expected + 1);
      expectVersion(expected + 1);
      destroy();
      closeAll(RECKON_INVALID);
    };
    sweep(trial, allCalls());
  }
}

TEST_F(CudaFaults, AFollowerGoesOnWhereItWas) {
  std::string path = "/tmp/reckon-cuda-faults-" + std::to_string(getpid());
  unlink(path.c_str());
  {
    runtime::Engine trainer;
    runtime::Update update;
    runtime::UpdateLog log;
    ASSERT_FALSE(trainer.openMemory(bytes.data(), bytes.size()));
    ASSERT_FALSE(update.create(trainer));
    ASSERT_FALSE(log.open(trainer, path, RECKON_LOG_APPEND));
    for (int64_t i = 0; i < 3; ++i) {
      ASSERT_FALSE(update.deleteRows("emb.weight", {i}));
      ASSERT_FALSE(log.append(update));
    }
  }
  ReckonUpdateLog *log = nullptr;
  uint64_t applied = 0;
  Trial trial;
  trial.before = [&] {
    applied = 0;
    ASSERT_EQ(openAndRun(), RECKON_OK);
  };
  trial.attempt = [&] {
    ReckonStatus status = reckon_update_log_open(engine, path.c_str(), RECKON_LOG_FOLLOW, &log);
    return status ? status : reckon_update_log_apply(log, 0, &applied);
  };
  trial.after = [&](ReckonStatus) {
    EXPECT_EQ(reckon_engine_version(engine), applied);
    if (!log)
      ASSERT_EQ(reckon_update_log_open(engine, path.c_str(), RECKON_LOG_FOLLOW, &log), RECKON_OK);
    uint64_t rest;
    ASSERT_EQ(reckon_update_log_apply(log, 0, &rest), RECKON_OK) << reckon_last_error();
    EXPECT_EQ(applied + rest, 3u);
    for (ReckonContext *context : contexts)
      EXPECT_EQ(reckon_run(context), RECKON_OK);
    reckon_update_log_close(log);
    log = nullptr;
    closeAll(RECKON_INVALID);
  };
  sweep(trial, allCalls());
  unlink(path.c_str());
}
} // namespace
