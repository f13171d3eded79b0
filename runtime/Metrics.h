//===- Metrics.h - Counters as text ----------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_METRICS_H
#define RECKON_RUNTIME_METRICS_H

#include "reckon/Runtime/Runtime.h"

#include <string>

namespace reckon::runtime {

/// In the text format of Prometheus; null `engine`: without a label of that name.
std::string formatMetrics(const ReckonCounters &counters, const char *engine);

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_METRICS_H
