//===- OperandBytes.cpp - The memory that is an operand's -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "OperandBytes.h"

#include <algorithm>

using namespace reckon;
using namespace reckon::runtime;

std::optional<uint64_t> reckon::runtime::findOperandBytes(const ProgramSource &source, const OperandSpec &operand,
                                                          const SizeProgram &program, const std::vector<int64_t> &dims,
                                                          uint64_t slotBytes, Error &error) {
  auto from = [&](uint64_t size) { return size - std::min(operand.offset, size); };
  if (operand.space == Space::Weight)
    return from(source.spec.weights[operand.index].data.size);
  if (operand.space == Space::Table)
    return from(static_cast<uint64_t>(source.tables[operand.index].rows) *
                source.spec.tables[operand.index].rowBytes());
  int64_t size;
  if (!program.evaluate(dims.data(), size)) {
    error.set(RECKON_INVALID, "an operand of " + operand.bytes.str() + " bytes exceeds 64 bits");
    return std::nullopt;
  }
  auto bytes = static_cast<uint64_t>(std::max<int64_t>(size, 0));
  // What a plan says of a value ends where its slot does.
  return operand.space == Space::Arena ? std::min(bytes, from(slotBytes)) : bytes;
}
