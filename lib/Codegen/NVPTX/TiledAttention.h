//===- TiledAttention.h - Attention with keys in shared memory ---------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_TILEDATTENTION_H
#define RECKON_LIB_CODEGEN_NVPTX_TILEDATTENTION_H

#include "lib/Codegen/NVPTX/Emitters.h"

namespace reckon::nvptx {

/// Takes kernels that are one attention and what its masks are computed from.
EmitResult emitTiledAttention(plan::KernelOp kernel, DeviceModule &module);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_TILEDATTENTION_H
