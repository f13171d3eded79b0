//===- TilePlan.h - How a contraction is cut into register tiles -------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// A tile keeps `rows` x `vectors` vectors of sums in registers: rows along one axis of the result, lanes along another,
// the vector axis. Where both operands are contiguous along a summed axis only, lanes may go along that, and are added
// up at the end. Every pair of axes is rated by what its loads, multiplications, copies and stores would take.
//
//===----------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_HOST_TILEPLAN_H
#define RECKON_LIB_CODEGEN_HOST_TILEPLAN_H

#include "lib/Codegen/Host/Target.h"

#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <optional>

namespace reckon::host {

/// What of a contraction is known at compile time.
struct TileAxis {
  std::optional<int64_t> extent;
  bool isSummed = false;
  bool hasWindow = false;         ///< a window's position or offset goes along it
  std::optional<int64_t> a, b, c; ///< strides
};

/// How the lanes of an operand come into a register.
enum class LaneAccess {
  broadcast,  ///< one element for all lanes
  contiguous, ///< neighbours in memory
  packed,     ///< neighbours in a copy made for the purpose
  gathered,   ///< one by one
};

struct TilePlan {
  unsigned vectorAxis = 0;
  std::optional<unsigned> rowAxis;
  int64_t lanes = 1, vectors = 1, rows = 1;
  LaneAccess a = LaneAccess::broadcast, b = LaneAccess::broadcast;
  double cycles = 0; ///< estimated
};

/// The fastest tiles for sums of `elementBits` bits; none when no axis can carry lanes.
std::optional<TilePlan> planTiles(llvm::ArrayRef<TileAxis> axes, const Target &target, unsigned elementBits);

} // namespace reckon::host

#endif // RECKON_LIB_CODEGEN_HOST_TILEPLAN_H
