//===- Lookup.h - Kernels of lookups, bags and what is summed of them --*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_LOOKUP_H
#define RECKON_LIB_CODEGEN_NVPTX_LOOKUP_H

#include "lib/Codegen/NVPTX/Emitters.h"

namespace reckon::nvptx {

/// What measurements chose; docs/cuda.md has the numbers.
struct LookupTuning {
  unsigned rowsInFlight = 8; ///< loads a lane has under way
  unsigned warps = 4;        ///< of a block
  bool partMinor = true;     ///< neighbouring blocks take the parts of the same samples, not other samples
  unsigned blocksPerSm = 0;  ///< the least that must fit, which bounds registers; 0: no bound
};

/// Kernels whose results are rows put together from lookups and inputs, and scalars summed from lookups.
EmitResult emitLookup(plan::KernelOp kernel, DeviceModule &module);
EmitResult emitLookupWith(plan::KernelOp kernel, DeviceModule &module, const LookupTuning &tuning);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_LOOKUP_H
