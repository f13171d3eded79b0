//===- RandomFill.h - Made-up values --------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_ENGINE_RANDOMFILL_H
#define RECKON_LIB_ENGINE_RANDOMFILL_H

#include "reckon/Engine/Enums.h"

namespace reckon {

/// SplitMix64: one multiplication chain per number, good enough for test data, the same on every machine.
class Random {
public:
  /// From number `first` of the sequence on.
  explicit Random(uint64_t seed, uint64_t first = 0) : state(seed + first * step) {}
  uint64_t next() {
    uint64_t value = state += step;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
  }
  /// In [0, bound); `bound` is positive.
  uint64_t below(uint64_t bound) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
  }
  /// In [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

private:
  static constexpr uint64_t step = 0x9e3779b97f4a7c15;
  uint64_t state;
};

/// Floats in [-1, 1), integers in [0, 8), booleans of either kind. `data` is aligned to its element. Element i depends
/// on the seed and on `first` + i only, so a long run of them can be made in pieces.
void fillRandom(ElementType type, void *data, uint64_t elements, uint64_t seed, uint64_t first = 0);

/// IEEE binary16 in (-1, -0.5] and [0.5, 1). Read as f32 or bf16, the same bits are small numbers, none of them
/// subnormal.
void fillHalves(uint16_t *data, uint64_t count, uint64_t seed);

} // namespace reckon

#endif // RECKON_LIB_ENGINE_RANDOMFILL_H
