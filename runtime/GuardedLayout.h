//===- GuardedLayout.h - Parts of a memory that are apart -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_GUARDEDLAYOUT_H
#define RECKON_RUNTIME_GUARDEDLAYOUT_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace reckon::runtime {

/// Parts of one memory, each of its exact size, with bytes around it that nobody may write: what a program with checked
/// kernels keeps its buffers in. The gap also parts buffers that a write may jump over.
class GuardedLayout {
public:
  explicit GuardedLayout(uint64_t alignment = 64) : alignment(alignment) {}
  /// Adds a part. False when the sizes exceed 64 bits.
  [[nodiscard]] bool add(uint64_t bytes, uint64_t &offset);
  /// Offset and size of a part.
  std::pair<uint64_t, uint64_t> part(size_t index) const { return parts[index]; }
  /// Of all parts and what lies around them.
  uint64_t bytes() const { return end; }
  /// Fills parts with bytes that are NaN in every float type, and what is around them with others.
  void poison(uint8_t *memory) const;
  /// A byte that was written outside the parts: its offset in the nearest one, negative before it.
  struct Damage {
    size_t part;
    int64_t position;
    uint64_t partBytes;
  };
  /// The first, since poison().
  std::optional<Damage> findDamage(const uint8_t *memory) const;

  static constexpr uint64_t gap = 256;
  static constexpr uint8_t guardByte = 0xa5, poisonByte = 0xff;

private:
  uint64_t alignment;
  uint64_t end = gap;
  std::vector<std::pair<uint64_t, uint64_t>> parts; // offset and size, ascending
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_GUARDEDLAYOUT_H
