//===- BenchProfile.cpp - Where the time of a run goes -----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "BenchProfile.h"
#include "HostTensor.h"
#include "Json.h"
#include "reckon/Engine/DeviceKind.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <set>

using namespace reckon;
using namespace reckon::tools;

//===-- Measuring -------------------------------------------------------------===//

/// Takes the profile of one run. `times` and `totals` grow by one entry for each dispatch.
static void takeProfile(const runtime::Context &context, const ReckonProfile &profile, ProfileResult &result,
                        std::vector<std::vector<double>> &times) {
  times.resize(profile.num_dispatches);
  result.dispatches.resize(profile.num_dispatches);
  result.events.clear();
  std::vector<std::set<size_t>> threads(profile.num_dispatches);
  for (size_t i = 0; i < profile.num_events; ++i) {
    result.events.push_back(context.profiledEvent(i));
    threads[result.events.back().dispatch].insert(result.events.back().thread);
  }
  for (size_t d = 0; d < profile.num_dispatches; ++d) {
    ReckonDispatchProfile info = context.profiledDispatch(d);
    DispatchTimes &dispatch = result.dispatches[d];
    dispatch.kernel = info.kernel;
    dispatch.kind = info.kind;
    dispatch.nodes.assign(info.nodes, info.nodes + info.num_nodes);
    dispatch.rows = info.rows;
    dispatch.flops = info.flops;
    dispatch.bytes = info.bytes;
    dispatch.registers = info.registers;
    dispatch.threads = threads[d].size();
    if (!threads[d].empty())
      times[d].push_back(info.busy_us / static_cast<double>(threads[d].size()));
  }
}

int reckon::tools::profileRuns(const InputMaker &maker, const InputOptions &inputs, double seconds,
                               runtime::Context &context, ProfileResult &result, std::string &error) {
  constexpr uint64_t numSets = 4;
  constexpr size_t leastRuns = 5, mostRuns = 100000;
  using Clock = std::chrono::steady_clock;
  result.batch = inputs.batch;
  std::vector<std::vector<HostTensor>> sets(numSets);
  for (uint64_t set = 0; set < numSets; ++set)
    if (!maker.make(inputs, set + 1, sets[set], error))
      return ExitUsage;
  std::vector<double> totals;
  std::vector<std::vector<double>> times;
  Clock::time_point start = Clock::now();
  auto isOver = [&] { return std::chrono::duration<double>(Clock::now() - start).count() >= seconds; };
  // The first round warms up: what it takes is not counted.
  for (size_t run = 0; run < numSets + leastRuns || (run < mostRuns && !isOver()); ++run) {
    const std::vector<HostTensor> &set = sets[run % numSets];
    runtime::Status failed;
    for (size_t i = 0; i < set.size() && !failed; ++i)
      failed = context.setInput(i, set[i].type, set[i].shape, set[i].data.data());
    ReckonProfile profile = RECKON_PROFILE_INIT;
    if (!failed)
      failed = context.profile(&profile);
    if (failed) {
      error = failed.message;
      return failed.code;
    }
    if (run < numSets)
      continue;
    totals.push_back(profile.total_us);
    takeProfile(context, profile, result, times);
  }
  result.total = summarize(totals);
  for (size_t d = 0; d < times.size(); ++d)
    result.dispatches[d].time = summarize(times[d]);
  return ExitOk;
}

//===-- Showing ---------------------------------------------------------------===//

Floor reckon::tools::floorOf(const DispatchTimes &dispatch, const MachinePeaks &peaks) {
  double memory = peaks.transferFloor(dispatch.bytes), arithmetic = peaks.arithmeticFloor(dispatch.flops);
  return {std::max(memory, arithmetic), memory >= arithmetic};
}

/// "12.3 M"; "-" for what is not known.
static std::string scaled(double value) {
  if (value < 0)
    return "-";
  const char *units[] = {"", " k", " M", " G", " T"};
  size_t unit = 0;
  for (; value >= 1000 && unit + 1 < std::size(units); ++unit)
    value /= 1000;
  char text[32];
  std::snprintf(text, sizeof(text), unit == 0 ? "%.0f%s" : "%.3g%s", value, units[unit]);
  return text;
}

