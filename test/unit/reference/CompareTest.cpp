//===- CompareTest.cpp - Tolerances -------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "lib/Reference/Compare.h"
#include "test/unit/reference/Harness.h"

using namespace reckon::reference;

TEST(Compare, FloatsWithinTolerance) {
  Tensor expected = f32({3}, {1, 100, 0});
  EXPECT_TRUE(compare(expected, f32({3}, {1 + 1e-5, 100.001, 1e-6})).isMatch());
  Difference difference = compare(expected, f32({3}, {1, 100.1, 0}));
  EXPECT_EQ(difference.mismatches, 1);
  EXPECT_EQ(difference.first, 1);
  EXPECT_NEAR(difference.maxAbs, 0.1, 1e-9);
  EXPECT_NEAR(difference.maxRel, 0.001, 1e-9);
}

TEST(Compare, NotNumbers) {
  EXPECT_TRUE(compare(f32({3}, {NaN, Inf, -Inf}), f32({3}, {NaN, Inf, -Inf})).isMatch());
  EXPECT_FALSE(compare(f32({1}, {NaN}), f32({1}, {0})).isMatch());
  EXPECT_FALSE(compare(f32({1}, {0}), f32({1}, {NaN})).isMatch());
  EXPECT_FALSE(compare(f32({1}, {Inf}), f32({1}, {-Inf})).isMatch());
  EXPECT_TRUE(compare(f32({1}, {1e300}), f32({1}, {Inf})).isMatch()); // no float holds 1e300
}

TEST(Compare, ShapesAndTypes) {
  EXPECT_FALSE(compare(f32({1}, {1}), f32({1, 1}, {1})).isMatch());
  EXPECT_FALSE(compare(f32({1}, {1}), i64({1}, {1})).isMatch());
}

TEST(Compare, IntegersAreExactButInAmbiguousRows) {
  Tensor expected = i64({2, 2}, {1, 2, 3, 4}), actual = i64({2, 2}, {1, 2, 4, 3});
  EXPECT_EQ(compare(expected, actual).mismatches, 2);
  std::set<int64_t> rows = {1};
  Difference difference = compare(expected, actual, {}, &rows);
  EXPECT_TRUE(difference.isMatch());
  EXPECT_EQ(difference.excused, 2);
}

TEST(CompareTopK, NearTiesMaySwap) {
  Tensor scores = f32({1, 4}, {5, 3, 3 + 1e-7, 1});
  Tensor expected = i64({1, 2}, {0, 2});
  EXPECT_TRUE(compareTopK(scores, expected, i64({1, 2}, {0, 2})).isMatch());
  EXPECT_TRUE(compareTopK(scores, expected, i64({1, 2}, {0, 1})).isMatch());
  EXPECT_FALSE(compareTopK(scores, expected, i64({1, 2}, {0, 3})).isMatch());
  EXPECT_FALSE(compareTopK(scores, expected, i64({1, 2}, {2, 0})).isMatch());
  EXPECT_FALSE(compareTopK(scores, i64({1, 2}, {2, 1}), i64({1, 2}, {2, 2})).isMatch());
  EXPECT_FALSE(compareTopK(scores, expected, i64({1, 2}, {0, 9})).isMatch());
}
