//===- FileMappingTest.cpp - Memory that shows a file --------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "lib/Engine/FileMapping.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

using namespace reckon;

namespace {
class FileMapping : public testing::Test {
protected:
  static constexpr size_t size = 1 << 16;
  FileMapping() {
    descriptor = ::mkstemp(path.data());
    std::vector<char> bytes(size, 7);
    EXPECT_EQ(::write(descriptor, bytes.data(), size), ssize_t(size));
  }
  ~FileMapping() override {
    ::close(descriptor);
    ::unlink(path.c_str());
  }
  char *map(int protection, int flags = MAP_PRIVATE) {
    void *memory = ::mmap(nullptr, size, protection, flags, descriptor, 0);
    EXPECT_NE(memory, MAP_FAILED);
    return static_cast<char *>(memory);
  }
  std::string path = "/tmp/reckon mapping XXXXXX";
  int descriptor;
};

TEST_F(FileMapping, BytesOfAFileAreFoundInIt) {
  char *memory = map(PROT_READ);
  std::optional<MappedPlace> place = findMappedPlace(memory + 5000, 100);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->path, path);
  EXPECT_EQ(place->offset, 5000u);
  // Pages that were given back are there again when they are read.
  releasePages(memory, size);
  EXPECT_EQ(memory[size - 1], 7);
  EXPECT_FALSE(findMappedPlace(memory + 5000, size));
  ::munmap(memory, size);
}

TEST_F(FileMapping, OtherMemoryIsNotOfAFile) {
  std::vector<char> heap(size);
  EXPECT_FALSE(findMappedPlace(heap.data(), size));
  EXPECT_FALSE(findMappedPlace(nullptr, 1));
  char *writable = map(PROT_READ | PROT_WRITE);
  EXPECT_FALSE(findMappedPlace(writable, size));
  ::munmap(writable, size);
  char *memory = map(PROT_READ);
  ::unlink(path.c_str());
  EXPECT_FALSE(findMappedPlace(memory, size));
  ::munmap(memory, size);
}
} // namespace
