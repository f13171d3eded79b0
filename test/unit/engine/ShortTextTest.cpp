//===- ShortTextTest.cpp - Messages that stay readable --------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "lib/Engine/ShortText.h"

#include <gtest/gtest.h>

using reckon::shortenNames;

namespace {
TEST(ShortText, LeavesWhatIsShort) {
  for (std::string text : {"", "input 'x': got i64", "a list of 'a', 'b' and 'c', which isn't long"})
    EXPECT_EQ(shortenNames(text), text);
  std::string many;
  for (int i = 0; i < 100; ++i)
    many += "node 'n" + std::to_string(i) + "', it isn't known; ";
  EXPECT_EQ(shortenNames(many), many);
  std::string limit = "no input '" + std::string(120, 'n') + "'";
  EXPECT_EQ(shortenNames(limit), limit);
}

TEST(ShortText, ShortensNames) {
  std::string name = std::string(60, 'a') + std::string(500, ' ') + std::string(40, 'z');
  std::string brief = std::string(60, 'a') + "[500 more]" + std::string(40, 'z');
  EXPECT_EQ(shortenNames("no input '" + name + "', only 'x'"), "no input '" + brief + "', only 'x'");
  EXPECT_EQ(shortenNames("'" + name + "' and '" + name + "'"), "'" + brief + "' and '" + brief + "'");
  // Without quotes, or with one that never ends.
  std::string word(200, 'w');
  EXPECT_EQ(shortenNames("option " + word + " is unknown"),
            "option " + std::string(60, 'w') + "[100 more]" + std::string(40, 'w') + " is unknown");
  EXPECT_EQ(shortenNames("'" + word), "'" + std::string(59, 'w') + "[101 more]" + std::string(40, 'w'));
}

TEST(ShortText, KeepsCharactersWhole) {
  std::string name;
  for (int i = 0; i < 100; ++i)
    name += "\u00e4"; // two bytes
  std::string text = shortenNames("'x" + name + "'");
  size_t open = text.find('['), close = text.find(']');
  ASSERT_NE(open, std::string::npos);
  EXPECT_EQ((open - 2) % 2, 0u);
  EXPECT_EQ(text.substr(close + 1, 2), "\u00e4");
}
} // namespace
