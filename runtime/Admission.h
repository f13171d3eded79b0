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
// Who leaves keeps his place parked: to come back he changes a word that nobody else writes, unless somebody has taken
// the place.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_ADMISSION_H
#define RECKON_RUNTIME_ADMISSION_H

#include "RunControl.h"

#include <condition_variable>
#include <memory>
#include <mutex>

namespace reckon::runtime {

class Admission {
  /// Of one CPU.
  struct alignas(64) Place {
    std::atomic<uint64_t> guest{0}; // whose it is; the last bit says whether he is inside, 0 that nobody has it
  };

public:
  /// Who comes again and again, inside once at a time.
  class Guest {
  public:
    Guest();
    Guest(const Guest &) = delete;
    Guest &operator=(const Guest &) = delete;

  private:
    friend Admission;
    uint64_t parked() const { return id << 1; }
    uint64_t inside() const { return id << 1 | 1; }
    const uint64_t id;
    Place *place = nullptr; // where he was last
  };

  explicit Admission(int places);
  Admission(const Admission &) = delete;
  Admission &operator=(const Admission &) = delete;

  /// Takes a place, after those who asked before. False when the run was ended before it got one.
  [[nodiscard]] bool enter(Guest &guest, const RunControl &control);
  /// Takes a place that nobody is in and nobody waits for.
  bool tryEnter(Guest &guest);
  /// Gives his place back.
  void leave(Guest &guest);
  /// Makes those who wait ask their controls again.
  void interrupt();
  /// To at least this many places.
  void grow(int count);
  /// Whether a helper would take somebody's CPU.
  bool isFull() const { return hasQueue() || !findEmpty(); }
  /// Whether somebody waits for a place, which is cheaper to know.
  bool hasQueue() const { return waiting.load(std::memory_order_relaxed) != 0; }

  /// How often somebody had to wait, and for how long together.
  struct Waits {
    uint64_t count = 0, nanoseconds = 0;
  };
  Waits waits() const;

private:
  struct Waiter {
    explicit Waiter(Guest &guest) : guest(guest) {}
    Guest &guest;
    std::condition_variable wake;
    bool isAdmitted = false;
    Waiter *next = nullptr;
  };
  bool reenter(Guest &guest);
  bool takeEmpty(Guest &guest);
  const Place *findEmpty() const;
  bool wait(std::unique_lock<std::mutex> &lock, Waiter &self, const RunControl &control);
  bool handOver(Place &place);
  void remove(Waiter &waiter);
  void callFirst();

  const std::unique_ptr<Place[]> places;
  std::atomic<uint32_t> numPlaces;
  alignas(64) std::atomic<uint32_t> waiting{0}; // changes under the mutex alone
  alignas(64) mutable std::mutex mutex;
  Waiter *first = nullptr;
  Waits total;
};

/// A place for as long as this lives.
class AdmissionScope {
public:
  AdmissionScope(Admission &admission, Admission::Guest &guest, const RunControl &control)
      : admission(admission), guest(guest), admitted(admission.enter(guest, control)) {}
  ~AdmissionScope() {
    if (admitted)
      admission.leave(guest);
  }
  AdmissionScope(const AdmissionScope &) = delete;
  AdmissionScope &operator=(const AdmissionScope &) = delete;
  explicit operator bool() const { return admitted; }

private:
  Admission &admission;
  Admission::Guest &guest;
  const bool admitted;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_ADMISSION_H
