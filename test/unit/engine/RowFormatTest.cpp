//===- RowFormatTest.cpp - How rows of tables lie in memory ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "reckon/Engine/RowFormat.h"

#include <gtest/gtest.h>

#include <vector>

using namespace reckon;

namespace {
TEST(RowFormat, PlainRowsAreTheirElements) {
  RowFormat f32(ElementType::F32), f16(ElementType::F16), i8(ElementType::I8);
  EXPECT_TRUE(f32.isPlain());
  EXPECT_EQ(f32.rowBytes(13), 52u);
  EXPECT_EQ(f16.rowBytes(13), 26u);
  EXPECT_EQ(i8.rowBytes(13), 13u);
  EXPECT_EQ(f16.storedType(), ElementType::F16);
  EXPECT_EQ(f16.elementsAt(), 0u);
  EXPECT_FALSE(f16.scale() || f16.bias());
  EXPECT_EQ(f32.alignment(), 4u);
  EXPECT_EQ(f16.alignment(), 2u);
  EXPECT_EQ(f32.rowAlignment(13, 256), 4u);
  EXPECT_EQ(f32.rowAlignment(12, 256), 16u);
  EXPECT_EQ(f32.rowAlignment(128, 16), 16u);
  EXPECT_EQ(i8.rowAlignment(7, 256), 1u);
  EXPECT_NE(f32, f16);
  EXPECT_EQ(f32, RowFormat(ElementType::F32, RowEncoding::Plain));
}

TEST(RowFormat, TablesThatCannotBe) {
  RowFormat f32(ElementType::F32);
  EXPECT_EQ(f32.tableBytes(3, 5), 60u);
  EXPECT_EQ(f32.tableBytes(0, 5), 0u);
  EXPECT_FALSE(f32.tableBytes(1, UINT64_MAX / 2));
  EXPECT_FALSE(f32.tableBytes(UINT64_MAX, 1));
}

TEST(RowFormat, PlainElementsAreRead) {
  const float row[] = {1.5f, -2.0f};
  EXPECT_EQ(RowFormat(ElementType::F32).decode(row, 1), -2.0);
  const uint16_t halves[] = {0x3c00, 0xc000};
  EXPECT_EQ(RowFormat(ElementType::F16).decode(halves, 1), -2.0);
  EXPECT_EQ(RowFormat(ElementType::BF16).decode(halves, 0), 0x1p-7);
  const int8_t bytes[] = {3, -4};
  EXPECT_EQ(RowFormat(ElementType::I8).decode(bytes, 1), -4.0);
}

TEST(RowFormat, Int8OfFbgemm) {
  RowFormat format(ElementType::F32, RowEncoding::Int8Fbgemm);
  EXPECT_FALSE(format.isPlain());
  EXPECT_EQ(format.storedType(), ElementType::U8);
  EXPECT_EQ(format.rowBytes(13), 17u);
  EXPECT_EQ(format.tableBytes(3, 13), 51u);
  EXPECT_FALSE(format.tableBytes(1, UINT64_MAX - 3));
  EXPECT_EQ(format.alignment(), 1u);
  EXPECT_EQ(format.rowAlignment(13, 16), 1u);
  EXPECT_EQ(format.rowAlignment(14, 16), 2u);
  EXPECT_EQ(format.rowAlignment(16, 16), 4u);
  EXPECT_EQ(format.rowAlignment(12, 16), 16u);
  EXPECT_EQ(format.rowAlignment(12, 1), 1u);
  EXPECT_NE(format, RowFormat(ElementType::F32));
  EXPECT_NE(format, RowFormat(ElementType::F16, RowEncoding::Int8Fbgemm));
  // At an odd address: scale 0.5, bias -1, then the bytes.
  const uint8_t bytes[] = {99, 0x00, 0x38, 0x00, 0xbc, 0, 2, 255};
  EXPECT_EQ(format.decode(bytes + 1, 0), -1);
  EXPECT_EQ(format.decode(bytes + 1, 1), 0);
  EXPECT_EQ(format.decode(bytes + 1, 2), 126.5);
}

TEST(RowFormat, NamesOfEncodings) {
  for (unsigned i = 0; i < numEnumerators<RowEncoding>; ++i)
    EXPECT_EQ(parseRowEncoding(enumName(RowEncoding(i))), RowEncoding(i));
  for (const char *text : {"", "Plain", "plain ", "f32", "?"})
    EXPECT_FALSE(parseRowEncoding(text)) << text;
}

/// In pieces as at once, and numbers in the range that is promised.
TEST(RowFormat, MadeUpRows) {
  for (unsigned i = 0; i < numEnumerators<RowEncoding>; ++i)
    for (ElementType type : {ElementType::F32, ElementType::F16, ElementType::BF16})
      for (uint64_t dim : {1, 2, 3, 16, 129}) {
        RowFormat format(type, RowEncoding(i));
        uint64_t rows = 40, bytes = format.rowBytes(dim);
        std::vector<uint8_t> whole(*format.tableBytes(rows, dim)), pieces(whole.size());
        format.fill(whole.data(), rows, dim, /*seed=*/7);
        for (uint64_t first = 0; first < rows; first += 9)
          format.fill(pieces.data() + first * bytes, std::min<uint64_t>(9, rows - first), dim, 7, first);
        EXPECT_EQ(whole, pieces);
        double least = 1, most = -1;
        for (uint64_t row = 0; row < rows; ++row)
          for (uint64_t column = 0; column < dim; ++column) {
            double value = format.decode(whole.data() + row * bytes, column);
            least = std::min(least, value);
            most = std::max(most, value);
          }
        EXPECT_GE(least, -1);
        EXPECT_LE(most, 1);
        EXPECT_GT(most - least, 0.5);
      }
}
} // namespace
