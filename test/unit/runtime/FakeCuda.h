//===- FakeCuda.h - A CUDA driver made of host memory ---------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// A shared library with the driver functions that the runtime calls. Device memory is host memory, streams do
// everything at once, and a kernel is what the test says it is. It counts, and fails when told to. cuBLASLt is in it,
// too.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TEST_UNIT_RUNTIME_FAKECUDA_H
#define RECKON_TEST_UNIT_RUNTIME_FAKECUDA_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace reckon::test {

/// A kernel as it was launched.
struct FakeLaunch {
  const char *kernel;
  unsigned grid[3], block, shared, cluster;
  const uint8_t *const *parameters; // the bytes of each
  const size_t *sizes;
  size_t count;
};

/// A graph as it was instantiated.
struct FakeGraph {
  std::vector<std::string> kernels;
  std::vector<std::vector<size_t>> after; // indices of nodes
  std::vector<bool> early;                // whether a node may start before those have ended
};

/// A copy between host and device memory.
struct FakeCopy {
  const void *host;
  size_t bytes;
  bool toDevice;
};

class FakeCuda {
public:
  virtual ~FakeCuda() = default;
  /// Back to the beginning, but for what is still allocated.
  virtual void reset() = 0;
  /// How often a driver function was called.
  virtual int calls(const char *function) const = 0;
  /// All calls that may fail.
  virtual int calls() const = 0;
  /// The call of this number from now on fails with `result`, if it can fail, and with `andLater` those after it; 0:
  /// none.
  virtual void failAt(int call, int result = 999, bool andLater = false) = 0;
  /// Memory, streams, events, graphs, modules and contexts that were not given back.
  virtual size_t live() const = 0;
  virtual std::vector<FakeGraph> graphs() const = 0;
  virtual std::vector<FakeCopy> copies() const = 0;
  /// What was enqueued, in order: "record", "wait", "write" and "launch", with the event, or the memory written.
  virtual std::vector<std::pair<std::string, const void *>> order() const = 0;

  struct Machine {
    int version = 12040, devices = 2, major = 9, minor = 0, multiprocessors = 4, maxThreads = 1024, staticShared = 0;
    int maxShared = 232448, maxClusters = 2;
    size_t memory = size_t(1) << 30;
    int initResult = 0;
    bool hasParameterInfo = true;
    bool hasCublasLt = false;
    bool sharesMemory = true; // with other processes
    float elapsed = 0.5f;     // milliseconds between any two events
    int busyQueries = 0;      // how many questions whether something has ended are denied; negative: all
    /// What the driver says of page-locked memory, and of memory that it does not know.
    bool knowsRanges = true, failsForPlainMemory = false;
  } machine;
  /// What a kernel does; null: nothing.
  void (*onLaunch)(const FakeLaunch &launch) = nullptr;
  /// Told when a call of the driver begins and ends, for what is to leave the driver alone; null: nothing.
  void (*onCall)(bool begins) = nullptr;
  /// Off: nothing is recorded, so that launches take no memory.
  bool recording = true;
};

/// The library at RECKON_TEST_FAKE_CUDA, also as what RECKON_LIBCUDA names, before the runtime first asks.
FakeCuda &fakeCuda();

} // namespace reckon::test

#endif // RECKON_TEST_UNIT_RUNTIME_FAKECUDA_H
