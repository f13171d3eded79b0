//===- ThreadPool.cpp - Threads that share runs ---------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "ThreadPool.h"

#include <sched.h>
#include <system_error>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace reckon::runtime;

static void pauseCpu() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

static int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int reckon::runtime::availableCpus() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof(set), &set) != 0)
    return 1;
  int count = CPU_COUNT(&set);
  return count > 0 ? count : 1;
}

bool ThreadPool::grow(int count, Error &error) {
  std::lock_guard<std::mutex> lock(mutex);
  workers.reserve(static_cast<size_t>(count));
  for (int index = static_cast<int>(workers.size()); index < count; ++index) {
    // The standard library reports a refused thread by exception only.
    try {
      workers.emplace_back([this, index] { work(index); });
    } catch (const std::system_error &) {
      return error.set(RECKON_UNAVAILABLE, "only " + std::to_string(index + 1) + " of " + std::to_string(count + 1) +
                                               " threads could be started");
    }
  }
  return true;
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    stopping.store(true);
  }
  wake.notify_all();
  for (std::thread &worker : workers)
    worker.join();
}

//===-- Regions ---------------------------------------------------------------===//

// A team that does not want all workers has neighbours, the same for all of its regions, so that a thread finds in its
// cache what it left there. Teams begin at different ones.
static constexpr uint64_t packWindow(uint64_t first, uint64_t count, uint64_t among) {
  return first | count << 16 | among << 32;
}

bool ThreadPool::Team::start(ThreadPool &of, int count, int spinMicroseconds, Error &error) {
  pool = &of;
  threads = count;
  spinNanoseconds = int64_t(spinMicroseconds) * 1000;
  if (count == 1)
    return true;
  if (!of.grow(count - 1, error))
    return false;
  of.admission.grow(count);
  std::lock_guard<std::mutex> lock(of.mutex);
  int among = static_cast<int>(of.workers.size()), first = of.nextFirst % among;
  of.nextFirst = (first + count - 1) % among;
  window = packWindow(static_cast<uint64_t>(first), static_cast<uint64_t>(count) - 1, static_cast<uint64_t>(among));
  return true;
}

bool ThreadPool::Team::recentlyUsed() const { return threads > 1 && now() - lastUse < spinNanoseconds; }

void ThreadPool::Team::markUsed() {
  if (threads > 1)
    lastUse = now();
}

int ThreadPool::open(const Job &job, uint64_t window, bool wakeSleepers) {
  if (admission.hasQueue())
    return -1;
  uint64_t taken = takenSlots.load(std::memory_order_relaxed), bit;
  do {
    if (~taken == 0)
      return -1;
    bit = ~taken & (taken + 1);
  } while (!takenSlots.compare_exchange_weak(taken, taken | bit, std::memory_order_acquire, std::memory_order_relaxed));
  int index = __builtin_ctzll(bit);
  Slot &slot = slots[index];
  // Nobody is inside, so nobody reads the job.
  slot.job = job;
  slot.window.store(window, std::memory_order_relaxed);
  uint64_t generation = (slot.state.load(std::memory_order_relaxed) >> generationShift) + 1;
  // Seldom: workers read it all the time.
  if (index >= usedSlots.load(std::memory_order_relaxed))
    noteUse(index);
  // With the increment of `sleeping` before a worker's last look, one of the two sees the other.
  slot.state.store(generation << generationShift | openBit, std::memory_order_seq_cst);
  if (wakeSleepers && sleeping.load(std::memory_order_seq_cst) != 0 && !admission.isFull()) {
    {
      std::lock_guard<std::mutex> lock(mutex);
    }
    wake.notify_all();
  }
  return index;
}

void ThreadPool::noteUse(int index) {
  int used = usedSlots.load(std::memory_order_relaxed);
  while (used <= index && !usedSlots.compare_exchange_weak(used, index + 1, std::memory_order_seq_cst))
    ;
}

void ThreadPool::close(int index) {
  Slot &slot = slots[index];
  uint64_t current = slot.state.fetch_and(~openBit, std::memory_order_acq_rel);
  for (int round = 0; (current & insideMask) != 0; ++round) {
    // A worker inside may have lost its CPU; past some microseconds, offer it this one.
    if (round < 200)
      pauseCpu();
    else
      ::sched_yield();
    current = slot.state.load(std::memory_order_acquire);
  }
  takenSlots.fetch_and(~(uint64_t(1) << index), std::memory_order_release);
}

