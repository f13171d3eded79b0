//===- CApiService.cpp - The C interface of a service ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Errors, log, runs and counters.
//
//===----------------------------------------------------------------------------===//

#include "CApiSupport.h"
#include "Log.h"
#include "Metrics.h"

using namespace reckon;
using namespace reckon::runtime;

//===-- Errors ----------------------------------------------------------------===//

namespace {
/// Of a fixed size: a thread-local object that has to be destroyed takes memory, and the C library ends the process
/// when there is none.
struct LastError {
  ReckonStatus code = RECKON_OK;
  char message[8192] = "", location[512] = "";
};
} // namespace
static thread_local LastError lastError;

/// As much of the text as there is room for.
template <size_t size> static void keep(const char *text, char (&kept)[size]) {
  static constexpr char cut[] = "...";
  size_t length = std::strlen(text);
  std::memcpy(kept, text, std::min(length, size - 1));
  if (length >= size)
    std::memcpy(kept + size - sizeof(cut), cut, sizeof(cut));
  kept[std::min(length, size - 1)] = 0;
}

ReckonStatus reckon::runtime::fail(ReckonStatus code, const char *message, const char *location) noexcept {
  lastError.code = code;
  keep(message, lastError.message);
  keep(location, lastError.location);
  logText(RECKON_LOG_ERROR, lastError.message);
  return code;
}

/// Calls `run(options)` with the caller's options as this version has them.
template <typename Run> static ReckonStatus runWith(ReckonContext *context, const ReckonRunOptions *options, Run run) {
  if (!context)
    return invalid("the context is null");
  return guarded(*context, Calls::BetweenRuns, [&](Error &error) {
    if (!options)
      return run(nullptr, error);
    ReckonRunOptions known = RECKON_RUN_OPTIONS_INIT;
    if (!copyStruct("ReckonRunOptions", options, known, error))
      return false;
    if (known.timeout_us < 0)
      return error.set(RECKON_INVALID, "timeout_us: got " + std::to_string(known.timeout_us) + ", expected 0 or more");
    return run(&known, error);
  });
}

extern "C" {

const char *reckon_last_error(void) { return lastError.message; }

ReckonStatus reckon_last_error_info(ReckonErrorInfo *info) {
  if (!info)
    return invalid("a null argument");
  ReckonErrorInfo known{sizeof(ReckonErrorInfo), lastError.code, lastError.message, lastError.location};
  return guarded([&](Error &error) { return fillStruct("ReckonErrorInfo", known, info, error); });
}

const char *reckon_status_name(ReckonStatus status) {
  switch (status) {
#define RECKON_STATUS_NAME(STATUS, NAME)                                                                               \
  case STATUS:                                                                                                         \
    return NAME;
    RECKON_STATUSES(RECKON_STATUS_NAME)
#undef RECKON_STATUS_NAME
  }
  return "?";
}

void reckon_set_log(ReckonLogCallback callback, void *user, ReckonLogLevel most) { setLog(callback, user, most); }

//===-- Runs ------------------------------------------------------------------===//

ReckonStatus reckon_run(ReckonContext *context) { return reckon_run_with_options(context, nullptr); }

ReckonStatus reckon_run_with_options(ReckonContext *context, const ReckonRunOptions *options) {
  return runWith(context, options,
                 [&](const ReckonRunOptions *known, Error &error) { return context->execution.run(known, error); });
}

ReckonStatus reckon_run_async(ReckonContext *context, void *cuda_stream) {
  return reckon_run_async_with_options(context, cuda_stream, nullptr);
}

ReckonStatus reckon_run_async_with_options(ReckonContext *context, void *cuda_stream, const ReckonRunOptions *options) {
  return runWith(context, options, [&](const ReckonRunOptions *known, Error &error) {
    return context->execution.runAsync(cuda_stream, known, error);
  });
}

ReckonStatus reckon_synchronize(ReckonContext *context) {
  if (!context)
    return invalid("the context is null");
  return guarded(*context, Calls::AlsoDuringRun, [&](Error &error) { return context->execution.synchronize(error); });
}

ReckonStatus reckon_cancel(ReckonContext *context) {
  if (!context)
    return invalid("the context is null");
  context->execution.cancel();
  return RECKON_OK;
}

//===-- Counters --------------------------------------------------------------===//

static ReckonCounters readCounters(const LoadedEngine &engine) {
  RunCounters sum;
  engine.counters.read(sum);
  auto failed = [&](ReckonStatus status) { return sum.failures[status].load(std::memory_order_relaxed); };
  Admission::Waits waits = engine.pool.admission.waits();
  ReckonCounters counters = RECKON_COUNTERS_INIT;
  counters.runs = sum.runs;
  counters.rows_looked_up = sum.rows;
  counters.table_bytes = sum.tableBytes;
  counters.input_bytes = sum.inputBytes;
  counters.output_bytes = sum.outputBytes;
  counters.failed_invalid = failed(RECKON_INVALID);
  counters.failed_unsupported = failed(RECKON_UNSUPPORTED);
  counters.failed_unavailable = failed(RECKON_UNAVAILABLE);
  counters.failed_internal = failed(RECKON_INTERNAL);
  counters.cancelled = failed(RECKON_CANCELLED);
  counters.deadline_exceeded = failed(RECKON_DEADLINE);
  counters.waits = waits.count;
  counters.wait_ns = waits.nanoseconds;
  Versions::Counts versions = engine.versions->counts();
  counters.version = engine.versions->version();
  counters.commits = versions.commits;
  counters.rows_updated = versions.rows;
  counters.commit_wait_ns = versions.waitNanoseconds;
  counters.run_retries = versions.retries;
  counters.unchecked_bytes = engine.rowChecks.uncheckedBytes();
  return counters;
}

ReckonStatus reckon_engine_counters(const ReckonEngine *engine, ReckonCounters *counters) {
  if (!engine || !counters)
    return invalid("a null argument");
  return guarded(
      [&](Error &error) { return fillStruct("ReckonCounters", readCounters(*engine->loaded), counters, error); });
}

ReckonStatus reckon_engine_metrics(const ReckonEngine *engine, const char *name, char *text, size_t capacity,
                                   size_t *needed) {
  if (!engine || !needed || (!text && capacity != 0))
    return invalid("a null argument");
  return guarded([&](Error &error) {
    std::string metrics = formatMetrics(readCounters(*engine->loaded), name);
    *needed = metrics.size() + 1;
    if (capacity == 0)
      return true;
    if (capacity < *needed)
      return error.set(RECKON_INVALID, "the metrics have " + std::to_string(*needed) + " bytes, the memory for them " +
                                           std::to_string(capacity));
    std::memcpy(text, metrics.c_str(), *needed);
    return true;
  });
}

} // extern "C"
