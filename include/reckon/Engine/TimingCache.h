//===- TimingCache.h - How long the launches of an engine take -------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//
//
// What reckon-tune measures on a GPU and reckon-compile chooses by: the time of every candidate launch of every
// dispatch, for some numbers of rows. A text of lines, described in docs/cuda.md.
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_ENGINE_TIMINGCACHE_H
#define RECKON_ENGINE_TIMINGCACHE_H

#include "reckon/Engine/EngineSpec.h"

namespace reckon {

struct TimingCache {
  struct Time {
    uint64_t rows;
    double microseconds;
  };
  struct Candidate {
    std::string name; // launchName()
    std::vector<Time> times;
  };
  struct Dispatch {
    std::string kernel; // the symbol of DispatchSpec::kernel
    std::vector<Candidate> candidates;
  };

  std::string device;   // the GPU's name, as told
  std::string driver;   // and the versions it was measured under
  uint64_t kernels = 0; // ProgramSpec::candidates of the engine
  std::vector<Dispatch> dispatches;
};

/// What a candidate is called: the symbol of its kernel, or the name of the library.
std::string launchName(const ProgramSpec &program, const LaunchSpec &launch);

std::string formatTimingCache(const TimingCache &cache);
/// nullopt with the line and the reason in *error.
std::optional<TimingCache> parseTimingCache(std::string_view text, std::string *error);

/// The same from a file, whose name is part of the error.
std::optional<TimingCache> readTimingCache(const std::string &path, std::string *error);

/// A candidate, by its index, and the numbers of rows it is to run for, inclusive.
struct FastestLaunch {
  size_t candidate;
  uint64_t minRows, maxRows;
};

/// The fastest candidate for each number of rows: between two measured numbers up to their geometric mean, beyond the
/// last without end. Libraries first, where they are fastest; then the fastest of the others, for machines without the
/// library, of which the last is for any number of rows. Empty when none of the others was timed.
std::vector<FastestLaunch> findFastest(const std::vector<TimingCache::Candidate> &candidates,
                                       const std::vector<bool> &isLibrary);

} // namespace reckon

#endif // RECKON_ENGINE_TIMINGCACHE_H
