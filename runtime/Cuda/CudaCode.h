//===- Cuda/CudaCode.h - Kernels of an engine on a GPU --------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CUDA_CUDACODE_H
#define RECKON_RUNTIME_CUDA_CUDACODE_H

#include "CudaDevice.h"

namespace reckon::runtime::cuda {

/// "sm_90a": code for compute capability 9.0 and, because of the letter, for no other.
struct Architecture {
  int major = 0, minor = 0;
  char suffix = 0; // 'a': this one exactly; 'f': the family; 0: plain
  static bool parse(const std::string &text, Architecture &result);
  /// Of two that run on a device the later one has more instructions: a higher number, then the letters f and a.
  bool operator<(const Architecture &other) const;
};

/// Whether code assembled for an architecture runs on the device.
bool canRun(const Architecture &cubin, const DeviceProperties &device);
/// Whether the driver can compile PTX for `ptx` for the device.
bool canCompile(const Architecture &ptx, const DeviceProperties &device);

/// One loaded module. Loaded and dropped while the context is current.
class CudaModule {
public:
  explicit CudaModule(const Driver &driver) : driver(driver) {}
  ~CudaModule() { unload(); }
  CudaModule(const CudaModule &) = delete;
  CudaModule &operator=(const CudaModule &) = delete;

  /// From a cubin, or from zero-terminated PTX, which the driver compiles; its log is part of the error.
  [[nodiscard]] bool load(const void *image, const std::string &what, Error &error);
  void unload();
  [[nodiscard]] bool find(const std::string &symbol, CUfunction &function, Error &error) const;

private:
  const Driver &driver;
  CUmodule module = nullptr;
};

/// The program of the latest architecture whose code runs on the device or can be compiled for it; null, with an error
/// that says what the engine has, when there is none.
const ProgramSpec *chooseProgram(const EngineSpec &spec, const CudaDevice &device, Error &error);

/// Loads the code of a program that was chosen for the device: the cubin when it runs there, or else the PTX.
[[nodiscard]] bool loadEngineCode(const EngineSpec &spec, const ProgramSpec &program, const CudaDevice &device,
                                  CudaModule &module, Error &error);

} // namespace reckon::runtime::cuda

#endif // RECKON_RUNTIME_CUDA_CUDACODE_H
