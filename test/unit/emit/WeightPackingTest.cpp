//===- WeightPackingTest.cpp - Panels and columns ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "lib/Packing/WeightPacking.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace reckon;
using plan::PackingKind;

static std::vector<float> asFloats(const std::vector<uint8_t> &bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

// 2 x 5: element (k, n) is 10 k + n + 1.
static const float matrix[] = {1, 2, 3, 4, 5, 11, 12, 13, 14, 15};

TEST(WeightPacking, PanelsAreFilledUpWithZeros) {
  auto packed = packWeight(PackingKind::panels, 4, matrix, 2, 5, sizeof(float));
  ASSERT_TRUE(packed);
  EXPECT_EQ(packed->shape, (std::vector<int64_t>{2, 2, 4}));
  EXPECT_EQ(asFloats(packed->data), (std::vector<float>{1, 2, 3, 4, 11, 12, 13, 14, 5, 0, 0, 0, 15, 0, 0, 0}));
}

TEST(WeightPacking, PanelsOfOneWidthAreTheMatrix) {
  auto packed = packWeight(PackingKind::panels, 5, matrix, 2, 5, sizeof(float));
  ASSERT_TRUE(packed);
  EXPECT_EQ(asFloats(packed->data), std::vector<float>(matrix, matrix + 10));
}

TEST(WeightPacking, ColumnsAreTheTranspose) {
  auto packed = packWeight(PackingKind::columns, 0, matrix, 2, 5, sizeof(float));
  ASSERT_TRUE(packed);
  EXPECT_EQ(packed->shape, (std::vector<int64_t>{5, 2}));
  EXPECT_EQ(asFloats(packed->data), (std::vector<float>{1, 11, 2, 12, 3, 13, 4, 14, 5, 15}));
}

TEST(WeightPacking, EmptyMatrices) {
  auto packed = packWeight(PackingKind::panels, 8, nullptr, 0, 0, sizeof(float));
  ASSERT_TRUE(packed);
  EXPECT_TRUE(packed->data.empty());
  packed = packWeight(PackingKind::columns, 0, nullptr, 3, 0, sizeof(float));
  ASSERT_TRUE(packed);
  EXPECT_TRUE(packed->data.empty());
}

TEST(WeightPacking, NothingToPack) {
  EXPECT_FALSE(packWeight(PackingKind::row_major, 0, matrix, 2, 5, sizeof(float)));
  EXPECT_FALSE(packWeight(PackingKind::mma, 0, matrix, 2, 5, sizeof(double)));
}
