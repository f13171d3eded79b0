//===- RunControl.h - What may end a run early ----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_RUNCONTROL_H
#define RECKON_RUNTIME_RUNCONTROL_H

#include "Error.h"

#include <atomic>
#include <chrono>

namespace reckon::runtime {

/// A wish to end one run early, and the time by which it ends by itself. Asked by the threads that work on the run.
class RunControl {
public:
  using Clock = std::chrono::steady_clock;

  /// For the next run. 0: no deadline. Of a run that is not interruptible nobody looks once a device has it.
  void begin(bool isInterruptible, int64_t timeoutMicroseconds) {
    cancelled.store(false, std::memory_order_relaxed);
    interruptible = isInterruptible;
    timeout = timeoutMicroseconds;
    deadline = Clock::time_point::max();
    // What cannot be counted in nanoseconds from now on never comes.
    std::chrono::microseconds left(timeout);
    if (timeout > 0 && left < std::chrono::duration_cast<std::chrono::microseconds>(deadline - Clock::now()))
      deadline = Clock::now() + left;
  }
  /// From any thread.
  void cancel() { cancelled.store(true, std::memory_order_relaxed); }

  bool isInterruptible() const { return interruptible; }
  bool hasDeadline() const { return deadline != Clock::time_point::max(); }
  Clock::time_point getDeadline() const { return deadline; }
  bool isCancelled() const { return cancelled.load(std::memory_order_relaxed); }
  bool mustStop() const { return isCancelled() || (hasDeadline() && Clock::now() >= deadline); }

  /// Sets the error of a run that stopped; false.
  bool setError(Error &error) const {
    if (isCancelled())
      return error.set(RECKON_CANCELLED, "the run was cancelled");
    return error.set(RECKON_DEADLINE, "the run did not end within its " + std::to_string(timeout) + " us");
  }

private:
  std::atomic<bool> cancelled{false};
  bool interruptible = false;
  int64_t timeout = 0;
  Clock::time_point deadline = Clock::time_point::max();
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_RUNCONTROL_H
