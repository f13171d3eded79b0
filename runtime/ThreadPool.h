//===- ThreadPool.h - Threads that share runs -----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// A fork-join pool for regions of a few microseconds, shared by the contexts of an engine. Workers spin for a bounded
// time before they sleep, and join a region only if it is still open when they see it and a CPU is free: the caller
// never waits for a thread that has not started to help.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_THREADPOOL_H
#define RECKON_RUNTIME_THREADPOOL_H

#include "Admission.h"

#include <condition_variable>
#include <thread>
#include <vector>

namespace reckon::runtime {

/// The CPUs that this process may use.
int availableCpus();

class ThreadPool {
public:
  /// `cpus` threads work at a time, callers that were admitted included.
  explicit ThreadPool(int cpus = availableCpus()) : admission(cpus) {}
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  /// Makes sure that there are so many workers. Thread-safe.
  [[nodiscard]] bool grow(int workers, Error &error);

  /// The part of the pool that may help one caller.
  class Team {
  public:
    Team() = default;
    /// `threads` includes the caller of run(). The pool grows to that, and to as many CPUs: whoever asks for more
    /// threads than there are wants them.
    [[nodiscard]] bool start(ThreadPool &pool, int threads, int spinMicroseconds, Error &error);
    int size() const { return threads; }

    /// Calls body(thread) on the caller (thread 0) and on every worker that arrives before the caller's call returns,
    /// and returns when all of them have. So body(0) must itself leave no work undone: it claims from a shared counter
    /// until nothing is left. Not reentrant; one caller of a team at a time.
    /// With `wakeSleepers` false only workers that still spin can arrive.
    template <typename Body> void run(Body &body, bool wakeSleepers = true) {
      int slot = threads == 1 ? -1
                              : pool->open({[](void *context, int thread) { (*static_cast<Body *>(context))(thread); },
                                            &body, spinNanoseconds},
                                           window, wakeSleepers);
      body(0);
      if (slot >= 0)
        pool->close(slot);
    }

    /// Whether markUsed() was called so short a time ago that a worker that came then would still spin.
    bool recentlyUsed() const;
    void markUsed();

    /// Its caller, when runs go through admission.
    Admission::Guest guest;

  private:
    ThreadPool *pool = nullptr;
    int threads = 1;
    uint64_t window = 0;
    int64_t spinNanoseconds = 0, lastUse = 0;
  };

  /// Work for one worker, on its own. Must live until it was run or withdrawn.
  struct Task {
    void (*run)(void *context) = nullptr;
    void *context = nullptr;
    Task *next = nullptr;
  };
  /// There must be a worker.
  void submit(Task &task);
  /// Takes back a task that no worker has begun; false when one has.
  bool withdraw(Task &task);

  /// Callers go through it; workers that help take places as well.
  Admission admission;

private:
  struct Job {
    void (*function)(void *context, int thread);
    void *context;
    int64_t spinNanoseconds;
  };
  struct alignas(64) Slot {
    // generation << 17 | open << 16 | workers inside
    std::atomic<uint64_t> state{0};
    // Which workers may come: how many, from which one on, of how many that are counted round.
    std::atomic<uint64_t> window{0};
    Job job = {};
  };
  static constexpr int maxSlots = 64; // more callers than this at a time are each busy alone
  static constexpr uint64_t openBit = 1 << 16, insideMask = openBit - 1;
  static constexpr int generationShift = 17;
  struct Worker {
    explicit Worker(int index) : index(index) {}
    const int index;
    int64_t spinNanoseconds = 0;
    uint64_t last[maxSlots] = {}; // generation of the region it was in
    Admission::Guest guest;
  };

  /// The region's slot; -1 when nobody can come.
  int open(const Job &job, uint64_t window, bool wakeSleepers);
  void close(int slot);
  void noteUse(int slot);
  void work(int index);
  /// Which thread of a region newer than what the worker has seen it would be; 0 for none of them.
  int findPlace(const Worker &worker, int slot, uint64_t &state) const;
  bool join(Worker &worker);
  bool runTask();
  bool hasNews(const Worker &worker) const;

  alignas(64) std::atomic<int> usedSlots{0}; // ever, the first ones
  alignas(64) std::atomic<uint64_t> takenSlots{0};
  alignas(64) std::atomic<int> sleeping{0};
  std::atomic<int> numTasks{0};
  std::atomic<bool> stopping{false};
  Slot slots[maxSlots];
  std::mutex mutex; // of what follows
  std::condition_variable wake;
  Task *firstTask = nullptr;
  std::vector<std::thread> workers;
  int nextFirst = 0; // where the window of the next team begins
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_THREADPOOL_H
