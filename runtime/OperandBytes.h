//===- OperandBytes.h - The memory that is an operand's -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_OPERANDBYTES_H
#define RECKON_RUNTIME_OPERANDBYTES_H

#include "Device.h"

#include <optional>

namespace reckon::runtime {

/// Of a checked program: how many bytes from an operand's address on are its own, of one row for a local one. `program`
/// is OperandSpec::bytes compiled; `slotBytes` is what the operand's slot holds, for one in the arena. Nothing after an
/// error.
[[nodiscard]] std::optional<uint64_t> findOperandBytes(const ProgramSource &source, const OperandSpec &operand,
                                                       const SizeProgram &program, const std::vector<int64_t> &dims,
                                                       uint64_t slotBytes, Error &error);

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_OPERANDBYTES_H
