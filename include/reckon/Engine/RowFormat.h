//===- RowFormat.h - How a row of a table lies in memory --------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Rows lie one after another without gaps. What a row is made of is said here and nowhere else: the plan, the engine,
// the runtime, the reference and the code generators ask. A leaf: C++ standard library only.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_ENGINE_ROWFORMAT_H
#define RECKON_ENGINE_ROWFORMAT_H

#include "reckon/Engine/Enums.h"

#include <optional>
#include <string_view>

namespace reckon {

#define RECKON_ROW_ENCODINGS(X)                                                                                        \
  X(Plain, plain, "plain")                                                                                             \
  X(Int8Fbgemm, int8_fbgemm, "int8_fbgemm")
RECKON_ENUM(RowEncoding, RECKON_ROW_ENCODINGS)

/// Where a number that all elements of a row share lies in it.
struct RowParameter {
  ElementType type;
  unsigned offset; // bytes from the begin of the row
};

class RowFormat {
public:
  /// `type` is that of the elements that a lookup gives; what is stored in their place follows from the encoding.
  explicit RowFormat(ElementType type, RowEncoding encoding = RowEncoding::Plain) : decoded(type), how(encoding) {}

  RowEncoding encoding() const { return how; }
  /// Whether a row is its elements and nothing else.
  bool isPlain() const { return how == RowEncoding::Plain; }
  /// Of the elements that a lookup gives, and of what stands for each in the row.
  ElementType type() const { return decoded; }
  ElementType storedType() const;
  /// Bytes before the first stored element.
  unsigned elementsAt() const;
  /// An element is scale * stored + bias; none stand for 1 and 0.
  std::optional<RowParameter> scale() const;
  std::optional<RowParameter> bias() const;

  /// Bytes of a row of `dim` elements.
  uint64_t rowBytes(uint64_t dim) const { return elementsAt() + dim * elementSize(storedType()); }
  /// Bytes of a table; nullopt where 64 bits cannot count them.
  std::optional<uint64_t> tableBytes(uint64_t rows, uint64_t dim) const;
  /// What the address of a table is a multiple of.
  unsigned alignment() const;
  /// What the address of every row is a multiple of when that of the table is one of `base`, a power of two.
  unsigned rowAlignment(uint64_t dim, unsigned base) const;

  /// Element `column` of the row at `row`, which may have any address.
  double decode(const void *row, uint64_t column) const;
  /// Makes up rows that decode to numbers in [-1, 1), integers in [0, 8). Row i depends on the seed and on `first` + i
  /// only.
  void fill(void *rows, uint64_t count, uint64_t dim, uint64_t seed, uint64_t first = 0) const;

  bool operator==(const RowFormat &other) const { return decoded == other.decoded && how == other.how; }
  bool operator!=(const RowFormat &other) const { return !(*this == other); }

private:
  ElementType decoded;
  RowEncoding how;
};

std::optional<RowEncoding> parseRowEncoding(std::string_view text);

} // namespace reckon

#endif // RECKON_ENGINE_ROWFORMAT_H
