//===- ThreadPool.cpp - Threads that share one run ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "ThreadPool.h"

#include <chrono>
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

bool ThreadPool::start(int threads, int spinMicroseconds, Error &error) {
  spinNanoseconds = int64_t(spinMicroseconds) * 1000;
  workers.reserve(threads - 1);
  for (int thread = 1; thread < threads; ++thread) {
    // The standard library reports a refused thread by exception only.
    try {
      workers.emplace_back([this, thread] { work(thread); });
    } catch (const std::system_error &) {
      return error.set(RECKON_UNAVAILABLE, "only " + std::to_string(thread) + " of " + std::to_string(threads) +
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

bool ThreadPool::recentlyUsed() const { return !workers.empty() && now() - lastUse < spinNanoseconds; }

void ThreadPool::markUsed() {
  if (!workers.empty())
    lastUse = now();
}

void ThreadPool::open(Function function, void *context, bool wakeSleepers) {
  // Nobody is inside, so nobody reads these.
  job = function;
  jobContext = context;
  uint64_t generation = (state.load(std::memory_order_relaxed) >> generationShift) + 1;
  // With the increment of `sleeping` before a worker's last look at `state`, one of the two sees the other.
  state.store(generation << generationShift | openBit, std::memory_order_seq_cst);
  if (wakeSleepers && sleeping.load(std::memory_order_seq_cst) != 0) {
    {
      std::lock_guard<std::mutex> lock(mutex);
    }
    wake.notify_all();
  }
}

void ThreadPool::close() {
  uint64_t now = state.fetch_and(~openBit, std::memory_order_acq_rel);
  for (int round = 0; (now & insideMask) != 0; ++round) {
    // A worker inside may have lost its CPU; past some microseconds, offer it this one.
    if (round < 200)
      pauseCpu();
    else
      ::sched_yield();
    now = state.load(std::memory_order_acquire);
  }
}

bool ThreadPool::hasNews(uint64_t last) const {
  uint64_t current = state.load(std::memory_order_seq_cst);
  return ((current & openBit) && current >> generationShift != last) || stopping.load(std::memory_order_relaxed);
}

void ThreadPool::work(int thread) {
  uint64_t last = 0;
  int64_t idleSince = 0;
  for (int round = 0;;) {
    uint64_t current = state.load(std::memory_order_acquire);
    if ((current & openBit) && current >> generationShift != last) {
      if (!state.compare_exchange_weak(current, current + 1, std::memory_order_acq_rel, std::memory_order_relaxed))
        continue;
      last = current >> generationShift;
      job(jobContext, thread);
      state.fetch_sub(1, std::memory_order_release);
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
    if (time - idleSince < spinNanoseconds)
      continue;
    std::unique_lock<std::mutex> lock(mutex);
    sleeping.fetch_add(1, std::memory_order_seq_cst);
    wake.wait(lock, [&] { return hasNews(last); });
    sleeping.fetch_sub(1, std::memory_order_relaxed);
    round = 0;
  }
}
