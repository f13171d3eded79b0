//===- Scrub.cpp - Rows are checked in the background ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Scrub.h"
#include "Log.h"

#include <algorithm>
#include <chrono>
#include <sched.h>

using namespace reckon;
using namespace reckon::runtime;

using Clock = std::chrono::steady_clock;

/// What is checked between two looks at the clock: a chunk of rows.
static constexpr uint64_t pieceBytes = uint64_t(1) << 16;

Scrub::~Scrub() {
  if (!thread.joinable())
    return;
  {
    std::lock_guard<std::mutex> lock(state->mutex);
    state->mustEnd = true;
  }
  state->ends.notify_all();
  if (thread.get_id() == std::this_thread::get_id())
    thread.detach(); // it ends when the callback returns
  else
    thread.join();
}

void Scrub::start(RowChecks &checks, uint64_t bytesPerSecond) {
  if (checks.isDone())
    return;
  state = std::make_shared<State>();
  thread = std::thread([state = state, &checks, bytesPerSecond] { run(*state, checks, bytesPerSecond); });
}

void Scrub::run(State &state, RowChecks &checks, uint64_t bytesPerSecond) try {
  // Anybody may be less important, so this does not fail; if it did, the pace would be what is left.
  sched_param nothing = {};
  static_cast<void>(::sched_setscheduler(0, SCHED_IDLE, &nothing));
  Clock::time_point start = Clock::now();
  uint64_t done = 0, damaged = 0;
  for (size_t table = 0; table < checks.numTables(); ++table)
    for (uint64_t begin = 0, bytes = checks.chunkedBytes(table); begin < bytes; begin += pieceBytes) {
      uint64_t size = std::min(pieceBytes, bytes - begin);
      Error error;
      if (!checks.checkBytes(table, begin, size, error)) {
        ++damaged;
        log(RECKON_LOG_ERROR, [&] { return error.message; });
      }
      done += size;
      auto next = start + std::chrono::duration_cast<Clock::duration>(
                              std::chrono::duration<double>(double(done) / double(bytesPerSecond)));
      // Before anything of the engine is looked at again.
      std::unique_lock<std::mutex> lock(state.mutex);
      if (state.ends.wait_until(lock, next, [&] { return state.mustEnd; }))
        return;
    }
  log(damaged == 0 ? RECKON_LOG_INFO : RECKON_LOG_ERROR, [&] {
    return std::to_string(done) + " bytes of rows were checked in the background, " + std::to_string(damaged) +
           " pieces of " + std::to_string(pieceBytes) + " are damaged";
  });
} catch (const std::exception &exception) {
  // There was no memory for a message. Runs still check what they read.
  log(RECKON_LOG_WARNING,
      [&] { return "rows are not checked in the background any more: " + std::string(exception.what()); });
}
