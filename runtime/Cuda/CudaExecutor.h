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

#include <set>

namespace reckon::runtime::cuda {

class CudaExecutor final : public Executor {
public:
  explicit CudaExecutor(const CudaProgram &program);
  ~CudaExecutor() override;
  [[nodiscard]] bool start(const ExecutorOptions &options, Error &error);

  bool hasOwnMemory() const override { return true; }
  [[nodiscard]] bool prepare(const std::vector<int64_t> &dims, Error &error) override;
  [[nodiscard]] bool run(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs,
                         const Snapshot &snapshot, const RunControl &control, Error &error) override;
  [[nodiscard]] bool profile(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs,
                             const Snapshot &snapshot, const RunControl &control, RunProfile &profile,
                             Error &error) override;
  [[nodiscard]] bool runAsync(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs,
                              const Snapshot &snapshot, void *stream, Error &error) override;
  [[nodiscard]] bool synchronize(const RunControl &control, Error &error) override;
  [[nodiscard]] bool setProfiling(bool on, Error &error) override;
  ReckonRunTimes times() const override { return lastTimes; }
  /// What dispatches hand on to each other lies here, at least as large as the sizes prepared last need it.
  const DeviceBuffer &memory() const { return arena; }

private:
  /// Points of a run on the device's clock.
  enum Mark { Begin, Inputs, Kernels, Outputs, NumMarks };

  uint64_t statusBytes() const { return statuses.size() * sizeof(ReckonKernelStatus); }
  /// Moves to the plan of the current sizes for the side.
  [[nodiscard]] bool findPlan(Error &error);
  /// Moves to the side that a version is on.
  [[nodiscard]] bool moveTo(const Snapshot &snapshot, Error &error);
  /// Behind the last run that is pending.
  CUevent lastDone() const { return reader.done[lastSide].get(); }
  /// Of a checked program: fills the arena, and looks at what lies around buffers after a run.
  [[nodiscard]] bool poisonArena(CUstream stream, Error &error);
  [[nodiscard]] bool checkGuards(Error &error);
  /// Waits for runs that nobody has waited for, before memory they use goes away.
  [[nodiscard]] bool settle(Error &error);
  /// Waits for a run that its caller did not wait for to the end; what it found is forgotten.
  [[nodiscard]] bool finishAbandoned(const RunControl &control, Error &error);
  /// Host tensors that need staging and those that do not; a region of device memory for each.
  struct HostTensors {
    std::vector<uint8_t> isDirect; // by tensor
    std::vector<Staging::Piece> staged, direct;
  };
  /// Device memory for the tensors that the caller has on the host.
  [[nodiscard]] bool layOutTensors(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs,
                                   Error &error);
  void reserve(HostTensors &tensors, size_t count);
  void sort(const std::vector<Binding> &bindings, HostTensors &tensors) const;
  [[nodiscard]] bool copyIn(Error &error);
  [[nodiscard]] bool copyOut(const RunControl &control, Error &error);
  [[nodiscard]] bool runTensors(const RunControl &control, Error &error);
  /// Adds the run to the graph that a stream is being captured into.
  [[nodiscard]] bool capture(const Snapshot &snapshot, CUstream stream, Error &error);
  [[nodiscard]] bool growTensors(uint64_t bytes, Error &error);
  [[nodiscard]] bool clearStatuses(CUdeviceptr address, Error &error);
  [[nodiscard]] bool enqueue(CUstream stream, Error &error);
  [[nodiscard]] bool mark(Mark mark, CUstream stream, Error &error);
  [[nodiscard]] bool readTimes(bool transfers, Error &error);
  /// Reports the first failure in the order of the program, and forgets all of them.
  [[nodiscard]] bool checkStatuses(CUdeviceptr source, Error &error);
  [[nodiscard]] bool readStatuses(CUdeviceptr source, Error &error);

  const CudaProgram &program;
  const Driver &driver;
  Stream stream;
  /// Each side has graphs of its own, so that a new version changes none.
  PlanCache<CudaPlan> plans[2];
  size_t side = 0; // that `current` is for
  std::vector<int64_t> dims;
  CudaPlan *current = nullptr;

  DeviceBuffer arena;
  /// Statuses, then outputs, then inputs: one copy brings staged inputs in, one brings staged outputs and statuses out.
  /// What the device copies on its own lies behind what is staged.
  DeviceBuffer tensors;
  uint64_t inputsBegin = 0, stagedInputsEnd = 0, stagedOutputsEnd = 0;
  std::vector<Staging::Piece> statusPiece;
  HostTensors hostInputs, hostOutputs;
  Staging staging;
  /// What graphs of the caller's use: statuses, and arenas that have been outgrown since.
  DeviceBuffer capturedStatuses;
  std::vector<std::unique_ptr<DeviceBuffer>> outgrown;
  bool arenaIsCaptured = false;
  std::set<std::shared_ptr<const void>> heldMemory; // of versions
  Addresses addresses;
  std::vector<ReckonKernelStatus> statuses; // one a dispatch; two, of a checked program
  /// Of a checked program: the arena, and whether it has been filled for the current plan.
  std::vector<uint8_t> image;
  bool isPoisoned = false;

  CudaVersions::Reader reader; // of runs on streams of the caller, and of those that ended early
  size_t lastSide = 0;         // that the last of them reads
  CUstream lastStream = nullptr;
  bool pending = false;
  bool launched = false;  // the run under way
  bool abandoned = false; // the pending run, when its caller has been told that it ended early

  RunProfile *recorded = nullptr; // of the run under way
  bool profiling = false;
  Event marks[NumMarks];
  ReckonRunTimes lastTimes = {};
};

} // namespace reckon::runtime::cuda

#endif // RECKON_RUNTIME_CUDA_CUDAEXECUTOR_H
