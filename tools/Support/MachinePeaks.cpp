//===- MachinePeaks.cpp - What a machine can do at best ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "MachinePeaks.h"
#include "runtime/Cuda/CudaDevice.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <thread>

using namespace reckon;
using namespace reckon::tools;

double MachinePeaks::transferFloor(int64_t bytes) const {
  if (bytes < 0 || bandwidths.empty())
    return 0;
  auto size = std::find_if(bandwidths.begin(), bandwidths.end(),
                           [&](const Bandwidth &entry) { return static_cast<double>(bytes) <= entry.bytes; });
  return static_cast<double>(bytes) / (size == bandwidths.end() ? bandwidths.back() : *size).perSecond * 1e6;
}

double MachinePeaks::arithmeticFloor(int64_t flops) const {
  return flops < 0 || flopsPerSecond <= 0 ? 0 : static_cast<double>(flops) / flopsPerSecond * 1e6;
}

//===-- The host --------------------------------------------------------------===//

namespace {
using Clock = std::chrono::steady_clock;
constexpr double secondsAMeasurement = 0.03;
constexpr double setBytes[] = {double(1 << 18), double(1 << 20), double(1 << 23), double(1 << 28)};

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// The best rate of `step`, whose result is what it did.
double bestRate(const std::function<double()> &step) {
  double best = 0;
  Clock::time_point start = Clock::now();
  do {
    Clock::time_point begin = Clock::now();
    double done = step();
    best = std::max(best, done / std::max(secondsSince(begin), 1e-9));
  } while (secondsSince(start) < secondsAMeasurement);
  return best;
}

/// The sum of what each thread does at best while the others are at it.
double onThreads(int threads, const std::function<double(int)> &measure) {
  std::vector<double> rates(threads);
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t)
    workers.emplace_back([&, t] { rates[t] = measure(t); });
  double sum = 0;
  for (int t = 0; t < threads; ++t) {
    workers[t].join();
    sum += rates[t];
  }
  return sum;
}

double readRate(std::vector<uint64_t> &memory) {
  volatile uint64_t sink = 0;
  return bestRate([&] {
    // Small sets are read until the clock's own time does not matter.
    size_t repeats = std::max<size_t>(1, (size_t(1) << 22) / (memory.size() * 8));
    uint64_t sums[16] = {};
    for (size_t repeat = 0; repeat < repeats; ++repeat)
      for (size_t i = 0; i + 16 <= memory.size(); i += 16)
        for (size_t lane = 0; lane < 16; ++lane)
          sums[lane] ^= memory[i + lane];
    for (uint64_t sum : sums)
      sink = sink ^ sum;
    return static_cast<double>(repeats * memory.size() * 8);
  });
}

constexpr int fmaSteps = 20000;

/// Independent fused multiply-adds in registers, nothing else; returns how many operations.
#if defined(__x86_64__)
template <typename Vector, int sums> __attribute__((always_inline)) inline double multiplyAdd() {
  Vector values[sums], addend = Vector{} + 1e-3f;
  float factor = 0.999f;
  for (int i = 0; i < sums; ++i)
    values[i] = Vector{} + static_cast<float>(i);
  for (int step = 0; step < fmaSteps; ++step) {
    Vector factors = Vector{} + factor;
#pragma GCC unroll 24
    for (int i = 0; i < sums; ++i)
      values[i] = values[i] * factors + addend;
    asm volatile("" : "+x"(factor)); // steps are not merged
  }
  volatile float sink = 0;
  for (int i = 0; i < sums; ++i)
    sink = sink + values[i][0];
  constexpr size_t lanes = sizeof(Vector) / sizeof(float);
  return 2.0 * lanes * sums * fmaSteps;
}
typedef float Floats16 __attribute__((vector_size(64)));
typedef float Floats8 __attribute__((vector_size(32)));
typedef float Floats4 __attribute__((vector_size(16)));
__attribute__((target("avx512f"), noinline)) double multiplyAdd512() { return multiplyAdd<Floats16, 24>(); }
__attribute__((target("avx2,fma"), noinline)) double multiplyAdd256() { return multiplyAdd<Floats8, 12>(); }
double multiplyAddAny() {
  if (__builtin_cpu_supports("avx512f"))
    return multiplyAdd512();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return multiplyAdd256();
  return multiplyAdd<Floats4, 12>();
}
#else
double multiplyAddAny() {
  float values[64] = {}, factor = 0.999f;
  for (int step = 0; step < fmaSteps; ++step) {
    for (float &value : values)
      value = value * factor + 1e-3f;
    asm volatile("" : "+r"(factor));
  }
  volatile float sink = 0;
  for (float value : values)
    sink = sink + value;
  return 2.0 * 64 * fmaSteps;
}
#endif
} // namespace

MachinePeaks MachinePeaks::ofHost(int threads) {
  if (threads <= 0)
    threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  MachinePeaks peaks;
  for (double bytes : setBytes) {
    // The threads share a working set, as they share the rows of a dispatch.
    std::vector<std::vector<uint64_t>> memory(threads);
    for (auto &part : memory)
      part.assign(static_cast<size_t>(bytes / 8 / threads), 1);
    peaks.bandwidths.push_back({bytes, onThreads(threads, [&](int t) { return readRate(memory[t]); })});
  }
  peaks.flopsPerSecond = onThreads(threads, [](int) { return bestRate(multiplyAddAny); });
  peaks.source = "measured, " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
  return peaks;
}

//===-- GPUs ------------------------------------------------------------------===//

/// Multiplications and additions of halves that a multiprocessor's tensor cores do in a cycle, without sparsity.
static double flopsPerCycle(int major, int minor) {
  if (major >= 10)
    return 8192;
  if (major == 9)
    return 4096;
  return major == 8 && minor != 0 ? 1024 : 2048;
}

bool MachinePeaks::ofDevice(const std::string &device, MachinePeaks &peaks, std::string &error) {
  runtime::Error problem;
  const runtime::Device *found = runtime::findDevice(device, problem);
  if (!found || found->kind() != DeviceKind::Cuda) {
    error = found ? "'" + device + "' is no GPU" : problem.message;
    return false;
  }
  using namespace runtime::cuda;
  auto *gpu = static_cast<const CudaDevice *>(found);
  int kilohertz = 0, memoryKilohertz = 0, busBits = 0;
  const std::pair<CUdevice_attribute, int *> numbers[] = {{CU_DEVICE_ATTRIBUTE_CLOCK_RATE, &kilohertz},
                                                          {CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE, &memoryKilohertz},
                                                          {CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH, &busBits}};
  for (const auto &[attribute, value] : numbers)
    if (!gpu->driver.cuDeviceGetAttribute(problem, value, attribute, gpu->handle)) {
      error = problem.message;
      return false;
    }
  const DeviceProperties &properties = gpu->properties;
  // Two transfers a cycle.
  peaks.bandwidths = {{0, 2e3 * memoryKilohertz * busBits / 8}};
  peaks.flopsPerSecond =
      1e3 * kilohertz * properties.multiprocessors * flopsPerCycle(properties.major, properties.minor);
  peaks.source = "of " + properties.name + ", by its clocks: memory, and tensor cores with halves";
  return true;
}
