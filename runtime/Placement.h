//===- Placement.h - How rows lie in the host's memory --------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Pages of a file are small and lie where they were read. Who asks for something else gets a copy of the rows in memory
// of the process. Smaller tables than PlacedFrom gain nothing and stay where they are.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_PLACEMENT_H
#define RECKON_RUNTIME_PLACEMENT_H

#include "Error.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace reckon::runtime {

struct Placement {
  bool hugePages = false;
  bool interleaved = false; // a page on each NUMA node in turn

  explicit operator bool() const { return hugePages || interleaved; }
  /// "on huge pages, interleaved over NUMA nodes"
  std::string str() const;
};

/// From half of a huge page on AlignedBuffer has whole ones.
inline constexpr uint64_t placedFrom = uint64_t(1) << 20;

/// Whether the system places memory like that for this process; the error says what refuses.
[[nodiscard]] bool checkPlacement(const Placement &placement, Error &error);

/// Of whole pages that nobody has touched.
[[nodiscard]] bool interleave(void *pages, size_t bytes, Error &error);

/// How many bytes of these pieces of memory (begin, bytes) lie on huge pages, from what the system says of the mappings
/// that they lie in; at most all of them.
uint64_t countHugeBytes(const std::vector<std::pair<const void *, uint64_t>> &pieces);

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_PLACEMENT_H
