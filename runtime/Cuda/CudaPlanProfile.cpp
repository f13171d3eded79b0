//===- Cuda/CudaPlanProfile.cpp - A run with the time of each kernel -------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// The kernels run one after another in a graph of their own, with an event between each two: times are the device's,
// and no launch of the host is in them.
//
//===----------------------------------------------------------------------------===//

#include "CudaPlan.h"

using namespace reckon;
using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

bool CudaPlan::addTimed(CUgraph to, CUstream stream, std::deque<Event> &events, RunProfile &profile,
                        Error &error) const {
  std::vector<CUgraphNode> last;
  auto mark = [&] {
    CUgraphNode handle = nullptr;
    events.emplace_back(program.driver);
    if (!events.back().create(/*timing=*/true, error) ||
        !program.driver.cuGraphAddEventRecordNode(error, &handle, to, last.data(), last.size(), events.back().get()))
      return false;
    last = {handle};
    return true;
  };
  if (!mark())
    return false;
  auto node = nodes.begin();
  auto libraryNode = libraryNodes.begin();
  for (uint32_t d = 0; d < program.dispatches.size(); ++d) {
    CUgraphNode handle = nullptr;
    bool isKernel = node != nodes.end() && node->dispatch == d;
    bool isLibrary = libraryNode != libraryNodes.end() && libraryNode->dispatch == d;
    if (!isKernel && !isLibrary)
      continue;
    RunProfile::Launch launch{program.kernels[program.dispatches[d].spec->kernel].spec};
    if (isKernel)
      launch.kernel = node->kernel->spec;
    else
      launch.library = libraryNode->library;
    if (!findRows(program.dispatches[d], dims, launch.rows, error) ||
        (isKernel && !addKernel(*node++, to, last, {}, handle, error)) ||
        (isLibrary && !addLibraryGraph(*libraryNode++, to, last, stream, handle, error)))
      return false;
    last = {handle};
    profile.launches[d] = launch;
    profile.events.push_back({d, 0, 0, 0, 0, launch.rows});
    if (!mark())
      return false;
  }
  return true;
}

bool CudaPlan::launchTimed(CUstream stream, RunProfile &profile, Error &error) const {
  const Driver &driver = program.driver;
  OutsideCapture outside(driver);
  OwnGraph own(driver);
  Stream capturing(driver);
  std::deque<Event> events;
  profile.clear(program.source.program, program.dispatches.size());
  if (!capturing.create(error) || !driver.cuGraphCreate(error, &own.graph, 0) ||
      !addTimed(own.graph, capturing.get(), events, profile, error) ||
      !driver.cuGraphInstantiate(error, &own.instance, own.graph, 0) ||
      !driver.cuGraphUpload(error, own.instance, stream) || !driver.cuGraphLaunch(error, own.instance, stream) ||
      !driver.cuStreamSynchronize(error, stream))
    return false;
  double now = 0;
  for (size_t i = 0; i < profile.events.size(); ++i) {
    float milliseconds = 0;
    if (!driver.cuEventElapsedTime(error, &milliseconds, events[i].get(), events[i + 1].get()))
      return false;
    profile.events[i].begin = now;
    profile.events[i].end = now += 1e3 * milliseconds;
  }
  profile.total = now;
  return true;
}