int ThreadPool::findPlace(const Worker &worker, int index, uint64_t &state) const {
  const Slot &slot = slots[index];
  state = slot.state.load(std::memory_order_seq_cst);
  if (!(state & openBit) || state >> generationShift == worker.last[index])
    return 0;
  // May be of a later region, and then `state` is no longer the slot's.
  uint64_t window = slot.window.load(std::memory_order_relaxed);
  int first = window & 0xffff, count = window >> 16 & 0xffff, among = static_cast<int>(window >> 32);
  if (worker.index >= among)
    return 0;
  int place = (worker.index - first + among) % among;
  return place < count ? place + 1 : 0;
}

bool ThreadPool::join(Worker &worker) {
  uint64_t state;
  for (int index = 0, used = usedSlots.load(std::memory_order_acquire); index < used; ++index) {
    int thread = findPlace(worker, index, state);
    if (thread == 0)
      continue;
    if (!admission.tryEnter(worker.guest))
      return false;
    Slot &slot = slots[index];
    // Others come and go; only a region that was closed is lost.
    bool joined = false;
    while (!joined && thread != 0) {
      joined = slot.state.compare_exchange_weak(state, state + 1, std::memory_order_acq_rel, std::memory_order_relaxed);
      if (!joined)
        thread = findPlace(worker, index, state);
    }
    if (joined) {
      worker.last[index] = state >> generationShift;
      worker.spinNanoseconds = slot.job.spinNanoseconds;
      slot.job.function(slot.job.context, thread);
      slot.state.fetch_sub(1, std::memory_order_release);
    }
    admission.leave(worker.guest);
    if (joined)
      return true;
  }
  return false;
}

//===-- Tasks -----------------------------------------------------------------===//

void ThreadPool::submit(Task &task) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    task.next = nullptr;
    Task **end = &firstTask;
    while (*end)
      end = &(*end)->next;
    *end = &task;
    numTasks.fetch_add(1, std::memory_order_relaxed);
  }
  wake.notify_one();
}

bool ThreadPool::withdraw(Task &task) {
  std::lock_guard<std::mutex> lock(mutex);
  Task **place = &firstTask;
  while (*place && *place != &task)
    place = &(*place)->next;
  if (!*place)
    return false;
  *place = task.next;
  numTasks.fetch_sub(1, std::memory_order_relaxed);
  return true;
}

bool ThreadPool::runTask() {
  if (numTasks.load(std::memory_order_relaxed) == 0)
    return false;
  Task *task;
  {
    std::lock_guard<std::mutex> lock(mutex);
    task = firstTask;
    if (!task)
      return false;
    firstTask = task->next;
    numTasks.fetch_sub(1, std::memory_order_relaxed);
  }
  task->run(task->context);
  return true;
}

//===-- Workers ---------------------------------------------------------------===//

bool ThreadPool::hasNews(const Worker &worker) const {
  if (stopping.load(std::memory_order_relaxed) || firstTask)
    return true;
  uint64_t state;
  for (int index = 0, used = usedSlots.load(std::memory_order_seq_cst); index < used; ++index)
    if (findPlace(worker, index, state) != 0)
      return !admission.isFull();
  return false;
}

void ThreadPool::work(int index) {
  Worker worker(index);
  int64_t idleSince = 0;
  for (int round = 0;;) {
    if (runTask() || join(worker)) {
      round = 0;
      continue;
    }
    if (stopping.load(std::memory_order_relaxed))
      return;
    pauseCpu();
    if (++round % 64 != 0)
      continue;
    int64_t time = now();
    if (round == 64)
      idleSince = time;
    // Who spins has a CPU, which callers may be waiting for.
    if (time - idleSince < worker.spinNanoseconds && !admission.isFull())
      continue;
    std::unique_lock<std::mutex> lock(mutex);
    sleeping.fetch_add(1, std::memory_order_seq_cst);
    wake.wait(lock, [&] { return hasNews(worker); });
    sleeping.fetch_sub(1, std::memory_order_relaxed);
    round = 0;
  }
}
