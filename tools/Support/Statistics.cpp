//===- Statistics.cpp - What latencies look like --------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Statistics.h"

#include <algorithm>
#include <cmath>

using namespace reckon::tools;

Statistics reckon::tools::summarize(std::vector<double> &samples) {
  Statistics result;
  result.count = samples.size();
  if (samples.empty())
    return result;
  std::sort(samples.begin(), samples.end());
  auto percentile = [&](double percent) {
    size_t rank = static_cast<size_t>(std::ceil(percent / 100 * static_cast<double>(samples.size())));
    return samples[std::max<size_t>(rank, 1) - 1];
  };
  result.min = samples.front();
  result.max = samples.back();
  size_t middle = samples.size() / 2;
  result.median = samples.size() % 2 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
  result.p90 = percentile(90);
  result.p95 = percentile(95);
  result.p99 = percentile(99);
  double sum = 0, squares = 0;
  for (double sample : samples)
    sum += sample;
  result.mean = sum / static_cast<double>(samples.size());
  for (double sample : samples)
    squares += (sample - result.mean) * (sample - result.mean);
  if (result.mean > 0)
    result.variation = 100 * std::sqrt(squares / static_cast<double>(samples.size())) / result.mean;
  return result;
}
