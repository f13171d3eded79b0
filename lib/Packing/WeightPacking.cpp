//===- WeightPacking.cpp - Weights in the order kernels read them --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "lib/Packing/WeightPacking.h"
#include "lib/Packing/TensorCorePacking.h"

#include <algorithm>
#include <cstring>

using namespace reckon;
using plan::PackingKind;

static PackedWeight packPanels(int64_t width, const uint8_t *source, int64_t rows, int64_t columns,
                               size_t elementSize) {
  int64_t panels = (columns + width - 1) / width;
  PackedWeight packed{{panels, rows, width}, {}};
  packed.data.resize(panels * rows * width * elementSize);
  if (rows == 0)
    return packed;
  uint8_t *out = packed.data.data();
  for (int64_t panel = 0; panel < panels; ++panel) {
    int64_t first = panel * width, count = std::min(width, columns - first);
    for (int64_t row = 0; row < rows; ++row, out += width * elementSize)
      std::memcpy(out, source + (row * columns + first) * elementSize, count * elementSize);
  }
  return packed;
}

static PackedWeight packColumns(const uint8_t *source, int64_t rows, int64_t columns, size_t elementSize) {
  PackedWeight packed{{columns, rows}, {}};
  packed.data.resize(rows * columns * elementSize);
  if (rows == 0)
    return packed;
  for (int64_t column = 0; column < columns; ++column)
    for (int64_t row = 0; row < rows; ++row)
      std::memcpy(packed.data.data() + (column * rows + row) * elementSize,
                  source + (row * columns + column) * elementSize, elementSize);
  return packed;
}

std::optional<PackedWeight> reckon::packWeight(PackingKind packing, int64_t panelWidth, const void *data, int64_t rows,
                                               int64_t columns, size_t elementSize) {
  const uint8_t *source = static_cast<const uint8_t *>(data);
  switch (packing) {
  case PackingKind::row_major:
    return std::nullopt;
  case PackingKind::panels:
    return packPanels(panelWidth, source, rows, columns, elementSize);
  case PackingKind::columns:
    return packColumns(source, rows, columns, elementSize);
  case PackingKind::mma:
  case PackingKind::wgmma:
  case PackingKind::dot:
    return packForTensorCores(packing, data, rows, columns, elementSize);
  }
  return std::nullopt;
}
