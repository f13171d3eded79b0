//===- Cuda/Staging.h - Copies between host and device memory -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Copies go through a ring of pinned chunks: the device copies one while the host fills or empties the next, neighbours
// travel together, and memory of any size needs a bounded ring.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CUDA_STAGING_H
#define RECKON_RUNTIME_CUDA_STAGING_H

#include "CudaMemory.h"

#include <vector>

namespace reckon::runtime::cuda {

class Staging {
public:
  explicit Staging(const Driver &driver) : driver(driver), ring(driver) {}

  /// A part of a region of device memory, and its host memory.
  struct Piece {
    uint64_t offset; // ascending, without overlap
    uint64_t bytes;
    void *host;
  };

  /// Enqueues copies of [base, base + size) from the pieces; what lies between them is undefined. The pieces have been
  /// read when it returns. Nothing else may use the ring until the stream has done it.
  [[nodiscard]] bool copyIn(CUdeviceptr base, uint64_t size, const std::vector<Piece> &pieces, CUstream stream,
                            Error &error);
  /// Copies [base, base + size) to the pieces, after what the stream has before; waits. `done`, when given, is recorded
  /// behind the last copy.
  [[nodiscard]] bool copyOut(CUdeviceptr base, uint64_t size, const std::vector<Piece> &pieces, CUstream stream,
                             Error &error, CUevent done = nullptr);

  void release() {
    events.clear();
    ring.release();
  }

  static constexpr uint64_t maxChunk = uint64_t(2) << 20;
  static constexpr unsigned maxChunks = 16;

private:
  /// Makes the ring large enough for `size` bytes, as far as it grows.
  [[nodiscard]] bool reserve(uint64_t size, Error &error);
  uint8_t *slot(uint64_t chunk) const { return ring.data() + chunk % events.size() * chunkBytes; }

  const Driver &driver;
  PinnedBuffer ring;
  uint64_t chunkBytes = 0;
  std::vector<std::unique_ptr<Event>> events; // one a chunk of the ring
};

} // namespace reckon::runtime::cuda

#endif // RECKON_RUNTIME_CUDA_STAGING_H
