//===- Cuda/Staging.cpp - Copies between host and device memory -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Staging.h"

#include <algorithm>
#include <cstring>
#include <sched.h>

using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

static uint64_t ceilDiv(uint64_t a, uint64_t b) { return (a + b - 1) / b; }

bool Staging::reserve(uint64_t size, Error &error) {
  uint64_t chunks = std::min<uint64_t>(ceilDiv(size, maxChunk), maxChunks);
  uint64_t wanted = chunks > 1 ? chunks * maxChunk : size;
  if (ring.size() >= wanted && !events.empty())
    return true;
  // Powers of two, so that slowly growing sizes do not allocate each time.
  uint64_t capacity = 64 << 10;
  while (capacity < wanted)
    capacity *= 2;
  events.clear();
  if (!ring.allocate(capacity, error))
    return false;
  chunkBytes = std::min(capacity, maxChunk);
  left = std::make_unique<std::atomic<uint64_t>[]>(capacity / chunkBytes);
  for (uint64_t i = 0; i < capacity / chunkBytes; ++i) {
    events.push_back(std::make_unique<Event>(driver));
    if (!events.back()->create(/*timing=*/false, error)) {
      events.clear();
      return false;
    }
  }
  return true;
}

void Staging::startHelpers() {
  if (!pool || threads <= helpers.size())
    return;
  Error ignored;
  // With none it is slower and no failure.
  if (!helpers.start(*pool, threads, helperSpin, ignored))
    pool = nullptr;
}

//===-- Chunks and units ------------------------------------------------------===//

uint64_t Staging::chunkEnd(const Transfer &transfer, uint64_t chunk) const {
  return std::min((chunk + 1) * chunkBytes, transfer.size);
}

uint64_t Staging::lead(const Transfer &transfer) const {
  // Half of the ring is the device's, half the host's, unless all of the copy has its place.
  return transfer.chunks <= events.size() ? transfer.chunks : events.size() / 2;
}

void Staging::openChunk(Transfer &transfer, uint64_t chunk) {
  uint64_t end = std::min((chunk + 1) * transfer.unitsPerChunk, transfer.units);
  unitsLeft(chunk).store(end - chunk * transfer.unitsPerChunk, std::memory_order_relaxed);
  transfer.open.store(end, std::memory_order_release);
}

/// Copies the next unit of an open chunk; false when there is none.
bool Staging::copyUnit(Transfer &transfer) {
  uint64_t unit = transfer.claimed.load(std::memory_order_relaxed);
  do {
    if (unit >= transfer.open.load(std::memory_order_acquire))
      return false;
  } while (!transfer.claimed.compare_exchange_weak(unit, unit + 1, std::memory_order_relaxed));
  uint64_t chunk = unit / transfer.unitsPerChunk, chunkBegin = chunk * chunkBytes;
  uint64_t begin = chunkBegin + unit % transfer.unitsPerChunk * transfer.unitBytes;
  uint64_t end = std::min(begin + transfer.unitBytes, chunkEnd(transfer, chunk));
  auto piece = std::partition_point(transfer.pieces.begin(), transfer.pieces.end(),
                                    [&](const Piece &piece) { return piece.offset + piece.bytes <= begin; });
  for (; piece != transfer.pieces.end() && piece->offset < end; ++piece) {
    uint64_t from = std::max(begin, piece->offset), to = std::min(end, piece->offset + piece->bytes);
    if (from >= to)
      continue;
    uint8_t *host = static_cast<uint8_t *>(piece->host) + (from - piece->offset);
    uint8_t *staged = slot(chunk) + (from - chunkBegin);
    std::memcpy(transfer.direction == In ? staged : host, transfer.direction == In ? host : staged, to - from);
  }
  unitsLeft(chunk).fetch_sub(1, std::memory_order_release);
  return true;
}

