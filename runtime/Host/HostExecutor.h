//===- Host/HostExecutor.h - Running an engine on the CPU -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_HOST_HOSTEXECUTOR_H
#define RECKON_RUNTIME_HOST_HOSTEXECUTOR_H

#include "../AlignedBuffer.h"
#include "../PlanCache.h"
#include "../ThreadPool.h"
#include "HostDevice.h"
#include "KernelChecks.h"
#include "Schedule.h"

namespace reckon::runtime {

class HostExecutor final : public Executor {
public:
  explicit HostExecutor(const HostProgram &program) : program(program) {}
  [[nodiscard]] bool start(const ExecutorOptions &options, Error &error);
  [[nodiscard]] bool prepare(const std::vector<int64_t> &dims, Error &error) override;
  [[nodiscard]] bool run(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs,
                         const Snapshot &snapshot, const RunControl &control, Error &error) override;
  [[nodiscard]] bool profile(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs,
                             const Snapshot &snapshot, const RunControl &control, RunProfile &profile,
                             Error &error) override;

private:
  /// An operand that moves with each run.
  struct IoOperand {
    uint32_t operand; // into the plan's operands
    uint32_t index;   // of the input or output
    uint64_t offset;
    bool isInput;
  };
  /// Everything that depends on sizes only. Kept for each combination of sizes seen, so that a batch size comes back
  /// without any work.
  struct Plan {
    std::vector<ChainSchedule> chains;
    std::vector<uint64_t> slotOffsets;
    uint64_t arenaBytes = 0;
    int64_t scratchBytes = 0;              // per thread
    uint64_t arenaGeneration = 0;          // the arena that `operands` points into
    uint64_t places = UINT64_MAX;          // of the snapshot that it points into
    std::vector<void *> operands;          // of all dispatches; local ones are filled in by threads
    double nanoseconds = 0;                // estimate for one thread
    bool isSplit = false;                  // over threads, some of it
    std::unique_ptr<CheckedSizes> checked; // of a checked program
  };
  /// The first error of a thread in the order of the program.
  struct Failure {
    uint32_t dispatch = UINT32_MAX;
    ReckonKernelStatus status = {};
  };
  struct alignas(64) Thread {
    AlignedBuffer locals, scratch;
    std::vector<void *> operands;
    CheckedCalls checked;
    Failure failure;
    uint32_t index = 0;
    std::vector<RunProfile::Event> events; // of a run that is profiled
    bool hasLostEvents = false;            // there was no memory for one
    /// Blocks of this thread in a region split by rows; others take from it when they have none left.
    alignas(64) std::atomic<int64_t> nextBlock{0};
    int64_t endBlock = 0;

    /// No exception may leave a kernel's thread.
    void note(const RunProfile::Event &event) noexcept {
      try {
        events.push_back(event);
      } catch (const std::bad_alloc &) {
        hasLostEvents = true;
      }
    }
  };

  [[nodiscard]] bool build(const std::vector<int64_t> &dims, Plan &plan, Error &error) const;
  [[nodiscard]] bool resolve(Plan &plan, Error &error);
  /// Points the plan to the rows and weights of a version.
  void moveTo(const Snapshot &snapshot, Plan &plan) const;
  [[nodiscard]] bool runChains(Error &error);
  void runChainByRows(const HostProgram::Chain &chain, const ChainSchedule &schedule);
  void runChainInOrder(const HostProgram::Chain &chain, const ChainSchedule &schedule);
  void runBlock(Thread &thread, const HostProgram::Chain &chain, int64_t begin, int64_t end);
  void *const *operandsFor(Thread &thread, const HostProgram::Dispatch &dispatch, int64_t firstRow);
  void call(Thread &thread, const HostProgram::Chain &chain, uint32_t dispatch, void *const *operands,
            const ReckonRange &range);
  [[nodiscard]] bool report(uint32_t chain, Error &error);
  /// Of a checked program: whether the chain has written around its buffers.
  [[nodiscard]] bool checkGuards(uint32_t chain, Error &error) const;

  static constexpr size_t maxPlans = 256;
  static constexpr int64_t maxRows = int64_t(1) << 40;

  const HostProgram &program;
  ThreadPool *pool = nullptr;
  ThreadPool::Team team;
  const RunControl *control = nullptr; // of this run
  std::vector<std::unique_ptr<Thread>> threads;
  std::vector<IoOperand> ioOperands;
  AlignedBuffer arena;
  uint64_t arenaGeneration = 1;
  PlanCache<Plan> plans{program.planDims, maxPlans};
  Plan *current = nullptr;
  bool wakeThreads = true; // for this run
  bool isProfiled = false; // likewise
  ProfileClock clock;
  std::vector<int64_t> dims;
  std::vector<int64_t> kernelDims; // values of HostProgram::kernelDims
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_HOST_HOSTEXECUTOR_H
