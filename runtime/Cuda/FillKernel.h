//===- Cuda/FillKernel.h - Made-up rows, made on the GPU ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CUDA_FILLKERNEL_H
#define RECKON_RUNTIME_CUDA_FILLKERNEL_H

#include "CudaCode.h"

namespace reckon::runtime::cuda {

/// Fills device memory with what fillRandom() makes, bit for bit.
class FillKernel {
public:
  explicit FillKernel(const CudaDevice &device) : device(device), module(device.driver) {}
  /// The types there are kernels for: those that tables have.
  static bool supports(ElementType type);
  [[nodiscard]] bool fill(ElementType type, CUdeviceptr data, uint64_t elements, uint64_t seed, CUstream stream,
                          Error &error);
  /// With what fillHalves() makes, for memory whose type nobody knows.
  [[nodiscard]] bool fillHalves(CUdeviceptr data, uint64_t count, uint64_t seed, CUstream stream, Error &error);
  /// The module's text.
  static std::string ptx();

private:
  [[nodiscard]] bool launch(const char *symbol, CUdeviceptr data, uint64_t elements, uint64_t seed, CUstream stream,
                            Error &error);

  const CudaDevice &device;
  CudaModule module;
  bool loaded = false;
};

} // namespace reckon::runtime::cuda

#endif // RECKON_RUNTIME_CUDA_FILLKERNEL_H
