//===- Tuner.cpp - Timing the candidates of an engine ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Tuner.h"
#include "ArgParser.h"
#include "LaunchProbe.h"

#include <algorithm>
#include <cmath>
#include <map>

using namespace reckon;
using namespace reckon::tools;
using runtime::Error;

/// What takes so many times the fastest launch so far will not win.
static constexpr double hopeless = 3;
/// Times enough for a median, and milliseconds after which that is enough.
static constexpr size_t fewestRuns = 3;
static constexpr double longRuns = 50;

static int fail(const Error &reason, std::string &error) {
  error = reason.message;
  return reason.code;
}

bool Tuner::isTimed(const ChainSpec &chain) const {
  return options.allDispatches || chain.dispatches[0].launches.size() > 1;
}

std::vector<int64_t> Tuner::tableRows() const {
  std::vector<int64_t> rows;
  for (size_t t = 0; t < engine.tables.size(); ++t)
    rows.push_back(options.tableRows > 0 ? options.tableRows
                                         : std::max<int64_t>(static_cast<int64_t>(engine.tables[t].rows), 1));
  return rows;
}

int Tuner::makeBatches(std::string &error) {
  std::vector<int64_t> rows = tableRows();
  InputMaker maker(engine, rows);
  // Of a table that is not read while anything is timed a row is enough: it is never looked at.
  for (size_t t = 0; t < rows.size(); ++t) {
    auto reads = [&](const OperandSpec &operand) { return operand.space == Space::Table && operand.index == t; };
    bool isRead = false;
    for (const ChainSpec &chain : timer.program().chains) {
      const std::vector<OperandSpec> &operands = chain.dispatches[0].operands;
      isRead |= isTimed(chain) && std::any_of(operands.begin(), operands.end(), reads);
    }
    rows[t] = isRead ? rows[t] : 1;
  }
  Error failure;
  if (!timer.load(rows, failure))
    return fail(failure, error);
  InputOptions inputs = options.inputs;
  for (int64_t size : options.batches) {
    inputs.batch = size;
    std::vector<HostTensor> tensors;
    if (!maker.chooseDims(inputs, error) || !maker.make(inputs, /*set=*/0, tensors, error))
      return ExitUsage;
    batchDims.push_back(maker.dims());
    if (!timer.addBatch(batchDims.back(), tensors, failure))
      return fail(failure, error);
  }
  return ExitOk;
}

std::optional<uint64_t> Tuner::rowsOf(const SizeExpr &rows, const std::vector<int64_t> &dims) const {
  auto value = rows.evaluate([&](std::string_view name) -> std::optional<int64_t> {
    auto found = std::find(engine.dims.begin(), engine.dims.end(), name);
    return found == engine.dims.end() ? std::nullopt : std::optional(dims[found - engine.dims.begin()]);
  });
  return value && *value > 0 ? std::optional(static_cast<uint64_t>(*value)) : std::nullopt;
}

bool Tuner::timeBatch(size_t batch, double best, double &microseconds, Error &error) {
  auto perLaunch = [&](double milliseconds) { return milliseconds * 1e3 / static_cast<double>(options.repeats); };
  double milliseconds, sum = 0;
  // One more, in which graphs are made and clocks rise.
  if (!timer.fill(batch, error) || !timer.run(batch, milliseconds, error))
    return false;
  microseconds = perLaunch(milliseconds);
  if (microseconds > hopeless * best)
    return true;
  std::vector<double> times;
  for (int64_t run = 0; run < options.runs && (times.size() < fewestRuns || sum < longRuns); ++run) {
    if (!timer.run(batch, times.emplace_back(), error))
      return false;
    sum += times.back();
  }
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  microseconds = perLaunch(times[times.size() / 2]);
  return true;
}

int Tuner::timeCandidates(size_t dispatch, TimingCache::Dispatch &result, std::string &error) {
  const ProgramSpec &program = timer.program();
  const ChainSpec &chain = program.chains[dispatch];
  const std::vector<LaunchSpec> &launches = chain.dispatches[0].launches;
  std::map<uint64_t, double> best; // by rows
  // From the last on, which the compiler thinks best for many rows: there it takes long to find out how slow others
  // are.
  for (size_t l = launches.size(); l-- > 0;) {
    // What stands in for a library that is not there is timed as itself.
    if (!launches[l].library.empty() && !timer.hasLibrary())
      continue;
    TimingCache::Candidate &candidate = result.candidates[l];
    ProgramSpec probe = makeLaunchProbe(program, dispatch, l, static_cast<size_t>(options.repeats));
    Error failure;
    bool works = timer.begin(probe, failure);
    // The largest first, so that memory grows once.
    for (size_t b = batchDims.size(); works && b-- > 0;) {
      std::optional<uint64_t> rows = rowsOf(chain.rows, batchDims[b]);
      auto isKnown = [&](const TimingCache::Time &time) { return time.rows == *rows; };
      if (!rows || std::any_of(candidate.times.begin(), candidate.times.end(), isKnown))
        continue;
      double &fastest = best.try_emplace(*rows, INFINITY).first->second, microseconds;
      works = timeBatch(b, fastest, microseconds, failure);
      fastest = std::min(fastest, microseconds);
      candidate.times.push_back({*rows, microseconds});
    }
    timer.end();
    if (!works) {
      fail(failure, error);
      error = "dispatch " + std::to_string(dispatch) + ", launch '" + candidate.name + "': " + error;
      return failure.code;
    }
    std::sort(candidate.times.begin(), candidate.times.end(),
              [](const TimingCache::Time &a, const TimingCache::Time &b) { return a.rows < b.rows; });
  }
  return ExitOk;
}

/// What no GPU could tune; empty when there is something to.
static const char *checkCandidates(const EngineSpec &engine) {
  if (!engine.program(DeviceKind::Cuda))
    return "the engine has no code for GPUs: compile it with --target=cuda";
  auto hasCandidates = [](const ProgramSpec &program) { return program.candidates != 0; };
  if (std::none_of(engine.programs.begin(), engine.programs.end(), hasCandidates))
    return "the engine has only the launches that its compiler chose: compile it with --candidates=all";
  return "";
}

int Tuner::run(TimingCache &cache, std::string &error, const Listener &onDispatch) {
  error = checkCandidates(engine);
  if (!error.empty())
    return ExitUsage;
  Error failure;
  if (!timer.find(options.device, failure))
    return fail(failure, error);
  const ProgramSpec *program = &timer.program();
  if (int code = makeBatches(error))
    return code;
  cache.kernels = program->candidates;
  for (size_t d = 0; d < program->chains.size(); ++d) {
    const DispatchSpec &dispatch = program->chains[d].dispatches[0];
    // What stands in for others is no dispatch of the model's: the compiler adds it when launches are chosen.
    if (!dispatch.covers.empty())
      continue;
    TimingCache::Dispatch &result = cache.dispatches.emplace_back();
    result.kernel = program->kernels[dispatch.kernel].symbol;
    for (const LaunchSpec &launch : dispatch.launches)
      result.candidates.push_back({launchName(*program, launch), {}});
    if (!isTimed(program->chains[d]))
      continue;
    onDispatch(d, program->chains.size(), result.kernel);
    if (int code = timeCandidates(d, result, error))
      return code;
  }
  return ExitOk;
}
