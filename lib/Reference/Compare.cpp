//===- Compare.cpp - Whether two tensors are the same answer ------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "lib/Reference/Compare.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

namespace reckon::reference {

std::string Difference::str() const {
  if (!shape.empty())
    return shape;
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "max abs " << llvm::format("%.3g", maxAbs) << ", max rel " << llvm::format("%.3g", maxRel);
  if (mismatches)
    os << ", " << mismatches << " mismatches, the first at element " << first << ": expected "
       << llvm::format("%.9g", expected) << ", got " << llvm::format("%.9g", actual);
  if (excused)
    os << ", " << excused << " elements excused by near ties";
  return text;
}

static void note(Difference &difference, int64_t i, double expected, double actual) {
  if (difference.mismatches++ == 0) {
    difference.first = i;
    difference.expected = expected;
    difference.actual = actual;
  }
}

static std::string describe(const Tensor &x) { return std::string(enumName(x.kind())) + " " + printShape(x.shape()); }

Difference compare(const Tensor &expected, const Tensor &actual, const Tolerance &tolerance,
                   const std::set<int64_t> *ambiguousRows) {
  Difference difference;
  if (expected.kind() != actual.kind() || expected.shape() != actual.shape()) {
    difference.shape = "expected " + describe(expected) + ", got " + describe(actual);
    return difference;
  }
  int64_t count = expected.numElements();
  int64_t perRow = expected.rank() > 0 && expected.size(0) > 0 ? count / expected.size(0) : count;
  for (int64_t i = 0; i < count; ++i) {
    if (!expected.isFloat()) {
      if (expected.intAt(i) == actual.intAt(i))
        continue;
      if (ambiguousRows && ambiguousRows->count(expected.rank() ? i / perRow : 0))
        ++difference.excused;
      else
        note(difference, i, expected.asDouble(i), actual.asDouble(i));
      continue;
    }
    double e = expected.floatAt(i), a = actual.floatAt(i);
    double representable = roundTo(expected.kind(), e);
    if (std::isinf(representable))
      e = representable;
    if (!std::isfinite(e) || !std::isfinite(a)) {
      if (e == a || (std::isnan(e) && std::isnan(a)))
        continue;
      // With no tolerance left to exceed, rounding decides whether there is a number at all.
      if (std::isinf(tolerance.atol))
        ++difference.excused;
      else
        note(difference, i, e, a);
      continue;
    }
    double distance = std::fabs(a - e);
    difference.maxAbs = std::max(difference.maxAbs, distance);
    if (e != 0)
      difference.maxRel = std::max(difference.maxRel, distance / std::fabs(e));
    if (distance > tolerance.atol + tolerance.rtol * std::fabs(e))
      note(difference, i, e, a);
  }
  return difference;
}

Difference compareTopK(const Tensor &scores, const Tensor &expectedIndices, const Tensor &actualIndices,
                       const Tolerance &tolerance) {
  Difference difference;
  if (expectedIndices.shape() != actualIndices.shape()) {
    difference.shape = "expected " + describe(expectedIndices) + ", got " + describe(actualIndices);
    return difference;
  }
  if (expectedIndices.numElements() == 0)
    return difference;
  int64_t k = expectedIndices.shape().back(), size = scores.shape().back();
  for (int64_t line = 0, lines = expectedIndices.numElements() / k; line < lines; ++line) {
    std::set<int64_t> chosen;
    for (int64_t i = line * k; i < (line + 1) * k; ++i) {
      int64_t expected = expectedIndices.intAt(i), actual = actualIndices.intAt(i);
      bool isNew = chosen.insert(actual).second;
      if (actual == expected && isNew)
        continue;
      if (actual < 0 || actual >= size || !isNew) {
        note(difference, i, expected, actual);
        continue;
      }
      double wanted = scores.asDouble(line * size + expected), got = scores.asDouble(line * size + actual);
      if (std::fabs(got - wanted) > tolerance.atol + tolerance.rtol * std::fabs(wanted))
        note(difference, i, expected, actual);
      else
        ++difference.excused;
    }
  }
  return difference;
}

} // namespace reckon::reference
