//===- Host/Schedule.cpp - How a chain is split over threads --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Schedule.h"

#include <algorithm>

using namespace reckon;
using namespace reckon::runtime;

namespace {
// A rough model: it only has to tell a microsecond from ten.
constexpr double flopsPerNanosecond = 40;
constexpr double bytesPerNanosecond = 30; // weights, mostly from the second-level cache
constexpr double minFlopsPerRow = 64;     // a row moves something even when nothing was counted
constexpr double forkNanoseconds = 1500;  // fork, join, and what an uneven split loses

/// The part of a dispatch that grows with the rows, and the part every thread pays when rows are split.
struct Cost {
  double rows, fixed;
  double total() const { return rows + fixed; }
};

Cost estimate(const DispatchSpec &dispatch, int64_t rows) {
  double flops = std::max(double(dispatch.flopsPerRow), minFlopsPerRow);
  return {flops * double(rows) / flopsPerNanosecond, double(dispatch.bytesFixed) / bytesPerNanosecond};
}

int64_t ceilDiv(int64_t a, int64_t b) { return a / b + (a % b != 0); }

/// Blocks of equal size, so that no thread ends with a sliver; multiples of 8 rows where that costs little balance,
/// because register tiles are whole then.
int64_t evenBlockRows(int64_t rows, int64_t blocks, int64_t maxRows) {
  int64_t size = ceilDiv(rows, blocks);
  int64_t granule = size >= 64 ? 8 : size >= 16 ? 4 : 1;
  return std::min(ceilDiv(size, granule) * granule, maxRows);
}
} // namespace

ChainSchedule reckon::runtime::scheduleChain(const ChainSpec &chain, int64_t rows, int threads) {
  ChainSchedule result;
  result.columnParts.assign(chain.dispatches.size(), 1);
  if (rows <= 0)
    return result;
  result.rows = rows;
  int64_t blocks = ceilDiv(rows, int64_t(chain.blockRows));
  if (threads > 1) {
    double byRows = forkNanoseconds, byColumns = 0;
    for (size_t i = 0; i < chain.dispatches.size(); ++i) {
      Cost cost = estimate(chain.dispatches[i], rows);
      byRows += cost.rows / double(std::min<int64_t>(threads, rows)) + cost.fixed;
      uint32_t parts = std::min<uint32_t>(threads, chain.dispatches[i].columns);
      // Columns are split block by block.
      double split = cost.total() / parts + forkNanoseconds * double(blocks);
      if (parts > 1 && split < cost.total())
        result.columnParts[i] = parts;
      byColumns += std::min(split, cost.total());
    }
    result.splitRows = rows > 1 && byRows < byColumns;
    if (result.splitRows) {
      blocks = std::max<int64_t>(blocks, threads);
      if (blocks < 4 * int64_t(threads))
        blocks = ceilDiv(blocks, threads) * threads;
    }
  }
  result.blockRows = evenBlockRows(rows, blocks, chain.blockRows);
  result.blocks = ceilDiv(rows, result.blockRows);
  return result;
}
