//===- ThreadPool.h - Threads that share one run --------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// A fork-join pool for regions of a few microseconds. Workers spin for a bounded time before they sleep, and join a
// region only if it is still open when they see it: the caller never waits for a thread that has not started to help.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_THREADPOOL_H
#define RECKON_RUNTIME_THREADPOOL_H

#include "Error.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace reckon::runtime {

class ThreadPool {
public:
  ThreadPool() = default;
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  /// `threads` includes the caller of run().
  [[nodiscard]] bool start(int threads, int spinMicroseconds, Error &error);
  int size() const { return static_cast<int>(workers.size()) + 1; }

  /// Calls body(thread) on the caller (thread 0) and on every worker that arrives before the caller's call returns, and
  /// returns when all of them have. So body(0) must itself leave no work undone: it claims from a shared counter until
  /// nothing is left. Not reentrant; one caller at a time.
  /// With `wakeSleepers` false only workers that still spin can arrive.
  template <typename Body> void run(Body &body, bool wakeSleepers = true) {
    if (workers.empty()) {
      body(0);
      return;
    }
    open([](void *context, int thread) { (*static_cast<Body *>(context))(thread); }, &body, wakeSleepers);
    body(0);
    close();
  }

  /// Whether markUsed() was called so short a time ago that a worker that came then would still spin.
  bool recentlyUsed() const;
  void markUsed();

private:
  using Function = void (*)(void *context, int thread);

  void open(Function function, void *context, bool wakeSleepers);
  void close();
  void work(int thread);
  /// A region newer than `last`, or the wish to stop.
  bool hasNews(uint64_t last) const;

  // generation << 17 | open << 16 | threads inside
  static constexpr uint64_t openBit = 1 << 16, insideMask = openBit - 1;
  static constexpr int generationShift = 17;

  alignas(64) std::atomic<uint64_t> state{0};
  Function job = nullptr;
  void *jobContext = nullptr;
  alignas(64) std::atomic<int> sleeping{0};
  std::atomic<bool> stopping{false};
  int64_t spinNanoseconds = 0;
  int64_t lastUse = 0; // the caller's
  std::mutex mutex;
  std::condition_variable wake;
  std::vector<std::thread> workers;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_THREADPOOL_H
