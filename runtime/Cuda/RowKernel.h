//===- Cuda/RowKernel.h - Rows copied on the GPU --------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CUDA_ROWKERNEL_H
#define RECKON_RUNTIME_CUDA_ROWKERNEL_H

#include "CudaCode.h"

namespace reckon::runtime::cuda {

/// Copies rows whose ids lie in device memory: a copy for each would cost the host a call for each.
class RowKernel {
public:
  explicit RowKernel(const CudaDevice &device) : device(device), module(device.driver) {}

  /// All memory is the device's; `to` and `from` are aligned as DeviceBuffer is.
  struct Rows {
    CUdeviceptr to; // a table
    CUdeviceptr from;
    CUdeviceptr ids;
    uint64_t count, rowBytes;
  };
  /// Row ids[i] of the table becomes row ids[i] of another one. An id may come several times.
  [[nodiscard]] bool copyTable(const Rows &rows, CUstream stream, Error &error);
  /// Row ids[i] of the table becomes row i. Where an id comes several times the rows must be equal.
  [[nodiscard]] bool scatter(const Rows &rows, CUstream stream, Error &error);

  void release() { module.unload(); }
  /// The module's text.
  static std::string ptx();

private:
  [[nodiscard]] bool launch(Rows rows, uint64_t fromIds, CUstream stream, Error &error);

  const CudaDevice &device;
  CudaModule module;
  bool loaded = false;
};

} // namespace reckon::runtime::cuda

#endif // RECKON_RUNTIME_CUDA_ROWKERNEL_H
