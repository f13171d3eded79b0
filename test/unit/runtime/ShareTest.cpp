//===- ShareTest.cpp - Engines in shared memory ----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// RECKON_SOAK_KILLS is how many processes are killed, 12 without it.
//
//===----------------------------------------------------------------------------===//

#include "SampleEngine.h"
#include "reckon/Engine/SharedEngine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace reckon;
using namespace reckon::test;
using runtime::Context;
using runtime::Engine;
using runtime::Status;

namespace {
/// Of this process, so that tests may run side by side.
std::string ownName(const char *name) { return "reckon-" + std::to_string(getpid()) + "-" + name; }

class Share : public testing::Test {
protected:
  Share() : path("/tmp/" + ownName("share.rkn")), name(ownName("engine")), bytes(sampleEngine()) { write(bytes); }
  ~Share() override {
    unlink(path.c_str());
    EngineError ignored;
    dropSharedEngine(name, ignored);
  }
  void write(const std::vector<uint8_t> &content) {
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char *>(content.data()), content.size());
  }
  bool put(SharedWith with = SharedWith::Nobody) {
    bool done = putSharedEngine(path, name, with, error);
    EXPECT_TRUE(done) << error.message;
    return done;
  }
  std::string object() const { return "/dev/shm/" + name; }
  Status open(Engine &engine) const { return engine.open("shm:" + name); }
  /// This process's line of the list.
  std::vector<SharedEngineInfo> listed() const {
    std::vector<SharedEngineInfo> own;
    for (SharedEngineInfo &info : listSharedEngines())
      if (info.name == name)
        own.push_back(info);
    return own;
  }

  std::string path, name;
  std::vector<uint8_t> bytes;
  EngineError error;
};

