//===- Admission.cpp - Who may use a CPU ----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Admission.h"

#include <algorithm>

using namespace reckon::runtime;

/// Contexts may ask for this many threads, more than there are CPUs.
static constexpr int maxPlaces = 1024;

static uint64_t nextId() {
  static std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

static bool isInside(uint64_t guest) { return guest & 1; }

Admission::Guest::Guest() : id(nextId()) {}

Admission::Admission(int count)
    : places(std::make_unique<Place[]>(static_cast<size_t>(std::max(count, maxPlaces)))),
      numPlaces(static_cast<uint32_t>(count)) {}

//===-- Places ----------------------------------------------------------------===//

/// His own place, while nobody else has taken it.
bool Admission::reenter(Guest &guest) {
  uint64_t parked = guest.parked();
  return guest.place && guest.place->guest.compare_exchange_strong(parked, guest.inside(), std::memory_order_acquire,
                                                                   std::memory_order_relaxed);
}

bool Admission::takeEmpty(Guest &guest) {
  uint32_t count = numPlaces.load(std::memory_order_acquire);
  for (uint32_t i = 0; i < count; ++i) {
    // Not all from the same one on: they would write to one place's word.
    Place &place = places[(guest.id + i) % count];
    // Against leave(), which makes it empty and then looks for those who wait, as they have themselves counted first.
    uint64_t seen = place.guest.load(std::memory_order_seq_cst);
    if (isInside(seen) || !place.guest.compare_exchange_strong(seen, guest.inside(), std::memory_order_seq_cst))
      continue;
    guest.place = &place;
    return true;
  }
  return false;
}

const Admission::Place *Admission::findEmpty() const {
  uint32_t count = numPlaces.load(std::memory_order_relaxed);
  for (uint32_t i = 0; i < count; ++i)
    if (!isInside(places[i].guest.load(std::memory_order_relaxed)))
      return &places[i];
  return nullptr;
}

bool Admission::tryEnter(Guest &guest) { return !hasQueue() && (reenter(guest) || takeEmpty(guest)); }

bool Admission::enter(Guest &guest, const RunControl &control) {
  if (tryEnter(guest))
    return true;
  std::unique_lock<std::mutex> lock(mutex);
  Waiter self(guest);
  Waiter **end = &first;
  while (*end)
    end = &(*end)->next;
  *end = &self;
  waiting.fetch_add(1, std::memory_order_seq_cst);
  auto start = RunControl::Clock::now();
  bool admitted = wait(lock, self, control);
  ++total.count;
  total.nanoseconds += static_cast<uint64_t>((RunControl::Clock::now() - start).count());
  return admitted;
}

void Admission::leave(Guest &guest) {
  if (hasQueue() && handOver(*guest.place))
    return;
  guest.place->guest.exchange(guest.parked(), std::memory_order_seq_cst);
  if (waiting.load(std::memory_order_seq_cst) == 0)
    return;
  std::lock_guard<std::mutex> lock(mutex);
  callFirst();
}

void Admission::grow(int count) {
  std::lock_guard<std::mutex> lock(mutex);
  uint32_t wanted = static_cast<uint32_t>(std::min(count, maxPlaces));
  if (wanted <= numPlaces.load(std::memory_order_relaxed))
    return;
  numPlaces.store(wanted, std::memory_order_release);
  callFirst();
}

//===-- The queue -------------------------------------------------------------===//

bool Admission::wait(std::unique_lock<std::mutex> &lock, Waiter &self, const RunControl &control) {
  for (;;) {
    if (self.isAdmitted)
      return true;
    bool isLate = control.hasDeadline() && RunControl::Clock::now() >= control.getDeadline();
    bool admitted = !isLate && !control.isCancelled() && first == &self && takeEmpty(self.guest);
    if (admitted || isLate || control.isCancelled()) {
      remove(self);
      return admitted;
    }
    if (control.hasDeadline())
      self.wake.wait_until(lock, control.getDeadline());
    else
      self.wake.wait(lock);
  }
}

void Admission::remove(Waiter &waiter) {
  Waiter **link = &first;
  while (*link != &waiter)
    link = &(*link)->next;
  *link = waiter.next;
  waiting.fetch_sub(1, std::memory_order_relaxed);
  callFirst();
}

/// Who has become the first has not been told of places that were parked before.
void Admission::callFirst() {
  if (first && findEmpty())
    first->wake.notify_one();
}

/// The place goes to the first without ever being empty, or whoever runs already would always be faster.
bool Admission::handOver(Place &place) {
  std::lock_guard<std::mutex> lock(mutex);
  if (!first)
    return false;
  Waiter &next = *first;
  place.guest.store(next.guest.inside(), std::memory_order_release);
  next.guest.place = &place;
  next.isAdmitted = true;
  next.wake.notify_one();
  remove(next);
  return true;
}

void Admission::interrupt() {
  std::lock_guard<std::mutex> lock(mutex);
  for (Waiter *waiter = first; waiter; waiter = waiter->next)
    waiter->wake.notify_one();
}

Admission::Waits Admission::waits() const {
  std::lock_guard<std::mutex> lock(mutex);
  return total;
}
