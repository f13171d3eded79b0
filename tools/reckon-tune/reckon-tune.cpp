//===- reckon-tune.cpp - Time the candidate launches of an engine ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "runtime/Cuda/CudaDevice.h"
#include "tools/Support/ArgParser.h"
#include "tools/Support/EngineFlags.h"
#include "tools/Support/InputFlags.h"
#include "tools/Support/Tuner.h"

#include "reckon/Engine/EngineFile.h"

#include <algorithm>
#include <cstdio>
#include <new>

using namespace reckon;
using namespace reckon::tools;

namespace {
struct Options {
  EngineFlags engine;
  TuneOptions tune;
  InputFlags inputs;
  std::string output;
  bool quiet = false;
};

void declare(ArgParser &args, Options &options) {
  args.group("Execution");
  args.option("o", "FILE", "where the timing cache goes; without it only the table is printed", options.output);
  args.option("device", "NAME", "the GPU: cuda (default, the first) or cuda:N", options.tune.device);
  options.engine.declare(args);
  args.flag("quiet", "print no table", options.quiet);
  args.group("Measurement");
  args.flag("all-dispatches", "time dispatches with one launch, too", options.tune.allDispatches);
  args.option("batch", "N,N,...", "batch sizes, default 1,64,256,2048,16384,65536", options.tune.batches, 1);
  args.option("repeats", "N", "copies of a launch in one graph, default 16", options.tune.repeats, 1);
  args.option("runs", "N", "runs of the graph at most, of which the median counts, default 9", options.tune.runs, 1);
  args.group("Inputs");
  args.option("table-rows", "N", "rows to make up for every table, default the engine's", options.tune.tableRows, 1);
  options.inputs.declareSizes(args);
}

/// A line for each launch of what was timed, with the fastest of each number of rows marked.
void print(const TimingCache &cache) {
  for (const TimingCache::Dispatch &dispatch : cache.dispatches) {
    if (std::all_of(dispatch.candidates.begin(), dispatch.candidates.end(),
                    [](const TimingCache::Candidate &candidate) { return candidate.times.empty(); }))
      continue;
    std::printf("%s\n", dispatch.kernel.c_str());
    for (const TimingCache::Candidate &candidate : dispatch.candidates) {
      std::printf("  %-40s", candidate.name.c_str());
      for (const TimingCache::Time &time : candidate.times) {
        auto faster = [&](const TimingCache::Candidate &other) {
          return std::any_of(other.times.begin(), other.times.end(), [&](const TimingCache::Time &its) {
            return its.rows == time.rows && its.microseconds < time.microseconds;
          });
        };
        bool best = std::none_of(dispatch.candidates.begin(), dispatch.candidates.end(), faster);
        std::printf("  %llu: %.2f us%s", static_cast<unsigned long long>(time.rows), time.microseconds,
                    best ? "*" : " ");
      }
      std::printf("\n");
    }
  }
}

/// The GPU's name and the driver's version, as far as they can be told.
void describe(const std::string &device, TimingCache &cache) {
  runtime::Error ignored;
  const runtime::Device *found = runtime::findDevice(device, ignored);
  if (!found || found->kind() != DeviceKind::Cuda)
    return;
  const auto &gpu = static_cast<const runtime::cuda::CudaDevice &>(*found);
  cache.device = gpu.properties.name;
  cache.driver = std::to_string(gpu.driver.version());
}

int run(int argc, char **argv) {
  Options options;
  ArgParser args("reckon-tune",
                 "Times every candidate launch of an engine that was compiled with --candidates=all,\non a GPU, for "
                 "reckon-compile to choose by.",
                 "M.rkn");
  declare(args, options);
  if (!args.parse(argc, argv))
    return args.exitCode();
  if (options.tune.batches.empty())
    options.tune.batches = {1, 64, 256, 2048, 16384, 65536};
  std::sort(options.tune.batches.begin(), options.tune.batches.end());
  std::string error;
  if (error = options.inputs.interpret(); !error.empty())
    return args.error(error);
  options.tune.inputs = options.inputs.options;
  if (int code = options.engine.interpret(error))
    return args.error(error, code);
  EngineError problem;
  auto file = EngineFile::open(args.positional(), problem, EngineFile::Check::All, options.engine.signer());
  if (!file)
    return args.error(problem.message, problem.exitCode());
  TimingCache cache;
  Tuner tuner(file->spec(), options.tune);
  auto progress = [](size_t dispatch, size_t count, const std::string &kernel) {
    std::fprintf(stderr, "reckon-tune: dispatch %zu of %zu: %s\n", dispatch + 1, count, kernel.c_str());
  };
  if (int code = tuner.run(cache, error, progress))
    return args.error(error, code);
  if (!options.tune.allDispatches &&
      std::all_of(cache.dispatches.begin(), cache.dispatches.end(),
                  [](const TimingCache::Dispatch &dispatch) { return dispatch.candidates.size() < 2; }))
    std::fputs("reckon-tune: no dispatch of this engine has launches to choose from\n", stderr);
  describe(options.tune.device, cache);
  if (!options.quiet)
    print(cache);
  std::string text = formatTimingCache(cache);
  if (!options.output.empty() && !writeFile(options.output, {text.begin(), text.end()}, error))
    return args.error(error, ExitUnavailable);
  return ExitOk;
}
} // namespace

int main(int argc, char **argv) {
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc &) {
    std::fputs("reckon-tune: error: there is not enough memory for inputs and outputs of this size\n", stderr);
    return ExitUnavailable;
  }
}
