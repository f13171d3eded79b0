//===- FakeSharing.cpp - Memory of the fake driver that processes share ----- ===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// An allocation is a memory file of the system's, so other processes do have it.
//
//===----------------------------------------------------------------------------===//

#include "FakeDriver.h"

#include <sys/mman.h>
#include <unistd.h>

using namespace reckon::runtime::cuda;
using namespace reckon::test;

namespace {
constexpr size_t granularity = 65536;

struct Allocation {
  int file;
  size_t size; // 0: of another process
};
Allocation *from(CUmemGenericAllocationHandle handle) { return reinterpret_cast<Allocation *>(handle); }
CUmemGenericAllocationHandle give(int file, size_t size) {
  auto *allocation = new Allocation{file, size};
  fake().objects.insert(allocation);
  return reinterpret_cast<CUmemGenericAllocationHandle>(allocation);
}
bool isShareable(const CUmemAllocationProp *properties) {
  return properties->type == CU_MEM_ALLOCATION_TYPE_PINNED &&
         properties->requestedHandleTypes == CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR &&
         properties->location.type == CU_MEM_LOCATION_TYPE_DEVICE;
}
} // namespace

EXPORT CUresult cuMemGetAllocationGranularity(size_t *size, const CUmemAllocationProp *properties,
                                              CUmemAllocationGranularity_flags) {
  ENTER *size = granularity;
  return isShareable(properties) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
EXPORT CUresult cuMemCreate(CUmemGenericAllocationHandle *handle, size_t size, const CUmemAllocationProp *properties,
                            unsigned long long) {
  ENTER if (!isShareable(properties) || size % granularity != 0) return CUDA_ERROR_INVALID_VALUE;
  if (size > fake().machine.memory - fake().used)
    return CUDA_ERROR_OUT_OF_MEMORY;
  int file = ::memfd_create("fake-device-memory", MFD_CLOEXEC);
  if (file < 0 || ::ftruncate(file, static_cast<off_t>(size)) != 0)
    return CUDA_ERROR_OUT_OF_MEMORY;
  fake().used += size;
  *handle = give(file, size);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemRelease(CUmemGenericAllocationHandle handle) {
  std::lock_guard<std::mutex> lock(fake().mutex);
  Allocation *allocation = from(handle);
  fake().release(__func__, allocation);
  fake().used -= allocation->size;
  ::close(allocation->file);
  delete allocation;
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemExportToShareableHandle(void *handle, CUmemGenericAllocationHandle allocation,
                                             CUmemAllocationHandleType, unsigned long long) {
  ENTER *static_cast<int *>(handle) = ::dup(from(allocation)->file);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemImportFromShareableHandle(CUmemGenericAllocationHandle *allocation, void *handle,
                                               CUmemAllocationHandleType) {
  ENTER int file = ::dup(static_cast<int>(reinterpret_cast<uintptr_t>(handle)));
  if (file < 0)
    return CUDA_ERROR_INVALID_VALUE;
  *allocation = give(file, 0);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemAddressReserve(CUdeviceptr *address, size_t size, size_t, CUdeviceptr, unsigned long long) {
  ENTER void *place = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED)
    return CUDA_ERROR_OUT_OF_MEMORY;
  *address = reinterpret_cast<CUdeviceptr>(place);
  fake().objects.insert(place);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemAddressFree(CUdeviceptr address, size_t size) {
  std::lock_guard<std::mutex> lock(fake().mutex);
  fake().release(__func__, reinterpret_cast<void *>(address));
  ::munmap(reinterpret_cast<void *>(address), size);
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemMap(CUdeviceptr address, size_t size, size_t offset, CUmemGenericAllocationHandle allocation,
                         unsigned long long) {
  ENTER void *place = ::mmap(reinterpret_cast<void *>(address), size, PROT_NONE, MAP_SHARED | MAP_FIXED,
                             from(allocation)->file, static_cast<off_t>(offset));
  if (place == MAP_FAILED)
    return CUDA_ERROR_INVALID_VALUE;
  fake().memory[address] = size;
  return CUDA_SUCCESS;
}
EXPORT CUresult cuMemUnmap(CUdeviceptr address, size_t size) {
  Inside inside;
  std::lock_guard<std::mutex> lock(fake().mutex);
  fake().count(__func__);
  if (fake().memory.erase(address) != 1)
    std::abort();
  void *place =
      ::mmap(reinterpret_cast<void *>(address), size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  return place == MAP_FAILED ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_SUCCESS;
}
EXPORT CUresult cuMemSetAccess(CUdeviceptr address, size_t size, const CUmemAccessDesc *access, size_t count) {
  ENTER if (count != 1 || access->flags != CU_MEM_ACCESS_FLAGS_PROT_READWRITE) return CUDA_ERROR_INVALID_VALUE;
  return ::mprotect(reinterpret_cast<void *>(address), size, PROT_READ | PROT_WRITE) == 0 ? CUDA_SUCCESS
                                                                                          : CUDA_ERROR_INVALID_VALUE;
}
