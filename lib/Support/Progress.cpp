//===- Progress.cpp - Says what takes long ------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "lib/Support/Progress.h"

#include <cstdio>

using namespace reckon;

Progress::Progress(std::string command, bool always)
    : command(std::move(command)), always(always), watcher([this] { watch(); }) {}

Progress::~Progress() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    done = true;
  }
  changed.notify_all();
  watcher.join();
}

void Progress::begin(const std::string &next) {
  std::lock_guard<std::mutex> lock(mutex);
  step = next;
  began = Clock::now();
  if (always)
    std::fprintf(stderr, "%s: %s\n", command.c_str(), step.c_str());
}

void Progress::watch() {
  std::unique_lock<std::mutex> lock(mutex);
  auto interval = std::chrono::seconds(2);
  while (!changed.wait_for(lock, interval, [this] { return done; })) {
    double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    // A step that just began waits for its own two seconds.
    if (!step.empty() && seconds >= 1)
      std::fprintf(stderr, "%s: %s, %.0f s so far\n", command.c_str(), step.c_str(), seconds);
  }
}
