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

/// What estimates need to know beside the chain.
struct MachineModel {
  int threads = 1;             // the caller included
  double weightBytes = 0;      // that one run of the whole engine reads
  double cacheBytes = 2 << 20; // of a thread's own cache (the second level)
};

/// The second-level cache of this machine in bytes; a guess where the system does not say.
double privateCacheBytes();

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
  double nanoseconds = 0;            // estimate for one thread

  /// Whether there is anything that a second thread could do.
  bool isSplit() const;
};

/// Chooses the split that is estimated to be the fastest.
ChainSchedule scheduleChain(const ChainSpec &chain, int64_t rows, const MachineModel &machine);

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_HOST_SCHEDULE_H
