//===- FileWriterTest.cpp - Files that are replaced as a whole -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "lib/Engine/FileWriter.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <random>
#include <sys/mman.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace reckon;

namespace {
using Bytes = std::vector<uint8_t>;

class FileWriter : public testing::Test {
protected:
  ~FileWriter() override {
    ::unlink(path.c_str());
    ::unlink(source.c_str());
  }
  static Bytes read(const std::string &file) {
    std::ifstream stream(file, std::ios::binary);
    Bytes bytes;
    std::vector<char> part(1 << 20);
    while (stream.read(part.data(), std::streamsize(part.size())), stream.gcount() > 0)
      bytes.insert(bytes.end(), part.begin(), part.begin() + stream.gcount());
    return bytes;
  }
  /// What a file takes on the disk.
  static uint64_t stored(const std::string &file) {
    struct stat status;
    EXPECT_EQ(::stat(file.c_str(), &status), 0);
    return static_cast<uint64_t>(status.st_blocks) * 512;
  }
  /// Whether the file system has holes at all.
  bool hasHoles() {
    {
      std::ofstream file(path);
    }
    return ::truncate(path.c_str(), 1 << 20) == 0 && stored(path) < 1 << 20;
  }

  std::string path = testing::TempDir() + "reckon-writer-" + std::to_string(::getpid()), source = path + ".source",
              error;
};

TEST_F(FileWriter, AMappedFileWithHolesBecomesOne) {
  constexpr size_t size = (size_t(100) << 20) + 12345;
  if (!hasHoles())
    GTEST_SKIP() << "files have no holes here";
  const size_t places[] = {0, 4095, (size_t(64) << 20) - 1, (size_t(70) << 20) + 5, size - 1};
  {
    std::ofstream file(source);
    for (size_t place : places)
      file.seekp(std::streamoff(place)).put(7);
  }
  int descriptor = ::open(source.c_str(), O_RDONLY);
  void *data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  ::close(descriptor);
  ASSERT_NE(data, MAP_FAILED);
  ASSERT_TRUE(writeRows({static_cast<const uint8_t *>(data), size}, path, &error)) << error;
  ::munmap(data, size);
  EXPECT_LT(stored(path), uint64_t(2) << 20);
  Bytes bytes = read(path);
  ASSERT_EQ(bytes.size(), size);
  for (size_t place : places) {
    EXPECT_EQ(bytes[place], 7) << place;
    bytes[place] = 0;
  }
  EXPECT_EQ(bytes[0], 0);
  EXPECT_EQ(std::memcmp(bytes.data(), bytes.data() + 1, size - 1), 0);
}

TEST_F(FileWriter, WhateverComesIsInTheFile) {
  std::mt19937 random(1); // NOLINT(bugprone-random-generator-seed): the same bytes every time
  const size_t sizes[] = {0, 1, 63, 64, 65, 4096, 65535, 65536, 65537, 200000};
  for (int round = 0; round < 30; ++round) {
    Bytes expected;
    ASSERT_TRUE(writeFile(
        path,
        [&](const Sink &sink) {
          for (int pieces = random() % 12; pieces > 0; --pieces) {
            // Zeros, zeros with something at one end, or neither.
            Bytes piece(sizes[random() % std::size(sizes)]);
            switch (piece.empty() ? 0 : random() % 4) {
            case 0:
              break;
            case 1:
              piece.front() = 1;
              break;
            case 2:
              piece.back() = 1;
              break;
            default:
              std::fill(piece.begin(), piece.end(), 9);
            }
            expected.insert(expected.end(), piece.begin(), piece.end());
            if (!sink(piece.data(), piece.size()))
              return false;
          }
          return true;
        },
        &error))
        << error;
    EXPECT_TRUE(read(path) == expected) << round;
  }
}

TEST_F(FileWriter, APipeGetsTheZerosToo) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  Bytes expected(300000), got;
  expected[200000] = 3;
  std::thread reader([&] { got = read(path); });
  EXPECT_TRUE(writeRows({expected.data(), expected.size()}, path, &error)) << error;
  reader.join();
  EXPECT_TRUE(got == expected);
}
} // namespace
