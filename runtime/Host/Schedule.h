//===- Host/Schedule.h - How a chain is split over threads ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_HOST_SCHEDULE_H
#define RECKON_RUNTIME_HOST_SCHEDULE_H

#include "reckon/Engine/EngineSpec.h"

namespace reckon::runtime {

/// The split of one chain for one number of rows.
struct ChainSchedule {
  int64_t rows = 0;
  /// Rows of each block but the last; 0 when there are no rows.
  int64_t blockRows = 0;
  int64_t blocks = 0;
  /// True: threads take blocks, each through all dispatches. False: blocks one after another, dispatches one after
  /// another, each split by columns where `columnParts` says more than 1.
  bool splitRows = false;
  std::vector<uint32_t> columnParts; // one per dispatch
};

/// Chooses by estimated time. `threads` includes the caller.
ChainSchedule scheduleChain(const ChainSpec &chain, int64_t rows, int threads);

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_HOST_SCHEDULE_H
