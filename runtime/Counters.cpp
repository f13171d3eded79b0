//===- Counters.cpp - What an engine has done -----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Counters.h"

#include <algorithm>

using namespace reckon::runtime;

void RunCounters::addTo(RunCounters &sum) const {
  auto take = [](const std::atomic<uint64_t> &from, std::atomic<uint64_t> &to) {
    add(to, from.load(std::memory_order_relaxed));
  };
  take(runs, sum.runs);
  take(rows, sum.rows);
  take(tableBytes, sum.tableBytes);
  take(inputBytes, sum.inputBytes);
  take(outputBytes, sum.outputBytes);
  for (size_t i = 0; i < numStatuses; ++i)
    take(failures[i], sum.failures[i]);
}

void Counters::add(const RunCounters &context) {
  std::lock_guard<std::mutex> lock(mutex);
  live.push_back(&context);
}

void Counters::remove(const RunCounters &context) {
  std::lock_guard<std::mutex> lock(mutex);
  context.addTo(gone);
  live.erase(std::find(live.begin(), live.end(), &context));
}

void Counters::read(RunCounters &sum) const {
  std::lock_guard<std::mutex> lock(mutex);
  gone.addTo(sum);
  for (const RunCounters *context : live)
    context->addTo(sum);
}
