//===- BenchLoop.cpp - Timing an engine -----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "BenchLoop.h"
#include "ArgParser.h"
#include "Json.h"

#include <algorithm>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <thread>

using namespace reckon;
using namespace reckon::tools;

namespace {
using Clock = std::chrono::steady_clock;
constexpr double maxVariation = 2.5; // percent, trtexec's limit
constexpr size_t maxSets = 16, maxSetBytes = size_t(256) << 20, maxSamples = size_t(1) << 23;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::string format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));
std::string format(const char *pattern, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(text, sizeof(text), pattern, arguments);
  va_end(arguments);
  return text;
}

/// Inputs of a run, and how they are bound.
struct InputSet {
  std::vector<HostTensor> tensors;
  std::vector<ReckonInput> inputs;
};

/// As many sets as are worth it and fit.
bool makeSets(const InputMaker &maker, const InputOptions &options, std::vector<InputSet> &sets, std::string &error) {
  size_t bytes = 0;
  while (sets.size() < maxSets && (sets.empty() || bytes + bytes / sets.size() <= maxSetBytes)) {
    InputSet &set = sets.emplace_back();
    if (!maker.make(options, sets.size(), set.tensors, error))
      return false;
    for (const HostTensor &tensor : set.tensors) {
      bytes += tensor.data.size();
      set.inputs.push_back(
          {sizeof(ReckonInput), tensor.type, tensor.shape.size(), tensor.shape.data(), tensor.data.data()});
    }
  }
  return true;
}

runtime::Status runSet(runtime::Context &context, const InputSet &set) {
  runtime::Status failed = context.setInputs(set.inputs);
  return failed ? failed : context.run();
}

/// Runs with the device's clock on, a quarter as long as the others. The exit code.
int timeParts(const BenchOptions &options, const std::vector<InputSet> &sets, runtime::Context &context,
              BenchResult &result, std::string &error) {
  auto fail = [&](const runtime::Status &status) {
    error = status.message;
    return static_cast<int>(status.code);
  };
  if (runtime::Status failed = context.setProfiling(true))
    return fail(failed);
  std::vector<double> samples[4];
  Clock::time_point start = Clock::now();
  for (size_t run = 0; run < 10 || (secondsSince(start) < options.duration / 4 && run < maxSamples); ++run) {
    if (runtime::Status failed = runSet(context, sets[run % sets.size()]))
      return fail(failed);
    ReckonRunTimes times = context.times();
    double parts[4] = {times.enqueue_ms, times.h2d_ms, times.compute_ms, times.d2h_ms};
    for (size_t i = 0; i < 4; ++i)
      samples[i].push_back(parts[i]);
  }
  if (runtime::Status failed = context.setProfiling(false))
    return fail(failed);
  result.hasParts = true;
  result.enqueue = summarize(samples[0]);
  result.h2d = summarize(samples[1]);
  result.compute = summarize(samples[2]);
  result.d2h = summarize(samples[3]);
  return ExitOk;
}

/// One of the threads that run.
struct Caller {
  Caller(const BenchOptions &options, const std::vector<InputSet> &sets, runtime::Context &context, size_t first)
      : options(options), sets(sets), context(context), next(first) {}
  void reserve(size_t count) { samples.reserve(count); }

  /// Warms up from `start` on, then takes samples.
  void measure(Clock::time_point start) {
    while (!failed && secondsSince(start) < options.warmup)
      failed = runSet(context, sets[next++ % sets.size()]);
    start = Clock::now();
    // A few runs at least, however slow they are.
    while (!failed && (walltime < options.duration || runs < 10)) {
      const auto &set = sets[next++ % sets.size()];
      Clock::time_point begin = Clock::now();
      failed = runSet(context, set);
      Clock::time_point end = Clock::now();
      ++runs;
      if (samples.size() < samples.capacity())
        samples.push_back(std::chrono::duration<double, std::milli>(end - begin).count());
      walltime = std::chrono::duration<double>(end - start).count();
    }
  }

  const BenchOptions &options;
  const std::vector<InputSet> &sets;
  runtime::Context &context;
  size_t next;
  runtime::Status failed;
  std::vector<double> samples;
  uint64_t runs = 0;
  double walltime = 0;
};

std::string timesOf(const char *label, const Statistics &t) {
  return format("%s: min = %.6g ms, max = %.6g ms, mean = %.6g ms, median = %.6g ms, percentile(90%%) = %.6g ms, "
                "percentile(95%%) = %.6g ms, percentile(99%%) = %.6g ms\n",
                label, t.min, t.max, t.mean, t.median, t.p90, t.p95, t.p99);
}

void timesJson(JsonWriter &json, const char *key, const Statistics &t) {
  json.key(key).beginObject();
  const std::pair<const char *, double> entries[] = {{"min", t.min},       {"max", t.max}, {"mean", t.mean},
                                                     {"median", t.median}, {"p90", t.p90}, {"p95", t.p95},
                                                     {"p99", t.p99}};
  for (const auto &[name, value] : entries)
    json.key(name).value(value);
  json.endObject();
}
} // namespace