TEST_F(Share, PutOpenListGetDrop) {
  ASSERT_TRUE(put());
  Engine engine;
  Status failed = open(engine);
  ASSERT_FALSE(failed) << failed.message;
  Context context;
  ASSERT_FALSE(context.create(engine, 2));
  expectCorrect(context, sampleData(20));
  ASSERT_EQ(listed().size(), 1u);
  EXPECT_EQ(listed()[0].bytes, bytes.size());
  EXPECT_EQ(listed()[0].user, geteuid());
  EXPECT_EQ(listed()[0].with, SharedWith::Nobody);
  EXPECT_TRUE(listed()[0].isSealed);
  struct stat status;
  ASSERT_EQ(stat(object().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0400u);
  // The file comes out as it went in.
  std::string copy = path + ".copy";
  ASSERT_TRUE(getSharedEngine(name, copy, error)) << error.message;
  std::ifstream file(copy, std::ios::binary);
  std::vector<char> got((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  ASSERT_EQ(got.size(), bytes.size());
  EXPECT_EQ(std::memcmp(got.data(), bytes.data(), bytes.size()), 0);
  unlink(copy.c_str());
  ASSERT_TRUE(dropSharedEngine(name, error));
  EXPECT_TRUE(listed().empty());
  EXPECT_TRUE(open(engine));
  expectCorrect(context, sampleData(21)); // who has it open keeps it
  EXPECT_FALSE(dropSharedEngine(name, error));
  EXPECT_EQ(error.message, "engine in shared memory '" + name + "' cannot be dropped: No such file or directory");
}

TEST_F(Share, ForOthersWhenAsked) {
  ASSERT_TRUE(put(SharedWith::Group));
  EXPECT_EQ(listed()[0].with, SharedWith::Group);
  ASSERT_TRUE(put(SharedWith::Everybody));
  EXPECT_EQ(listed()[0].with, SharedWith::Everybody);
}

TEST_F(Share, PuttingAgainReplacesItForThoseWhoOpenItThen) {
  ASSERT_TRUE(put());
  Engine first, second;
  ASSERT_FALSE(open(first));
  EngineSpec spec = sampleSpec();
  spec.producer = "another";
  bytes = sampleEngine(spec);
  write(bytes);
  ASSERT_TRUE(put());
  ASSERT_FALSE(open(second));
  for (Engine *engine : {&first, &second}) {
    Context context;
    ASSERT_FALSE(context.create(*engine, 1));
    expectCorrect(context, sampleData(9));
  }
}

TEST_F(Share, WhatIsDamagedIsNotPut) {
  for (size_t at : {size_t(9), size_t(70), bytes.size() - 5000, bytes.size() - 1}) {
    std::vector<uint8_t> damaged = bytes;
    damaged[at] ^= 1;
    write(damaged);
    EXPECT_FALSE(putSharedEngine(path, name, SharedWith::Nobody, error)) << at;
    EXPECT_EQ(error.message.compare(0, path.size() + 10, "engine '" + path + "':"), 0) << error.message;
  }
  write({});
  EXPECT_FALSE(putSharedEngine(path, name, SharedWith::Nobody, error));
  EXPECT_TRUE(listed().empty());
  EXPECT_FALSE(putSharedEngine("/nowhere.rkn", name, SharedWith::Nobody, error));
  EXPECT_EQ(error.message, "engine '/nowhere.rkn' cannot be opened: No such file or directory");
  EXPECT_FALSE(putSharedEngine("/tmp", name, SharedWith::Nobody, error));
  for (const char *bad : {"", "a/b", ".hidden"})
    EXPECT_FALSE(putSharedEngine(path, bad, SharedWith::Nobody, error)) << bad;
  EXPECT_FALSE(getSharedEngine(name, path + ".x", error));
}

TEST_F(Share, ASealIsTheObjectsOwn) {
  ASSERT_TRUE(put());
  std::ifstream file(object(), std::ios::binary);
  std::vector<char> sealed((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  // A copy of the object is no engine, in a file or in another object.
  write({sealed.begin(), sealed.end()});
  Engine engine;
  std::string message = engine.open(path).message;
  EXPECT_NE(message.find("header: its seal is that of another object in shared memory"), std::string::npos) << message;
  EXPECT_TRUE(engine.openMemory(sealed.data(), sealed.size()));
  // Rows that change under a seal are not found, but it does not hold for an object that may be written.
  ASSERT_EQ(chmod(object().c_str(), 0600), 0);
  {
    std::fstream changed(object(), std::ios::binary | std::ios::in | std::ios::out);
    changed.seekp(std::streamoff(sealed.size() - 4096));
    changed.put(char(sealed[sealed.size() - 4096] ^ 1));
  }
  EXPECT_FALSE(listed()[0].isSealed);
  message = open(engine).message;
  EXPECT_NE(message.find("section 'emb.weight': checksum mismatch"), std::string::npos) << message;
  // Code is checked all the same.
  write(bytes);
  ASSERT_TRUE(put());
  ASSERT_EQ(chmod(object().c_str(), 0600), 0);
  {
    std::fstream changed(object(), std::ios::binary | std::ios::in | std::ios::out);
    changed.seekp(std::streamoff(8192)); // the code is the first section
    changed.put(char(sealed[8192] ^ 1));
  }
  ASSERT_EQ(chmod(object().c_str(), 0400), 0);
  EXPECT_TRUE(open(engine));
}

/// Bytes of the mapping of the object that this process is charged for.
uint64_t proportionalBytes(const std::string &object) {
  std::ifstream maps("/proc/self/smaps");
  std::string line;
  uint64_t sum = 0, kilobytes;
  for (bool isOurs = false; std::getline(maps, line);)
    if (line.find('-') < line.find(':') && line.find("Pss") != 0 && line.find(' ') > line.find('-'))
      isOurs = line.size() >= object.size() && line.find(object) != std::string::npos;
    else if (isOurs && std::sscanf(line.c_str(), "Pss: %lu kB", &kilobytes) == 1)
      sum += kilobytes << 10;
  return sum;
}

TEST_F(Share, ProcessesShareOneCopy) {
  constexpr int processes = 8;
  constexpr uint64_t rows = 200000;
  EngineSpec spec = sampleSpec();
  spec.tables[0].rows = rows;
  spec.tables[0].data = spec.own(std::vector<uint8_t>(rows * width * sizeof(float), 0x3f));
  write(sampleEngine(spec));
  ASSERT_TRUE(put());
  int ready[2], done[2], leave[2], results[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(done), 0);
  ASSERT_EQ(pipe(leave), 0);
  ASSERT_EQ(pipe(results), 0);
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i) {
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      Engine engine;
      Context context;
      std::vector<float> x(rows / 2 * width), y(rows / 2 * hidden);
      std::vector<int64_t> ids(rows);
      for (uint64_t id = 0; id < rows; ++id)
        ids[id] = static_cast<int64_t>(id); // every row
      bool good = !open(engine) && !context.create(engine, 1) &&
                  !context.setInput("x", RECKON_F32, {rows / 2, width}, x.data()) &&
                  !context.setInput("ids", RECKON_I64, {rows / 2, numIds}, ids.data()) && !context.run();
      char byte = good;
      if (::write(ready[1], &byte, 1) != 1 || ::read(done[0], &byte, 1) != 1) // all have it now
        _exit(1);
      uint64_t own = good ? proportionalBytes(object()) : 0;
      bool written = ::write(results[1], &own, sizeof(own)) == sizeof(own);
      // None goes before all have counted.
      _exit(::read(leave[0], &byte, 1) == 1 && written ? 0 : 1);
    }
    children.push_back(child);
  }
  char byte = 0, go[processes] = {};
  for (int i = 0; i < processes; ++i) {
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    EXPECT_EQ(byte, 1);
  }
  ASSERT_EQ(::write(done[1], go, processes), processes);
  uint64_t sum = 0, own;
  for (int i = 0; i < processes; ++i) {
    ASSERT_EQ(::read(results[0], &own, sizeof(own)), ssize_t(sizeof(own)));
    sum += own;
  }
  ASSERT_EQ(::write(leave[1], go, processes), processes);
  for (pid_t child : children) {
    int status;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  double tableBytes = double(rows * width * sizeof(float));
  EXPECT_GE(double(sum), tableBytes);
  EXPECT_LE(double(sum), 1.05 * tableBytes);
  for (int pipe : {ready[0], ready[1], done[0], done[1], leave[0], leave[1], results[0], results[1]})
    close(pipe);
}

/// Files in shared memory that have the prefix.
size_t countObjects(const std::string &prefix) {
  size_t count = 0;
  DIR *folder = opendir("/dev/shm");
  while (const dirent *entry = readdir(folder))
    count += std::string(entry->d_name).compare(0, prefix.size(), prefix) == 0;
  closedir(folder);
  return count;
}

TEST_F(Share, ProcessesAreKilledAtAnyMoment) {
  const char *option = std::getenv("RECKON_SOAK_KILLS");
  int kills = option ? std::atoi(option) : 12;
  ASSERT_TRUE(put());
  Engine engine;
  Context context;
  ASSERT_FALSE(open(engine));
  ASSERT_FALSE(context.create(engine, 1));
  for (int kill = 0; kill < kills; ++kill) {
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0)
      for (int i = 0;; ++i) {
        EngineError problem;
        Engine own;
        if (kill % 2 == 0 && !putSharedEngine(path, name, SharedWith::Nobody, problem))
          _exit(1);
        if (open(own))
          _exit(1);
      }
    std::this_thread::sleep_for(std::chrono::microseconds(500 + kill * 1237 % 9000));
    ::kill(child, SIGKILL);
    int status;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
    // The object is whole, whichever it is, and who has it open goes on.
    Engine fresh;
    Status failed = open(fresh);
    ASSERT_FALSE(failed) << failed.message;
    ASSERT_EQ(listed().size(), 1u);
    EXPECT_TRUE(listed()[0].isSealed);
    expectCorrect(context, sampleData(5));
  }
  listSharedEngines();
  EXPECT_EQ(countObjects(name), 1u);
  EXPECT_TRUE(put());
}
} // namespace
