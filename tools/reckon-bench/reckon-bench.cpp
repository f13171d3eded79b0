//===- reckon-bench.cpp - Time an engine on made-up inputs ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "tools/Support/ArgParser.h"
#include "tools/Support/Arrays.h"
#include "tools/Support/BenchLoop.h"
#include "tools/Support/BenchProfile.h"
#include "tools/Support/Energy.h"
#include "tools/Support/EngineFlags.h"
#include "tools/Support/InputFlags.h"

#include "reckon/Engine/EngineFile.h"

#include <algorithm>
#include <cstdio>
#include <new>

using namespace reckon;
using namespace reckon::tools;
using runtime::Status;

namespace {
struct Options {
  std::string device = deviceName(DeviceKind::Host), json;
  std::vector<int64_t> batches;
  int64_t threads = 0, callers = 1, tableRows = -1;
  EngineFlags engine;
  BenchOptions bench;
  InputFlags inputs;
  ProfileCommand profile;
  EnergyCommand energy;
};

void declare(ArgParser &args, Options &options) {
  args.group("Execution");
  args.option("device", "NAME", "where to run: host (default), cuda or cuda:N", options.device);
  args.option("threads", "N", "threads of one run; 0 (default): one per CPU", options.threads, 0);
  args.option("callers", "N", "threads that run without pause, default 1", options.callers, 1);
  options.engine.declare(args);
  options.engine.declareTables(args);
  args.group("Measurement");
  args.option("batch", "N,N,...", "batch sizes, default 1,64,1024 or the only one that the engine takes",
              options.batches, 0);
  args.option("duration", "S", "seconds for each batch size, default 3", options.bench.duration, 0.0);
  args.option("warmup", "S", "seconds before the clock runs, default 0.2", options.bench.warmup, 0.0);
  args.option("json", "FILE", "write the results to a file as JSON", options.json);
  args.group("Inputs");
  args.option("table-rows", "N", "make up N rows for every table instead of using the engine's", options.tableRows, 1);
  options.inputs.declare(args);
  args.group("Energy");
  options.energy.declare(args);
  options.profile.declare(args);
}
} // namespace

static int run(int argc, char **argv) {
  Options options;
  ArgParser args("reckon-bench", "Times a compiled engine on random inputs.", "M.rkn");
  declare(args, options);
  if (!args.parse(argc, argv))
    return args.exitCode();
  if (std::string wrong = options.inputs.interpret(); !wrong.empty())
    return args.error(wrong);

  // The engine's own description says which inputs are ids of what.
  std::string refusal;
  if (int code = options.engine.interpret(refusal))
    return args.error(refusal, code);
  EngineError problem;
  auto file = EngineFile::open(args.positional(), problem, EngineFile::Check::AllButRows, options.engine.signer());
  if (!file)
    return args.error(problem.message, problem.exitCode());
  std::vector<ReckonTableBinding> bindings;
  if (options.tableRows > 0) {
    auto &binding = bindings.emplace_back(ReckonTableBinding RECKON_TABLE_BINDING_INIT);
    binding.source = RECKON_TABLE_SYNTHETIC;
    binding.rows = options.tableRows;
    binding.seed = options.inputs.options.seed;
  }
  runtime::Engine engine;
  if (int code = options.engine.open(engine, args.positional(), bindings, refusal))
    return args.error(refusal, code);
  std::vector<runtime::Context> callers;
  if (Status failed = createCallers(engine, options.callers, options.threads, options.device, callers))
    return args.error(failed.message, failed.code);

  options.bench.parts = parseDevice(options.device) != DeviceKind::Host;
  std::vector<int64_t> rows;
  for (size_t i = 0; i < engine.numTables(); ++i)
    rows.push_back(engine.table(i).rows);
  InputMaker maker(file->spec(), rows);
  if (options.batches.empty())
    options.batches =
        maker.fixedBatch() ? std::vector<int64_t>{*maker.fixedBatch()} : std::vector<int64_t>{1, 64, 1024};
  if (std::string wrong = options.profile.start(options.device, static_cast<int>(options.threads)); !wrong.empty())
    return args.error(wrong, ExitUnavailable);
  InputOptions &inputs = options.inputs.options;
  std::vector<BenchResult> results;
  for (int64_t batch : options.batches) {
    if (auto fixed = maker.fixedBatch(); fixed && batch != *fixed)
      return args.error("the engine takes batches of " + std::to_string(*fixed) + " alone, not of " +
                        std::to_string(batch) +
                        ": no size of its inputs is open (reckon-compile --batch-dim opens one)");
    inputs.batch = batch;
    std::string error;
    if (!maker.chooseDims(inputs, error))
      return args.error(error);
    results.emplace_back();
    if (int code = benchmark(options.bench, maker, inputs, callers, results.back(), error))
      return args.error("batch " + std::to_string(batch) + ": " + error, code);
    std::printf("%s\n", describe(results.back()).c_str());
    std::fflush(stdout);
    if (int code = options.profile.add(maker, inputs, callers.front(), error))
      return args.error("batch " + std::to_string(batch) + ", profile: " + error, code);
    if (int code = options.energy.add(options.device, maker, inputs, callers.front(), error))
      return args.error("batch " + std::to_string(batch) + ", energy: " + error, code);
  }
  std::fputs(tableOf(results).c_str(), stdout);
  if (!options.json.empty()) {
    std::string text = jsonOf(results, args.positional(), options.threads), error;
    if (!writeFile(options.json, {text.begin(), text.end()}, error))
      return args.error(error, ExitUnavailable);
  }
  if (std::string wrong = options.profile.finish(args.positional(), options.device); !wrong.empty())
    return args.error(wrong, ExitUnavailable);
  return ExitOk;
}

int main(int argc, char **argv) {
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc &) {
    std::fputs("reckon-bench: error: there is not enough memory for inputs and outputs of this size\n", stderr);
    return ExitUnavailable;
  }
}