runtime::Status reckon::tools::createCallers(const runtime::Engine &engine, int64_t count, int64_t threads,
                                             const std::string &device, std::vector<runtime::Context> &callers) {
  runtime::Status failed;
  while (!failed && count-- > 0)
    failed =
        callers.emplace_back().create(engine, static_cast<int>(std::min<int64_t>(threads, 1 << 20)), device.c_str());
  return failed;
}

int reckon::tools::benchmark(const BenchOptions &options, const InputMaker &maker, const InputOptions &inputs,
                             std::vector<runtime::Context> &callers, BenchResult &result, std::string &error) {
  result.batch = inputs.batch;
  std::vector<InputSet> sets;
  if (!makeSets(maker, inputs, sets, error))
    return ExitUsage;
  // Every set once: bad ids must show before the clock runs, and memory is taken here.
  for (runtime::Context &context : callers)
    for (const auto &set : sets)
      if (runtime::Status failed = runSet(context, set)) {
        error = failed.message;
        return failed.code;
      }
  std::vector<Caller> all;
  for (size_t i = 0; i < callers.size(); ++i)
    all.emplace_back(options, sets, callers[i], i).reserve(maxSamples / callers.size());
  Clock::time_point start = Clock::now();
  std::vector<std::thread> threads;
  for (size_t i = 1; i < all.size(); ++i)
    threads.emplace_back([&, i] { all[i].measure(start); });
  all[0].measure(start);
  for (std::thread &thread : threads)
    thread.join();
  std::vector<double> samples;
  for (Caller &caller : all) {
    if (caller.failed) {
      error = caller.failed.message;
      return caller.failed.code;
    }
    samples.insert(samples.end(), caller.samples.begin(), caller.samples.end());
    result.throughput += static_cast<double>(caller.runs) / caller.walltime;
    result.walltime = std::max(result.walltime, caller.walltime);
  }
  result.latency = summarize(samples);
  return options.parts ? timeParts(options, sets, callers[0], result, error) : int(ExitOk);
}

std::string reckon::tools::describe(const BenchResult &result) {
  const Statistics &t = result.latency;
  std::string text = format("=== Performance summary, batch %lld ===\n", static_cast<long long>(result.batch));
  text += format("Throughput: %.6g qps, %.6g samples/s\n", result.throughput,
                 result.throughput * static_cast<double>(result.batch));
  text += timesOf("Latency", t);
  if (result.hasParts)
    text += timesOf("Enqueue Time", result.enqueue) + timesOf("H2D Latency", result.h2d) +
            timesOf("GPU Compute Time", result.compute) + timesOf("D2H Latency", result.d2h);
  text += format("Total Host Walltime: %.4g s\n", result.walltime);
  if (t.variation > maxVariation)
    text +=
        format("Warning: latency is not stable, its coefficient of variation is %.1f%% (over %.1f%%); other work on "
               "this machine or too short a duration may be why\n",
               t.variation, maxVariation);
  return text;
}

std::string reckon::tools::tableOf(const std::vector<BenchResult> &results) {
  std::string text = format("%10s %14s %14s %11s %11s %11s %11s %11s %11s %11s\n", "batch", "qps", "samples/s",
                            "min ms", "mean ms", "median ms", "p90 ms", "p95 ms", "p99 ms", "max ms");
  for (const BenchResult &result : results) {
    const Statistics &t = result.latency;
    text += format("%10lld %14.1f %14.1f %11.5f %11.5f %11.5f %11.5f %11.5f %11.5f %11.5f\n",
                   static_cast<long long>(result.batch), result.throughput,
                   result.throughput * static_cast<double>(result.batch), t.min, t.mean, t.median, t.p90, t.p95, t.p99,
                   t.max);
  }
  return text;
}

std::string reckon::tools::jsonOf(const std::vector<BenchResult> &results, const std::string &engine, int64_t threads) {
  JsonWriter json;
  json.beginObject();
  json.key("engine").value(engine);
  json.key("runtime").value(reckon_version());
  json.key("threads").value(threads);
  json.key("results").beginArray();
  for (const BenchResult &result : results) {
    const Statistics &t = result.latency;
    json.beginObject();
    json.key("batch").value(result.batch);
    json.key("runs").value(static_cast<uint64_t>(t.count));
    json.key("throughput_qps").value(result.throughput);
    json.key("walltime_s").value(result.walltime);
    timesJson(json, "latency_ms", t);
    if (result.hasParts) {
      timesJson(json, "enqueue_ms", result.enqueue);
      timesJson(json, "h2d_ms", result.h2d);
      timesJson(json, "gpu_compute_ms", result.compute);
      timesJson(json, "d2h_ms", result.d2h);
    }
    json.key("coefficient_of_variation_percent").value(t.variation);
    json.endObject();
  }
  json.endArray();
  json.endObject();
  return json.take();
}
