//===- Compare.cpp - How far two tensors are apart ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Compare.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

using namespace reckon::tools;

/// "[3, 17]": where flat element `index` is.
static std::string position(const std::vector<int64_t> &shape, uint64_t index) {
  std::string text = "]";
  for (size_t axis = shape.size(); axis-- > 0;) {
    text = std::to_string(index % shape[axis]) + text;
    index /= shape[axis];
    if (axis > 0)
      text = ", " + text;
  }
  return "[" + text;
}

Comparison reckon::tools::compareTensors(ReckonElementType type, const std::vector<int64_t> &shape, const void *data,
                                         const HostTensor &want, double atol, double rtol) {
  Comparison result;
  if (type != want.type || shape != want.shape) {
    result.equal = false;
    result.detail = std::string("got ") + reckon_element_name(type) + shapeText(shape) + ", expected " +
                    reckon_element_name(want.type) + shapeText(want.shape);
    return result;
  }
  uint64_t count = 0, worst = 0;
  HostTensor::elementCount(shape, count);
  double worstExcess = -1;
  const double infinity = std::numeric_limits<double>::infinity();
  size_t width = reckon_element_size(type);
  const uint8_t *bytes = static_cast<const uint8_t *>(data);
  for (uint64_t i = 0; i < count; ++i) {
    // Wide integers do not fit a double: equal bytes are equal values, whatever the type.
    if (std::memcmp(bytes + i * width, want.data.data() + i * width, width) == 0)
      continue;
    double a = elementAsDouble(type, data, i), b = elementAsDouble(type, want.data.data(), i);
    if (isFloat(type) && (a == b || (std::isnan(a) && std::isnan(b))))
      continue;
    double absolute = std::fabs(a - b), relative = b != 0 ? absolute / std::fabs(b) : infinity;
    if (std::isnan(absolute))
      absolute = relative = infinity;
    result.maxAbsolute = std::max(result.maxAbsolute, absolute);
    result.maxRelative = std::max(result.maxRelative, relative);
    double excess = isFloat(type) ? absolute - (atol + rtol * std::fabs(b)) : absolute;
    if (std::isnan(excess))
      excess = infinity;
    bool mismatch = !isFloat(type) || excess > 0;
    result.mismatches += mismatch;
    if (mismatch && excess > worstExcess) {
      worstExcess = excess;
      worst = i;
    }
  }
  result.equal = result.mismatches == 0;
  if (!result.equal)
    result.detail = std::to_string(result.mismatches) + " of " + std::to_string(count) + " elements differ, worst at " +
                    position(shape, worst) + ": got " + elementText(type, data, worst) + ", expected " +
                    elementText(type, want.data.data(), worst);
  return result;
}
