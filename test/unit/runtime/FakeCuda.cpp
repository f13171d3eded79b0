//===- FakeCuda.cpp - A CUDA driver made of host memory --------------------- ===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Code is text: lines "kernel NAME SIZE SIZE ..." with the bytes of each parameter, or PTX whose parameters all have 8.
//
//===----------------------------------------------------------------------------===//

#include "FakeDriver.h"

#include <sstream>

using namespace reckon::runtime::cuda;
using namespace reckon::test;

Fake &reckon::test::fake() {
  static Fake instance;
  return instance;
}

namespace {
thread_local std::vector<CUcontext> stack;

/// As the driver does, refuses to copy to or from memory that it did not give, also where nothing is copied.
CUresult checkDevice(CUdeviceptr address, size_t size) {
  auto after = fake().memory.upper_bound(address);
  if (after == fake().memory.begin())
    return CUDA_ERROR_INVALID_VALUE;
  --after;
  return address + size > after->first + after->second ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}
} // namespace

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
  *value = attribute == CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT                          ? machine.multiprocessors
           : attribute == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR                    ? machine.major
           : attribute == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR                    ? machine.minor
           : attribute == CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR_SUPPORTED ? int(machine.sharesMemory)
                                                                                          : machine.maxShared;
  return CUDA_SUCCESS;
}
EXPORT CUresult cuDeviceGetUuid_v2(CUuuid *uuid, CUdevice device) {
  ENTER *uuid = {};
  uuid->bytes[0] = static_cast<char>(device);
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
      do // on one line, or one a line
        for (size_t at = 0; (at = line.find(".u64", at)) != std::string::npos; ++at)
          function.sizes.push_back(8);
      while (line.find(')') == std::string::npos && std::getline(lines, line));
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
EXPORT CUresult cuOccupancyMaxActiveClusters(int *clusters, CUfunction, const CUlaunchConfig *config) {
  ENTER if (config->numAttrs != 1 || config->attrs->id != CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION ||
            config->gridDimX != config->attrs->value.clusterDim.x) return CUDA_ERROR_INVALID_VALUE;
  *clusters = fake().machine.maxClusters;
  return fake().machine.maxClusters < 0 ? CUDA_ERROR_INVALID_CLUSTER_SIZE : CUDA_SUCCESS;
}
EXPORT CUresult cuFuncGetParamInfo(CUfunction function, size_t index, size_t *offset, size_t *size) {
  if (index >= function->sizes.size())
    return CUDA_ERROR_INVALID_VALUE;
  *offset = 0;
  *size = function->sizes[index];
  return CUDA_SUCCESS;
}
// NOLINTNEXTLINE(readability-function-size): the library's signature
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
  ENTER if (CUresult refused = fake().refuseUnsafe()) return refused;
  if (size > fake().machine.memory - fake().used)
    return CUDA_ERROR_OUT_OF_MEMORY;
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
  ENTER if (CUresult refused = fake().refuseUnsafe()) return refused;
  *address = std::aligned_alloc(4096, (size + 4095) / 4096 * 4096);
  fake().objects.insert(*address);
  fake().hostBlocks[reinterpret_cast<uintptr_t>(*address)] = size;
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemFreeHost(void *address) {
  std::lock_guard<std::mutex> lock(fake().mutex);
  fake().release(__func__, address);
  fake().hostBlocks.erase(reinterpret_cast<uintptr_t>(address));
  std::free(address);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemHostRegister_v2(void *address, size_t size, unsigned) {
  ENTER if (fake().findBlock(address) != fake().hostBlocks.end()) return 712; // registered already
  fake().hostBlocks[reinterpret_cast<uintptr_t>(address)] = size;
  fake().objects.insert(address);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemHostUnregister(void *address) {
  std::lock_guard<std::mutex> lock(fake().mutex);
  fake().release(__func__, address);
  fake().hostBlocks.erase(reinterpret_cast<uintptr_t>(address));
  return CUDA_SUCCESS;
}
EXPORT CUresult cuPointerGetAttributes(unsigned count, CUpointer_attribute *attributes, void **answers,
                                       CUdeviceptr address) {
  std::lock_guard<std::mutex> lock(fake().mutex);
  fake().count(__func__);
  auto block = fake().findBlock(reinterpret_cast<void *>(address));
  if (block == fake().hostBlocks.end())
    return fake().machine.failsForPlainMemory ? 201 : CUDA_SUCCESS; // an invalid context
  for (unsigned i = 0; i < count; ++i)
    if (attributes[i] == CU_POINTER_ATTRIBUTE_MEMORY_TYPE)
      *static_cast<unsigned *>(answers[i]) = CU_MEMORYTYPE_HOST;
    else if (fake().machine.knowsRanges && attributes[i] == CU_POINTER_ATTRIBUTE_RANGE_START_ADDR)
      *static_cast<CUdeviceptr *>(answers[i]) = block->first;
    else if (fake().machine.knowsRanges)
      *static_cast<size_t *>(answers[i]) = block->second;
  return CUDA_SUCCESS;
}
/// As the driver does, refuses memory that is page-locked in part.
static CUresult checkHost(const void *host, size_t size) {
  auto first = fake().findBlock(host), last = fake().findBlock(static_cast<const char *>(host) + (size ? size - 1 : 0));
  return first == last ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
EXPORT CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t size, CUstream stream) {
  ENTER if (CUresult refused = checkDevice(to, size)) return refused;
  if (CUresult refused = fake().refuseCaptured(stream))
    return refused;
  if (CUresult refused = checkHost(from, size))
    return refused;
  if (fake().recording)
    fake().copied.push_back({from, size, true});
  fake().note("write", reinterpret_cast<void *>(to));
  std::memcpy(reinterpret_cast<void *>(to), from, size);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t size, CUstream stream) {
  ENTER if (CUresult refused = checkDevice(from, size)) return refused;
  if (CUresult refused = fake().refuseCaptured(stream))
    return refused;
  if (CUresult refused = checkHost(to, size))
    return refused;
  if (fake().recording)
    fake().copied.push_back({to, size, false});
  std::memcpy(to, reinterpret_cast<void *>(from), size);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t size, CUstream stream) {
  ENTER if (CUresult refused = checkDevice(to, size)) return refused;
  if (CUresult refused = checkDevice(from, size))
    return refused;
  if (CUresult refused = fake().refuseCaptured(stream))
    return refused;
  fake().note("write", reinterpret_cast<void *>(to));
  std::memcpy(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from), size);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t size, CUstream stream) {
  ENTER if (CUresult refused = checkDevice(to, size)) return refused;
  if (CUresult refused = fake().refuseCaptured(stream))
    return refused;
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
EXPORT CUresult cuStreamSynchronize(CUstream stream) {
  ENTER if (CUresult refused = fake().refuseCaptured(stream)) return refused;
  return fake().refuseUnsafe();
}
EXPORT CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned) {
  ENTER fake().note("wait", event);
  return fake().refuseCaptured(stream);
}
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
EXPORT CUresult cuEventRecord(CUevent event, CUstream stream) {
  ENTER fake().note("record", event);
  return fake().refuseCaptured(stream);
}
EXPORT CUresult cuEventQuery(CUevent) { ENTER return fake().query(); }
EXPORT CUresult cuStreamQuery(CUstream) { ENTER return fake().query(); }
EXPORT CUresult cuEventSynchronize(CUevent) { ENTER return fake().refuseUnsafe(); }
EXPORT CUresult cuEventElapsedTime(float *milliseconds, CUevent from, CUevent to) {
  ENTER if (!from->timing || !to->timing) return CUDA_ERROR_INVALID_VALUE;
  *milliseconds = fake().machine.elapsed;
  return CUDA_SUCCESS;
}

// NOLINTNEXTLINE(readability-function-size): the library's signature
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
