//===- TopK.h - Kernels that find the greatest elements of rows --------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_TOPK_H
#define RECKON_LIB_CODEGEN_NVPTX_TOPK_H

#include "lib/Codegen/NVPTX/Emitters.h"

namespace reckon::nvptx {

/// The k greatest or least of each row of an input, their indices, and what another input has at these.
EmitResult emitTopK(plan::KernelOp kernel, DeviceModule &module);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_TOPK_H
