//===- StridedMap.h - How a tensor lies in memory ---------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_DIALECTS_PLAN_STRIDEDMAP_H
#define RECKON_DIALECTS_PLAN_STRIDEDMAP_H

#include "reckon/Engine/SizeExpr.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace reckon::plan {

/// One axis: how many positions it has, and the distance between neighbours in elements. A distance of 0 shows one
/// element at every position.
struct StridedAxis {
  SizeExpr size, stride;
  bool operator==(const StridedAxis &other) const { return size == other.size && stride == other.stride; }
};

/// The place of a tensor's elements: that at position (i, j, ...) lies i * stride of axis 0 + j * stride of axis 1 +
/// ... elements from the start. Strides in another order than the sizes' are a transposition, those of 0 a broadcast.
struct StridedMap {
  llvm::SmallVector<StridedAxis> axes;

  StridedMap() = default;
  StridedMap(llvm::ArrayRef<SizeExpr> sizes, llvm::ArrayRef<SizeExpr> strides);
  /// Row-major, without gaps.
  static StridedMap getDense(llvm::ArrayRef<SizeExpr> sizes);

  unsigned getRank() const { return axes.size(); }
  llvm::SmallVector<SizeExpr> getStrides() const;
  /// Axes [begin, end) as one, where stepping along it is stepping through them in row-major order. nullopt where that
  /// is not a fixed distance; for no axes, one of a single position.
  std::optional<StridedAxis> merge(unsigned begin, unsigned end) const;
};

} // namespace reckon::plan

#endif // RECKON_DIALECTS_PLAN_STRIDEDMAP_H
