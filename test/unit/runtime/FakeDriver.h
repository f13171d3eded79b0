//===- FakeDriver.h - The insides of the fake driver ------------------------ ===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TEST_UNIT_RUNTIME_FAKEDRIVER_H
#define RECKON_TEST_UNIT_RUNTIME_FAKEDRIVER_H

#include "FakeCuda.h"
#include "FakeWork.h"
#include "runtime/Cuda/DriverTypes.h"

#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

namespace reckon::runtime::cuda {
struct CUctx_st {
  int device;
};
struct CUfunc_st {
  std::string name;
  std::vector<size_t> sizes;
};
struct CUmod_st {
  std::map<std::string, CUfunc_st> functions;
};
struct CUstream_st {};
struct CUevent_st {
  bool timing;
  bool recorded = false; // by a node of a graph
};
struct CUgraphNode_st {
  CUDA_KERNEL_NODE_PARAMS parameters = {};
  unsigned cluster = 0;
  std::vector<uint8_t> bytes;
  std::vector<const uint8_t *> pointers;
  std::vector<size_t> after;
  bool early = false;                      // it need not wait for the end of what it comes after
  std::vector<std::function<void()>> work; // instead of a kernel

  /// Copies the values, as the driver does.
  void set(const CUDA_KERNEL_NODE_PARAMS &given) {
    parameters = given;
    size_t size = 0;
    for (size_t parameter : given.func->sizes)
      size += parameter;
    bytes.resize(size);
    uint8_t *next = bytes.data();
    for (size_t i = 0; i < given.func->sizes.size(); ++i) {
      std::memcpy(next, given.kernelParams[i], given.func->sizes[i]);
      next += given.func->sizes[i];
    }
    relink();
  }
  void relink() {
    pointers.clear();
    if (!parameters.func)
      return;
    const uint8_t *next = bytes.data();
    for (size_t parameter : parameters.func->sizes) {
      pointers.push_back(next);
      next += parameter;
    }
  }
};
struct CUgraph_st {
  std::vector<std::unique_ptr<CUgraphNode_st>> nodes;
};
struct CUgraphExec_st {
  CUgraph source;
  std::vector<CUgraphNode_st> nodes;
};
} // namespace reckon::runtime::cuda

namespace reckon::test {

using namespace runtime::cuda;

class Fake final : public FakeCuda {
public:
  void reset() override {
    std::lock_guard<std::mutex> lock(mutex);
    counts.clear();
    total = failing = 0;
    instantiated.clear();
    copied.clear();
    enqueued.clear();
    machine = Machine();
    onLaunch = nullptr;
    onCall = nullptr;
    recording = true;
  }
  int calls(const char *function) const override {
    std::lock_guard<std::mutex> lock(mutex);
    auto found = counts.find(function);
    return found == counts.end() ? 0 : found->second;
  }
  int calls() const override { return total; }
  void failAt(int call, int result, bool andLater) override {
    failing = call ? total + call : 0;
    failure = result;
    failsLater = andLater;
  }
  size_t live() const override { return objects.size(); }
  std::vector<FakeGraph> graphs() const override { return instantiated; }
  std::vector<FakeCopy> copies() const override { return copied; }
  std::vector<std::pair<std::string, const void *>> order() const override { return enqueued; }
  void note(const char *what, const void *object) {
    if (recording)
      enqueued.emplace_back(what, object);
  }

  /// Whether what was enqueued has ended.
  CUresult query() {
    if (machine.busyQueries == 0)
      return refuseUnsafe();
    machine.busyQueries -= machine.busyQueries > 0;
    return CUDA_ERROR_NOT_READY;
  }
  /// Counts a call; whether it is to fail.
  CUresult enter(const char *function) {
    count(function);
    ++total;
    return total == failing || (failsLater && failing != 0 && total > failing) ? failure : CUDA_SUCCESS;
  }
  /// Of a function that never fails on purpose.
  void count(const char *function) {
    if (recording)
      ++counts[function];
  }
  void release(const char *function, const void *object) {
    count(function);
    if (object && objects.erase(object) != 1)
      std::abort(); // given back twice
  }
  void launch(const CUgraphNode_st &node) {
    for (const std::function<void()> &work : node.work)
      work();
    if (!node.parameters.func)
      return;
    const CUDA_KERNEL_NODE_PARAMS &p = node.parameters;
    if (onLaunch)
      onLaunch({p.func->name.c_str(),
                {p.gridDimX, p.gridDimY, p.gridDimZ},
                p.blockDimX,
                p.sharedMemBytes,
                node.cluster,
                node.pointers.data(),
                p.func->sizes.data(),
                p.func->sizes.size()});
  }

  /// What cannot become part of a capture; calling it spoils the capture.
  CUresult refuseCaptured(CUstream stream) {
    auto found = captures.find(stream);
    if (found == captures.end())
      return CUDA_SUCCESS;
    found->second.isInvalid = true;
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  /// What a thread must not do while a stream is captured, unless it says that it knows.
  CUresult refuseUnsafe() {
    CUresult result = CUDA_SUCCESS;
    for (auto &[stream, capture] : captures)
      if (capture.mode != CU_STREAM_CAPTURE_MODE_RELAXED && threadMode != CU_STREAM_CAPTURE_MODE_RELAXED) {
        capture.isInvalid = true;
        result = CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
      }
    return result;
  }
  /// The page-locked block that an address lies in.
  std::map<uintptr_t, size_t>::const_iterator findBlock(const void *address) const {
    auto after = hostBlocks.upper_bound(reinterpret_cast<uintptr_t>(address));
    if (after == hostBlocks.begin())
      return hostBlocks.end();
    --after;
    return reinterpret_cast<uintptr_t>(address) - after->first < after->second ? after : hostBlocks.end();
  }

  struct Capture {
    CUgraph graph;
    std::vector<CUgraphNode> dependencies;
    CUstreamCaptureMode mode;
    bool isInvalid = false;
  };
  inline static thread_local CUstreamCaptureMode threadMode = CU_STREAM_CAPTURE_MODE_GLOBAL;

  mutable std::mutex mutex;
  std::map<std::string, int> counts;
  int total = 0, failing = 0, failure = 999;
  bool failsLater = false;
  std::set<const void *> objects;
  std::map<CUdeviceptr, size_t> memory;
  size_t used = 0;
  std::vector<FakeGraph> instantiated;
  std::vector<FakeCopy> copied;
  std::vector<std::pair<std::string, const void *>> enqueued;
  std::map<uintptr_t, size_t> hostBlocks;
  std::map<CUstream, Capture> captures;
  CUctx_st contexts[16] = {};
  int retained[16] = {};
};

Fake &fake();

/// A call of the driver.
struct Inside {
  Inside() { tell(true); }
  ~Inside() { tell(false); }
  static void tell(bool begins) {
    if (fake().onCall)
      fake().onCall(begins);
  }
};

} // namespace reckon::test

#define EXPORT extern "C" __attribute__((visibility("default")))
#define ENTER                                                                                                          \
  Inside inside;                                                                                                       \
  std::lock_guard<std::mutex> lock(fake().mutex);                                                                      \
  if (CUresult failed = fake().enter(__func__))                                                                        \
    return failed;

#endif // RECKON_TEST_UNIT_RUNTIME_FAKEDRIVER_H
