//===- Progress.h - Says what takes long ----------------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_SUPPORT_PROGRESS_H
#define RECKON_LIB_SUPPORT_PROGRESS_H

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace reckon {

/// Tells on the error stream what a command is at, once that takes over two seconds and every two seconds from then on;
/// with `always`, every step as it begins. Runs are quiet when they are quick.
class Progress {
public:
  Progress(std::string command, bool always);
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  /// What happens from now on, in the words of the user: "codegen".
  void begin(const std::string &step);

private:
  void watch();

  using Clock = std::chrono::steady_clock;
  const std::string command;
  const bool always;
  std::mutex mutex;
  std::condition_variable changed;
  std::string step;
  Clock::time_point began = Clock::now();
  bool done = false;
  std::thread watcher;
};

} // namespace reckon

#endif // RECKON_LIB_SUPPORT_PROGRESS_H
