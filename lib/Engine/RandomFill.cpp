//===- RandomFill.cpp - Made-up values ------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "RandomFill.h"
#include "Numbers.h"

#include <cstring>

using namespace reckon;

void reckon::fillHalves(uint16_t *data, uint64_t count, uint64_t seed) {
  Random random(seed);
  for (uint64_t i = 0; i < count; ++i)
    data[i] = static_cast<uint16_t>((random.next() >> 40 & 0x83ff) | 0x3800);
}

template <typename T, typename Make> static void fill(void *data, uint64_t elements, Make make) {
  T *values = static_cast<T *>(data);
  for (uint64_t i = 0; i < elements; ++i)
    values[i] = static_cast<T>(make());
}

void reckon::fillRandom(ElementType type, void *data, uint64_t elements, uint64_t seed, uint64_t first) {
  Random random(seed, first);
  auto real = [&] { return static_cast<float>(static_cast<int32_t>(random.next() >> 40) - (1 << 23)) * 0x1p-23f; };
  auto small = [&] { return random.next() >> 61; };
  switch (type) {
  case ElementType::F32:
    return fill<float>(data, elements, real);
  case ElementType::F64:
    return fill<double>(data, elements, real);
  case ElementType::F16:
    return fill<uint16_t>(data, elements, [&] { return toHalf(real()); });
  case ElementType::BF16:
    return fill<uint16_t>(data, elements, [&] {
      float value = real();
      uint32_t bits;
      std::memcpy(&bits, &value, sizeof(bits));
      return static_cast<uint16_t>(bits >> 16);
    });
  case ElementType::I8:
  case ElementType::U8:
    return fill<uint8_t>(data, elements, small);
  case ElementType::I16:
  case ElementType::U16:
    return fill<uint16_t>(data, elements, small);
  case ElementType::I32:
  case ElementType::U32:
    return fill<uint32_t>(data, elements, small);
  case ElementType::I64:
  case ElementType::U64:
    return fill<uint64_t>(data, elements, small);
  case ElementType::Bool:
    return fill<uint8_t>(data, elements, [&] { return random.next() >> 63; });
  }
}
