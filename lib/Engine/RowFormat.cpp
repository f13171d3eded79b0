//===- RowFormat.cpp - How a row of a table lies in memory ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "reckon/Engine/RowFormat.h"
#include "Numbers.h"
#include "RandomFill.h"

using namespace reckon;

std::optional<RowEncoding> reckon::parseRowEncoding(std::string_view text) {
  for (unsigned i = 0; i < numEnumerators<RowEncoding>; ++i)
    if (text == enumName(RowEncoding(i)))
      return RowEncoding(i);
  return std::nullopt;
}

ElementType RowFormat::storedType() const { return decoded; }
unsigned RowFormat::elementsAt() const { return 0; }
std::optional<RowParameter> RowFormat::scale() const { return std::nullopt; }
std::optional<RowParameter> RowFormat::bias() const { return std::nullopt; }

std::optional<uint64_t> RowFormat::tableBytes(uint64_t rows, uint64_t dim) const {
  uint64_t bytes;
  if (__builtin_mul_overflow(dim, elementSize(storedType()), &bytes) ||
      __builtin_add_overflow(bytes, elementsAt(), &bytes) || __builtin_mul_overflow(bytes, rows, &bytes))
    return std::nullopt;
  return bytes;
}

unsigned RowFormat::rowAlignment(uint64_t dim, unsigned base) const {
  uint64_t bits = rowBytes(dim) | base;
  return static_cast<unsigned>(bits & (~bits + 1));
}

unsigned RowFormat::alignment() const { return elementSize(decoded); }

double RowFormat::decode(const void *row, uint64_t column) const {
  auto *bytes = static_cast<const uint8_t *>(row);
  return readNumber(storedType(), bytes + elementsAt() + column * elementSize(storedType()));
}

void RowFormat::fill(void *rows, uint64_t count, uint64_t dim, uint64_t seed, uint64_t first) const {
  fillRandom(decoded, rows, count * dim, seed, first * dim);
}
