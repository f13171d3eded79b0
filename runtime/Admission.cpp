//===- Admission.cpp - Who may use a CPU ----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Admission.h"

using namespace reckon::runtime;

bool Admission::tryEnter() {
  uint64_t now = state.load(std::memory_order_relaxed);
  // Somebody who waits makes it larger than any number of places.
  while (now < places.load(std::memory_order_relaxed))
    if (state.compare_exchange_weak(now, now + 1, std::memory_order_acquire, std::memory_order_relaxed))
      return true;
  return false;
}

bool Admission::enter(const RunControl &control) {
  if (tryEnter())
    return true;
  std::unique_lock<std::mutex> lock(mutex);
  uint64_t now = state.load(std::memory_order_relaxed);
  for (;;) {
    bool isFree = now < places.load(std::memory_order_relaxed);
    if (!state.compare_exchange_weak(now, isFree ? now + 1 : now + waitingOne, std::memory_order_acquire,
                                     std::memory_order_relaxed))
      continue;
    if (isFree)
      return true;
    break;
  }
  Waiter self;
  Waiter **end = &first;
  while (*end)
    end = &(*end)->next;
  *end = &self;
  auto start = RunControl::Clock::now();
  bool admitted = wait(lock, self, control);
  ++total.count;
  total.nanoseconds += static_cast<uint64_t>((RunControl::Clock::now() - start).count());
  return admitted;
}

bool Admission::wait(std::unique_lock<std::mutex> &lock, Waiter &self, const RunControl &control) {
  auto isOver = [&] { return self.isAdmitted || control.isCancelled(); };
  if (control.hasDeadline())
    self.wake.wait_until(lock, control.getDeadline(), isOver);
  else
    self.wake.wait(lock, isOver);
  if (self.isAdmitted)
    return true;
  remove(self);
  state.fetch_sub(waitingOne, std::memory_order_relaxed);
  return false;
}

void Admission::remove(Waiter &waiter) {
  Waiter **place = &first;
  while (*place != &waiter)
    place = &(*place)->next;
  *place = waiter.next;
}

void Admission::leave() {
  uint64_t now = state.load(std::memory_order_relaxed);
  while (now < waitingOne)
    if (state.compare_exchange_weak(now, now - 1, std::memory_order_release, std::memory_order_relaxed))
      return;
  std::lock_guard<std::mutex> lock(mutex);
  if (!first) {
    state.fetch_sub(1, std::memory_order_release);
    return;
  }
  // The place goes to the first one without ever being free, or whoever runs already would always be faster.
  Waiter &next = *first;
  first = next.next;
  state.fetch_sub(waitingOne, std::memory_order_release);
  next.isAdmitted = true;
  next.wake.notify_one();
}

void Admission::interrupt() {
  std::lock_guard<std::mutex> lock(mutex);
  for (Waiter *waiter = first; waiter; waiter = waiter->next)
    waiter->wake.notify_one();
}

void Admission::grow(int count) {
  std::lock_guard<std::mutex> lock(mutex);
  if (static_cast<uint32_t>(count) <= places.load(std::memory_order_relaxed))
    return;
  uint32_t added = static_cast<uint32_t>(count) - places.load(std::memory_order_relaxed);
  places.store(static_cast<uint32_t>(count), std::memory_order_relaxed);
  for (; added > 0 && first; --added) {
    Waiter &next = *first;
    first = next.next;
    state.fetch_sub(waitingOne - 1, std::memory_order_release);
    next.isAdmitted = true;
    next.wake.notify_one();
  }
}

Admission::Waits Admission::waits() const {
  std::lock_guard<std::mutex> lock(mutex);
  return total;
}
