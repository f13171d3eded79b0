//===- Counters.h - What an engine has done -------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_COUNTERS_H
#define RECKON_RUNTIME_COUNTERS_H

#include "Error.h"

#include <array>
#include <atomic>
#include <mutex>
#include <vector>

namespace reckon::runtime {

/// Every status, with its name in metrics.
#define RECKON_STATUSES(X)                                                                                             \
  X(RECKON_OK, "ok")                                                                                                   \
  X(RECKON_INVALID, "invalid")                                                                                         \
  X(RECKON_UNSUPPORTED, "unsupported")                                                                                 \
  X(RECKON_UNAVAILABLE, "unavailable")                                                                                 \
  X(RECKON_INTERNAL, "internal")                                                                                       \
  X(RECKON_CANCELLED, "cancelled")                                                                                     \
  X(RECKON_DEADLINE, "deadline")
constexpr size_t numStatuses = RECKON_DEADLINE + 1;

/// What one run does.
struct RunWork {
  uint64_t rows = 0, tableBytes = 0, inputBytes = 0, outputBytes = 0;
};

/// Of one context, which one thread at a time adds to and any may read.
struct alignas(64) RunCounters {
  std::atomic<uint64_t> runs{0}, rows{0}, tableBytes{0}, inputBytes{0}, outputBytes{0};
  std::array<std::atomic<uint64_t>, numStatuses> failures{};

  void succeeded(const RunWork &work) {
    add(runs, 1);
    add(rows, work.rows);
    add(tableBytes, work.tableBytes);
    add(inputBytes, work.inputBytes);
    add(outputBytes, work.outputBytes);
  }
  void failed(ReckonStatus code) { add(failures[static_cast<size_t>(code) % numStatuses], 1); }
  void addTo(RunCounters &sum) const;

private:
  /// No one else adds, so this needs no locked instruction.
  static void add(std::atomic<uint64_t> &counter, uint64_t value) {
    counter.store(counter.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
  }
};

/// Of all contexts of an engine, those that are gone included.
class Counters {
public:
  void add(const RunCounters &context);
  void remove(const RunCounters &context);
  void read(RunCounters &sum) const;

private:
  mutable std::mutex mutex;
  std::vector<const RunCounters *> live;
  RunCounters gone;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_COUNTERS_H
