//===- Cuda/CudaPlanLibrary.cpp - Library products in a graph -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// A library launches kernels of its own on a stream. They are captured from one, which makes them a graph, and that
// becomes a node of the plan's.
//
//===----------------------------------------------------------------------------===//

#include "CudaPlan.h"

#include <algorithm>

using namespace reckon;
using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

GemmAddresses CudaPlan::gemmAddresses(const LibraryNode &node) const {
  const std::vector<OperandSpec> &operands = program.dispatches[node.dispatch].spec->operands;
  auto address = [&](uint32_t operand) { return addressOf(operands[operand], bound); };
  return {address(node.spec->a), address(node.spec->weight),
          node.spec->bias < 0 ? 0 : address(static_cast<uint32_t>(node.spec->bias)), address(node.spec->out),
          bound.arena + node.workspaceOffset};
}

/// Times the algorithms of each product once for this size, and of equal products once for all, when what was enqueued
/// `after` is done with the arena.
bool CudaPlan::chooseAlgorithms(CUstream after, CUstream stream, Error &error) {
  Event ready(program.driver);
  if (!ready.create(/*timing=*/false, error) || !program.driver.cuEventRecord(error, ready.get(), after) ||
      !program.driver.cuStreamWaitEvent(error, stream, ready.get(), 0))
    return false;
  for (LibraryNode &node : libraryNodes) {
    auto isEqual = [&](const LibraryNode &other) { return other.chosen && node.gemm->adopt(*other.gemm); };
    if (!node.chosen && std::none_of(libraryNodes.begin(), libraryNodes.end(), isEqual) &&
        !node.gemm->choose(program.driver, gemmAddresses(node), stream, error))
      return false;
    node.chosen = true;
  }
  return true;
}

void CudaPlan::adoptAlgorithms(const CudaPlan &other) {
  for (LibraryNode &node : libraryNodes)
    for (const LibraryNode &known : other.libraryNodes)
      if (!node.chosen && known.chosen)
        node.chosen = node.gemm->adopt(*known.gemm);
}

bool CudaPlan::addLibraryGraph(const LibraryNode &node, CUgraph to, const std::vector<CUgraphNode> &after,
                               CUstream stream, CUgraphNode &handle, Error &error) const {
  const Driver &driver = program.driver;
  OwnGraph captured(driver); // the node gets a copy
  // Relaxed: the library may load a kernel while it launches one.
  if (!driver.cuStreamBeginCapture(error, stream, CU_STREAM_CAPTURE_MODE_RELAXED))
    return false;
  // The capture ends also after a failure, of whatever kind, or the stream could not be destroyed.
  struct EndCapture {
    const Driver &driver;
    CUstream stream;
    OwnGraph &captured;
    bool isOver = false;
    ~EndCapture() {
      if (!isOver)
        driver.cuStreamEndCapture.raw(stream, &captured.graph);
    }
  } end{driver, stream, captured};
  if (!node.gemm->enqueue(gemmAddresses(node), stream, error))
    return false;
  end.isOver = true;
  return driver.cuStreamEndCapture(error, stream, &captured.graph) &&
         driver.cuGraphAddChildGraphNode(error, &handle, to, after.data(), after.size(), captured.graph);
}
