//===- Cuda/Staging.cpp - Copies between host and device memory -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Staging.h"

#include <algorithm>
#include <cstring>

using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

bool Staging::reserve(uint64_t size, Error &error) {
  uint64_t chunks = std::min<uint64_t>((size + maxChunk - 1) / maxChunk, maxChunks);
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
  for (uint64_t i = 0; i < capacity / chunkBytes; ++i) {
    events.push_back(std::make_unique<Event>(driver));
    if (!events.back()->create(/*timing=*/false, error)) {
      events.clear();
      return false;
    }
  }
  return true;
}

/// Calls `copy(piece bytes, chunk bytes, count)` for what lies in [begin, end), starting with piece `first`, which
/// moves to the first one that goes on behind the end.
template <typename Copy>
static void forPieces(const std::vector<Staging::Piece> &pieces, size_t &first, uint64_t begin, uint64_t end,
                      uint8_t *chunk, Copy copy) {
  for (size_t i = first; i < pieces.size() && pieces[i].offset < end; ++i) {
    const Staging::Piece &piece = pieces[i];
    uint64_t from = std::max(begin, piece.offset), to = std::min(end, piece.offset + piece.bytes);
    if (from < to)
      copy(static_cast<uint8_t *>(piece.host) + (from - piece.offset), chunk + (from - begin), to - from);
    if (piece.offset + piece.bytes <= end)
      first = i + 1;
  }
}

bool Staging::copyIn(CUdeviceptr base, uint64_t size, const std::vector<Piece> &pieces, CUstream stream, Error &error) {
  if (size == 0)
    return true;
  if (!reserve(size, error))
    return false;
  size_t piece = 0;
  uint64_t chunks = (size + chunkBytes - 1) / chunkBytes;
  for (uint64_t c = 0; c < chunks; ++c) {
    uint64_t begin = c * chunkBytes, end = std::min(begin + chunkBytes, size);
    Event &event = *events[c % events.size()];
    if (c >= events.size() && !driver.cuEventSynchronize(error, event.get()))
      return false;
    forPieces(pieces, piece, begin, end, slot(c),
              [](const uint8_t *host, uint8_t *chunk, uint64_t bytes) { std::memcpy(chunk, host, bytes); });
    if (!driver.cuMemcpyHtoDAsync(error, base + begin, slot(c), end - begin, stream))
      return false;
    if (c + events.size() < chunks && !driver.cuEventRecord(error, event.get(), stream))
      return false;
  }
  return true;
}

bool Staging::copyOut(CUdeviceptr base, uint64_t size, const std::vector<Piece> &pieces, CUstream stream, Error &error,
                      CUevent done) {
  if (!reserve(size, error))
    return false;
  uint64_t chunks = (size + chunkBytes - 1) / chunkBytes;
  auto request = [&](uint64_t c) {
    uint64_t begin = c * chunkBytes, end = std::min(begin + chunkBytes, size);
    return driver.cuMemcpyDtoHAsync(error, slot(c), base + begin, end - begin, stream) &&
           (chunks == 1 || driver.cuEventRecord(error, events[c % events.size()]->get(), stream)) &&
           (!done || c + 1 != chunks || driver.cuEventRecord(error, done, stream));
  };
  for (uint64_t c = 0; c < std::min<uint64_t>(chunks, events.size()); ++c)
    if (!request(c))
      return false;
  size_t piece = 0;
  for (uint64_t c = 0; c < chunks; ++c) {
    if (!(chunks == 1 ? driver.cuStreamSynchronize(error, stream)
                      : driver.cuEventSynchronize(error, events[c % events.size()]->get())))
      return false;
    forPieces(pieces, piece, c * chunkBytes, std::min((c + 1) * chunkBytes, size), slot(c),
              [](uint8_t *host, const uint8_t *chunk, uint64_t bytes) { std::memcpy(host, chunk, bytes); });
    if (c + events.size() < chunks && !request(c + events.size()))
      return false;
  }
  return true;
}
