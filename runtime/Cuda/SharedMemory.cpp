//===- Cuda/SharedMemory.cpp - Device memory of several processes ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "SharedMemory.h"

using namespace reckon;
using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

/// The rest of the message is the driver's.
static bool refuse(const CudaDevice &device, const char *what, Error &error) {
  error.message = device.describe() + " " + what + ": " + error.message;
  return false;
}

bool SharedMemory::describe(CUmemAllocationProp &properties, uint64_t &granularity, Error &error) const {
  int supported = 0;
  if (!driver.cuDeviceGetAttribute(error, &supported, CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR_SUPPORTED,
                                   device.handle))
    return false;
  if (supported == 0)
    return error.set(RECKON_UNAVAILABLE, device.describe() + " has no memory that processes can share");
  properties = {};
  properties.type = CU_MEM_ALLOCATION_TYPE_PINNED;
  properties.requestedHandleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
  properties.location = {CU_MEM_LOCATION_TYPE_DEVICE, device.handle};
  size_t unit = 0;
  if (!driver.cuMemGetAllocationGranularity(error, &unit, &properties, CU_MEM_ALLOC_GRANULARITY_MINIMUM))
    return refuse(device, "does not say how it shares memory", error);
  granularity = unit;
  return true;
}

bool SharedMemory::map(Error &error) {
  CUmemAccessDesc access = {{CU_MEM_LOCATION_TYPE_DEVICE, device.handle}, CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
  if (!driver.cuMemAddressReserve(error, &address, size, 0, 0, 0) ||
      !driver.cuMemMap(error, address, size, 0, allocation, 0))
    return refuse(device, "does not map shared memory", error);
  isMapped = true;
  return driver.cuMemSetAccess(error, address, size, &access, 1) || refuse(device, "does not map shared memory", error);
}

bool SharedMemory::open(const std::string &name, uint64_t bytes, bool &isNew, Error &error) {
  CUmemAllocationProp properties;
  CUuuid uuid;
  uint64_t granularity;
  if (!describe(properties, granularity, error) || !driver.cuDeviceGetUuid(error, &uuid, device.handle))
    return false;
  size = (bytes + granularity - 1) / granularity * granularity;
  exchange.emplace("device memory\n" + std::string(uuid.bytes, sizeof(uuid.bytes)) + "\n" + name);
  if (!exchange->takeTurn(error) || !exchange->find(handle, error))
    return false;
  isNew = handle.descriptor.get() < 0;
  if (!isNew && handle.bytes != size)
    return error.set(RECKON_UNAVAILABLE, "sharing between processes: another process has " +
                                             std::to_string(handle.bytes) + " bytes, expected " + std::to_string(size));
  if (isNew) {
    if (!driver.cuMemCreate(error, &allocation, size, &properties, 0))
      return refuse(device, ("makes no shared memory of " + std::to_string(size) + " bytes").c_str(), error);
    int descriptor = -1;
    if (!driver.cuMemExportToShareableHandle(error, &descriptor, allocation, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR,
                                             0))
      return refuse(device, "does not share memory with other processes", error);
    handle.descriptor = Descriptor(descriptor);
    handle.bytes = size;
  } else {
    auto descriptor = static_cast<uintptr_t>(handle.descriptor.get());
    if (!driver.cuMemImportFromShareableHandle(error, &allocation, reinterpret_cast<void *>(descriptor),
                                               CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR))
      return refuse(device, "does not open the memory of another process", error);
  }
  return map(error);
}

bool SharedMemory::publish(Error &error) {
  if (!exchange->offer(std::move(handle), error))
    return false;
  exchange->endTurn();
  return true;
}

void SharedMemory::release() {
  exchange.reset();
  handle.descriptor.close();
  if (isMapped)
    driver.cuMemUnmap.raw(address, size);
  if (address)
    driver.cuMemAddressFree.raw(address, size);
  if (allocation)
    driver.cuMemRelease.raw(allocation);
  isMapped = false;
  address = 0;
  allocation = 0;
}
