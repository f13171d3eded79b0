//===- Cuda/Dependencies.cpp - Which dispatch waits for which -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Dependencies.h"

#include <map>
#include <set>

using namespace reckon;

namespace {
/// The value that a buffer holds at a point of the program.
struct Value {
  std::vector<uint32_t> before; // readers of the value before: each writer waits for them
  std::vector<uint32_t> writers, readers;
};
} // namespace

std::vector<std::vector<uint32_t>>
reckon::runtime::cuda::findDependencies(const std::vector<const DispatchSpec *> &dispatches) {
  std::map<std::pair<Space, uint32_t>, Value> values;
  std::vector<std::vector<uint32_t>> result;
  for (uint32_t d = 0; d < dispatches.size(); ++d) {
    const DispatchSpec &dispatch = *dispatches[d];
    size_t numInputs = dispatch.operands.size() - dispatch.numOutputs;
    std::set<uint32_t> waits;
    auto waitFor = [&](const std::vector<uint32_t> &others) {
      for (uint32_t other : others)
        if (other != d)
          waits.insert(other);
    };
    for (size_t o = 0; o < dispatch.operands.size(); ++o) {
      const OperandSpec &operand = dispatch.operands[o];
      if (operand.space != Space::Arena && operand.space != Space::Output)
        continue;
      Value &value = values[{operand.space, operand.index}];
      if (o < numInputs) {
        waitFor(value.writers);
        if (value.readers.empty() || value.readers.back() != d)
          value.readers.push_back(d);
        continue;
      }
      if (!value.readers.empty()) {
        value.before = std::move(value.readers);
        // Who writes what it has read is also one of the writers that the next must wait for.
        value.writers.clear();
        value.readers.clear();
      }
      waitFor(value.before);
      if (value.writers.empty() || value.writers.back() != d)
        value.writers.push_back(d);
    }
    result.emplace_back(waits.begin(), waits.end());
  }
  return result;
}
