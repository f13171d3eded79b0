//===- RowFormat.cpp - How a row of a table lies in memory ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "reckon/Engine/RowFormat.h"
#include "Numbers.h"
#include "RandomFill.h"

#include <cstring>

using namespace reckon;

std::optional<RowEncoding> reckon::parseRowEncoding(std::string_view text) {
  for (unsigned i = 0; i < numEnumerators<RowEncoding>; ++i)
    if (text == enumName(RowEncoding(i)))
      return RowEncoding(i);
  return std::nullopt;
}

namespace {
/// What rows of an encoding are made of.
struct Facts {
  std::optional<ElementType> stored; ///< none: the decoded type
  unsigned elementsAt = 0;
  std::optional<RowParameter> scale, bias;
};
} // namespace

static const Facts &factsOf(RowEncoding encoding) {
  static const Facts facts[numEnumerators<RowEncoding>] = {
      {},
      // FBGEMM's fused rows with fp16 scale and bias, which its table-batched lookups have at the head.
      {ElementType::U8, 4, RowParameter{ElementType::F16, 0}, RowParameter{ElementType::F16, 2}},
  };
  return facts[static_cast<unsigned>(encoding)];
}

ElementType RowFormat::storedType() const { return factsOf(how).stored.value_or(decoded); }
unsigned RowFormat::elementsAt() const { return factsOf(how).elementsAt; }
std::optional<RowParameter> RowFormat::scale() const { return factsOf(how).scale; }
std::optional<RowParameter> RowFormat::bias() const { return factsOf(how).bias; }

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

// Rows with a head follow each other at any address, so that their first one may have any, too.
unsigned RowFormat::alignment() const { return isPlain() ? elementSize(decoded) : 1; }

double RowFormat::decode(const void *row, uint64_t column) const {
  auto *bytes = static_cast<const uint8_t *>(row);
  double value = readNumber(storedType(), bytes + elementsAt() + column * elementSize(storedType()));
  if (std::optional<RowParameter> factor = scale())
    value *= readNumber(factor->type, bytes + factor->offset);
  if (std::optional<RowParameter> summand = bias())
    value += readNumber(summand->type, bytes + summand->offset);
  return value;
}

void RowFormat::fill(void *rows, uint64_t count, uint64_t dim, uint64_t seed, uint64_t first) const {
  if (isPlain())
    return fillRandom(decoded, rows, count * dim, seed, first * dim);
  auto *row = static_cast<uint8_t *>(rows);
  for (uint64_t i = 0; i < count; ++i, row += rowBytes(dim)) {
    Random random(seed, (first + i) * (dim + 1));
    // Scales from 1/256 up to 1/128, and zero in the middle of what a byte holds: both are exact as halves.
    auto step = static_cast<float>(8 + (random.next() >> 61)) / 2048;
    uint16_t factor = toHalf(step), summand = toHalf(-128 * step);
    std::memcpy(row + scale()->offset, &factor, sizeof(factor));
    std::memcpy(row + bias()->offset, &summand, sizeof(summand));
    for (uint64_t column = 0; column < dim; ++column)
      row[elementsAt() + column] = static_cast<uint8_t>(random.next() >> 56);
  }
}
