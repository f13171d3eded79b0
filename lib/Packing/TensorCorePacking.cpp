//===- TensorCorePacking.cpp - Weights in the order tensor-core kernels read -----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//

#include "lib/Packing/TensorCorePacking.h"

#include <cstring>

using namespace reckon;
using plan::PackingKind;

namespace {
/// The source matrix, element by element.
struct Source {
  const uint8_t *data;
  int64_t rows, columns;
  size_t elementSize;

  void copy(int64_t row, int64_t column, uint8_t *to) const {
    if (row < rows && column < columns)
      std::memcpy(to, data + (row * columns + column) * elementSize, elementSize);
  }
};
} // namespace

static PackedWeight packFragments(const Source &source) {
  int64_t size = static_cast<int64_t>(source.elementSize), chunk = 16 / size, inWord = 4 / size;
  int64_t columnBlocks = (source.columns + 63) / 64, blocks = (source.rows + 4 * chunk - 1) / (4 * chunk);
  PackedWeight packed{{columnBlocks, 4, blocks, 2, 32, chunk}, {}};
  packed.data.resize(columnBlocks * 4 * blocks * 2 * 512);
  uint8_t *to = packed.data.data();
  for (int64_t columnBlock = 0; columnBlock < columnBlocks; ++columnBlock)
    for (int64_t tile = 0; tile < 4; ++tile)
      for (int64_t block = 0; block < blocks; ++block)
        for (int64_t step = 0; step < 2; ++step)
          for (int64_t lane = 0; lane < 32; ++lane)
            for (int64_t word = 0; word < 4; ++word)
              for (int64_t e = 0; e < inWord; ++e, to += size) {
                int64_t column = 64 * columnBlock + 8 * (lane / 4) + 2 * tile + word % 2;
                int64_t inner = chunk * (4 * block + lane % 4) + chunk / 2 * step + chunk / 4 * (word / 2) + e;
                source.copy(inner, column, to);
              }
  return packed;
}

static PackedWeight packRows(const Source &source, bool inGroups) {
  int64_t rowElements =
      inGroups ? wgmmaRowElements(source.rows, source.elementSize) : dotRowElements(source.rows, source.elementSize);
  int64_t rows = inGroups ? wgmmaRows(source.columns) : source.columns;
  PackedWeight packed{{rows, rowElements}, {}};
  packed.data.resize(rows * rowElements * source.elementSize);
  for (int64_t row = 0; row < rows; ++row) {
    int64_t j = row % 32 / 8, q = row % 8 / 2, e = row % 2;
    int64_t column = inGroups ? row / 32 * 32 + 8 * q + 2 * j + e : row;
    for (int64_t k = 0; k < source.rows; ++k)
      source.copy(k, column, packed.data.data() + (row * rowElements + k) * source.elementSize);
  }
  return packed;
}

std::optional<PackedWeight> reckon::packForTensorCores(PackingKind packing, const void *data, int64_t rows,
                                                       int64_t columns, size_t elementSize) {
  if (elementSize != 2 && elementSize != 4)
    return std::nullopt;
  Source source{static_cast<const uint8_t *>(data), rows, columns, elementSize};
  return packing == PackingKind::mma ? packFragments(source) : packRows(source, packing == PackingKind::wgmma);
}
