//===- AlignedBuffer.h - Memory for arenas and tables ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_ALIGNEDBUFFER_H
#define RECKON_RUNTIME_ALIGNEDBUFFER_H

#include "Placement.h"

namespace reckon::runtime {

/// Uninitialised memory aligned to 64 bytes; large ones lie on huge pages where the system grants them: random lookups
/// are bound by address translation otherwise, and what is meant to stay in a cache evicts itself.
class AlignedBuffer {
public:
  AlignedBuffer() = default;
  ~AlignedBuffer() { release(); }
  AlignedBuffer(AlignedBuffer &&other) noexcept
      : address(std::exchange(other.address, nullptr)), bytes(std::exchange(other.bytes, 0)),
        mapped(std::exchange(other.mapped, 0)) {}
  AlignedBuffer &operator=(AlignedBuffer &&other) noexcept {
    std::swap(address, other.address);
    std::swap(bytes, other.bytes);
    std::swap(mapped, other.mapped);
    return *this;
  }

  /// Drops the contents. False when there is no memory, or when `size` is more than the machine has; the buffer is then
  /// empty. Never null after success.
  [[nodiscard]] bool allocate(size_t size);
  /// Lets what was just allocated, of placedFrom bytes or more, lie as it is asked for.
  [[nodiscard]] bool place(const Placement &placement, Error &error) {
    return !placement.interleaved || mapped == 0 || interleave(address, mapped, error);
  }
  uint8_t *data() const { return address; }
  size_t size() const { return bytes; }

private:
  void release();

  uint8_t *address = nullptr;
  size_t bytes = 0;
  size_t mapped = 0; // bytes of the mapping; 0: from the heap
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_ALIGNEDBUFFER_H
