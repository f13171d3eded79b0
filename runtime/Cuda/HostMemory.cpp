//===- Cuda/HostMemory.cpp - Page-locked host memory ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "HostMemory.h"

using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

static bool ask(const Driver &driver, const void *data, unsigned &type, CUdeviceptr &begin, size_t &size) {
  CUpointer_attribute attributes[] = {CU_POINTER_ATTRIBUTE_MEMORY_TYPE, CU_POINTER_ATTRIBUTE_RANGE_START_ADDR,
                                      CU_POINTER_ATTRIBUTE_RANGE_SIZE};
  void *answers[] = {&type, &begin, &size};
  type = 0;
  begin = 0;
  size = 0;
  // Of memory that it does not know the driver says nothing, or fails: no error of the run's.
  return driver.cuPointerGetAttributes.raw(3, attributes, answers, reinterpret_cast<CUdeviceptr>(data)) ==
             CUDA_SUCCESS &&
         type == CU_MEMORYTYPE_HOST;
}

bool reckon::runtime::cuda::isPageLocked(const Driver &driver, const void *data, uint64_t bytes) {
  unsigned type;
  CUdeviceptr begin, lastBegin, address = reinterpret_cast<CUdeviceptr>(data);
  size_t size, lastSize;
  if (!ask(driver, data, type, begin, size))
    return false;
  // Blocks of one process do not overlap: the end tells whether the tensor leaves the block that it begins in.
  if (size != 0)
    return begin <= address && address - begin <= size && bytes <= size - (address - begin);
  return ask(driver, static_cast<const uint8_t *>(data) + bytes - 1, type, lastBegin, lastSize) && lastSize == 0;
}

PinnedBlock::~PinnedBlock() {
  if (!address)
    return;
  Error ignored;
  ContextScope scope(driver, primary.get(), ignored);
  if (isOwned)
    driver.cuMemFreeHost.raw(address);
  else
    driver.cuMemHostUnregister.raw(address);
}

bool PinnedBlock::allocate(size_t bytes, Error &error) {
  if (!primary.retain(error))
    return false;
  ContextScope scope(driver, primary.get(), error);
  // Portable: the other GPUs of the machine copy from it just as well.
  isOwned = scope && driver.cuMemHostAlloc(error, &address, bytes ? bytes : 1, CU_MEMHOSTALLOC_PORTABLE);
  if (!isOwned)
    error.message += " for " + std::to_string(bytes) + " bytes of page-locked memory";
  return isOwned;
}

bool PinnedBlock::pin(void *data, size_t bytes, Error &error) {
  if (!primary.retain(error))
    return false;
  ContextScope scope(driver, primary.get(), error);
  if (!scope)
    return false;
  if (!driver.cuMemHostRegister(error, data, bytes, CU_MEMHOSTREGISTER_PORTABLE)) {
    error.message += " for " + std::to_string(bytes) + " bytes to be page-locked";
    return false;
  }
  address = data;
  return true;
}