std::string reckon::tools::rooflineText(const ProfileResult &result, const MachinePeaks &peaks) {
  char line[512];
  std::string text;
  std::snprintf(line, sizeof(line), "=== Roofline, batch %lld: peaks %s ===\n", static_cast<long long>(result.batch),
                peaks.source.c_str());
  text += line;
  std::snprintf(line, sizeof(line), "%9s %6s %8s %10s %10s %10s %7s  %-7s %s\n", "dispatch", "time", "us", "bytes",
                "operations", "floor us", "share", "bound", "kernel: nodes");
  text += line;
  double times = 0, floors = 0;
  for (const DispatchTimes &dispatch : result.dispatches)
    times += dispatch.time.median;
  for (size_t d = 0; d < result.dispatches.size(); ++d) {
    const DispatchTimes &dispatch = result.dispatches[d];
    if (dispatch.time.count == 0)
      continue;
    Floor floor = floorOf(dispatch, peaks);
    floors += floor.microseconds;
    std::string nodes;
    for (size_t i = 0; i < dispatch.nodes.size() && i < 3; ++i)
      nodes += (i == 0 ? "" : ", ") + dispatch.nodes[i];
    if (dispatch.nodes.size() > 3)
      nodes += " and " + std::to_string(dispatch.nodes.size() - 3) + " more";
    std::snprintf(line, sizeof(line), "%9zu %5.1f%% %8.2f %10s %10s %10.2f %6.1f%%  %-7s ", d,
                  times > 0 ? 100 * dispatch.time.median / times : 0, dispatch.time.median,
                  scaled(static_cast<double>(dispatch.bytes)).c_str(),
                  scaled(static_cast<double>(dispatch.flops)).c_str(), floor.microseconds, 100 * floor.share(dispatch),
                  floor.byMemory ? "memory" : "compute");
    text += line + dispatch.kernel + ": " + nodes + "\n";
  }
  std::snprintf(line, sizeof(line), "kernels %.2f us, floor %.2f us (%.1f%%); a profiled run %.2f us\n", times, floors,
                times > 0 ? 100 * floors / times : 0, result.total.median);
  return text + line;
}

static void statisticsJson(JsonWriter &json, const char *key, const Statistics &statistics) {
  json.key(key).beginObject();
  json.key("median").value(statistics.median);
  json.key("min").value(statistics.min);
  json.key("mean").value(statistics.mean);
  json.key("p90").value(statistics.p90);
  json.key("p99").value(statistics.p99);
  json.key("max").value(statistics.max);
  json.key("runs").value(static_cast<uint64_t>(statistics.count));
  json.endObject();
}

/// What is not known is null.
static void countJson(JsonWriter &json, const char *key, int64_t count) {
  json.key(key);
  if (count < 0)
    json.value(NAN);
  else
    json.value(count);
}

static void resultJson(JsonWriter &json, const ProfileResult &result, const MachinePeaks *peaks) {
  json.beginObject();
  json.key("batch").value(result.batch);
  statisticsJson(json, "total_us", result.total);
  json.key("dispatches").beginArray();
  for (size_t d = 0; d < result.dispatches.size(); ++d) {
    const DispatchTimes &dispatch = result.dispatches[d];
    json.beginObject();
    json.key("dispatch").value(static_cast<uint64_t>(d));
    json.key("kernel").value(dispatch.kernel);
    json.key("kind").value(dispatch.kind);
    json.key("nodes").beginArray();
    for (const std::string &node : dispatch.nodes)
      json.value(node);
    json.endArray();
    json.key("rows").value(dispatch.rows);
    json.key("threads").value(static_cast<uint64_t>(dispatch.threads));
    json.key("registers").value(dispatch.registers);
    countJson(json, "bytes", dispatch.bytes);
    countJson(json, "operations", dispatch.flops);
    statisticsJson(json, "time_us", dispatch.time);
    if (peaks) {
      Floor floor = floorOf(dispatch, *peaks);
      json.key("floor_us").value(floor.microseconds);
      json.key("floor_by").value(floor.byMemory ? "memory" : "compute");
      json.key("floor_share").value(floor.share(dispatch));
    }
    json.endObject();
  }
  json.endArray();
  json.endObject();
}

