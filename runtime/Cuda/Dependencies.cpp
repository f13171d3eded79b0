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

reckon::runtime::cuda::GraphEdges reckon::runtime::cuda::findEdges(const std::vector<std::vector<uint32_t>> &waits,
                                                                   const std::vector<bool> &isLaunched) {
  size_t count = waits.size();
  GraphEdges edges{std::vector<std::vector<uint32_t>>(count), std::vector<bool>(count)};
  std::vector<std::set<uint32_t>> handedOn(count), ancestors(count);
  for (uint32_t d = 0; d < count; ++d) {
    for (uint32_t earlier : waits[d]) {
      if (isLaunched[earlier])
        handedOn[d].insert(earlier);
      else
        handedOn[d].insert(handedOn[earlier].begin(), handedOn[earlier].end());
    }
    for (uint32_t earlier : handedOn[d])
      ancestors[d].insert(ancestors[earlier].begin(), ancestors[earlier].end());
    for (uint32_t earlier : handedOn[d])
      if (!ancestors[d].count(earlier))
        edges.after[d].push_back(earlier);
    ancestors[d].insert(handedOn[d].begin(), handedOn[d].end());
    for (uint32_t earlier = 0; earlier < d; ++earlier)
      if (isLaunched[d] && isLaunched[earlier] && !ancestors[d].count(earlier))
        edges.hasSiblings[d] = edges.hasSiblings[earlier] = true;
  }
  return edges;
}

reckon::runtime::cuda::GraphEdges reckon::runtime::cuda::findEdgesInLine(const std::vector<bool> &isLaunched) {
  GraphEdges edges{std::vector<std::vector<uint32_t>>(isLaunched.size()), std::vector<bool>(isLaunched.size())};
  std::vector<uint32_t> before;
  for (uint32_t d = 0; d < isLaunched.size(); ++d) {
    if (!isLaunched[d])
      continue;
    edges.after[d] = before;
    before = {d};
  }
  return edges;
}
