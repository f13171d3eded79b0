//===- IdUses.h - Which inputs hold ids, and of what -----------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_EMIT_IDUSES_H
#define RECKON_LIB_CODEGEN_EMIT_IDUSES_H

#include "dialects/Plan/Plan.h"

namespace reckon {

/// Columns [first, first + count) of an input's last axis; all of them when count is 0.
struct InputColumns {
  plan::InputOp input;
  int64_t first = 0, count = 0;
};

/// One read of a dispatch's operand by ids.
struct IdRead {
  /// The operand that the ids pick from, and how many there are to pick from.
  unsigned operand;
  SizeExpr bound;
  /// Where the ids, and the bag offsets when there are, come from; no input where they are computed.
  InputColumns ids, offsets;
  bool includeLastOffset = false;
};

/// Follows the ids of lookups and gathers back to the inputs, through what only moves elements.
class IdTracer {
public:
  explicit IdTracer(plan::ProgramOp program);
  llvm::SmallVector<IdRead> getReads(plan::DispatchOp dispatch) const;

private:
  InputColumns trace(plan::DispatchOp dispatch, mlir::Value value, InputColumns columns) const;

  /// Who writes each buffer, and as which of its outputs.
  llvm::DenseMap<mlir::Value, std::pair<plan::DispatchOp, unsigned>> writers;
};

} // namespace reckon

#endif // RECKON_LIB_CODEGEN_EMIT_IDUSES_H
