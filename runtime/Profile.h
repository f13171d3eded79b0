//===- Profile.h - The times of a run's parts -----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_PROFILE_H
#define RECKON_RUNTIME_PROFILE_H

#include "reckon/Engine/EngineSpec.h"
#include "reckon/Runtime/Runtime.h"

#include <chrono>

namespace reckon::runtime {

/// What a run did when, by the program's dispatches in order; microseconds from the run's begin.
struct RunProfile {
  struct Event {
    uint32_t dispatch, thread;
    double begin, end;
    int64_t firstRow, endRow;
  };
  /// A dispatch that ran.
  struct Launch {
    const KernelSpec *kernel = nullptr;   // null: it did not run
    const std::string *library = nullptr; // instead of the kernel
    int64_t rows = 0;
  };
  const ProgramSpec *program = nullptr;
  double total = 0;
  std::vector<Launch> launches; // by dispatch
  std::vector<Event> events;

  void clear(const ProgramSpec &spec, size_t dispatches) {
    program = &spec;
    total = 0;
    launches.assign(dispatches, {});
    events.clear();
  }
};

/// A profile with what the compiler knows of each dispatch, for callers.
class ProfileReport {
public:
  /// `dims` are the values of the engine's dimensions in the run. The spec outlives the report.
  void make(const EngineSpec &spec, RunProfile profile, const std::vector<int64_t> &dims);
  double total() const { return run.total; }
  size_t numDispatches() const { return dispatches.size(); }
  size_t numEvents() const { return run.events.size(); }
  /// The indices must be in range.
  const ReckonDispatchProfile &dispatch(size_t index) const { return dispatches[index]; }
  ReckonProfileEvent event(size_t index) const;

private:
  RunProfile run;
  std::vector<std::vector<const char *>> nodes; // by dispatch
  std::vector<ReckonDispatchProfile> dispatches;
};

class ProfileClock {
public:
  double microseconds() const {
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
  }

private:
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_PROFILE_H
