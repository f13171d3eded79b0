//===- Cuda/HostMemory.h - Page-locked host memory ------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CUDA_HOSTMEMORY_H
#define RECKON_RUNTIME_CUDA_HOSTMEMORY_H

#include "CudaDevice.h"

namespace reckon::runtime::cuda {

/// Below this many bytes, staging costs less than asking and a copy of its own.
constexpr uint64_t minDirectBytes = uint64_t(64) << 10;

/// Whether the device can copy [data, data + bytes) without staging: all of it lies in one block that the driver
/// allocated or registered. Asked anew for each run: memory may have been freed since, and be ordinary memory now.
bool isPageLocked(const Driver &driver, const void *data, uint64_t bytes);

/// Memory of the driver's, or the caller's memory made page-locked; keeps the GPU's context alive.
class PinnedBlock final : public HostBlock {
public:
  explicit PinnedBlock(const CudaDevice &device) : primary(device), driver(device.driver) {}
  ~PinnedBlock() override;
  [[nodiscard]] bool allocate(size_t bytes, Error &error);
  [[nodiscard]] bool pin(void *data, size_t bytes, Error &error);
  void *data() const override { return address; }

private:
  PrimaryContext primary;
  const Driver &driver;
  void *address = nullptr;
  bool isOwned = false;
};

} // namespace reckon::runtime::cuda

#endif // RECKON_RUNTIME_CUDA_HOSTMEMORY_H
