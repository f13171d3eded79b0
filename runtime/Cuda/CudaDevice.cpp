//===- Cuda/CudaDevice.cpp - A GPU ----------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaDevice.h"
#include "CudaProgram.h"
#include "HostMemory.h"

#include <map>
#include <mutex>

using namespace reckon;
using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

const CudaDevice *CudaDevice::find(int ordinal, Error &error) {
  const Driver *driver = Driver::get(error);
  if (!driver)
    return nullptr;
  if (ordinal >= driver->deviceCount()) {
    int count = driver->deviceCount();
    error.set(RECKON_UNAVAILABLE,
              "device 'cuda:" + std::to_string(ordinal) + "': this machine has " + std::to_string(count) +
                  (count == 1 ? " GPU, 'cuda:0'" : " GPUs, 'cuda:0' to 'cuda:" + std::to_string(count - 1) + "'"));
    return nullptr;
  }
  static std::mutex mutex;
  // Kept to the end of the process, when contexts may still be destroyed.
  static auto &devices = *new std::map<int, std::unique_ptr<CudaDevice>>();
  std::lock_guard<std::mutex> lock(mutex);
  auto &device = devices[ordinal];
  if (!device)
    device = open(*driver, ordinal, error);
  return device.get();
}

std::unique_ptr<CudaDevice> CudaDevice::open(const Driver &driver, int ordinal, Error &error) {
  std::unique_ptr<CudaDevice> device(new CudaDevice(driver, ordinal));
  return device->examine(error) ? std::move(device) : nullptr;
}

bool CudaDevice::examine(Error &error) {
  char name[256] = {};
  if (!driver.cuDeviceGet(error, &handle, ordinal) ||
      !driver.cuDeviceGetName(error, name, static_cast<int>(sizeof(name)) - 1, handle))
    return false;
  properties.name = name;
  const std::pair<CUdevice_attribute, int *> numbers[] = {
      {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, &properties.major},
      {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, &properties.minor},
      {CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, &properties.multiprocessors},
      {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, &properties.maxSharedBytes}};
  for (const auto &[attribute, value] : numbers)
    if (!driver.cuDeviceGetAttribute(error, value, attribute, handle))
      return false;
  return true;
}

std::string CudaDevice::describe() const {
  return "device 'cuda:" + std::to_string(ordinal) + "' (" + properties.name + ", sm_" +
         std::to_string(properties.major) + std::to_string(properties.minor) + ")";
}

const ProgramSpec *CudaDevice::choose(const EngineSpec &spec, Error &error) const {
  return chooseProgram(spec, *this, error);
}

std::unique_ptr<Program> CudaDevice::load(const ProgramSource &source, const Snapshot &snapshot, Error &error) const {
  auto program = std::make_unique<CudaProgram>(*this, source);
  if (!program->load(snapshot, error))
    return nullptr;
  return program;
}

std::unique_ptr<HostBlock> CudaDevice::allocateHost(size_t bytes, Error &error) const {
  auto block = std::make_unique<PinnedBlock>(*this);
  if (!block->allocate(bytes, error))
    return nullptr;
  return block;
}

std::unique_ptr<HostBlock> CudaDevice::registerHost(void *data, size_t bytes, Error &error) const {
  auto block = std::make_unique<PinnedBlock>(*this);
  if (!block->pin(data, bytes, error))
    return nullptr;
  return block;
}

PrimaryContext::~PrimaryContext() {
  if (context)
    device.driver.cuDevicePrimaryCtxRelease.raw(device.handle);
}

bool PrimaryContext::retain(Error &error) {
  return device.driver.cuDevicePrimaryCtxRetain(error, &context, device.handle);
}

ContextScope::ContextScope(const Driver &driver, CUcontext context, Error &error) : driver(driver) {
  CUcontext now = nullptr;
  current = driver.cuCtxGetCurrent.raw(&now) == CUDA_SUCCESS && now == context;
  if (!current)
    current = pushed = driver.cuCtxPushCurrent(error, context);
}

ContextScope::~ContextScope() {
  CUcontext ignored;
  if (pushed)
    driver.cuCtxPopCurrent.raw(&ignored);
}
