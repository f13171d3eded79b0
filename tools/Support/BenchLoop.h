//===- BenchLoop.h - Timing an engine -------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_BENCHLOOP_H
#define RECKON_TOOLS_SUPPORT_BENCHLOOP_H

#include "InputMaker.h"
#include "Statistics.h"
#include "reckon/Runtime/Runtime.hpp"

namespace reckon::tools {

struct BenchOptions {
  double warmup = 0.2, duration = 3; // seconds for each batch size
  bool parts = false;                // also time the parts of a run, which a GPU has
};

struct BenchResult {
  int64_t batch = 0;
  Statistics latency;    // milliseconds
  double throughput = 0; // runs a second, of all callers
  double walltime = 0;   // seconds
  /// The parts of a run, in milliseconds, on a device that has them; of runs after the ones above, since taking these
  /// times takes time.
  bool hasParts = false;
  Statistics enqueue, h2d, compute, d2h;
};

/// A context for each of `count` threads.
runtime::Status createCallers(const runtime::Engine &engine, int64_t count, int64_t threads, const std::string &device,
                              std::vector<runtime::Context> &callers);

/// Times one batch size over several sets of inputs in turn, so that the ids of one run are not those of the run
/// before, with a thread for each of `callers`, at least one. Returns the exit code, with the reason in `error`.
int benchmark(const BenchOptions &options, const InputMaker &maker, const InputOptions &inputs,
              std::vector<runtime::Context> &callers, BenchResult &result, std::string &error);

/// trtexec's lines for one batch size, and a warning when the times vary by more than 2.5%.
std::string describe(const BenchResult &result);
/// One row a batch size.
std::string tableOf(const std::vector<BenchResult> &results);
std::string jsonOf(const std::vector<BenchResult> &results, const std::string &engine, int64_t threads);

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_BENCHLOOP_H
