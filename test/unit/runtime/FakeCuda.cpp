//===- FakeCuda.cpp - A CUDA driver made of host memory -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Code is text: lines "kernel NAME SIZE SIZE ..." with the bytes of each parameter, or PTX whose parameters all have 8.
//
//===----------------------------------------------------------------------------===//

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
#include <sstream>
#include <utility>

using namespace reckon::runtime::cuda;
using namespace reckon::test;

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
};
struct CUgraphNode_st {
  CUDA_KERNEL_NODE_PARAMS parameters = {};
  unsigned cluster = 0;
  std::vector<uint8_t> bytes;
  std::vector<const uint8_t *> pointers;
  std::vector<size_t> after;
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

namespace {
class Fake final : public FakeCuda {
public:
  void reset() override {
    std::lock_guard<std::mutex> lock(mutex);
    counts.clear();
    total = failing = 0;
    instantiated.clear();
    machine = Machine();
    onLaunch = nullptr;
    recording = true;
  }
  int calls(const char *function) const override {
    std::lock_guard<std::mutex> lock(mutex);
    auto found = counts.find(function);
    return found == counts.end() ? 0 : found->second;
  }
  int calls() const override { return total; }
  void failAt(int call, int result) override {
    failing = call ? total + call : 0;
    failure = result;
  }
  size_t live() const override { return objects.size(); }
  std::vector<FakeGraph> graphs() const override { return instantiated; }

