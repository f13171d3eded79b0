//===- LibraryTest.cpp - What the shared library is made of ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include <gtest/gtest.h>

#include <cstdio>
#include <set>
#include <string>
#include <sys/stat.h>

namespace {
std::string output(const std::string &command) {
  std::string text;
  FILE *pipe = ::popen(command.c_str(), "r");
  if (!pipe)
    return text;
  char buffer[4096];
  for (size_t count; (count = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;)
    text.append(buffer, count);
  return ::pclose(pipe) == 0 ? text : std::string();
}

class Library : public testing::Test {
protected:
  void SetUp() override {
#ifdef RECKON_TEST_SANITIZED
    GTEST_SKIP() << "a sanitized build links the sanitizer too";
#endif
  }
  const std::string path = RECKON_TEST_LIBRARY;
};

TEST_F(Library, NeedsNothingButTheSystem) {
  const std::set<std::string> allowed = {"libc.so.6",  "libm.so.6",     "libstdc++.so.6",      "libpthread.so.0",
                                         "libdl.so.2", "libgcc_s.so.1", "ld-linux-x86-64.so.2"};
  std::string text = output("readelf -d '" + path + "'");
  ASSERT_NE(text.find("SONAME"), std::string::npos);
  for (size_t at = 0; (at = text.find("(NEEDED)", at)) != std::string::npos;) {
    size_t begin = text.find('[', at) + 1, end = text.find(']', begin);
    std::string name = text.substr(begin, end - begin);
    EXPECT_TRUE(allowed.count(name)) << name;
    at = end;
  }
}

TEST_F(Library, ExportsTheInterfaceOnly) {
  std::string text = output("nm -D --defined-only '" + path + "'");
  ASSERT_NE(text.find(" T reckon_run"), std::string::npos);
  for (size_t begin = 0; begin < text.size();) {
    size_t end = text.find('\n', begin);
    std::string line = text.substr(begin, end - begin);
    EXPECT_NE(line.find(" T reckon_"), std::string::npos) << line;
    begin = end + 1;
  }
}

TEST_F(Library, IsSmall) {
  struct stat status;
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_LT(status.st_size, 2 << 20);
}
} // namespace
