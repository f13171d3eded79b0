//===- Metrics.cpp - Counters as text --------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Metrics.h"

using namespace reckon::runtime;

namespace {
enum class Unit { Number, Nanoseconds };
struct Metric {
  const char *name, *type, *help;
  const char *code; // the value of a label, or null
  uint64_t ReckonCounters::*value;
  Unit unit = Unit::Number;
};
// Those of one name are neighbours.
constexpr const char *failures = "reckon_failures_total";
constexpr Metric metrics[] = {
    {"reckon_runs_total", "counter", "Runs that went well.", nullptr, &ReckonCounters::runs},
    {failures, "counter", "Runs that failed, by status.", "invalid", &ReckonCounters::failed_invalid},
    {failures, nullptr, nullptr, "unsupported", &ReckonCounters::failed_unsupported},
    {failures, nullptr, nullptr, "unavailable", &ReckonCounters::failed_unavailable},
    {failures, nullptr, nullptr, "internal", &ReckonCounters::failed_internal},
    {failures, nullptr, nullptr, "cancelled", &ReckonCounters::cancelled},
    {failures, nullptr, nullptr, "deadline", &ReckonCounters::deadline_exceeded},
    {"reckon_rows_looked_up_total", "counter", "Ids given to runs.", nullptr, &ReckonCounters::rows_looked_up},
    {"reckon_table_bytes_total", "counter", "Bytes of the rows looked up.", nullptr, &ReckonCounters::table_bytes},
    {"reckon_input_bytes_total", "counter", "Bytes of inputs.", nullptr, &ReckonCounters::input_bytes},
    {"reckon_output_bytes_total", "counter", "Bytes of outputs.", nullptr, &ReckonCounters::output_bytes},
    {"reckon_waits_total", "counter", "Runs that waited for a CPU.", nullptr, &ReckonCounters::waits},
    {"reckon_wait_seconds_total", "counter", "How long runs waited for a CPU.", nullptr, &ReckonCounters::wait_ns,
     Unit::Nanoseconds},
    {"reckon_version", "gauge", "The newest version of rows and weights.", nullptr, &ReckonCounters::version},
    {"reckon_commits_total", "counter", "Updates committed.", nullptr, &ReckonCounters::commits},
    {"reckon_rows_updated_total", "counter", "Rows of those.", nullptr, &ReckonCounters::rows_updated},
    {"reckon_commit_wait_seconds_total", "counter", "How long commits waited for runs.", nullptr,
     &ReckonCounters::commit_wait_ns, Unit::Nanoseconds},
    {"reckon_run_retries_total", "counter", "Runs that took up their version again while a commit ended.", nullptr,
     &ReckonCounters::run_retries},
    {"reckon_unchecked_bytes", "gauge", "Bytes of rows that nobody has checked yet.", nullptr,
     &ReckonCounters::unchecked_bytes},
};

/// The value of a label, quoted.
std::string quote(const char *text) {
  std::string result = "\"";
  for (; *text; ++text)
    if (*text == '\n')
      result += "\\n";
    else
      result += *text == '"' || *text == '\\' ? std::string("\\") + *text : std::string(1, *text);
  return result + '"';
}

std::string number(uint64_t value, Unit unit) {
  if (unit == Unit::Number)
    return std::to_string(value);
  constexpr uint64_t second = 1000000000;
  std::string fraction = std::to_string(second + value % second);
  return std::to_string(value / second) + "." + fraction.substr(1);
}
} // namespace

std::string reckon::runtime::formatMetrics(const ReckonCounters &counters, const char *engine) {
  std::string text;
  for (const Metric &metric : metrics) {
    std::string name = metric.name, labels;
    if (metric.help)
      text += "# HELP " + name + " " + metric.help + "\n# TYPE " + name + " " + metric.type + "\n";
    if (engine)
      labels = "engine=" + quote(engine);
    if (metric.code)
      labels += std::string(labels.empty() ? "" : ",") + "code=" + quote(metric.code);
    text +=
        name + (labels.empty() ? "" : "{" + labels + "}") + " " + number(counters.*metric.value, metric.unit) + "\n";
  }
  return text;
}
