//===- Profile.cpp - The times of a run's parts ---------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Profile.h"

#include <algorithm>

using namespace reckon;
using namespace reckon::runtime;

/// The value of a size of the engine; -1 when there is none.
static int64_t valueOf(const SizeExpr &size, const EngineSpec &spec, const std::vector<int64_t> &dims) {
  auto value = size.evaluate([&](std::string_view name) -> std::optional<int64_t> {
    auto found = std::find(spec.dims.begin(), spec.dims.end(), name);
    return found == spec.dims.end() ? std::nullopt : std::optional(dims[found - spec.dims.begin()]);
  });
  return value.value_or(-1);
}

void ProfileReport::make(const EngineSpec &spec, RunProfile profile, const std::vector<int64_t> &dims) {
  run = std::move(profile);
  const ProgramSpec &program = *run.program;
  dispatches.clear();
  nodes.clear();
  nodes.reserve(run.launches.size()); // the dispatches point into it
  for (const ChainSpec &chain : program.chains)
    for (const DispatchSpec &dispatch : chain.dispatches) {
      const RunProfile::Launch &launch = run.launches[dispatches.size()];
      const KernelSpec &kernel = launch.kernel ? *launch.kernel : program.kernels[dispatch.kernel];
      ReckonDispatchProfile &info = dispatches.emplace_back(ReckonDispatchProfile RECKON_DISPATCH_PROFILE_INIT);
      std::vector<const char *> &names = nodes.emplace_back();
      for (const std::string &node : program.kernels[dispatch.kernel].onnxNodes)
        names.push_back(node.c_str());
      info.kernel = launch.library ? launch.library->c_str() : kernel.symbol.c_str();
      info.kind = kernel.kind.c_str();
      info.nodes = names.data();
      info.num_nodes = names.size();
      info.rows = launch.rows;
      info.registers = launch.library ? 0 : kernel.registers;
      info.bytes = dispatch.traffic == SizeExpr() ? -1 : valueOf(dispatch.traffic, spec, dims);
      int64_t flops;
      info.flops =
          __builtin_mul_overflow(int64_t(dispatch.flopsPerRow), valueOf(chain.rows, spec, dims), &flops) ? -1 : flops;
    }
  for (const RunProfile::Event &event : run.events)
    dispatches[event.dispatch].busy_us += event.end - event.begin;
}

ReckonProfileEvent ProfileReport::event(size_t index) const {
  const RunProfile::Event &event = run.events[index];
  ReckonProfileEvent result = RECKON_PROFILE_EVENT_INIT;
  result.dispatch = event.dispatch;
  result.thread = event.thread;
  result.begin_us = event.begin;
  result.end_us = event.end;
  result.first_row = event.firstRow;
  result.end_row = event.endRow;
  return result;
}