  /// Counts a call; whether it is to fail.
  CUresult enter(const char *function) {
    if (recording)
      ++counts[function];
    return ++total == failing ? failure : CUDA_SUCCESS;
  }
  void release(const char *function, const void *object) {
    if (recording)
      ++counts[function];
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

  mutable std::mutex mutex;
  std::map<std::string, int> counts;
  int total = 0, failing = 0, failure = 999;
  std::set<const void *> objects;
  std::map<CUdeviceptr, size_t> memory;
  size_t used = 0;
  std::vector<FakeGraph> instantiated;
  CUgraph capturing = nullptr;
  CUctx_st contexts[16] = {};
  int retained[16] = {};
};

Fake &fake() {
  static Fake instance;
  return instance;
}

thread_local std::vector<CUcontext> stack;

void inRange(CUdeviceptr address, size_t size) {
  auto after = fake().memory.upper_bound(address);
  if (after == fake().memory.begin() || (--after, address + size > after->first + after->second))
    std::abort(); // a copy outside of allocated memory
}
} // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))
#define ENTER                                                                                                          \
  std::lock_guard<std::mutex> lock(fake().mutex);                                                                      \
  if (CUresult failed = fake().enter(__func__))                                                                        \
    return failed;

EXPORT FakeCuda *reckon_fake_cuda() { return &fake(); }

int reckon::test::enterFake(const char *function) {
  std::lock_guard<std::mutex> lock(fake().mutex);
  return fake().enter(function);
}
void reckon::test::addFakeObject(const void *object) {
  std::lock_guard<std::mutex> lock(fake().mutex);
  fake().objects.insert(object);
}
void reckon::test::dropFakeObject(const char *function, const void *object) {
  std::lock_guard<std::mutex> lock(fake().mutex);
  fake().release(function, object);
}
void reckon::test::enqueueFakeWork(std::function<void()> work) {
  if (!fake().capturing)
    return work();
  fake().capturing->nodes.push_back(std::make_unique<CUgraphNode_st>());
  fake().capturing->nodes.back()->work.push_back(std::move(work));
}

EXPORT CUresult cuStreamBeginCapture_v2(CUstream, CUstreamCaptureMode) {
  ENTER fake().capturing = new CUgraph_st;
  return CUDA_SUCCESS;
}
EXPORT CUresult cuStreamEndCapture(CUstream, CUgraph *graph) {
  std::lock_guard<std::mutex> lock(fake().mutex);
  *graph = std::exchange(fake().capturing, nullptr);
  fake().objects.insert(*graph);
  if (CUresult failed = fake().enter(__func__)) {
    fake().objects.erase(*graph);
    delete std::exchange(*graph, nullptr);
    return failed;
  }
  return CUDA_SUCCESS;
}

EXPORT CUresult cuInit(unsigned) { return fake().machine.initResult; }
EXPORT CUresult cuDriverGetVersion(int *version) {
  *version = fake().machine.version;
  return CUDA_SUCCESS;
}
EXPORT CUresult cuGetErrorString(CUresult result, const char **text) {
  *text = result == CUDA_ERROR_OUT_OF_MEMORY ? "out of memory" : "made up failure";
  return CUDA_SUCCESS;
}
EXPORT CUresult cuGetErrorName(CUresult result, const char **text) {
  *text = result == CUDA_ERROR_OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_MADE_UP";
  return CUDA_SUCCESS;
}
EXPORT CUresult cuDeviceGetCount(int *count) {
  ENTER *count = fake().machine.devices;
  return CUDA_SUCCESS;
}
EXPORT CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  ENTER *device = ordinal;
  return CUDA_SUCCESS;
}
EXPORT CUresult cuDeviceGetName(char *name, int size, CUdevice) {
  ENTER std::strncpy(name, "Fake GPU", size);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice) {
  ENTER const auto &machine = fake().machine;
  *value = attribute == CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT       ? machine.multiprocessors
           : attribute == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR ? machine.major
           : attribute == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR ? machine.minor
                                                                       : machine.maxShared;
  return CUDA_SUCCESS;
}
EXPORT CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  ENTER *context = &fake().contexts[device];
  if (fake().retained[device]++ == 0)
    fake().objects.insert(*context);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  std::lock_guard<std::mutex> lock(fake().mutex);
  if (--fake().retained[device] == 0)
    fake().release(__func__, &fake().contexts[device]);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuCtxGetCurrent(CUcontext *context) {
  *context = stack.empty() ? nullptr : stack.back();
  return CUDA_SUCCESS;
}
EXPORT CUresult cuCtxPushCurrent_v2(CUcontext context) {
  ENTER stack.push_back(context);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuCtxPopCurrent_v2(CUcontext *context) {
  *context = stack.back();
  stack.pop_back();
  return CUDA_SUCCESS;
}

EXPORT CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned count, CUjit_option *options,
                                   void **values) {
  ENTER auto made = std::make_unique<CUmod_st>();
  std::string text = static_cast<const char *>(image);
  if (text.compare(0, 4, "\177ELF") == 0)
    text = static_cast<const char *>(image) + 64;
  std::istringstream lines(text);
  if (text.find("bad") == 0) {
    for (unsigned i = 0; i < count; ++i)
      if (options[i] == CU_JIT_ERROR_LOG_BUFFER)
        std::strcpy(static_cast<char *>(values[i]), "line 1: it is bad\n");
    return 218;
  }
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    CUfunc_st function;
    if (word == "kernel") {
      words >> function.name;
      for (size_t size; words >> size;)
        function.sizes.push_back(size);
    } else if (word == ".visible") {
      size_t begin = line.find(".entry ") + 7;
      function.name = line.substr(begin, line.find('(') - begin);
      for (size_t at = 0; (at = line.find(".u64", at)) != std::string::npos; ++at)
        function.sizes.push_back(8);
    } else {
      continue;
    }
    made->functions[function.name] = function;
  }
  *module = made.release();
  fake().objects.insert(*module);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuModuleUnload(CUmodule module) {
  std::lock_guard<std::mutex> lock(fake().mutex);
  fake().release(__func__, module);
  delete module;
  return CUDA_SUCCESS;
}
EXPORT CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
  ENTER auto found = module->functions.find(name);
  if (found == module->functions.end())
    return 500;
  *function = &found->second;
  return CUDA_SUCCESS;
}
EXPORT CUresult cuFuncGetAttribute(int *value, CUfunction_attribute attribute, CUfunction) {
  ENTER *value =
      attribute == CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK ? fake().machine.maxThreads : fake().machine.staticShared;
  return CUDA_SUCCESS;
}
EXPORT CUresult cuFuncSetAttribute(CUfunction, CUfunction_attribute, int) { ENTER return CUDA_SUCCESS; }
EXPORT CUresult cuFuncGetParamInfo(CUfunction function, size_t index, size_t *offset, size_t *size) {
  if (index >= function->sizes.size())
    return CUDA_ERROR_INVALID_VALUE;
  *offset = 0;
  *size = function->sizes[index];
  return CUDA_SUCCESS;
}
EXPORT CUresult cuLaunchKernel(CUfunction function, unsigned x, unsigned y, unsigned z, unsigned block, unsigned,
                               unsigned, unsigned shared, CUstream, void **parameters, void **) {
  ENTER CUgraphNode_st node;
  node.set({function, x, y, z, block, 1, 1, shared, parameters, nullptr, nullptr, nullptr});
  fake().launch(node);
  return CUDA_SUCCESS;
}

