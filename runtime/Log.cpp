//===- Log.cpp - What the runtime tells its host ---------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Log.h"

#include <atomic>
#include <mutex>
#include <shared_mutex>

using namespace reckon::runtime;

namespace {
struct Listener {
  std::shared_mutex mutex;
  ReckonLogCallback callback = nullptr;
  void *user = nullptr;
  std::atomic<int> most{-1}; // below every level: nobody listens
};
} // namespace

/// Never destroyed: threads may end after it.
static Listener &listener() {
  // In memory of its own, so that nothing is allocated for it.
  alignas(Listener) static char memory[sizeof(Listener)];
  static Listener &instance = *new (memory) Listener;
  return instance;
}

static thread_local bool isInCallback = false;

void reckon::runtime::setLog(ReckonLogCallback callback, void *user, ReckonLogLevel most) {
  // From within a callback the lock is the thread's own.
  if (isInCallback)
    return;
  std::unique_lock<std::shared_mutex> lock(listener().mutex);
  listener().callback = callback;
  listener().user = user;
  listener().most.store(callback ? static_cast<int>(most) : -1, std::memory_order_relaxed);
}

bool reckon::runtime::isLogged(ReckonLogLevel level) {
  return !isInCallback && static_cast<int>(level) <= listener().most.load(std::memory_order_relaxed);
}

void reckon::runtime::logText(ReckonLogLevel level, const char *message) {
  if (!isLogged(level))
    return;
  std::shared_lock<std::shared_mutex> lock(listener().mutex);
  if (!listener().callback)
    return;
  isInCallback = true;
  listener().callback(listener().user, level, message);
  isInCallback = false;
}
