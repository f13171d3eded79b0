//===- Admission.h - Who may use a CPU ------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// As many threads work at a time as there are places, one a CPU; others sleep and are let in first come, first served.
// Without it the system would share the CPUs out among all of them, milliseconds at a time, and a run of a fraction of
// one would wait for several turns of the others.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_ADMISSION_H
#define RECKON_RUNTIME_ADMISSION_H

#include "RunControl.h"

#include <condition_variable>
#include <mutex>

namespace reckon::runtime {

class Admission {
public:
  explicit Admission(int places) : places(static_cast<uint32_t>(places)) {}
  Admission(const Admission &) = delete;
  Admission &operator=(const Admission &) = delete;

  /// Takes a place, after those who asked before. False when the run was ended before it got one.
  [[nodiscard]] bool enter(const RunControl &control);
  /// Takes a place that is free and nobody waits for.
  bool tryEnter();
  /// Gives a place back.
  void leave();
  /// Makes those who wait ask their controls again.
  void interrupt();
  /// To at least this many places.
  void grow(int count);
  /// Whether a helper would take somebody's CPU.
  bool isFull() const { return state.load(std::memory_order_relaxed) >= places.load(std::memory_order_relaxed); }

  /// How often somebody had to wait, and for how long together.
  struct Waits {
    uint64_t count = 0, nanoseconds = 0;
  };
  Waits waits() const;

private:
  struct Waiter {
    std::condition_variable wake;
    bool isAdmitted = false;
    Waiter *next = nullptr;
  };
  bool wait(std::unique_lock<std::mutex> &lock, Waiter &self, const RunControl &control);
  void remove(Waiter &waiter);

  // How many wait, which changes under the mutex alone, then how many are inside.
  static constexpr uint64_t waitingOne = uint64_t(1) << 32;
  alignas(64) std::atomic<uint64_t> state{0};
  std::atomic<uint32_t> places;
  alignas(64) mutable std::mutex mutex;
  Waiter *first = nullptr;
  Waits total;
};

/// A place for as long as this lives.
class AdmissionScope {
public:
  AdmissionScope(Admission &admission, const RunControl &control)
      : admission(admission), admitted(admission.enter(control)) {}
  ~AdmissionScope() {
    if (admitted)
      admission.leave();
  }
  AdmissionScope(const AdmissionScope &) = delete;
  AdmissionScope &operator=(const AdmissionScope &) = delete;
  explicit operator bool() const { return admitted; }

private:
  Admission &admission;
  const bool admitted;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_ADMISSION_H
