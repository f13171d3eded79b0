//===- Host/KernelChecks.h - Running kernels that check themselves --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_HOST_KERNELCHECKS_H
#define RECKON_RUNTIME_HOST_KERNELCHECKS_H

#include "../AlignedBuffer.h"
#include "HostDevice.h"

namespace reckon::runtime {

/// What a checked program needs for one set of sizes.
struct CheckedSizes {
  GuardedLayout arena;
  std::vector<GuardedLayout> scratch; // by the program's scratch expressions
  std::vector<uint64_t> operandBytes; // from the operand's address on; of a row for a local one

  [[nodiscard]] bool build(const HostProgram &program, const std::vector<int64_t> &dims, Error &error);
};

/// Memory of one thread: what the kernel of a dispatch may touch, and the kernel's scratch memory.
class CheckedCalls {
public:
  [[nodiscard]] bool allocate(const CheckedSizes &sizes, Error &error);
  /// What the kernel says; or that it wrote around its scratch memory.
  ReckonKernelStatus call(const HostProgram::Dispatch &dispatch, const CheckedSizes &sizes, void *const *operands,
                          const int64_t *dims, const ReckonRange &range, const HostProgram &program);

private:
  AlignedBuffer scratch;
  std::vector<ReckonExtent> extents;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_HOST_KERNELCHECKS_H
