//===- Cuda/Staging.h - Copies between host and device memory -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Copies of pageable memory go through a ring of pinned chunks: the device copies one while the host fills or empties
// the next, neighbours travel together, and memory of any size needs a bounded ring. One core copies a fifth of what
// the bus carries, so large copies are shared with helper threads.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CUDA_STAGING_H
#define RECKON_RUNTIME_CUDA_STAGING_H

#include "../ThreadPool.h"
#include "CudaMemory.h"

#include <vector>

namespace reckon::runtime::cuda {

class Staging {
public:
  explicit Staging(const Driver &driver) : driver(driver), ring(driver) {}
  const Driver &getDriver() const { return driver; }
  /// How many threads of a pool, the caller included, may work on a large copy; one when this is not called. They start
  /// with the first such copy, and spin as long before they sleep.
  void useThreads(ThreadPool *of, int count, int spinMicroseconds) {
    pool = of;
    threads = count < maxThreads ? count : maxThreads;
    helperSpin = spinMicroseconds;
  }

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
  /// What a copy to the host has beside: an event that is recorded behind it, and what may end the wait for it, after
  /// which the stream may go on writing the ring and nothing else.
  struct Wait {
    CUevent done = nullptr;
    const RunControl *control = nullptr;
  };
  /// Copies [base, base + size) to the pieces, after what the stream has before; waits.
  [[nodiscard]] bool copyOut(CUdeviceptr base, uint64_t size, const std::vector<Piece> &pieces, CUstream stream,
                             const Wait &wait, Error &error);

  void release() {
    events.clear();
    ring.release();
  }

  static constexpr uint64_t maxChunk = uint64_t(2) << 20;
  static constexpr unsigned maxChunks = 16;
  /// What one thread copies at a time.
  static constexpr uint64_t maxUnit = uint64_t(128) << 10;
  /// Copies of fewer bytes are done before a sleeping helper has arrived.
  static constexpr uint64_t minShared = uint64_t(1) << 20;
  /// Enough for 60 GB/s.
  static constexpr int maxThreads = 8;

private:
  enum Direction { In, Out };
  /// One copy, and how far it is. Chunks are opened in order, and units of open chunks are claimed in order.
  struct Transfer {
    const std::vector<Piece> &pieces;
    Direction direction;
    uint64_t size, chunks, units, unitsPerChunk, unitBytes;
    std::atomic<uint64_t> claimed{0}, open{0};
  };

  /// Makes the ring large enough for `size` bytes, as far as it grows.
  [[nodiscard]] bool reserve(uint64_t size, Error &error);
  void startHelpers();
  uint8_t *slot(uint64_t chunk) const { return ring.data() + chunk % events.size() * chunkBytes; }
  std::atomic<uint64_t> &unitsLeft(uint64_t chunk) { return left[chunk % events.size()]; }
  uint64_t chunkEnd(const Transfer &transfer, uint64_t chunk) const;
  /// How many chunks the host and the device may be apart.
  uint64_t lead(const Transfer &transfer) const;
  void openChunk(Transfer &transfer, uint64_t chunk);
  bool copyUnit(Transfer &transfer);
  [[nodiscard]] bool transferIn(Transfer &transfer, CUdeviceptr base, CUstream stream, Error &error);
  [[nodiscard]] bool transferOut(Transfer &transfer, CUdeviceptr base, CUstream stream, const Wait &wait, Error &error);
  template <typename Caller> [[nodiscard]] bool share(Transfer &transfer, Caller caller);

  const Driver &driver;
  PinnedBuffer ring;
  uint64_t chunkBytes = 0;
  std::vector<std::unique_ptr<Event>> events;    // one a chunk of the ring
  std::unique_ptr<std::atomic<uint64_t>[]> left; // units to copy of each chunk of the ring
  ThreadPool *pool = nullptr;
  int threads = 1, helperSpin = 0;
  ThreadPool::Team helpers;
};

} // namespace reckon::runtime::cuda

#endif // RECKON_RUNTIME_CUDA_STAGING_H
