//===- Numbers.cpp - Elements as bits and as numbers ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Numbers.h"

#include <cmath>
#include <cstring>

using namespace reckon;

uint16_t reckon::toHalf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  uint16_t sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000)
    return sign | 0x7e00;
  if (magnitude >= 0x477ff000) // rounds to infinity
    return sign | 0x7c00;
  if (magnitude < 0x38800000) { // subnormal: in units of 2^-24
    float scaled = std::nearbyint(std::fabs(value) * 0x1p24f);
    return sign | static_cast<uint16_t>(scaled);
  }
  uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
  return sign | static_cast<uint16_t>((rounded - 0x38000000) >> 13);
}

float reckon::fromHalf(uint16_t half) {
  uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ff;
  if (exponent == 0) {
    float value = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -value : value;
  }
  uint32_t bits = sign | (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23) | fraction << 13;
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

template <typename T> static T load(const void *element) {
  T value;
  std::memcpy(&value, element, sizeof(value));
  return value;
}

double reckon::readNumber(ElementType type, const void *element) {
  switch (type) {
  case ElementType::F32:
    return load<float>(element);
  case ElementType::F64:
    return load<double>(element);
  case ElementType::F16:
    return fromHalf(load<uint16_t>(element));
  case ElementType::BF16: {
    uint32_t bits = static_cast<uint32_t>(load<uint16_t>(element)) << 16;
    return load<float>(&bits);
  }
  case ElementType::I8:
    return load<int8_t>(element);
  case ElementType::I16:
    return load<int16_t>(element);
  case ElementType::I32:
    return load<int32_t>(element);
  case ElementType::I64:
    return static_cast<double>(load<int64_t>(element));
  case ElementType::U8:
  case ElementType::Bool:
    return load<uint8_t>(element);
  case ElementType::U16:
    return load<uint16_t>(element);
  case ElementType::U32:
    return load<uint32_t>(element);
  case ElementType::U64:
    return static_cast<double>(load<uint64_t>(element));
  }
  return 0;
}
