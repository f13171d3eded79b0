//===- Host/Schedule.cpp - How a chain is split over threads --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// The estimates are rough: they have to tell one microsecond from ten, and which of two ways to split is faster when
// they differ. The rates were fitted to the engines of recommenders from 0.1 to 10 MB of weights on one AVX-512 server
// core; on other machines they are off by a common factor, which matters little.
//
//===----------------------------------------------------------------------------===//

#include "Schedule.h"

#include <algorithm>
#include <unistd.h>

using namespace reckon;
using namespace reckon::runtime;

namespace {
constexpr double denseFlopsPerNanosecond = 150; // GEMM tiles
constexpr double looseFlopsPerNanosecond = 8;   // lookups, interaction, top-k: latencies, not arithmetic
constexpr double minFlopsPerRow = 64;           // a row moves something even when nothing was counted
constexpr double cachedBytesPerNanosecond = 65; // weights that a thread keeps in its own cache from run to run
constexpr double sharedBytesPerNanosecond = 29; // weights from further away
constexpr double forkNanoseconds = 1000;        // fork, join, and what an uneven split loses
// Splitting rows also moves the rows' data to another core; below this it never paid.
constexpr double minRowSplitNanoseconds = 8000;

int64_t ceilDiv(int64_t a, int64_t b) { return a / b + (a % b != 0); }

/// A matrix product reads each weight once and uses it once or twice a row, whatever its element type.
bool isDense(const DispatchSpec &dispatch) { return double(dispatch.flopsPerRow) <= 4 * double(dispatch.bytesFixed); }

/// Time of `rows` rows of a share of the columns, when a thread streams weights at `bytesPerNanosecond`.
double estimate(const DispatchSpec &dispatch, double rows, double share, double bytesPerNanosecond) {
  double flops = std::max(double(dispatch.flopsPerRow), minFlopsPerRow) * rows * share;
  if (!isDense(dispatch))
    return flops / looseFlopsPerNanosecond;
  return std::max(flops / denseFlopsPerNanosecond, double(dispatch.bytesFixed) * share / bytesPerNanosecond);
}

double streamRate(const MachineModel &machine, int sharers) {
  // A little more than fits still mostly hits.
  return machine.weightBytes / sharers <= 1.25 * machine.cacheBytes ? cachedBytesPerNanosecond
                                                                    : sharedBytesPerNanosecond;
}

/// Blocks of equal size, so that no thread ends with a sliver. With many blocks the size is a multiple of 12, which is
/// a multiple of the register tiles' heights; with few, balance is worth more than whole tiles.
int64_t evenBlockRows(int64_t rows, int64_t blocks, int64_t maxRows, int threads) {
  int64_t size = ceilDiv(rows, blocks);
  int64_t granule = size >= 48 && (threads == 1 || blocks >= 4 * int64_t(threads)) ? 12 : 1;
  return std::min(ceilDiv(size, granule) * granule, maxRows);
}
} // namespace

double reckon::runtime::privateCacheBytes() {
  long size = ::sysconf(_SC_LEVEL2_CACHE_SIZE);
  return size > 0 ? static_cast<double>(size) : 1 << 20;
}

bool ChainSchedule::isSplit() const {
  return splitRows || std::any_of(columnParts.begin(), columnParts.end(), [](uint32_t parts) { return parts > 1; });
}

ChainSchedule reckon::runtime::scheduleChain(const ChainSpec &chain, int64_t rows, const MachineModel &machine) {
  ChainSchedule result;
  result.columnParts.assign(chain.dispatches.size(), 1);
  if (rows <= 0)
    return result;
  result.rows = rows;
  const int threads = machine.threads;
  int64_t blocks = ceilDiv(rows, int64_t(chain.blockRows));

  double byRows = forkNanoseconds, byColumns = 0;
  double alone = streamRate(machine, 1), shared = streamRate(machine, threads);
  for (size_t i = 0; i < chain.dispatches.size(); ++i) {
    const DispatchSpec &dispatch = chain.dispatches[i];
    result.nanoseconds += estimate(dispatch, double(rows), 1, alone);
    byRows += estimate(dispatch, double(ceilDiv(rows, threads)), 1, alone);
    double whole = estimate(dispatch, double(rows), 1, shared);
    uint32_t parts = std::min<uint32_t>(threads, dispatch.columns);
    double share = double(ceilDiv(dispatch.columns, parts)) / double(dispatch.columns);
    // Columns are split block by block.
    double split = estimate(dispatch, double(rows), share, shared) + forkNanoseconds * double(blocks);
    if (parts > 1 && split < whole)
      result.columnParts[i] = parts;
    byColumns += std::min(split, whole);
  }
  result.splitRows = threads > 1 && rows > 1 && result.nanoseconds >= minRowSplitNanoseconds && byRows < byColumns;
  if (result.splitRows) {
    blocks = std::max<int64_t>(blocks, threads);
    if (blocks < 4 * int64_t(threads))
      blocks = ceilDiv(blocks, threads) * threads;
  }
  result.blockRows = evenBlockRows(rows, blocks, chain.blockRows, threads);
  result.blocks = ceilDiv(rows, result.blockRows);
  return result;
}
