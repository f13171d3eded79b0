//===- UpdateTest.cpp - Rows and weights that change under load ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// RECKON_SOAK_SECONDS makes the soak longer than its half a second.
//
//===----------------------------------------------------------------------------===//

#include "UpdateSample.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <random>
#include <thread>
#include <unistd.h>

using namespace reckon;
using namespace reckon::test;
using runtime::Context;
using runtime::Engine;
using runtime::Status;
using runtime::Update;

namespace {
class Updates : public testing::Test {
protected:
  Updates() : bytes(sampleEngine()) {
    Status failed = engine.openMemory(bytes.data(), bytes.size());
    EXPECT_FALSE(failed) << failed.message;
    EXPECT_FALSE(update.create(engine));
  }
  uint64_t commit() {
    uint64_t version = 0;
    Status failed = update.commit(&version);
    EXPECT_FALSE(failed) << failed.message;
    return version;
  }

  std::vector<uint8_t> bytes;
  Engine engine;
  Update update;
  SampleState state;
};

TEST_F(Updates, RowsTablesDeletionsAndWeights) {
  Context context;
  ASSERT_FALSE(context.create(engine, 2));
  expectState(context, state, 0);
  std::vector<float> rows = state.setRows({3, 199, 3}, 7);
  ASSERT_FALSE(update.setRows("emb.weight", {3, 199, 3}, rows.data()));
  EXPECT_EQ(engine.version(), 0u);
  expectState(context, SampleState(), 0);
  EXPECT_EQ(commit(), 1u);
  expectState(context, state, 1);
  ASSERT_FALSE(update.deleteRows("emb.weight", {0, 3}));
  state.deleteRows({0, 3});
  EXPECT_EQ(commit(), 2u);
  expectState(context, state, 2);
  state.setTable(11);
  ASSERT_FALSE(update.setTable("emb.weight", tableRows, state.table.data()));
  state.setWeights(12);
  ASSERT_FALSE(update.setWeight("w", state.weights.data(), state.weights.size() * 4));
  EXPECT_EQ(commit(), 3u);
  expectState(context, state, 3);
  // Of what a commit changed only its own side knew; the next one knows all of it.
  for (uint64_t version = 4; version < 12; ++version) {
    rows = state.setRows({int64_t(version)}, 100 + version);
    ASSERT_FALSE(update.setRows("emb.weight", {int64_t(version)}, rows.data()));
    EXPECT_EQ(commit(), version);
    expectState(context, state, version);
  }
  EXPECT_EQ(commit(), 12u); // of nothing
  expectState(context, state, 12);
  EXPECT_EQ(engine.counters().version, 12u);
  EXPECT_EQ(engine.counters().commits, 12u);
  EXPECT_EQ(engine.counters().rows_updated, 3u + 2 + tableRows + 8);
  EXPECT_NE(engine.metrics().find("\nreckon_version 12\n"), std::string::npos);
}

TEST_F(Updates, WrongChangesAreNamedAndLeaveTheUpdateAsItWas) {
  std::vector<float> rows = state.setRows({5}, 3);
  ASSERT_FALSE(update.setRows("emb.weight", {5}, rows.data()));
  std::vector<float> values(tableRows * width);
  EXPECT_EQ(update.setRows("other", {0}, values.data()).message, "the engine has no table 'other' to update");
  EXPECT_EQ(update.setRows("emb.weight", {1, 200}, values.data()).message,
            "table 'emb.weight': row 200 at position 1 is outside [0, 200)");
  EXPECT_EQ(update.deleteRows("emb.weight", {-1}).message,
            "table 'emb.weight': row -1 at position 0 is outside [0, 200)");
  EXPECT_EQ(update.setTable("emb.weight", 199, values.data()).message,
            "table 'emb.weight': it has 200 rows and cannot be replaced by 199");
  EXPECT_EQ(update.setTable("emb.weight", SIZE_MAX / 2, values.data()).code, RECKON_INVALID);
  EXPECT_EQ(update.setWeight("v", values.data(), 4).message, "the engine has no weight 'v' to update");
  EXPECT_EQ(update.setWeight("w", values.data(), 4).message, "weight 'w': it has 512 bytes as it is stored, got 4");
  EXPECT_EQ(reckon_update_rows(update.get(), "emb.weight", nullptr, 1, values.data()), RECKON_INVALID);
  EXPECT_EQ(commit(), 1u);
  Context context;
  ASSERT_FALSE(context.create(engine, 1));
  expectState(context, state, 1);
}

TEST_F(Updates, WeightsOfAnotherEngine) {
  EngineSpec other = sampleSpec();
  state.setWeights(5);
  std::vector<uint8_t> raw(state.weights.size() * 4);
  std::memcpy(raw.data(), state.weights.data(), raw.size());
  other.weights[0].data = other.own(raw);
  std::vector<uint8_t> otherBytes = sampleEngine(other);
  Engine second;
  ASSERT_FALSE(second.openMemory(otherBytes.data(), otherBytes.size()));
  ReckonWeightInfo weight = RECKON_WEIGHT_INFO_INIT;
  ASSERT_EQ(reckon_engine_num_weights(second.get()), 1u);
  ASSERT_EQ(reckon_engine_weight(second.get(), 0, &weight), RECKON_OK);
  EXPECT_EQ(reckon_engine_weight(second.get(), 1, &weight), RECKON_INVALID);
  ASSERT_FALSE(update.setWeight(weight.name, weight.data, weight.bytes));
  commit();
  Context context;
  ASSERT_FALSE(context.create(engine, 1));
  expectState(context, state, 1);
}

TEST_F(Updates, AWeightInSeveralPackingsIsNamedWithOne) {
  EngineSpec spec = sampleSpec();
  spec.weights.push_back(spec.weights[0]);
  spec.weights[1].packing = "panels:8";
  std::vector<uint8_t> twoBytes = sampleEngine(spec);
  Engine two;
  Update changes;
  ASSERT_FALSE(two.openMemory(twoBytes.data(), twoBytes.size()));
  ASSERT_FALSE(changes.create(two));
  state.setWeights(5);
  size_t size = state.weights.size() * 4;
  EXPECT_EQ(changes.setWeight("w", state.weights.data(), size).message,
            "weight 'w': the engine has several; one of 'w [row_major]', 'w [panels:8]' is meant");
  ASSERT_FALSE(changes.setWeight("w [row_major]", state.weights.data(), size));
  ASSERT_FALSE(changes.commit());
  Context context;
  ASSERT_FALSE(context.create(two, 1));
  expectState(context, state, 1);
}

/// The same whatever the rows were bound to.
TEST_F(Updates, EveryKindOfBinding) {
  char file[] = "/tmp/reckon-rows-XXXXXX";
  int descriptor = mkstemp(file);
  ASSERT_GE(descriptor, 0);
  std::vector<char> lead(12, 'x');
  ASSERT_EQ(write(descriptor, lead.data(), lead.size()), ssize_t(lead.size()));
  ASSERT_EQ(write(descriptor, state.table.data(), state.table.size() * 4), ssize_t(state.table.size() * 4));
  close(descriptor);
  ReckonTableBinding fromFile = RECKON_TABLE_BINDING_INIT, fromMemory = fromFile, madeUp = fromFile;
  fromFile.source = RECKON_TABLE_FILE;
  fromFile.path = file;
  fromFile.offset = lead.size();
  std::vector<float> table = state.table;
  fromMemory.source = RECKON_TABLE_MEMORY;
  fromMemory.data = table.data();
  fromMemory.rows = tableRows;
  madeUp.source = RECKON_TABLE_SYNTHETIC;
  madeUp.rows = tableRows;
  std::string path = std::string(file) + ".rkn";
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  auto check = [&](Engine &opened, bool replaceFile) {
    Update own;
    ASSERT_FALSE(own.create(opened));
    SampleState now;
    now.setTable(4);
    if (replaceFile) // another file takes the name: what is mapped counts
      ASSERT_EQ(rename(path.c_str(), file), 0);
    std::vector<float> rows = now.setRows({1, 2}, 5);
    ASSERT_FALSE(own.setTable("emb.weight", tableRows, now.table.data()));
    ASSERT_FALSE(own.commit());
    Context context;
    ASSERT_FALSE(context.create(opened, 1));
    expectState(context, now, 1);
    rows = now.setRows({150}, 6);
    ASSERT_FALSE(own.setRows("emb.weight", {150}, rows.data()));
    ASSERT_FALSE(own.commit());
    expectState(context, now, 2);
  };
  for (const ReckonTableBinding &binding : {fromFile, fromMemory, madeUp}) {
    Engine opened;
    ASSERT_FALSE(opened.openMemory(bytes.data(), bytes.size(), {binding}));
    check(opened, false);
  }
  EXPECT_EQ(table, SampleState().table);
  Engine opened, replaced;
  ASSERT_FALSE(opened.open(path));
  check(opened, false);
  ASSERT_FALSE(replaced.openMemory(bytes.data(), bytes.size(), {fromFile}));
  check(replaced, true);
  unlink(file);
}

TEST_F(Updates, ASavedVersionIsAnEngine) {
  std::string path = "/tmp/reckon-saved-" + std::to_string(getpid()) + ".rkn";
  ASSERT_FALSE(engine.save(path));
  std::ifstream file(path, std::ios::binary);
  std::vector<char> written((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  ASSERT_EQ(written.size(), bytes.size());
  EXPECT_EQ(std::memcmp(written.data(), bytes.data(), bytes.size()), 0);
  state.setTable(9);
  state.setWeights(10);
  ASSERT_FALSE(update.setTable("emb.weight", tableRows, state.table.data()));
  ASSERT_FALSE(update.setWeight("w", state.weights.data(), state.weights.size() * 4));
  commit();
  ASSERT_FALSE(engine.save(path));
  Engine saved;
  ASSERT_FALSE(saved.open(path));
  Context context;
  ASSERT_FALSE(context.create(saved, 1));
  expectState(context, state, 0);
  // In the place of the file that it was opened from.
  Update next;
  ASSERT_FALSE(next.create(saved));
  state.deleteRows({1});
  ASSERT_FALSE(next.deleteRows("emb.weight", {1}));
  ASSERT_FALSE(next.commit());
  ASSERT_FALSE(saved.save(path));
  expectState(context, state, 1);
  Engine again;
  ASSERT_FALSE(again.open(path));
  Context last;
  ASSERT_FALSE(last.create(again, 1));
  expectState(last, state, 0);
  EXPECT_EQ(engine.save("/nowhere/at/all.rkn").code, RECKON_UNAVAILABLE);
  unlink(path.c_str());
}

TEST_F(Updates, ARunUnderWayKeepsItsVersion) {
  // A commit waits for runs of the version before the newest, and only for those.
  Context slow;
  ASSERT_FALSE(slow.create(engine, 1));
  SampleData data = sampleData(300000);
  ASSERT_FALSE(bindInputs(slow, data));
  ASSERT_FALSE(slow.prepare());
  ASSERT_FALSE(slow.runAsync(nullptr));
  for (int i = 0; i < 6; ++i) {
    state.setTable(i);
    ASSERT_FALSE(update.setTable("emb.weight", tableRows, state.table.data()));
    commit();
  }
  ASSERT_FALSE(slow.synchronize());
  uint64_t version = slow.version();
  EXPECT_LE(version, 6u);
  if (version == 0) {
    EXPECT_EQ(std::memcmp(slow.output(0).data, data.y.data(), data.y.size() * 4), 0);
  }
  expectState(slow, state, 6);
}

int64_t residentBytes() {
  std::ifstream file("/proc/self/statm");
  int64_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

/// Every output is that of exactly one version, whichever the run reports. No memory grows.
TEST_F(Updates, Soak) {
  const char *option = std::getenv("RECKON_SOAK_SECONDS");
  auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(option ? std::stoll(option) * 1000 : 500);
  std::mutex mutex; // of the states
  std::map<uint64_t, SampleState> states;
  states[0] = state;
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> runs{0};
  std::vector<std::thread> threads;
  for (int user = 0; user < 4; ++user)
    threads.emplace_back([&, user] {
      Context context;
      ASSERT_FALSE(context.create(engine, 1 + user % 3));
      for (int64_t round = 0; !stop; ++round) {
        SampleData data = sampleData(1 + (round * 7 + user) % 40, static_cast<unsigned>(round));
        ASSERT_FALSE(bindInputs(context, data));
        ASSERT_FALSE(context.run());
        SampleState of;
        {
          // The state is there before its version is, and forgotten when a thread has long had no CPU.
          std::lock_guard<std::mutex> lock(mutex);
          auto found = states.find(context.version());
          if (found == states.end()) {
            ASSERT_LT(context.version(), states.begin()->first);
            continue;
          }
          of = found->second;
        }
        of.expect(context, data);
        if (testing::Test::HasFailure())
          return;
        ++runs;
      }
    });
  std::mt19937 random(1); // NOLINT(bugprone-random-generator-seed): the same changes every time
  uint64_t version = 0;
  int64_t resident = 0;
  for (; std::chrono::steady_clock::now() < end && !testing::Test::HasFailure(); ++version) {
    std::vector<int64_t> ids;
    for (int i = 0; i < 10; ++i)
      ids.push_back(random() % tableRows);
    switch (random() % 8) {
    case 0:
      state.setTable(version);
      ASSERT_FALSE(update.setTable("emb.weight", tableRows, state.table.data()));
      break;
    case 1:
      state.setWeights(version);
      ASSERT_FALSE(update.setWeight("w", state.weights.data(), state.weights.size() * 4));
      break;
    case 2:
      state.deleteRows(ids);
      ASSERT_FALSE(update.deleteRows("emb.weight", ids));
      break;
    default:
      std::vector<float> rows = state.setRows(ids, version);
      ASSERT_FALSE(update.setRows("emb.weight", ids, rows.data()));
    }
    {
      std::lock_guard<std::mutex> lock(mutex);
      states[version + 1] = state;
      // Runs read one of two versions; those that have ended may take a while to look up which.
      while (states.size() > 2000)
        states.erase(states.begin());
    }
    ASSERT_EQ(commit(), version + 1);
    // By then the states are as many as there will be.
    if (version == 4000)
      resident = residentBytes();
  }
  stop = true;
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_GT(runs, 0u);
  ReckonCounters counters = engine.counters();
  EXPECT_EQ(counters.version, version);
  if (resident != 0) {
    int64_t growth = residentBytes() - resident;
    EXPECT_LT(growth, 32 << 20);
    RecordProperty("growth", std::to_string(growth));
  }
  RecordProperty("runs", std::to_string(runs));
  RecordProperty("versions", std::to_string(version));
}
} // namespace
