//===- LinearStack.h - Linear layers whose rows stay in registers ------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//
//
// What a stack is and when it pays: lib/Tiling/StackLayout.h.
//
//===-----------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_LINEARSTACK_H
#define RECKON_LIB_CODEGEN_NVPTX_LINEARSTACK_H

#include "lib/Codegen/NVPTX/Emitters.h"

namespace reckon::nvptx {

/// The emitter of kernels with `stack_rows`, the smallest number of rows of the chain that it is for.
EmitResult emitLinearStack(plan::KernelOp kernel, DeviceModule &module);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_LINEARSTACK_H
