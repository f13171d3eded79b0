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
  uint64_t kernels = 0; // kernelsIdentity() of the engine
  std::vector<Dispatch> dispatches;
};

/// What a candidate is called: the symbol of its kernel, or the name of the library.
std::string launchName(const ProgramSpec &program, const LaunchSpec &launch);

/// A number that engines with the same device code and the same dispatches share.
uint64_t kernelsIdentity(const EngineSpec &spec);

std::string formatTimingCache(const TimingCache &cache);
/// nullopt with the line and the reason in *error.
std::optional<TimingCache> parseTimingCache(std::string_view text, std::string *error);

/// Keeps, for each dispatch of the cuda program, the fastest launch for each number of rows: between two measured
/// numbers up to their geometric mean, beyond the last without end. The ranges that launches had count for nothing.
/// Dispatches that the cache does not time keep theirs. False with the reason in *error when the cache is of other
/// kernels.
bool applyTimingCache(EngineSpec &spec, const TimingCache &cache, std::string *error);

} // namespace reckon

#endif // RECKON_ENGINE_TIMINGCACHE_H
