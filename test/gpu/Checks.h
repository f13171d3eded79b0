//===- Checks.h - What is checked of an engine on a device ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TEST_GPU_CHECKS_H
#define RECKON_TEST_GPU_CHECKS_H

#include "Subject.h"

#include <functional>

namespace reckon::gpucheck {

/// How a check ended: neither of the two texts means that it passed.
struct Outcome {
  std::string failure, skipped;
};

/// What a line of the plan says beside the engine.
struct Request {
  std::vector<int64_t> batches;
  std::string data; // folder of test data
  uint64_t seed = 1;
};

struct Check {
  const char *name, *summary;
  std::function<Outcome(Subject &, const Request &)> run;
};

/// All of them, by name.
const std::vector<Check> &allChecks();

Outcome checkPointers(Subject &subject, const Request &request);
Outcome checkUpdates(Subject &subject, const Request &request);

} // namespace reckon::gpucheck

#endif // RECKON_TEST_GPU_CHECKS_H
