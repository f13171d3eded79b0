//===- BufferUse.cpp - Who reads and writes which memory -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#include "passes/Schedule/BufferUse.h"

using namespace mlir;
using namespace reckon;
using namespace reckon::plan;

Value schedule::getStorage(Value buffer) {
  while (true) {
    if (auto slice = buffer.getDefiningOp<SliceOp>())
      buffer = slice.getSource();
    else if (auto view = buffer.getDefiningOp<ViewOp>())
      buffer = view.getSource();
    else
      return buffer;
  }
}

SmallVector<schedule::Access> schedule::getAccesses(DispatchOp dispatch) {
  KernelOp kernel = dispatch.lookupKernel();
  SmallVector<Access> accesses;
  for (auto [i, buffer] : llvm::enumerate(dispatch.getOperands())) {
    bool writes = i >= kernel.getNumInputs();
    accesses.push_back({buffer, getStorage(buffer), writes, writes || kernel.getLayout(i).getRow()});
  }
  return accesses;
}
