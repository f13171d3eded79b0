//===- FakeGraphs.cpp - Graphs and captures of the fake driver -------------- ===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "FakeDriver.h"

using namespace reckon::runtime::cuda;
using namespace reckon::test;

void reckon::test::enqueueFakeWork(CUstream stream, std::function<void()> work) {
  std::unique_lock<std::mutex> lock(fake().mutex);
  auto found = fake().captures.find(stream);
  if (found == fake().captures.end()) {
    lock.unlock();
    return work();
  }
  auto &nodes = found->second.graph->nodes;
  nodes.push_back(std::make_unique<CUgraphNode_st>());
  nodes.back()->work.push_back(std::move(work));
  found->second.dependencies = {nodes.back().get()};
}

EXPORT CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode) {
  ENTER if (fake().captures.count(stream)) return CUDA_ERROR_INVALID_VALUE;
  fake().captures[stream] = {new CUgraph_st, {}, mode};
  return CUDA_SUCCESS;
}
EXPORT CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph) {
  Inside inside;
  std::lock_guard<std::mutex> lock(fake().mutex);
  CUresult failed = fake().enter(__func__);
  auto found = fake().captures.find(stream);
  *graph = nullptr;
  if (found == fake().captures.end())
    return CUDA_ERROR_INVALID_VALUE;
  if (!failed && found->second.isInvalid)
    failed = 901; // the capture has been invalidated
  if (failed) {
    delete found->second.graph;
  } else {
    *graph = found->second.graph;
    fake().objects.insert(*graph);
  }
  fake().captures.erase(found);
  return failed;
}
EXPORT CUresult cuStreamIsCapturing(CUstream stream, CUstreamCaptureStatus *status) {
  ENTER auto found = fake().captures.find(stream);
  *status = found == fake().captures.end() ? CU_STREAM_CAPTURE_STATUS_NONE
            : found->second.isInvalid      ? CU_STREAM_CAPTURE_STATUS_INVALIDATED
                                           : CU_STREAM_CAPTURE_STATUS_ACTIVE;
  return CUDA_SUCCESS;
}
EXPORT CUresult cuStreamGetCaptureInfo_v2(CUstream stream, CUstreamCaptureStatus *status, uint64_t *, CUgraph *graph,
                                          const CUgraphNode **dependencies, size_t *count) {
  ENTER auto found = fake().captures.find(stream);
  if (found == fake().captures.end())
    return CUDA_ERROR_INVALID_VALUE;
  *status = found->second.isInvalid ? CU_STREAM_CAPTURE_STATUS_INVALIDATED : CU_STREAM_CAPTURE_STATUS_ACTIVE;
  *graph = found->second.graph;
  *dependencies = found->second.dependencies.data();
  *count = found->second.dependencies.size();
  return CUDA_SUCCESS;
}
EXPORT CUresult cuStreamUpdateCaptureDependencies(CUstream stream, CUgraphNode *dependencies, size_t count,
                                                  unsigned flags) {
  ENTER auto found = fake().captures.find(stream);
  if (found == fake().captures.end() || flags != CU_STREAM_SET_CAPTURE_DEPENDENCIES)
    return CUDA_ERROR_INVALID_VALUE;
  found->second.dependencies.assign(dependencies, dependencies + count);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode *mode) {
  std::lock_guard<std::mutex> lock(fake().mutex);
  fake().count(__func__);
  std::swap(*mode, Fake::threadMode);
  return CUDA_SUCCESS;
}

