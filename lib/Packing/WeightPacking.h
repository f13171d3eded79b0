//===- WeightPacking.h - Weights in the order kernels read them ------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//
//
// A GEMM kernel multiplies by a weight of K rows and N columns, stored in one of these ways:
//
// - `panels`, NR wide: ceil(N / NR) panels of NR columns; the last is filled up with zero columns. Panel p starts at
// element
//   p * K * NR, and its element (k, j) is column p * NR + j of row k, at k * NR + j. A register tile NR columns wide
//   then reads memory straight ahead.
// - `columns`: N rows of K elements, the transpose. For few columns: each is the second operand of a dot product.
// - `row_major`: as in the model.
// - `mma`, `wgmma` and `dot`, which GPU kernels read: lib/Packing/TensorCorePacking.h.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_PACKING_WEIGHTPACKING_H
#define RECKON_LIB_PACKING_WEIGHTPACKING_H

#include "dialects/Plan/Packing.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace reckon {

struct PackedWeight {
  std::vector<int64_t> shape; ///< panels x K x NR, or N x K
  std::vector<uint8_t> data;
};

/// Packs `rows` x `columns` row-major elements of `elementSize` bytes; `panelWidth` is for panels alone. nullopt for
/// `row_major`, and for elements of a size that the packing is not made for.
std::optional<PackedWeight> packWeight(plan::PackingKind packing, int64_t panelWidth, const void *data, int64_t rows,
                                       int64_t columns, size_t elementSize);

} // namespace reckon

#endif // RECKON_LIB_PACKING_WEIGHTPACKING_H