/// Runs `caller()` while helpers copy units, and ends them when it fails.
template <typename Caller> bool Staging::share(Transfer &transfer, Caller caller) {
  bool success = true;
  auto body = [&](int thread) {
    if (thread == 0) {
      success = caller();
      if (!success)
        transfer.claimed.store(transfer.units, std::memory_order_relaxed);
      return;
    }
    for (int idle = 0; transfer.claimed.load(std::memory_order_relaxed) < transfer.units;)
      if (copyUnit(transfer))
        idle = 0;
      else if (++idle > 1000)
        ::sched_yield();
  };
  if (transfer.size < minShared) {
    body(0);
    return success;
  }
  startHelpers();
  helpers.run(body);
  return success;
}

//===-- Copies ----------------------------------------------------------------===//

bool Staging::transferIn(Transfer &transfer, CUdeviceptr base, CUstream stream, Error &error) {
  uint64_t opened = 0, slots = events.size();
  for (uint64_t c = 0; c < transfer.chunks; ++c) {
    for (; opened < std::min(transfer.chunks, c + lead(transfer)); ++opened) {
      if (opened >= slots && !driver.cuEventSynchronize(error, events[opened % slots]->get()))
        return false;
      openChunk(transfer, opened);
    }
    while (unitsLeft(c).load(std::memory_order_acquire) != 0)
      copyUnit(transfer);
    uint64_t begin = c * chunkBytes;
    if (!driver.cuMemcpyHtoDAsync(error, base + begin, slot(c), chunkEnd(transfer, c) - begin, stream))
      return false;
    if (c + slots < transfer.chunks && !driver.cuEventRecord(error, events[c % slots]->get(), stream))
      return false;
  }
  return true;
}

bool Staging::transferOut(Transfer &transfer, CUdeviceptr base, CUstream stream, const Wait &wait, Error &error) {
  uint64_t requested = 0, slots = events.size();
  auto request = [&](uint64_t c) {
    uint64_t begin = c * chunkBytes;
    return driver.cuMemcpyDtoHAsync(error, slot(c), base + begin, chunkEnd(transfer, c) - begin, stream) &&
           (transfer.chunks == 1 || driver.cuEventRecord(error, events[c % slots]->get(), stream)) &&
           (!wait.done || c + 1 != transfer.chunks || driver.cuEventRecord(error, wait.done, stream));
  };
  for (uint64_t c = 0; c < transfer.chunks; ++c) {
    for (; requested < std::min(transfer.chunks, c + lead(transfer)); ++requested) {
      while (requested >= slots && unitsLeft(requested).load(std::memory_order_acquire) != 0)
        copyUnit(transfer);
      if (!request(requested))
        return false;
    }
    if (!(transfer.chunks == 1 ? waitForStream(driver, stream, wait.control, error)
                               : waitForEvent(driver, events[c % slots]->get(), wait.control, error)))
      return false;
    openChunk(transfer, c);
    while (copyUnit(transfer)) {
    }
  }
  return true;
}

static uint64_t unitBytes(uint64_t chunkBytes) { return std::min(chunkBytes, Staging::maxUnit); }

bool Staging::copyIn(CUdeviceptr base, uint64_t size, const std::vector<Piece> &pieces, CUstream stream, Error &error) {
  if (size == 0)
    return true;
  if (!reserve(size, error))
    return false;
  uint64_t unit = unitBytes(chunkBytes);
  Transfer transfer{pieces, In, size, ceilDiv(size, chunkBytes), ceilDiv(size, unit), chunkBytes / unit, unit, {}, {}};
  return share(transfer, [&] { return transferIn(transfer, base, stream, error); });
}

bool Staging::copyOut(CUdeviceptr base, uint64_t size, const std::vector<Piece> &pieces, CUstream stream,
                      const Wait &wait, Error &error) {
  if (!reserve(size, error))
    return false;
  uint64_t unit = unitBytes(chunkBytes);
  Transfer transfer{pieces, Out, size, ceilDiv(size, chunkBytes), ceilDiv(size, unit), chunkBytes / unit, unit, {}, {}};
  return share(transfer, [&] { return transferOut(transfer, base, stream, wait, error); });
}
