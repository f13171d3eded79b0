//===- Cuda/SharedMemory.h - Device memory of several processes -----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// The device keeps such memory for as long as some process has it mapped or has the file descriptor that the driver
// exports for it, whoever made it.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CUDA_SHAREDMEMORY_H
#define RECKON_RUNTIME_CUDA_SHAREDMEMORY_H

#include "../HandleExchange.h"
#include "CudaDevice.h"

#include <optional>

namespace reckon::runtime::cuda {

class SharedMemory {
public:
  explicit SharedMemory(const CudaDevice &device) : device(device), driver(device.driver) {}
  ~SharedMemory() { release(); }
  SharedMemory(const SharedMemory &) = delete;
  SharedMemory &operator=(const SharedMemory &) = delete;

  /// Memory that all processes of this user have together that open it by this name, on the same GPU. Whoever gets
  /// `isNew` fills it and publishes it, while others wait.
  [[nodiscard]] bool open(const std::string &name, uint64_t bytes, bool &isNew, Error &error);
  /// What was written is there.
  [[nodiscard]] bool publish(Error &error);
  /// While the context is current.
  void release();
  CUdeviceptr data() const { return address; }

private:
  [[nodiscard]] bool describe(CUmemAllocationProp &properties, uint64_t &granularity, Error &error) const;
  [[nodiscard]] bool map(Error &error);

  const CudaDevice &device;
  const Driver &driver;
  std::optional<HandleExchange> exchange;
  HandleExchange::Handle handle; // until it is offered
  CUmemGenericAllocationHandle allocation = 0;
  CUdeviceptr address = 0;
  bool isMapped = false;
  uint64_t size = 0;
};

} // namespace reckon::runtime::cuda

#endif // RECKON_RUNTIME_CUDA_SHAREDMEMORY_H
