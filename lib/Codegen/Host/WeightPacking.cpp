//===- WeightPacking.cpp - Weights in the order kernels read them --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "lib/Codegen/Host/WeightPacking.h"
#include "lib/Codegen/NVPTX/LinearPacking.h"

#include <algorithm>
#include <charconv>
#include <cstring>

using namespace reckon;

std::optional<int64_t> reckon::getPanelWidth(std::string_view packing) {
  constexpr std::string_view prefix = "panels:";
  if (packing.substr(0, prefix.size()) != prefix)
    return std::nullopt;
  const char *begin = packing.data() + prefix.size(), *end = packing.data() + packing.size();
  int64_t width = 0;
  auto [last, error] = std::from_chars(begin, end, width);
  if (error != std::errc() || last != end || width < 1)
    return std::nullopt;
  return width;
}

std::optional<PackedWeight> reckon::packWeight(std::string_view packing, const void *data, int64_t rows,
                                               int64_t columns, size_t elementSize) {
  const uint8_t *source = static_cast<const uint8_t *>(data);
  PackedWeight packed;
  bool isEmpty = rows == 0 || columns == 0; // of which the other size may be anything
  if (std::optional<int64_t> width = getPanelWidth(packing)) {
    int64_t panels = (columns + *width - 1) / *width;
    packed.shape = {panels, rows, *width};
    packed.data.resize(panels * rows * *width * elementSize);
    uint8_t *out = packed.data.data();
    for (int64_t panel = 0; panel < panels && !isEmpty; ++panel) {
      int64_t first = panel * *width, count = std::min(*width, columns - first);
      for (int64_t row = 0; row < rows; ++row, out += *width * elementSize)
        std::memcpy(out, source + (row * columns + first) * elementSize, count * elementSize);
    }
    return packed;
  }
  if (packing != "columns")
    return nvptx::packLinearWeight(packing, data, rows, columns, elementSize);
  packed.shape = {columns, rows};
  packed.data.resize(rows * columns * elementSize);
  for (int64_t column = 0; column < columns && !isEmpty; ++column)
    for (int64_t row = 0; row < rows; ++row)
      std::memcpy(packed.data.data() + (column * rows + row) * elementSize,
                  source + (row * columns + column) * elementSize, elementSize);
  return packed;
}
