//===- Compare.h - Whether two tensors are the same answer ----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#ifndef RECKON_REFERENCE_COMPARE_H
#define RECKON_REFERENCE_COMPARE_H

#include "lib/Reference/Tensor.h"

#include <set>

namespace reckon::reference {

/// |actual - expected| <= atol + rtol * |expected|. Integers and booleans must be equal.
struct Tolerance {
  double atol = 2e-6;
  double rtol = 2e-5;
  /// For Expectation: the relative error of a rounding, and what its effect on an output is multiplied by.
  double rounding = 0x1p-23;
  double noiseFactor = 16;
};

/// How far `actual` is from `expected`.
struct Difference {
  double maxAbs = 0, maxRel = 0; // over the elements that are finite in both
  int64_t mismatches = 0;        // elements outside the tolerance
  int64_t excused = 0;           // elements that differ in rows said to be ambiguous, or under an infinite tolerance
  int64_t first = -1;            // flat position of the first mismatch, with its values
  double expected = 0, actual = 0;
  std::string shape; // what is wrong with the shape or element type, when they differ

  bool isMatch() const { return mismatches == 0 && shape.empty(); }
  /// One line for people: "max abs 1e-7, max rel 3e-7" or the first mismatch.
  std::string str() const;
};

/// NaN matches NaN, an infinity itself; an expected value that actual's type cannot hold is taken as an infinity.
/// Integers that differ in rows (indices on the leading dimension) of `ambiguousRows` are excused.
Difference compare(const Tensor &expected, const Tensor &actual, const Tolerance &tolerance = {},
                   const std::set<int64_t> *ambiguousRows = nullptr);

/// Compares the results of a top-k along the last dimension: at each position the element chosen may be another than
/// expected, as long as its true score in `scores` (the input of the top-k) is within the tolerance of the expected
/// element's, and no element is chosen twice.
Difference compareTopK(const Tensor &scores, const Tensor &expectedIndices, const Tensor &actualIndices,
                       const Tolerance &tolerance = {});

} // namespace reckon::reference

#endif // RECKON_REFERENCE_COMPARE_H
