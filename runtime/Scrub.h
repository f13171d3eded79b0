//===- Scrub.h - Rows are checked in the background ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_SCRUB_H
#define RECKON_RUNTIME_SCRUB_H

#include "RowChecks.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace reckon::runtime {

/// A thread that checks the rows nobody has checked, at a pace, on a CPU that nobody else wants. What is damaged goes
/// to the log, and fails the runs that read it.
class Scrub {
public:
  Scrub() = default;
  ~Scrub();
  Scrub(const Scrub &) = delete;
  Scrub &operator=(const Scrub &) = delete;

  /// `checks` outlives this. Throws where there is no thread.
  void start(RowChecks &checks, uint64_t bytesPerSecond);

private:
  /// The thread's too: the log's callback may close the engine.
  struct State {
    std::mutex mutex;
    std::condition_variable ends;
    bool mustEnd = false;
  };
  static void run(State &state, RowChecks &checks, uint64_t bytesPerSecond);

  std::shared_ptr<State> state;
  std::thread thread;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_SCRUB_H
