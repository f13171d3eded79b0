//===- Cuda/CudaExecutor.h - Running an engine on a GPU -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_CUDA_CUDAEXECUTOR_H
#define RECKON_RUNTIME_CUDA_CUDAEXECUTOR_H

#include "../PlanCache.h"
#include "CudaPlan.h"
#include "Staging.h"
#include "reckon/Runtime/KernelABI.h"

namespace reckon::runtime::cuda {

class CudaExecutor final : public Executor {
public:
  explicit CudaExecutor(const CudaProgram &program);
  ~CudaExecutor() override;
  [[nodiscard]] bool start(const ExecutorOptions &options, Error &error);

  bool hasOwnMemory() const override { return true; }
  [[nodiscard]] bool prepare(const std::vector<int64_t> &dims, Error &error) override;
  [[nodiscard]] bool run(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs,
                         Error &error) override;
  [[nodiscard]] bool runAsync(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs, void *stream,
                              Error &error) override;
  [[nodiscard]] bool synchronize(Error &error) override;
  [[nodiscard]] bool setProfiling(bool on, Error &error) override;
  ReckonRunTimes times() const override { return lastTimes; }

private:
  /// Points of a run on the device's clock.
  enum Mark { Begin, Inputs, Kernels, Outputs, NumMarks };

  uint64_t statusBytes() const { return statuses.size() * sizeof(ReckonKernelStatus); }
  /// Waits for runs that nobody has waited for, before memory they use goes away.
  [[nodiscard]] bool settle(Error &error);
  /// Device memory for the tensors that the caller has on the host.
  [[nodiscard]] bool layOutTensors(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs,
                                   Error &error);
  [[nodiscard]] bool growTensors(uint64_t bytes, Error &error);
  [[nodiscard]] bool clearStatuses(Error &error);
  [[nodiscard]] bool enqueue(CUstream stream, Error &error);
  [[nodiscard]] bool mark(Mark mark, CUstream stream, Error &error);
  [[nodiscard]] bool readTimes(bool transfers, Error &error);
  /// Reports the first failure in the order of the program, and forgets all of them.
  [[nodiscard]] bool checkStatuses(Error &error);

  const CudaProgram &program;
  const Driver &driver;
  Stream stream;
  PlanCache<CudaPlan> plans;
  std::vector<int64_t> dims;
  CudaPlan *current = nullptr;

  DeviceBuffer arena;
  /// Statuses, then outputs, then inputs: one copy brings the inputs in, one brings the rest out.
  DeviceBuffer tensors;
  uint64_t inputsBegin = 0, inputsEnd = 0, outputsEnd = 0;
  std::vector<Staging::Piece> statusPiece, inputPieces, outputPieces;
  Staging staging;
  Addresses addresses;
  std::vector<ReckonKernelStatus> statuses;

  Event last; // of the last run on a stream of the caller
  CUstream lastStream = nullptr;
  bool pending = false;

  bool profiling = false;
  Event marks[NumMarks];
  ReckonRunTimes lastTimes = {};
};

} // namespace reckon::runtime::cuda

#endif // RECKON_RUNTIME_CUDA_CUDAEXECUTOR_H