/// A process for each batch size, a row for each thread.
static void traceJson(JsonWriter &json, const ProfileResult &result, uint64_t process) {
  auto name = [&](const char *what, uint64_t thread, const std::string &text) {
    json.beginObject();
    json.key("name").value(what);
    json.key("ph").value("M");
    json.key("pid").value(process);
    json.key("tid").value(thread);
    json.key("args").beginObject();
    json.key("name").value(text);
    json.endObject();
    json.endObject();
  };
  name("process_name", 0, "batch " + std::to_string(result.batch));
  std::set<size_t> threads;
  for (const ReckonProfileEvent &event : result.events)
    if (threads.insert(event.thread).second)
      name("thread_name", event.thread, "thread " + std::to_string(event.thread));
  for (const ReckonProfileEvent &event : result.events) {
    const DispatchTimes &dispatch = result.dispatches[event.dispatch];
    json.beginObject();
    json.key("name").value(dispatch.kernel);
    json.key("cat").value(dispatch.kind);
    json.key("ph").value("X");
    json.key("ts").value(event.begin_us);
    json.key("dur").value(event.end_us - event.begin_us);
    json.key("pid").value(process);
    json.key("tid").value(static_cast<uint64_t>(event.thread));
    json.key("args").beginObject();
    json.key("dispatch").value(static_cast<uint64_t>(event.dispatch));
    json.key("first_row").value(event.first_row);
    json.key("end_row").value(event.end_row);
    json.endObject();
    json.endObject();
  }
}

std::string reckon::tools::profileJson(const std::vector<ProfileResult> &results, const std::string &engine,
                                       const std::string &device, const MachinePeaks *peaks) {
  JsonWriter json;
  json.beginObject();
  json.key("engine").value(engine);
  json.key("runtime").value(reckon_version());
  json.key("device").value(device);
  if (peaks) {
    json.key("peaks").beginObject();
    json.key("source").value(peaks->source);
    json.key("gflops").value(peaks->flopsPerSecond * 1e-9);
    json.key("bandwidths").beginArray();
    for (const MachinePeaks::Bandwidth &bandwidth : peaks->bandwidths) {
      json.beginObject();
      json.key("up_to_bytes").value(bandwidth.bytes);
      json.key("gb_per_second").value(bandwidth.perSecond * 1e-9);
      json.endObject();
    }
    json.endArray();
    json.endObject();
  }
  json.key("results").beginArray();
  for (const ProfileResult &result : results)
    resultJson(json, result, peaks);
  json.endArray();
  json.key("displayTimeUnit").value("ns");
  json.key("traceEvents").beginArray();
  for (size_t i = 0; i < results.size(); ++i)
    traceJson(json, results[i], i + 1);
  json.endArray();
  json.endObject();
  return json.take();
}

//===-- The options -----------------------------------------------------------===//

void ProfileCommand::declare(ArgParser &args) {
  args.group("Profile");
  args.option("profile", "FILE", "time each dispatch, too; JSON that Chrome and Perfetto open as a trace", file);
  args.flag("roofline", "print each dispatch's bytes, operations, the least time for them and its share", roofline);
  args.option("peak-bandwidth", "GB/S",
              "of the memory, for the least time; measured, or by a GPU's clocks, if not given", bandwidth, 0.0);
  args.option("peak-flops", "GFLOP/S", "likewise", flops, 0.0);
}

std::string ProfileCommand::start(const std::string &device, int threads) {
  std::string error;
  if (!roofline)
    return error;
  peaks.emplace();
  bool isGiven = bandwidth > 0 && flops > 0;
  if (!isGiven && parseDevice(device) == DeviceKind::Host)
    peaks = MachinePeaks::ofHost(threads);
  else if (!isGiven)
    MachinePeaks::ofDevice(device, *peaks, error);
  if (bandwidth > 0)
    peaks->bandwidths = {{0, bandwidth * 1e9}};
  if (flops > 0)
    peaks->flopsPerSecond = flops * 1e9;
  if (bandwidth > 0 || flops > 0)
    peaks->source += std::string(isGiven ? "" : ", ") + "as given";
  return error;
}

int ProfileCommand::add(const InputMaker &maker, const InputOptions &inputs, runtime::Context &context,
                        std::string &error) {
  constexpr double seconds = 0.5;
  if (!isWanted())
    return ExitOk;
  results.emplace_back();
  if (int code = profileRuns(maker, inputs, seconds, context, results.back(), error))
    return code;
  if (roofline)
    std::printf("%s\n", rooflineText(results.back(), *peaks).c_str());
  std::fflush(stdout);
  return ExitOk;
}

std::string ProfileCommand::finish(const std::string &engine, const std::string &device) const {
  std::string error;
  if (file.empty())
    return error;
  std::string text = profileJson(results, engine, device, peaks ? &*peaks : nullptr);
  writeFile(file, {text.begin(), text.end()}, error);
  return error;
}
