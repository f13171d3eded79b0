//===- Cuda/CudaDevice.h - A GPU ------------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CUDA_CUDADEVICE_H
#define RECKON_RUNTIME_CUDA_CUDADEVICE_H

#include "../Device.h"
#include "Driver.h"

namespace reckon::runtime::cuda {

/// What decisions need to know about a GPU.
struct DeviceProperties {
  std::string name;
  int major = 0, minor = 0; // compute capability
  int multiprocessors = 1;
  int maxSharedBytes = 48 << 10; // of a block that asks for it
};

class CudaDevice final : public Device {
public:
  /// The GPU of an ordinal; the same object for the life of the process. Null with the error set.
  static const CudaDevice *find(int ordinal, Error &error);
  /// The GPU of a driver that outlives it.
  static std::unique_ptr<CudaDevice> open(const Driver &driver, int ordinal, Error &error);

  DeviceKind kind() const override { return DeviceKind::Cuda; }
  const ProgramSpec *choose(const EngineSpec &spec, Error &error) const override;
  bool makesUpTables() const override { return true; }
  std::unique_ptr<Program> load(const ProgramSource &source, const Snapshot &snapshot, Error &error) const override;
  std::unique_ptr<HostBlock> allocateHost(size_t bytes, Error &error) const override;
  std::unique_ptr<HostBlock> registerHost(void *data, size_t bytes, Error &error) const override;

  const Driver &driver;
  const int ordinal;
  CUdevice handle = 0;
  DeviceProperties properties;
  /// Such as: device 'cuda:0' (NVIDIA H200, sm_90).
  std::string describe() const;

private:
  CudaDevice(const Driver &driver, int ordinal) : driver(driver), ordinal(ordinal) {}
  [[nodiscard]] bool examine(Error &error);
};

/// The primary context of a GPU, which the caller's own CUDA code uses too, so that pointers and streams can be passed.
class PrimaryContext {
public:
  explicit PrimaryContext(const CudaDevice &device) : device(device) {}
  ~PrimaryContext();
  PrimaryContext(const PrimaryContext &) = delete;
  PrimaryContext &operator=(const PrimaryContext &) = delete;
  [[nodiscard]] bool retain(Error &error);
  CUcontext get() const { return context; }

private:
  const CudaDevice &device;
  CUcontext context = nullptr;
};

/// Makes a context the thread's current one, and gives the thread back as it was.
class ContextScope {
public:
  ContextScope(const Driver &driver, CUcontext context, Error &error);
  ~ContextScope();
  ContextScope(const ContextScope &) = delete;
  ContextScope &operator=(const ContextScope &) = delete;
  explicit operator bool() const { return current; }

private:
  const Driver &driver;
  bool current = false, pushed = false;
};

/// Lets this thread take memory, wait and load code while it, or another one, captures a stream: none of what the
/// runtime does then belongs to the capture.
class OutsideCapture {
public:
  explicit OutsideCapture(const Driver &driver) : driver(driver) {
    exchanged = driver.cuThreadExchangeStreamCaptureMode.raw(&mode) == CUDA_SUCCESS;
  }
  ~OutsideCapture() {
    if (exchanged)
      driver.cuThreadExchangeStreamCaptureMode.raw(&mode);
  }
  OutsideCapture(const OutsideCapture &) = delete;
  OutsideCapture &operator=(const OutsideCapture &) = delete;

private:
  const Driver &driver;
  CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_RELAXED;
  bool exchanged;
};

} // namespace reckon::runtime::cuda

#endif // RECKON_RUNTIME_CUDA_CUDADEVICE_H
