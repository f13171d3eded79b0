//===- Cuda/Dependencies.h - Which dispatch waits for which ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CUDA_DEPENDENCIES_H
#define RECKON_RUNTIME_CUDA_DEPENDENCIES_H

#include "reckon/Engine/EngineSpec.h"

namespace reckon::runtime::cuda {

/// For each dispatch in program order, the earlier ones that it must wait for, ascending. A dispatch waits for those
/// that write what it reads, and for those that read what it overwrites: slots are shared by values whose lives do not
/// overlap. Dispatches that fill parts of one buffer before anyone reads it run side by side, so it is not enough to
/// know who writes a buffer; what begins a new value in it is the first write after a read.
std::vector<std::vector<uint32_t>> findDependencies(const std::vector<const DispatchSpec *> &dispatches);

/// The edges of the graph of those dispatches that are launched.
struct GraphEdges {
  /// For each dispatch the launched ones right before it, ascending: what one of them waits for is left out.
  std::vector<std::vector<uint32_t>> after;
  /// Whether another one may run at the same time.
  std::vector<bool> hasSiblings;
};

/// `waits` is as findDependencies() gives it. A dispatch that is not launched hands on what it waits for.
GraphEdges findEdges(const std::vector<std::vector<uint32_t>> &waits, const std::vector<bool> &isLaunched);

/// Of each launched dispatch after the one before it.
GraphEdges findEdgesInLine(const std::vector<bool> &isLaunched);

} // namespace reckon::runtime::cuda

#endif // RECKON_RUNTIME_CUDA_DEPENDENCIES_H
