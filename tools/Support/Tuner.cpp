//===- Tuner.cpp - Timing the candidates of an engine ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Tuner.h"
#include "ArgParser.h"
#include "LaunchProbe.h"
#include "runtime/Cuda/CudaDevice.h"
#include "runtime/Cuda/LibraryGemm.h"

#include <algorithm>

using namespace reckon;
using namespace reckon::tools;
using runtime::Status;

std::vector<int64_t> Tuner::tableRows() const {
  std::vector<int64_t> rows;
  for (const TableSpec &table : engine.tables)
    rows.push_back(options.tableRows > 0 ? options.tableRows : std::max<int64_t>(static_cast<int64_t>(table.rows), 1));
  return rows;
}

int Tuner::makeBatches(std::string &error) {
  InputMaker maker(engine, tableRows());
  InputOptions inputs = options.inputs;
  for (int64_t size : options.batches) {
    inputs.batch = size;
    if (!maker.chooseDims(inputs, error))
      return ExitUsage;
    batches.push_back({maker.dims(), {}});
    if (!maker.make(inputs, /*set=*/0, batches.back().inputs, error))
      return ExitUsage;
  }
  return ExitOk;
}

std::optional<uint64_t> Tuner::rowsOf(const SizeExpr &rows, const Batch &batch) const {
  auto value = rows.evaluate([&](std::string_view name) -> std::optional<int64_t> {
    auto found = std::find(engine.dims.begin(), engine.dims.end(), name);
    return found == engine.dims.end() ? std::nullopt : std::optional(batch.dims[found - engine.dims.begin()]);
  });
  return value && *value > 0 ? std::optional(static_cast<uint64_t>(*value)) : std::nullopt;
}

int Tuner::timeBatch(runtime::Context &context, const runtime::Engine &probe, const Batch &batch, double &microseconds,
                     std::string &error) {
  auto fail = [&](const Status &status) {
    error = status.message;
    return static_cast<int>(status.code);
  };
  for (size_t i = 0; i < batch.inputs.size(); ++i)
    if (Status failed = context.setInput(i, batch.inputs[i].type, batch.inputs[i].shape, batch.inputs[i].data.data()))
      return fail(failed);
  for (size_t i = 0; i < probe.numOutputs(); ++i)
    if (Status failed = context.setOutput(i, probe.output(i).type, nullptr, 0))
      return fail(failed);
  if (Status failed = context.prepare())
    return fail(failed);
  std::vector<std::vector<uint8_t>> outputs;
  for (size_t i = 0; i < probe.numOutputs(); ++i) {
    outputs.emplace_back(context.output(i).bytes);
    if (Status failed = context.setOutput(i, probe.output(i).type, outputs.back().data(), outputs.back().size()))
      return fail(failed);
  }
  std::vector<double> times;
  // One more, in which graphs are made and clocks rise.
  for (int64_t run = 0; run <= options.runs; ++run) {
    // What a dispatch reads in the arena is arbitrary, so an id there may be wrong; it is read as row 0, and timed.
    if (Status failed = context.run(); failed && failed.code != RECKON_INVALID)
      return fail(failed);
    if (run > 0)
      times.push_back(context.times().compute_ms);
  }
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  microseconds = times[times.size() / 2] * 1e3 / static_cast<double>(options.repeats);
  return ExitOk;
}

bool Tuner::hasLibrary() const {
  runtime::Error error;
  const runtime::Device *device = runtime::findDevice(options.device, error);
  if (!device || std::string(device->kind()) != "cuda")
    return false;
  const auto &gpu = static_cast<const runtime::cuda::CudaDevice &>(*device);
  runtime::cuda::PrimaryContext primary(gpu);
  if (!primary.retain(error))
    return false;
  runtime::cuda::ContextScope scope(gpu.driver, primary.get(), error);
  runtime::cuda::CublasLtHandle library;
  return scope && library.create();
}

int Tuner::timeCandidate(size_t dispatch, size_t launch, TimingCache::Candidate &candidate, std::string &error) {
  const ChainSpec &chain = engine.program("cuda")->chains[dispatch];
  const LaunchSpec &spec = chain.dispatches[0].launches[launch];
  // What stands in for a library that is not there is timed as itself.
  if (!spec.library.empty() && !hasLibrary())
    return ExitOk;
  auto bytes = serializeEngine(makeLaunchProbe(engine, dispatch, launch, static_cast<size_t>(options.repeats)), &error);
  if (!bytes)
    return ExitUsage;
  std::vector<ReckonTableBinding> bindings;
  std::vector<int64_t> rows = tableRows();
  for (size_t t = 0; t < engine.tables.size(); ++t) {
    auto reads = [&](const OperandSpec &operand) { return operand.space == Space::Table && operand.index == t; };
    const std::vector<OperandSpec> &operands = chain.dispatches[0].operands;
    // Every id fits, also where nobody looks it up.
    int64_t count = std::any_of(operands.begin(), operands.end(), reads) ? rows[t] : 1;
    bindings.push_back({engine.tables[t].name.c_str(), RECKON_TABLE_SYNTHETIC, nullptr, 0, nullptr, count, 1});
  }
  runtime::Engine probe;
  runtime::Context context;
  Status failed = probe.openMemory(bytes->data(), bytes->size(), bindings);
  if (!failed)
    failed = context.create(probe, /*threads=*/1, options.device.c_str());
  if (!failed)
    failed = context.setProfiling(true);
  if (failed) {
    error = failed.message;
    return failed.code;
  }
  for (const Batch &batch : batches) {
    std::optional<uint64_t> count = rowsOf(chain.rows, batch);
    bool isNew = candidate.times.empty() || (count && *count > candidate.times.back().rows);
    if (!count || !isNew)
      continue;
    double microseconds = 0;
    if (int code = timeBatch(context, probe, batch, microseconds, error))
      return code;
    candidate.times.push_back({*count, microseconds});
  }
  return ExitOk;
}

int Tuner::run(TimingCache &cache, std::string &error,
               const std::function<void(size_t, const std::string &)> &onDispatch) {
  const ProgramSpec *program = engine.program("cuda");
  if (!program) {
    error = "the engine has no code for GPUs: compile it with --target=cuda";
    return ExitUsage;
  }
  if (program->candidates == 0) {
    error = "the engine has only the launches that its compiler chose: compile it with --candidates=all";
    return ExitUsage;
  }
  runtime::Error missing;
  if (!runtime::findDevice(options.device, missing)) {
    error = missing.message;
    return missing.code;
  }
  if (int code = makeBatches(error))
    return code;
  cache.kernels = program->candidates;
  for (size_t d = 0; d < program->chains.size(); ++d) {
    const DispatchSpec &dispatch = program->chains[d].dispatches[0];
    cache.dispatches.push_back({program->kernels[dispatch.kernel].symbol, {}});
    onDispatch(d, cache.dispatches.back().kernel);
    for (size_t l = 0; l < dispatch.launches.size(); ++l) {
      TimingCache::Candidate candidate{launchName(*program, dispatch.launches[l]), {}};
      // A single candidate needs no time.
      if (dispatch.launches.size() > 1)
        if (int code = timeCandidate(d, l, candidate, error)) {
          error = "dispatch " + std::to_string(d) + ", launch '" + candidate.name + "': " + error;
          return code;
        }
      cache.dispatches.back().candidates.push_back(std::move(candidate));
    }
  }
  return ExitOk;
}
