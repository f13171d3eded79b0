//===- UpdateLogTest.cpp - Updates in order --------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "UpdateSample.h"

#include <gtest/gtest.h>

#include <csignal>
#include <dirent.h>
#include <fstream>
#include <iterator>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace reckon;
using namespace reckon::test;
using runtime::Context;
using runtime::Engine;
using runtime::Status;
using runtime::Update;
using runtime::UpdateLog;

namespace {
class Logs : public testing::Test {
protected:
  Logs() : bytes(sampleEngine()), path("/tmp/reckon-log-" + std::to_string(getpid())) {
    unlink(path.c_str());
    open(engine);
    EXPECT_FALSE(update.create(engine));
  }
  ~Logs() override { unlink(path.c_str()); }
  void open(Engine &opened) {
    Status failed = opened.openMemory(bytes.data(), bytes.size());
    EXPECT_FALSE(failed) << failed.message;
  }
  /// Appends an update of one row.
  void appendRow(UpdateLog &log, uint64_t seed) {
    int64_t id = int64_t(seed * 13 % tableRows);
    std::vector<float> rows = state.setRows({id}, seed);
    ASSERT_FALSE(update.setRows("emb.weight", {id}, rows.data()));
    Status failed = log.append(update, seed % 2 == 0);
    ASSERT_FALSE(failed) << failed.message;
  }
  void writeLog(int updates) {
    UpdateLog log;
    ASSERT_FALSE(log.open(engine, path, RECKON_LOG_APPEND));
    for (int i = 0; i < updates; ++i)
      appendRow(log, i + 1);
  }
  std::string read() {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  void write(const std::string &text) { std::ofstream(path, std::ios::binary) << text; }
  /// What following a log of these bytes says.
  Status follow(const std::string &text, uint64_t &applied) {
    write(text);
    Engine fresh;
    open(fresh);
    UpdateLog log;
    EXPECT_FALSE(log.open(fresh, path, RECKON_LOG_FOLLOW));
    return log.apply(&applied);
  }

  std::vector<uint8_t> bytes;
  std::string path;
  Engine engine;
  Update update;
  SampleState state;
};

// Each update is of one row: 56 bytes of frame, 16 of change, 16 of name, 8 of id, 32 of row.
constexpr size_t frameBytes = 56 + 16 + 16 + 8 + 32;

TEST_F(Logs, FollowersComeToTheSameVersions) {
  Engine first, second;
  open(first);
  open(second);
  UpdateLog writer, early, late;
  EXPECT_EQ(early.open(first, path, RECKON_LOG_FOLLOW).message,
            "update log '" + path + "': it cannot be opened: No such file or directory");
  ASSERT_FALSE(writer.open(engine, path, RECKON_LOG_APPEND));
  ASSERT_FALSE(early.open(first, path, RECKON_LOG_FOLLOW));
  uint64_t applied = 77;
  ASSERT_FALSE(early.apply(&applied));
  EXPECT_EQ(applied, 0u);
  Context context;
  ASSERT_FALSE(context.create(first, 1));
  for (uint64_t i = 1; i < 20; ++i) {
    appendRow(writer, i);
    if (i == 5) {
      state.deleteRows({1, 2});
      state.setWeights(3);
      ASSERT_FALSE(update.deleteRows("emb.weight", {1, 2}));
      ASSERT_FALSE(update.setWeight("w", state.weights.data(), state.weights.size() * 4));
      ASSERT_FALSE(writer.append(update));
    }
    ASSERT_FALSE(early.apply(&applied));
    EXPECT_EQ(applied, i == 5 ? 2u : 1u);
    expectState(context, state, i < 5 ? i : i + 1);
  }
  EXPECT_EQ(read().size(), 19 * frameBytes + 56 + 2 * 16 + 16 + 16 + 8 + 512);
  // All at once, or some at a time.
  ASSERT_FALSE(late.open(second, path, RECKON_LOG_FOLLOW));
  ASSERT_FALSE(late.apply(&applied, 7));
  EXPECT_EQ(applied, 7u);
  ASSERT_FALSE(late.apply(&applied));
  EXPECT_EQ(applied, 13u);
  Context other;
  ASSERT_FALSE(other.create(second, 1));
  expectState(other, state, 20);
  EXPECT_EQ(engine.version(), 0u); // who appends does not commit
}

TEST_F(Logs, OneProcessAppends) {
  UpdateLog first, second, follower;
  ASSERT_FALSE(first.open(engine, path, RECKON_LOG_APPEND));
  EXPECT_EQ(second.open(engine, path, RECKON_LOG_APPEND).message,
            "update log '" + path + "': another process appends to it");
  ASSERT_FALSE(follower.open(engine, path, RECKON_LOG_FOLLOW));
  EXPECT_EQ(follower.append(update).message, "update log '" + path + "': it was not opened to append");
  EXPECT_EQ(first.apply().message, "update log '" + path + "': it was opened to append, not to follow");
  EXPECT_EQ(second.open(engine, "/tmp", RECKON_LOG_FOLLOW).message, "update log '/tmp': it is not a regular file");
  EXPECT_EQ(second.open(engine, path, ReckonLogUse(7)).code, RECKON_INVALID);
}

TEST_F(Logs, GapsDuplicatesAndOtherEnginesAreRefused) {
  writeLog(3);
  std::string log = read(), frames[3];
  for (size_t i = 0; i < 3; ++i)
    frames[i] = log.substr(i * frameBytes, frameBytes);
  uint64_t applied;
  EXPECT_FALSE(follow(log, applied));
  EXPECT_EQ(applied, 3u);
  EXPECT_EQ(follow(frames[0] + frames[2], applied).message,
            "update log '" + path + "': the frame at byte 128: version 2 is missing; got version 3");
  EXPECT_EQ(applied, 1u);
  EXPECT_EQ(follow(frames[0] + frames[1] + frames[1], applied).message,
            "update log '" + path +
                "': the frame at byte 256: version 2 has been committed before; the engine is at version 2");
  EXPECT_EQ(applied, 2u);
  // The same network with other rows.
  EngineSpec spec = sampleSpec();
  spec.tables[0].data = spec.own(std::vector<uint8_t>(spec.tables[0].data.size));
  std::vector<uint8_t> otherBytes = sampleEngine(spec);
  Engine other;
  ASSERT_FALSE(other.openMemory(otherBytes.data(), otherBytes.size()));
  write(log);
  UpdateLog follower, writer;
  ASSERT_FALSE(follower.open(other, path, RECKON_LOG_FOLLOW));
  EXPECT_NE(follower.apply().message.find("the frame at byte 0 is for engine "), std::string::npos);
  EXPECT_NE(writer.open(other, path, RECKON_LOG_APPEND).message.find("the frame at byte 0 is for engine "),
            std::string::npos);
  write(frames[0] + frames[2]);
  EXPECT_EQ(writer.open(engine, path, RECKON_LOG_APPEND).message,
            "update log '" + path + "': the frame at byte 128 is number 3 and comes after number 1");
}

TEST_F(Logs, EveryFlippedByteIsFound) {
  writeLog(2);
  std::string log = read();
  for (size_t i = 0; i < log.size(); ++i) {
    std::string damaged = log;
    damaged[i] = char(damaged[i] ^ 0x10);
    uint64_t applied;
    EXPECT_TRUE(follow(damaged, applied)) << i;
    EXPECT_EQ(applied, i / frameBytes) << i;
  }
}

TEST_F(Logs, AFrameThatIsNotWholeIsWaitedForAndCutOffByTheNextWriter) {
  writeLog(2);
  std::string log = read();
  for (size_t size = 0; size < log.size(); ++size) {
    uint64_t applied;
    EXPECT_FALSE(follow(log.substr(0, size), applied)) << size;
    EXPECT_EQ(applied, size / frameBytes) << size;
  }
  write(log.substr(0, log.size() - 9));
  Engine fresh;
  open(fresh);
  UpdateLog follower, writer;
  uint64_t applied;
  ASSERT_FALSE(follower.open(fresh, path, RECKON_LOG_FOLLOW));
  ASSERT_FALSE(follower.apply(&applied));
  EXPECT_EQ(applied, 1u);
  ASSERT_FALSE(writer.open(engine, path, RECKON_LOG_APPEND));
  EXPECT_EQ(read().size(), frameBytes);
  appendRow(writer, 2);
  EXPECT_EQ(read(), log);
  ASSERT_FALSE(follower.apply(&applied));
  EXPECT_EQ(applied, 1u);
  Context context;
  ASSERT_FALSE(context.create(fresh, 1));
  expectState(context, state, 2);
}

/// Processes that are killed while they follow a log, or save what they have, leave it and the file whole.
TEST_F(Logs, FollowersAndSaversAreKilled) {
  const char *option = std::getenv("RECKON_SOAK_KILLS");
  int kills = option ? std::stoi(option) : 8;
  std::string saved = path + ".saved";
  UpdateLog writer, follower;
  Engine early;
  open(early);
  Context context;
  ASSERT_FALSE(context.create(early, 1));
  ASSERT_FALSE(writer.open(engine, path, RECKON_LOG_APPEND));
  ASSERT_FALSE(follower.open(early, path, RECKON_LOG_FOLLOW));
  for (int kill = 0; kill < kills; ++kill) {
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      Engine own;
      Context runs;
      UpdateLog log;
      Update change;
      SampleData data = sampleData(5);
      if (own.openMemory(bytes.data(), bytes.size()) || runs.create(own, 1) || bindInputs(runs, data) ||
          log.open(own, path, RECKON_LOG_FOLLOW) || change.create(own))
        _exit(1);
      for (;;)
        if (log.apply() || runs.run() || (kill % 2 == 0 && own.save(saved)))
          _exit(1);
    }
    for (int i = 0; i < 1 + kill % 4; ++i) {
      appendRow(writer, kill * 4 + i + 1);
      std::this_thread::sleep_for(std::chrono::microseconds(300 + kill * 733 % 2000));
    }
    ::kill(child, SIGKILL);
    int status;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
    Status failed = follower.apply();
    ASSERT_FALSE(failed) << failed.message;
    expectState(context, state, early.version());
    Engine opened;
    if (access(saved.c_str(), F_OK) == 0) {
      failed = opened.open(saved);
      EXPECT_FALSE(failed) << failed.message;
    }
  }
  // What a killed process left of a save, the next one removes.
  ASSERT_FALSE(early.save(saved));
  unlink(saved.c_str());
  size_t left = 0;
  DIR *folder = opendir("/tmp");
  while (const dirent *entry = readdir(folder))
    left += ("/tmp/" + std::string(entry->d_name)).compare(0, saved.size(), saved) == 0;
  closedir(folder);
  EXPECT_EQ(left, 0u);
}

/// A save removes the files of processes that are gone, and nobody else's.
TEST_F(Logs, SavesRemoveWhatKilledOnesLeft) {
  std::string saved = path + ".saved", gone = saved + ".tmp2000000000", alive = saved + ".tmp1",
              other = saved + ".tmpx";
  for (const std::string &name : {gone, alive, other})
    EXPECT_TRUE(std::ofstream(name).good()) << name;
  ASSERT_FALSE(engine.save(saved));
  EXPECT_NE(access(gone.c_str(), F_OK), 0);
  for (const std::string &name : {alive, other, saved})
    EXPECT_EQ(unlink(name.c_str()), 0) << name;
}

/// Processes that are killed while they append leave a log that the next one goes on with.
TEST_F(Logs, WritersAreKilled) {
  const char *option = std::getenv("RECKON_SOAK_KILLS");
  int kills = option ? std::stoi(option) : 8;
  for (int kill = 0; kill < kills; ++kill) {
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      UpdateLog log;
      Update own;
      std::vector<float> rows(tableRows * width, float(kill));
      if (log.open(engine, path, RECKON_LOG_APPEND) || own.create(engine))
        _exit(1);
      for (;;)
        if (own.setTable("emb.weight", tableRows, rows.data()) || log.append(own))
          _exit(1);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(2000 + kill * 997 % 5000));
    ::kill(child, SIGKILL);
    int status;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
  }
  UpdateLog writer, follower;
  Status failed = writer.open(engine, path, RECKON_LOG_APPEND);
  ASSERT_FALSE(failed) << failed.message;
  appendRow(writer, 1);
  ASSERT_FALSE(follower.open(engine, path, RECKON_LOG_FOLLOW));
  uint64_t applied;
  failed = follower.apply(&applied);
  ASSERT_FALSE(failed) << failed.message;
  EXPECT_EQ(engine.version(), applied);
  EXPECT_EQ(read().size() % 8, 0u);
}
} // namespace
