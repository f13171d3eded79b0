//===- LinearChain.h - Linear layers that keep activations on chip ------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//
//
// What a chain is and when it pays: lib/Tiling/ChainLayout.h.
//
//===------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_LINEARCHAIN_H
#define RECKON_LIB_CODEGEN_NVPTX_LINEARCHAIN_H

#include "lib/Codegen/NVPTX/Emitters.h"

namespace reckon::nvptx {

/// The emitter of kernels with `chain_rows`, the largest number of rows of the chain that it is for. All weights are
/// packed as `mma`.
EmitResult emitLinearChain(plan::KernelOp kernel, DeviceModule &module);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_LINEARCHAIN_H
