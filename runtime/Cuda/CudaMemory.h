//===- Cuda/CudaMemory.h - Memory that the driver gives -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Both kinds are taken and given back while their context is current.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CUDA_CUDAMEMORY_H
#define RECKON_RUNTIME_CUDA_CUDAMEMORY_H

#include "../RunControl.h"
#include "Driver.h"

#include <utility>

namespace reckon::runtime::cuda {

constexpr uint64_t alignDevice(uint64_t bytes) { return (bytes + 255) / 256 * 256; }

/// Device memory, aligned to 256 bytes.
class DeviceBuffer {
public:
  explicit DeviceBuffer(const Driver &driver) : driver(driver) {}
  ~DeviceBuffer() { release(); }
  DeviceBuffer(const DeviceBuffer &) = delete;
  DeviceBuffer &operator=(const DeviceBuffer &) = delete;

  /// Drops the contents; `what` is what it is for. Never null after success.
  [[nodiscard]] bool allocate(uint64_t size, const std::string &what, Error &error) {
    release();
    if (!driver.cuMemAlloc(error, &address, size ? size : 1)) {
      error.message += " for " + std::to_string(size) + " bytes of " + what;
      size_t available = 0, total = 0;
      if (driver.cuMemGetInfo.raw(&available, &total) == CUDA_SUCCESS)
        error.message += "; " + std::to_string(available) + " of " + std::to_string(total) + " bytes are free";
      return false;
    }
    bytes = size;
    return true;
  }
  /// Stands for memory that others free, which other processes have, too: it must never be written.
  void share(CUdeviceptr data, uint64_t size) {
    release();
    address = data;
    bytes = size;
    shared = true;
  }
  bool isShared() const { return shared; }
  void release() {
    if (address && !shared)
      driver.cuMemFree.raw(address);
    address = 0;
    bytes = 0;
    shared = false;
  }
  void swap(DeviceBuffer &other) noexcept {
    std::swap(address, other.address);
    std::swap(bytes, other.bytes);
    std::swap(shared, other.shared);
  }
  CUdeviceptr data() const { return address; }
  uint64_t size() const { return bytes; }

private:
  const Driver &driver;
  CUdeviceptr address = 0;
  uint64_t bytes = 0;
  bool shared = false;
};

/// Host memory that the device copies from and to on its own.
class PinnedBuffer {
public:
  explicit PinnedBuffer(const Driver &driver) : driver(driver) {}
  ~PinnedBuffer() { release(); }
  PinnedBuffer(const PinnedBuffer &) = delete;
  PinnedBuffer &operator=(const PinnedBuffer &) = delete;

  [[nodiscard]] bool allocate(uint64_t size, Error &error) {
    release();
    if (!driver.cuMemHostAlloc(error, &address, size ? size : 1, 0)) {
      error.message += " for " + std::to_string(size) + " bytes of pinned host memory";
      return false;
    }
    bytes = size;
    return true;
  }
  void release() {
    if (address)
      driver.cuMemFreeHost.raw(address);
    address = nullptr;
    bytes = 0;
  }
  uint8_t *data() const { return static_cast<uint8_t *>(address); }
  uint64_t size() const { return bytes; }

private:
  const Driver &driver;
  void *address = nullptr;
  uint64_t bytes = 0;
};

/// A stream of its own that does not wait for the default stream.
class Stream {
public:
  explicit Stream(const Driver &driver) : driver(driver) {}
  ~Stream() { release(); }
  Stream(const Stream &) = delete;
  Stream &operator=(const Stream &) = delete;
  [[nodiscard]] bool create(Error &error) { return driver.cuStreamCreate(error, &handle, CU_STREAM_NON_BLOCKING); }
  void release() {
    if (handle)
      driver.cuStreamDestroy.raw(handle);
    handle = nullptr;
  }
  CUstream get() const { return handle; }

private:
  const Driver &driver;
  CUstream handle = nullptr;
};

class Event {
public:
  explicit Event(const Driver &driver) : driver(driver) {}
  ~Event() { release(); }
  Event(const Event &) = delete;
  Event &operator=(const Event &) = delete;
  [[nodiscard]] bool create(bool timing, Error &error) {
    return handle || driver.cuEventCreate(error, &handle, timing ? CU_EVENT_DEFAULT : CU_EVENT_DISABLE_TIMING);
  }
  void release() {
    if (handle)
      driver.cuEventDestroy.raw(handle);
    handle = nullptr;
  }
  CUevent get() const { return handle; }

private:
  const Driver &driver;
  CUevent handle = nullptr;
};

/// A graph that is being made. What throws on the way, as when there is no memory, leaves nothing behind.
class OwnGraph {
public:
  explicit OwnGraph(const Driver &driver) : driver(driver) {}
  ~OwnGraph() { release(); }
  OwnGraph(const OwnGraph &) = delete;
  OwnGraph &operator=(const OwnGraph &) = delete;
  void swap(OwnGraph &other) noexcept {
    std::swap(graph, other.graph);
    std::swap(instance, other.instance);
  }
  void release() {
    if (instance)
      driver.cuGraphExecDestroy.raw(instance);
    if (graph)
      driver.cuGraphDestroy.raw(graph);
    graph = nullptr;
    instance = nullptr;
  }

  CUgraph graph = nullptr;
  CUgraphExec instance = nullptr;

private:
  const Driver &driver;
};

/// Waits for what a stream has at the end of its scope, unless that is dismissed before: memory that is copied becomes
/// its owner's again, whatever went wrong.
class WaitOnExit {
public:
  WaitOnExit(const Driver &driver, CUstream stream) : driver(driver), stream(stream) {}
  ~WaitOnExit() {
    if (!isDismissed)
      driver.cuStreamSynchronize.raw(stream);
  }
  WaitOnExit(const WaitOnExit &) = delete;
  WaitOnExit &operator=(const WaitOnExit &) = delete;
  void dismiss() { isDismissed = true; }

private:
  const Driver &driver;
  CUstream stream;
  bool isDismissed = false;
};

/// Waits for what the stream has so far. With a control the wait may end before, with an error.
[[nodiscard]] bool waitForStream(const Driver &driver, CUstream stream, const RunControl *control, Error &error);
/// Waits for the event.
[[nodiscard]] bool waitForEvent(const Driver &driver, CUevent event, const RunControl *control, Error &error);

} // namespace reckon::runtime::cuda

#endif // RECKON_RUNTIME_CUDA_CUDAMEMORY_H
