//===- Host/KernelChecks.cpp - Running kernels that check themselves ------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "KernelChecks.h"
#include "../KernelErrors.h"
#include "../OperandBytes.h"

#include <algorithm>

using namespace reckon;
using namespace reckon::runtime;

bool CheckedSizes::build(const HostProgram &program, const std::vector<int64_t> &dims, Error &error) {
  for (size_t i = 0; i < program.slots.size(); ++i) {
    int64_t size;
    uint64_t offset;
    if (!program.slots[i].evaluate(dims.data(), size) || size < 0 || !arena.add(static_cast<uint64_t>(size), offset))
      return error.set(RECKON_INVALID, "the arena slot of " + program.source.program.slots[i].str() +
                                           " bytes is negative or exceeds 64 bits for these inputs");
  }
  for (const SizeProgram &bytes : program.scratch) {
    int64_t size;
    uint64_t offset;
    if (!bytes.evaluate(dims.data(), size) || size < 0 || !scratch.emplace_back().add(size, offset))
      return error.set(RECKON_INVALID, "a kernel's scratch is negative or exceeds 64 bits for these inputs");
  }
  for (size_t o = 0; o < program.operands.size(); ++o) {
    const OperandSpec &operand = *program.operands[o];
    uint64_t slotBytes = operand.space == Space::Arena ? arena.part(operand.index).second : 0;
    auto bytes = findOperandBytes(program.source, operand, program.operandBytes[o], dims, slotBytes, error);
    if (!bytes)
      return false;
    operandBytes.push_back(*bytes);
  }
  return true;
}

bool CheckedCalls::allocate(const CheckedSizes &sizes, Error &error) {
  uint64_t most = 0;
  for (const GuardedLayout &layout : sizes.scratch)
    most = std::max(most, layout.bytes());
  return (most <= scratch.size() && scratch.data()) || scratch.allocate(most) ||
         error.set(RECKON_UNAVAILABLE,
                   "out of memory: a thread needs " + std::to_string(most) + " bytes of scratch for these inputs");
}

ReckonKernelStatus CheckedCalls::call(const HostProgram::Dispatch &dispatch, const CheckedSizes &sizes,
                                      void *const *operands, const int64_t *dims, const ReckonRange &range,
                                      const HostProgram &program) {
  extents.clear();
  for (uint32_t o = 0; o < dispatch.numOperands; ++o) {
    const OperandSpec &operand = *program.operands[dispatch.firstOperand + o];
    uint64_t bytes = sizes.operandBytes[dispatch.firstOperand + o];
    uintptr_t begin = reinterpret_cast<uintptr_t>(operands[o]);
    // A local operand has the rows of this call alone, and its address is that of row 0.
    if (operand.space == Space::Local) {
      begin += static_cast<uint64_t>(range.row_begin) * operand.rowBytes;
      bytes += static_cast<uint64_t>(range.row_end - range.row_begin - 1) * operand.rowBytes;
    }
    extents.push_back({reinterpret_cast<const void *>(begin), reinterpret_cast<const void *>(begin + bytes)});
  }
  const GuardedLayout &layout = sizes.scratch[dispatch.scratch];
  layout.poison(scratch.data());
  auto [offset, size] = layout.part(0);
  uint8_t *own = scratch.data() + offset;
  extents.push_back({own, own + size});
  ReckonKernelStatus statuses[2] = {};
  // By way of void: the code section says which of the two it holds.
  auto kernel = reinterpret_cast<ReckonCheckedKernel>(dispatch.kernel);
  kernel(operands, dims, &range, own, statuses, extents.data());
  std::optional<GuardedLayout::Damage> damage = layout.findDamage(scratch.data());
  if (statuses[1].code == RECKON_KERNEL_OK && damage)
    return {RECKON_KERNEL_BAD_WRITE, static_cast<int32_t>(dispatch.numOperands), damage->position,
            static_cast<int64_t>(damage->partBytes)};
  return chooseStatus(statuses);
}
