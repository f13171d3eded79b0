//===- Statistics.h - What latencies look like ----------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_STATISTICS_H
#define RECKON_TOOLS_SUPPORT_STATISTICS_H

#include <cstddef>
#include <vector>

namespace reckon::tools {

struct Statistics {
  size_t count = 0;
  double min = 0, max = 0, mean = 0, median = 0, p90 = 0, p95 = 0, p99 = 0;
  double variation = 0; // standard deviation over mean, in percent
};

/// Percentiles are by nearest rank. Reorders the samples.
Statistics summarize(std::vector<double> &samples);

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_STATISTICS_H
