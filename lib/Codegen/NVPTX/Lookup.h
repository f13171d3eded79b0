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

/// Kernels whose results are rows put together from lookups and inputs, and scalars summed from lookups.
EmitResult emitLookup(plan::KernelOp kernel, DeviceModule &module);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_LOOKUP_H
