//===- TensorCorePacking.h - Weights in the order tensor-core kernels read ---*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//
//
// A weight of K rows and N columns, elements of 2 or 4 bytes; a chunk is 16 bytes of elements. The first two put
// neighbouring columns of the layer into the registers of one thread, so that it loads and stores 16 bytes of a row.
//
// - `mma`: the A fragments of mma.sync (m16n8k16, or m16n8k8 of tf32) with columns of the layer as rows of A. Order:
//   [block of 64 columns][tile of 16][block of 4 chunks of K][step 0, 1][lane][4 words]. Lane 4*g + q, word 2*h + r,
//   half e of it: column 64*block + 8*g + 2*tile + r; inner index chunk*(4*block + q) + chunk/2*step + chunk/4*h + e.
// - `wgmma`: the transpose, rows of K elements filled up to a multiple of 128 bytes, in groups of 32 rows: row
//   8*j + 2*q + e of a group is column 8*q + 2*j + e.
// - `dot`: the transpose, rows of K elements filled up to a multiple of 16 bytes.
//
// Everything past K or N is zero.
//
//===------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_PACKING_TENSORCOREPACKING_H
#define RECKON_LIB_PACKING_TENSORCOREPACKING_H

#include "lib/Packing/WeightPacking.h"

namespace reckon {

/// The elements a row of K takes in `dot`: whole loads of 16 bytes.
inline int64_t dotRowElements(int64_t k, size_t elementSize) {
  int64_t chunk = 16 / static_cast<int64_t>(elementSize);
  return (k + chunk - 1) / chunk * chunk;
}
/// The same in `wgmma`: whole cache lines, which are what a bulk copy moves of a row.
inline int64_t wgmmaRowElements(int64_t k, size_t elementSize) {
  int64_t line = 128 / static_cast<int64_t>(elementSize);
  return (k + line - 1) / line * line;
}
/// Rows of the `wgmma` packing of N columns.
inline int64_t wgmmaRows(int64_t n) { return (n + 31) / 32 * 32; }

/// As reckon::packWeight, which calls it, for the packings here.
std::optional<PackedWeight> packForTensorCores(plan::PackingKind packing, const void *data, int64_t rows,
                                               int64_t columns, size_t elementSize);

} // namespace reckon

#endif // RECKON_LIB_PACKING_TENSORCOREPACKING_H
