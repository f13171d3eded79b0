//===- FaultTest.cpp - The system fails at every place ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// What a process does with an engine on the host, swept as FaultSweep.h says.
//
//===----------------------------------------------------------------------------===//

#include "FaultSweep.h"
#include "UpdateSample.h"
#include "reckon/Engine/SharedEngine.h"

#include <gtest/gtest.h>

#include <cstring>
#include <dirent.h>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

using namespace reckon;
using namespace reckon::test;
using runtime::Engine;
using runtime::Update;
using runtime::UpdateLog;

namespace {
using Bytes = std::vector<uint8_t>;

class Faults : public FaultSweep {
protected:
  Faults()
      : folder("/tmp/reckon-faults-" + std::to_string(getpid()) + "/"), engineFile(folder + "m.rkn"),
        data(sampleData(40)) {
    mkdir(folder.c_str(), 0777);
    write(engineFile, sampleEngine());
    // What is held once a process has failed: room for the reason.
    EXPECT_NE(reckon_engine_open(std::string(400, 'x').c_str(), nullptr, 0, &engine), RECKON_OK);
  }
  ~Faults() override {
    forEachFile([&](const std::string &name) { unlink((folder + name).c_str()); });
    rmdir(folder.c_str());
  }
  template <typename Body> void forEachFile(Body body) {
    DIR *listed = opendir(folder.c_str());
    while (const dirent *entry = readdir(listed))
      if (entry->d_name[0] != '.')
        body(std::string(entry->d_name));
    closedir(listed);
  }
  size_t countFiles() {
    size_t count = 0;
    forEachFile([&](const std::string &) { ++count; });
    return count;
  }
  static void write(const std::string &path, const Bytes &bytes) {
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  }
  static Bytes read(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  ReckonStatus bind() const {
    int64_t x[] = {int64_t(data.s.size()), width}, ids[] = {int64_t(data.s.size()), numIds};
    ReckonStatus status = reckon_set_input(context, 0, RECKON_F32, 2, x, data.x.data());
    return status ? status : reckon_set_input(context, 1, RECKON_I64, 2, ids, data.ids.data());
  }
  ReckonStatus createContext(int threads) {
    ReckonContextOptions options = RECKON_CONTEXT_OPTIONS_INIT;
    options.threads = threads;
    return reckon_context_create(engine, &options, &context);
  }
  /// Opens, makes a context, binds and runs; what there is of it stays.
  ReckonStatus openAndRun(const char *path, const ReckonOpenOptions *options = nullptr, int threads = 3) {
    ReckonStatus status = reckon_engine_open_with_options(path, options, &engine);
    if (status || (status = createContext(threads)) || (status = bind()))
      return status;
    return reckon_run(context);
  }
  void closeAll(ReckonStatus status) {
    if (status == RECKON_OK)
      expectOutputs();
    reckon_context_destroy(context);
    reckon_engine_close(engine);
    context = nullptr;
    engine = nullptr;
  }
  void expectOutputs() const {
    ReckonTensor y, s;
    ASSERT_EQ(reckon_output(context, 0, &y), RECKON_OK);
    ASSERT_EQ(reckon_output(context, 1, &s), RECKON_OK);
    EXPECT_EQ(std::memcmp(y.data, data.y.data(), y.bytes), 0);
    EXPECT_EQ(std::memcmp(s.data, data.s.data(), s.bytes), 0);
  }
  Trial loading(std::function<ReckonStatus()> attempt) {
    return {std::move(attempt), [] {}, [this](ReckonStatus status) { closeAll(status); }};
  }

  std::string folder, engineFile;
  SampleData data;
  ReckonEngine *engine = nullptr;
  ReckonContext *context = nullptr;
};

TEST_F(Faults, LoadAndFirstRun) {
  sweep(loading([this] { return openAndRun(engineFile.c_str()); }));
}

TEST_F(Faults, LoadWithRowsInAFileOfTheirOwn) {
  EngineSpec spec = sampleSpec();
  write(folder + "rows", Bytes(spec.tables[0].data.data, spec.tables[0].data.data + spec.tables[0].data.size));
  spec.tables[0].data = {};
  spec.tables[0].externalFile = "rows";
  write(engineFile, sampleEngine(spec));
  sweep(loading([this] { return openAndRun(engineFile.c_str(), nullptr, 1); }));
}

TEST_F(Faults, LoadFromMemoryThatIsNotAligned) {
  Bytes bytes = sampleEngine(), moved(bytes.size() + 1);
  std::memcpy(moved.data() + 1, bytes.data(), bytes.size());
  sweep(loading([&] {
    ReckonStatus status = reckon_engine_open_from_memory(moved.data() + 1, bytes.size(), nullptr, 0, &engine);
    return status || (status = createContext(1)) || (status = bind()) ? status : reckon_run(context);
  }));
}

TEST_F(Faults, LoadWithRowsMadeUp) {
  ReckonTableBinding binding = RECKON_TABLE_BINDING_INIT;
  binding.source = RECKON_TABLE_SYNTHETIC;
  binding.rows = 200;
  ReckonOpenOptions options = RECKON_OPEN_OPTIONS_INIT;
  options.bindings = &binding;
  options.num_bindings = 1;
  Trial trial = loading([&] { return openAndRun(engineFile.c_str(), &options, 1); });
  trial.after = [this](ReckonStatus) { closeAll(RECKON_INVALID); }; // its outputs are others
  sweep(trial);
}

TEST_F(Faults, LoadWithRowsPlacedInMemoryAndWarmedUp) {
  // Enough rows to be placed.
  write(engineFile, sampleEngine(withRows(sampleSpec(), 40000)));
  ReckonOpenOptions options = RECKON_OPEN_OPTIONS_INIT;
  options.host_tables = RECKON_HOST_TABLES_HUGE_PAGES | RECKON_HOST_TABLES_INTERLEAVED;
  if (reckon_engine_open_with_options(engineFile.c_str(), &options, &engine) != RECKON_OK)
    GTEST_SKIP() << reckon_last_error();
  closeAll(RECKON_INVALID);
  int64_t ids[] = {3, 30000};
  ReckonHotRows hot = {sizeof(hot), "emb.weight", ids, 2};
  ReckonWarmUpOptions warmUp = RECKON_WARM_UP_OPTIONS_INIT;
  warmUp.hot_rows = &hot;
  warmUp.num_hot_rows = 1;
  sweep(loading([&] {
    ReckonStatus status = reckon_engine_open_with_options(engineFile.c_str(), &options, &engine);
    if (status || (status = reckon_engine_warm_up(engine, &warmUp)) || (status = createContext(1)) || (status = bind()))
      return status;
    return reckon_run(context);
  }));
}

TEST_F(Faults, LoadWithAScrubInTheBackground) {
  write(engineFile, sampleEngine(withRows(sampleSpec(), 40000)));
  ReckonOpenOptions options = RECKON_OPEN_OPTIONS_INIT;
  options.scrub_bytes_per_second = 1 << 20;
  sweep(loading([&] { return openAndRun(engineFile.c_str(), &options, 1); }));
}

TEST_F(Faults, ACommitOfRowsPlacedInMemoryHappensOrDoesNot) {
  write(engineFile, sampleEngine(withRows(sampleSpec(), 40000)));
  ReckonOpenOptions options = RECKON_OPEN_OPTIONS_INIT;
  options.host_tables = RECKON_HOST_TABLES_INTERLEAVED;
  if (reckon_engine_open_with_options(engineFile.c_str(), &options, &engine) != RECKON_OK)
    GTEST_SKIP() << reckon_last_error();
  closeAll(RECKON_INVALID);
  std::vector<float> rows(width, 3);
  int64_t ids[] = {data.ids[0]};
  ReckonUpdate *update = nullptr;
  Trial trial;
  trial.before = [&] {
    ASSERT_EQ(openAndRun(engineFile.c_str(), &options, 1), RECKON_OK);
    ASSERT_EQ(reckon_update_create(engine, &update), RECKON_OK);
    ASSERT_EQ(reckon_update_rows(update, "emb.weight", ids, 1, rows.data()), RECKON_OK);
  };
  trial.attempt = [&] { return reckon_update_commit(update, nullptr); };
  trial.after = [&](ReckonStatus status) {
    EXPECT_EQ(reckon_engine_version(engine), status == RECKON_OK ? 1u : 0u);
    ASSERT_EQ(reckon_run(context), RECKON_OK);
    if (status != RECKON_OK)
      expectOutputs();
    EXPECT_EQ(reckon_update_rows(update, "emb.weight", ids, 1, rows.data()), RECKON_OK);
    EXPECT_EQ(reckon_update_commit(update, nullptr), RECKON_OK) << reckon_last_error();
    reckon_update_destroy(update);
    closeAll(RECKON_INVALID);
  };
  sweep(trial);
}

TEST_F(Faults, LoadOfASignedEngine) {
  EngineError error;
  SecretKey secret;
  PublicKey key;
  ASSERT_TRUE(makeKeys(folder + "key", error)) << error.message;
  ASSERT_TRUE(readSecretKey(folder + "key", secret, error) && readPublicKey(folder + "key.pub", key, error));
  ASSERT_TRUE(signEngine(engineFile, engineFile, secret, error)) << error.message;
  ReckonOpenOptions options = RECKON_OPEN_OPTIONS_INIT;
  options.public_key = key.data();
  sweep(loading([&] { return openAndRun(engineFile.c_str(), &options, 1); }));
}

TEST_F(Faults, ARunThatFailsLeavesTheContextAsItWas) {
  ASSERT_EQ(openAndRun(engineFile.c_str()), RECKON_OK);
  // Sizes that are new each time, so that there is something to prepare.
  std::vector<SampleData> sizes;
  for (int i = 0; i < 4; ++i)
    sizes.push_back(sampleData(100 + 50 * i));
  size_t next = 0;
  ReckonContext *fresh = nullptr;
  std::string metrics(8192, ' ');
  Trial trial;
  trial.before = [&] {
    ASSERT_EQ(createContext(2), RECKON_OK);
    fresh = context;
    data = sizes[next++ % sizes.size()];
  };
  trial.attempt = [&] {
    size_t needed;
    ReckonStatus status = bind();
    if (status || (status = reckon_run_async(context, nullptr)) || (status = reckon_synchronize(context)))
      return status;
    if ((status = reckon_profile(context, nullptr)))
      return status;
    return reckon_engine_metrics(engine, "m", metrics.data(), metrics.size(), &needed);
  };
  trial.after = [&](ReckonStatus) {
    ASSERT_EQ(bind(), RECKON_OK);
    ASSERT_EQ(reckon_run(context), RECKON_OK) << reckon_last_error();
    expectOutputs();
    reckon_context_destroy(fresh);
  };
  ReckonContext *first = context;
  sweep(trial);
  context = first;
  closeAll(RECKON_INVALID);
}

/// Opens an engine, commits with calls failing, and looks which version there is.
TEST_F(Faults, ACommitHappensOrDoesNot) {
  std::vector<float> table(tableRows * width), weights(width * hidden);
  for (size_t i = 0; i < table.size(); ++i)
    table[i] = float(i % 17) / 8;
  for (size_t i = 0; i < weights.size(); ++i)
    weights[i] = float(i % 13) / 4;
  SampleState changed;
  changed.table = table;
  changed.weights = weights;
  changed.deleteRows({5});
  int64_t ids[] = {5};
  ReckonUpdate *update = nullptr;
  uint64_t committed = 0;
  auto change = [&] {
    ReckonStatus status = reckon_update_create(engine, &update);
    if (status || (status = reckon_update_table(update, "emb.weight", tableRows, table.data())) ||
        (status = reckon_update_weight(update, "w", weights.data(), weights.size() * sizeof(float))) ||
        (status = reckon_update_rows(update, "emb.weight", ids, 1, table.data())) ||
        (status = reckon_update_delete_rows(update, "emb.weight", ids, 1)))
      return status;
    return reckon_update_commit(update, &committed);
  };
  for (int commitsBefore : {0, 2}) { // the first ones make what later ones find
    Trial trial;
    trial.before = [&] {
      ASSERT_EQ(openAndRun(engineFile.c_str(), nullptr, 1), RECKON_OK);
      for (int i = 0; i < commitsBefore; ++i) {
        ASSERT_EQ(change(), RECKON_OK);
        reckon_update_destroy(update);
      }
      update = nullptr;
    };
    trial.attempt = change;
    trial.after = [&](ReckonStatus status) {
      reckon_update_destroy(update);
      update = nullptr;
      uint64_t expected = static_cast<uint64_t>(commitsBefore) + (status == RECKON_OK);
      EXPECT_EQ(reckon_engine_version(engine), expected);
      uint64_t version;
      ASSERT_EQ(reckon_run(context), RECKON_OK);
      ASSERT_EQ(reckon_run_version(context, &version), RECKON_OK);
      EXPECT_EQ(version, expected);
      ReckonTensor s;
      ASSERT_EQ(reckon_output(context, 1, &s), RECKON_OK);
      EXPECT_EQ(std::memcmp(s.data, data.s.data(), s.bytes) == 0, expected == 0);
      EXPECT_EQ(change(), RECKON_OK) << reckon_last_error();
      EXPECT_EQ(committed, expected + 1);
      reckon_update_destroy(update);
      update = nullptr;
      closeAll(RECKON_INVALID);
    };
    sweep(trial);
  }
}

TEST_F(Faults, ASaveReplacesTheFileOrLeavesIt) {
  std::string saved = folder + "saved.rkn";
  Bytes old = {1, 2, 3}, expected = read(engineFile);
  ASSERT_EQ(openAndRun(engineFile.c_str(), nullptr, 1), RECKON_OK);
  write(saved, old);
  size_t files = countFiles();
  Trial trial;
  trial.before = [&] { write(saved, old); };
  trial.attempt = [&] { return reckon_engine_save(engine, saved.c_str()); };
  trial.after = [&](ReckonStatus status) {
    EXPECT_EQ(read(saved), status == RECKON_OK ? expected : old);
    EXPECT_EQ(countFiles(), files);
  };
  sweep(trial);
  closeAll(RECKON_INVALID);
}

TEST_F(Faults, ALogIsAppendedToOrStaysAsItWas) {
  std::string path = folder + "log";
  ASSERT_EQ(openAndRun(engineFile.c_str(), nullptr, 1), RECKON_OK);
  ReckonUpdate *update = nullptr;
  ReckonUpdateLog *log = nullptr;
  ASSERT_EQ(reckon_update_create(engine, &update), RECKON_OK);
  int64_t ids[] = {5};
  uint64_t frames = 0;
  Trial trial;
  trial.before = [&] { ASSERT_EQ(reckon_update_delete_rows(update, "emb.weight", ids, 1), RECKON_OK); };
  trial.attempt = [&] {
    ReckonStatus status = reckon_update_log_open(engine, path.c_str(), RECKON_LOG_APPEND, &log);
    return status ? status : reckon_update_log_append(log, update, 1);
  };
  trial.after = [&](ReckonStatus status) {
    reckon_update_log_close(log);
    log = nullptr;
    Engine fresh;
    UpdateLog follower;
    uint64_t applied = 0;
    ASSERT_FALSE(fresh.open(engineFile));
    if (access(path.c_str(), F_OK) == 0) {
      ASSERT_FALSE(follower.open(fresh, path, RECKON_LOG_FOLLOW));
      ASSERT_FALSE(follower.apply(&applied)) << reckon_last_error();
    }
    // A frame that neither reached the disk for certain nor could be taken back may be there.
    frames += status == RECKON_OK || applied > frames;
    EXPECT_EQ(applied, frames);
    if (frames > 20) {
      unlink(path.c_str());
      frames = 0;
    }
    // The changes of one that failed are still in the update.
    reckon_update_destroy(update);
    ASSERT_EQ(reckon_update_create(engine, &update), RECKON_OK);
  };
  sweep(trial);
  reckon_update_destroy(update);
  closeAll(RECKON_INVALID);
}

TEST_F(Faults, AFollowerGoesOnWhereItWas) {
  std::string path = folder + "log";
  ASSERT_EQ(openAndRun(engineFile.c_str(), nullptr, 1), RECKON_OK);
  {
    Engine trainer;
    Update update;
    UpdateLog log;
    ASSERT_FALSE(trainer.open(engineFile));
    ASSERT_FALSE(update.create(trainer));
    ASSERT_FALSE(log.open(trainer, path, RECKON_LOG_APPEND));
    for (int64_t i = 0; i < 3; ++i) {
      ASSERT_FALSE(update.deleteRows("emb.weight", {i}));
      ASSERT_FALSE(log.append(update));
    }
  }
  closeAll(RECKON_INVALID);
  ReckonUpdateLog *log = nullptr;
  uint64_t applied = 0;
  Trial trial;
  trial.before = [&] {
    applied = 0;
    ASSERT_EQ(openAndRun(engineFile.c_str(), nullptr, 1), RECKON_OK);
  };
  trial.attempt = [&] {
    ReckonStatus status = reckon_update_log_open(engine, path.c_str(), RECKON_LOG_FOLLOW, &log);
    return status ? status : reckon_update_log_apply(log, 0, &applied);
  };
  trial.after = [&](ReckonStatus status) {
    EXPECT_EQ(reckon_engine_version(engine), applied);
    if (!log)
      ASSERT_EQ(reckon_update_log_open(engine, path.c_str(), RECKON_LOG_FOLLOW, &log), RECKON_OK);
    uint64_t rest;
    ASSERT_EQ(reckon_update_log_apply(log, 0, &rest), RECKON_OK) << reckon_last_error();
    EXPECT_EQ(applied + rest, 3u);
    // The read that finds the end may be what fails.
    EXPECT_TRUE(status != RECKON_OK || rest == 0);
    EXPECT_EQ(reckon_run(context), RECKON_OK);
    reckon_update_log_close(log);
    log = nullptr;
    closeAll(RECKON_INVALID);
  };
  sweep(trial);
}

TEST_F(Faults, AnObjectInSharedMemoryIsTheOldOrTheNewOne) {
  std::string name = "reckon-faults-" + std::to_string(getpid()), object = "shm:" + name;
  EngineError error;
  Trial trial;
  trial.attempt = [&] {
    // As the C interface and the tools do.
    try {
      EngineError problem;
      return putSharedEngine(engineFile, name, SharedWith::Nobody, problem) ? RECKON_OK : RECKON_UNAVAILABLE;
    } catch (const std::bad_alloc &) {
      return RECKON_UNAVAILABLE;
    }
  };
  trial.after = [&](ReckonStatus) {
    ASSERT_EQ(openAndRun(object.c_str(), nullptr, 1), RECKON_OK) << reckon_last_error();
    closeAll(RECKON_OK);
    listSharedEngines();
  };
  sweep(trial);
  EXPECT_TRUE(dropSharedEngine(name, error));
}
} // namespace
