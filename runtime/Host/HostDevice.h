//===- Host/HostDevice.h - The CPU ----------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_HOST_HOSTDEVICE_H
#define RECKON_RUNTIME_HOST_HOSTDEVICE_H

#include "../AlignedBuffer.h"
#include "../Device.h"
#include "../GuardedLayout.h"
#include "HostCode.h"

#include <mutex>

namespace reckon::runtime {

class HostDevice final : public Device {
public:
  DeviceKind kind() const override { return DeviceKind::Host; }
  const ProgramSpec *choose(const EngineSpec &spec, Error &) const override { return spec.program(kind()); }
  std::unique_ptr<Program> load(const ProgramSource &source, const Snapshot &snapshot, Error &error) const override;
  std::unique_ptr<HostBlock> allocateHost(size_t bytes, Error &error) const override;
  std::unique_ptr<HostBlock> registerHost(void *data, size_t bytes, Error &error) const override;
};

class HostProgram final : public Program {
public:
  explicit HostProgram(const ProgramSource &source) : source(source) {}
  [[nodiscard]] bool load(Error &error);
  std::unique_ptr<Executor> createExecutor(const ExecutorOptions &options, Error &error) const override;

  /// An operand in a local slot, whose address depends on the thread and the block.
  struct LocalOperand {
    uint32_t operand;
    uint64_t offset; // into the thread's local memory
    uint64_t rowBytes;
  };
  struct Dispatch {
    ReckonKernel kernel;
    uint32_t firstOperand; // into the flat list of operands
    uint32_t numOperands;
    int64_t columns;
    std::vector<LocalOperand> locals;
    uint32_t firstDim; // into HostProgram::kernelDims
    uint32_t scratch;  // into `scratch`
  };
  struct Chain {
    SizeProgram rows;
    std::vector<Dispatch> dispatches;
    uint32_t firstDispatch; // its number in the program
    GuardedLayout locals;   // of a checked program
  };

  const ProgramSource source;
  HostCode code;
  std::vector<Chain> chains;
  std::vector<SizeProgram> slots;
  std::vector<const OperandSpec *> operands; // of all dispatches, in order
  /// Indices into Engine.dims: what kernels get. Dispatches without tables share the named dimensions at the start.
  std::vector<uint32_t> kernelDims;
  /// The dimensions that sizes and row counts depend on: engines differ in their plans by these only.
  std::vector<uint32_t> planDims;
  uint32_t numDispatches = 0;
  uint64_t localBytes = 0;               // per thread
  std::vector<SizeProgram> scratch;      // bytes per thread, each different expression once; the largest counts
  std::vector<SizeProgram> operandBytes; // of a checked program, in the order of `operands`
  double weightBytes = 0;                // read by one run
  uint32_t maxOperands = 0;              // of one dispatch

  /// Where the weights lie: in the engine, or in a copy that the first call makes. Thread-safe.
  const std::vector<const uint8_t *> &placeWeights() const;

private:
  void copyWeights() const;

  mutable std::once_flag placed;
  mutable std::vector<const uint8_t *> weights;
  mutable AlignedBuffer weightCopy;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_HOST_HOSTDEVICE_H
