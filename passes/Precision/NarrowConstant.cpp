//===- NarrowConstant.cpp - Constants in a narrower float type ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// Tables have up to billions of elements, so rounding is integer arithmetic on the bits and not llvm::APFloat.
//
//===-----------------------------------------------------------------------------===//

#include "passes/Precision/NarrowConstant.h"

#include "dialects/Rec/ConstantData.h"

#include "mlir/IR/BuiltinTypes.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace reckon;
using namespace reckon::rec;

static uint32_t getBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

/// Adds half of the last kept unit, less one bit when the kept part is even: ties go to even.
static uint32_t roundAwayBits(uint32_t magnitude, unsigned dropped) {
  return (magnitude + (1u << (dropped - 1)) - 1 + (magnitude >> dropped & 1)) >> dropped;
}

static uint16_t toBFloat(float value) {
  uint32_t bits = getBits(value);
  if (std::isnan(value))
    return (bits >> 16) | 0x40; // stays a NaN
  return roundAwayBits(bits & 0x7fffffff, 16) | (bits >> 16 & 0x8000);
}

static uint16_t toHalf(float value) {
  uint32_t bits = getBits(value), magnitude = bits & 0x7fffffff, sign = bits >> 16 & 0x8000;
  constexpr uint32_t leastNormal = 0x38800000, leastInfinite = 0x477ff000; // 2^-14, 65520
  if (std::isnan(value))
    return sign | 0x7e00;
  if (magnitude >= leastInfinite)
    return sign | 0x7c00;
  if (magnitude < leastNormal) // in units of the least subnormal, 2^-24
    return sign | static_cast<uint16_t>(std::nearbyint(std::fabs(value) * 0x1p24f));
  constexpr uint32_t exponentShift = (127 - 15) << 10;
  return sign | (roundAwayBits(magnitude, 13) - exponentShift);
}

static float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

static float fromBFloat(uint16_t narrow) { return fromBits(uint32_t(narrow) << 16); }

/// Of a number that is not negative.
static float fromHalf(uint16_t half) {
  uint32_t exponent = half >> 10, fraction = half & 0x3ff;
  return exponent == 0 ? fraction * 0x1p-24f : fromBits((exponent + (127 - 15)) << 23 | fraction << 13);
}

namespace {
struct NarrowFormat {
  uint16_t (*convert)(float);
  float (*widen)(uint16_t); ///< of the magnitude of a number
  uint16_t infinity;
};
} // namespace

static NarrowFormat getNarrowFormat(FloatType narrow) {
  if (narrow.isBF16())
    return {toBFloat, fromBFloat, 0x7f80};
  return {toHalf, fromHalf, 0x7c00};
}

/// Calls `visit` with the elements, once for a splat. False when the data is not there.
template <typename Visit> static bool forEachElement(ElementsAttr value, Visit visit) {
  if (auto dense = dyn_cast<DenseElementsAttr>(value); dense && dense.isSplat()) {
    visit(dense.getSplatValue<APFloat>().convertToFloat());
    return true;
  }
  std::optional<ConstantBytes> bytes = getConstantBytes(value);
  if (!bytes)
    return false;
  for (const char *at = bytes->get().begin(), *end = bytes->get().end(); at != end; at += sizeof(float)) {
    float element;
    std::memcpy(&element, at, sizeof(element));
    visit(element);
  }
  return true;
}

std::optional<NarrowingLoss> rec::getNarrowingLoss(ElementsAttr value, FloatType narrow) {
  NarrowFormat format = getNarrowFormat(narrow);
  NarrowingLoss loss;
  bool known = forEachElement(value, [&](float element) {
    uint16_t magnitude = format.convert(element) & 0x7fff;
    if (!std::isfinite(element))
      return;
    if (magnitude == format.infinity)
      loss.overflows = element;
    else if (format.widen(magnitude) != std::fabs(element))
      loss.rounds = element;
    if (magnitude == 0 && element != 0)
      loss.vanishes = element;
  });
  if (!known)
    return std::nullopt;
  return loss;
}

ElementsAttr rec::narrowConstant(ElementsAttr value, FloatType narrow, StringRef name) {
  NarrowFormat format = getNarrowFormat(narrow);
  auto type = RankedTensorType::get(value.getShapedType().getShape(), narrow);
  std::vector<uint16_t> data;
  if (auto dense = dyn_cast<DenseElementsAttr>(value); !dense || !dense.isSplat())
    data.reserve(type.getNumElements());
  if (!forEachElement(value, [&](float element) { data.push_back(format.convert(element)); }))
    return {};
  ArrayRef<char> bytes(reinterpret_cast<const char *>(data.data()), data.size() * sizeof(uint16_t));
  if (int64_t(data.size()) != type.getNumElements())
    return DenseElementsAttr::getFromRawBuffer(type, bytes); // a splat
  return makeConstant(type, bytes, name);
}
