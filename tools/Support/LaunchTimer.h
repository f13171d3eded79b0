//===- LaunchTimer.h - Times programs over the kernels of one engine ------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_LAUNCHTIMER_H
#define RECKON_TOOLS_SUPPORT_LAUNCHTIMER_H

#include "HostTensor.h"
#include "runtime/Cuda/CudaExecutor.h"
#include "runtime/Cuda/FillKernel.h"
#include "runtime/ShapeSolver.h"

#include <map>

namespace reckon::tools {

/// An engine on a GPU, loaded once: code, weights and tables, and for each batch the inputs and room for the outputs.
/// What is timed is a program over all that.
class LaunchTimer {
public:
  /// `engine` must outlive the timer. `tableRows` are made up, the same for the same number.
  explicit LaunchTimer(const EngineSpec &engine) : engine(engine) {}
  ~LaunchTimer();
  LaunchTimer(const LaunchTimer &) = delete;
  LaunchTimer &operator=(const LaunchTimer &) = delete;

  /// Finds the GPU and the engine's program for it, and loads that.
  [[nodiscard]] bool find(const std::string &device, runtime::Error &error);
  const ProgramSpec &program() const { return *own; }
  [[nodiscard]] bool load(const std::vector<int64_t> &tableRows, runtime::Error &error);
  /// Brings the inputs of a batch to the GPU.
  [[nodiscard]] bool addBatch(const std::vector<int64_t> &dims, const std::vector<HostTensor> &inputs,
                              runtime::Error &error);
  /// Whether cuBLASLt works on the GPU.
  bool hasLibrary();

  /// Makes `program` the one that is timed, up to end(), which it must outlive.
  [[nodiscard]] bool begin(const ProgramSpec &program, runtime::Error &error);
  void end();
  /// Fills the memory of the run for a batch with random numbers. Tensor cores that multiply zeros take less power, and
  /// run faster for it.
  [[nodiscard]] bool fill(size_t batch, runtime::Error &error);
  /// Runs the program once on a batch: the time on the GPU, from the first kernel to the last.
  [[nodiscard]] bool run(size_t batch, double &milliseconds, runtime::Error &error);

private:
  struct Batch {
    std::vector<int64_t> dims;
    std::vector<std::unique_ptr<runtime::cuda::DeviceBuffer>> memory;
    std::vector<runtime::Binding> inputs, outputs;
  };

  const EngineSpec &engine;
  const runtime::cuda::CudaDevice *gpu = nullptr;
  const ProgramSpec *own = nullptr;
  runtime::ShapeSolver shapes;
  std::vector<runtime::BoundTable> tables;
  std::unique_ptr<runtime::cuda::CudaProgram> loaded, timed;
  std::unique_ptr<runtime::cuda::CudaExecutor> executor;
  std::unique_ptr<runtime::cuda::FillKernel> fillKernel;
  std::unique_ptr<runtime::cuda::Stream> stream;
  std::vector<Batch> batches;
};

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_LAUNCHTIMER_H