EXPORT CUresult cuGraphCreate(CUgraph *graph, unsigned) {
  ENTER *graph = new CUgraph_st;
  fake().objects.insert(*graph);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuGraphDestroy(CUgraph graph) {
  std::lock_guard<std::mutex> lock(fake().mutex);
  fake().release(__func__, graph);
  delete graph;
  return CUDA_SUCCESS;
}
static void link(CUgraph graph, CUgraphNode_st &node, const CUgraphNode *after, size_t count) {
  for (size_t i = 0; i < count; ++i)
    for (size_t n = 0; n < graph->nodes.size(); ++n)
      if (graph->nodes[n].get() == after[i])
        node.after.push_back(n);
}
EXPORT CUresult cuGraphAddKernelNode_v2(CUgraphNode *node, CUgraph graph, const CUgraphNode *after, size_t count,
                                        const CUDA_KERNEL_NODE_PARAMS *parameters) {
  ENTER auto made = std::make_unique<CUgraphNode_st>();
  made->set(*parameters);
  link(graph, *made, after, count);
  *node = made.get();
  graph->nodes.push_back(std::move(made));
  return CUDA_SUCCESS;
}
EXPORT CUresult cuGraphAddDependencies_v2(CUgraph graph, const CUgraphNode *from, const CUgraphNode *to,
                                          const CUgraphEdgeData *edges, size_t count) {
  ENTER for (size_t i = 0; i < count; ++i) {
    // Between kernels only.
    if (!from[i]->parameters.func || !to[i]->parameters.func ||
        edges[i].from_port != CU_GRAPH_KERNEL_NODE_PORT_PROGRAMMATIC ||
        edges[i].type != CU_GRAPH_DEPENDENCY_TYPE_PROGRAMMATIC)
      return CUDA_ERROR_INVALID_VALUE;
    link(graph, *to[i], &from[i], 1);
    to[i]->early = true;
  }
  return CUDA_SUCCESS;
}
EXPORT CUresult cuGraphAddChildGraphNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *after, size_t count,
                                         CUgraph child) {
  ENTER auto made = std::make_unique<CUgraphNode_st>();
  for (const auto &inner : child->nodes) {
    auto copy = std::make_shared<CUgraphNode_st>(*inner);
    copy->relink();
    made->work.push_back([copy] { fake().launch(*copy); });
  }
  link(graph, *made, after, count);
  *node = made.get();
  graph->nodes.push_back(std::move(made));
  return CUDA_SUCCESS;
}
EXPORT CUresult cuGraphAddEventRecordNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *after, size_t count,
                                          CUevent event) {
  ENTER if (!event->timing) return CUDA_ERROR_INVALID_VALUE;
  auto made = std::make_unique<CUgraphNode_st>();
  made->work.push_back([event] { event->recorded = true; });
  link(graph, *made, after, count);
  *node = made.get();
  graph->nodes.push_back(std::move(made));
  return CUDA_SUCCESS;
}
EXPORT CUresult cuGraphKernelNodeSetAttribute(CUgraphNode node, CUlaunchAttributeID,
                                              const CUlaunchAttributeValue *value) {
  ENTER node->cluster = value->clusterDim.x;
  return CUDA_SUCCESS;
}
EXPORT CUresult cuGraphInstantiateWithFlags(CUgraphExec *instance, CUgraph graph, unsigned long long) {
  ENTER auto made = std::make_unique<CUgraphExec_st>();
  made->source = graph;
  FakeGraph record;
  for (const auto &node : graph->nodes) {
    made->nodes.push_back(*node);
    made->nodes.back().relink();
    record.kernels.push_back(node->parameters.func ? node->parameters.func->name : "library");
    record.after.push_back(node->after);
    record.early.push_back(node->early);
  }
  if (fake().recording)
    fake().instantiated.push_back(record);
  *instance = made.release();
  fake().objects.insert(*instance);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuGraphExecDestroy(CUgraphExec instance) {
  std::lock_guard<std::mutex> lock(fake().mutex);
  fake().release(__func__, instance);
  delete instance;
  return CUDA_SUCCESS;
}
EXPORT CUresult cuGraphExecKernelNodeSetParams_v2(CUgraphExec instance, CUgraphNode node,
                                                  const CUDA_KERNEL_NODE_PARAMS *parameters) {
  ENTER for (size_t n = 0; n < instance->nodes.size(); ++n) if (instance->source->nodes[n].get() == node) {
    instance->nodes[n].set(*parameters);
    return CUDA_SUCCESS;
  }
  return CUDA_ERROR_INVALID_VALUE;
}
EXPORT CUresult cuGraphUpload(CUgraphExec, CUstream stream) { ENTER return fake().refuseCaptured(stream); }
EXPORT CUresult cuGraphLaunch(CUgraphExec instance, CUstream stream) {
  ENTER if (CUresult refused = fake().refuseCaptured(stream)) return refused;
  for (const CUgraphNode_st &node : instance->nodes)
    fake().launch(node);
  return CUDA_SUCCESS;
}
