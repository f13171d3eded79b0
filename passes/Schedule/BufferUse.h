//===- BufferUse.h - Who reads and writes which memory ---------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_SCHEDULE_BUFFERUSE_H
#define RECKON_PASSES_SCHEDULE_BUFFERUSE_H

#include "dialects/Plan/Plan.h"

namespace reckon::schedule {

/// The buffer that a slice or view shows a part or another shape of; other buffers themselves.
mlir::Value getStorage(mlir::Value buffer);

struct Access {
  /// The operand, and the memory it lies in.
  mlir::Value buffer, storage;
  bool writes;
  /// A read of row r alone by the launch of row r. Writes are always by row.
  bool byRow;
};

/// What a dispatch reads and writes, in the order of its operands.
llvm::SmallVector<Access> getAccesses(plan::DispatchOp dispatch);

} // namespace reckon::schedule

#endif // RECKON_PASSES_SCHEDULE_BUFFERUSE_H