EXPORT CUresult cuMemGetInfo_v2(size_t *available, size_t *total) {
  ENTER *total = fake().machine.memory;
  *available = *total - fake().used;
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t size) {
  ENTER if (size > fake().machine.memory - fake().used) return CUDA_ERROR_OUT_OF_MEMORY;
  void *memory = std::aligned_alloc(256, (size + 255) / 256 * 256);
  *address = reinterpret_cast<CUdeviceptr>(memory);
  std::memset(memory, 0xa5, size);
  fake().memory[*address] = size;
  fake().used += size;
  fake().objects.insert(memory);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemFree_v2(CUdeviceptr address) {
  std::lock_guard<std::mutex> lock(fake().mutex);
  fake().release(__func__, reinterpret_cast<void *>(address));
  fake().used -= fake().memory[address];
  fake().memory.erase(address);
  std::free(reinterpret_cast<void *>(address));
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemHostAlloc(void **address, size_t size, unsigned) {
  ENTER *address = std::malloc(size);
  fake().objects.insert(*address);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemFreeHost(void *address) {
  std::lock_guard<std::mutex> lock(fake().mutex);
  fake().release(__func__, address);
  std::free(address);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t size, CUstream) {
  ENTER inRange(to, size);
  std::memcpy(reinterpret_cast<void *>(to), from, size);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t size, CUstream) {
  ENTER inRange(from, size);
  std::memcpy(to, reinterpret_cast<void *>(from), size);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t size, CUstream) {
  ENTER inRange(to, size);
  std::memset(reinterpret_cast<void *>(to), value, size);
  return CUDA_SUCCESS;
}

EXPORT CUresult cuStreamCreate(CUstream *stream, unsigned) {
  ENTER *stream = new CUstream_st;
  fake().objects.insert(*stream);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuStreamDestroy_v2(CUstream stream) {
  std::lock_guard<std::mutex> lock(fake().mutex);
  fake().release(__func__, stream);
  delete stream;
  return CUDA_SUCCESS;
}
EXPORT CUresult cuStreamSynchronize(CUstream) { ENTER return CUDA_SUCCESS; }
EXPORT CUresult cuStreamWaitEvent(CUstream, CUevent, unsigned) { ENTER return CUDA_SUCCESS; }
EXPORT CUresult cuEventCreate(CUevent *event, unsigned flags) {
  ENTER *event = new CUevent_st{(flags & CU_EVENT_DISABLE_TIMING) == 0};
  fake().objects.insert(*event);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuEventDestroy_v2(CUevent event) {
  std::lock_guard<std::mutex> lock(fake().mutex);
  fake().release(__func__, event);
  delete event;
  return CUDA_SUCCESS;
}
EXPORT CUresult cuEventRecord(CUevent, CUstream) { ENTER return CUDA_SUCCESS; }
EXPORT CUresult cuEventSynchronize(CUevent) { ENTER return CUDA_SUCCESS; }
EXPORT CUresult cuEventElapsedTime(float *milliseconds, CUevent from, CUevent to) {
  ENTER if (!from->timing || !to->timing) return CUDA_ERROR_INVALID_VALUE;
  *milliseconds = fake().machine.elapsed;
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
EXPORT CUresult cuGraphAddChildGraphNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *after, size_t count,
                                         CUgraph child) {
  ENTER auto made = std::make_unique<CUgraphNode_st>();
  for (const auto &inner : child->nodes)
    made->work.insert(made->work.end(), inner->work.begin(), inner->work.end());
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
  }
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
EXPORT CUresult cuGraphUpload(CUgraphExec, CUstream) { ENTER return CUDA_SUCCESS; }
EXPORT CUresult cuGraphLaunch(CUgraphExec instance, CUstream) {
  ENTER for (const CUgraphNode_st &node : instance->nodes) fake().launch(node);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuTensorMapEncodeTiled(CUtensorMap *map, CUtensorMapDataType, uint32_t rank, void *address,
                                       const uint64_t *, const uint64_t *, const uint32_t *, const uint32_t *,
                                       CUtensorMapInterleave, CUtensorMapSwizzle, CUtensorMapL2promotion,
                                       CUtensorMapFloatOOBfill) {
  ENTER if (reinterpret_cast<uintptr_t>(address) % 16 != 0) return CUDA_ERROR_INVALID_VALUE;
  *map = {};
  map->opaque[0] = reinterpret_cast<uintptr_t>(address);
  map->opaque[1] = rank;
  return CUDA_SUCCESS;
}
