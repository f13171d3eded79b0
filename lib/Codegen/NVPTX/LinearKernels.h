//===- LinearKernels.h - The kernel families of linear layers -----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#ifndef RECKON_LIB_CODEGEN_NVPTX_LINEARKERNELS_H
#define RECKON_LIB_CODEGEN_NVPTX_LINEARKERNELS_H

#include "lib/Codegen/NVPTX/Emitters.h"
#include "lib/Codegen/NVPTX/Linear.h"
#include "lib/Tiling/LinearTiles.h"

namespace reckon::nvptx {

/// sums (16 columns of the layer x 8 rows) += the weight's fragments, 4 words a step, x the rows', 2 words (mma.sync).
void multiplyFragments(DeviceBuilder &p, const LinearLayer &layer, llvm::MutableArrayRef<Value> sums,
                       llvm::ArrayRef<Value> a, llvm::ArrayRef<Value> b);

/// Kernels of a tile (LinearTiles.h) that read the weight from the operand `weight`.
LaunchPlan emitLinearSplitK(const LinearLayer &layer, DeviceModule &module, unsigned weight, SplitKTile tile);
LaunchPlan emitLinearDirect(const LinearLayer &layer, DeviceModule &module, unsigned weight, DirectTile tile);
LaunchPlan emitLinearWgmma(const LinearLayer &layer, DeviceModule &module, unsigned weight, WgmmaTile tile);
LaunchPlan emitLinearDot(const LinearLayer &layer, DeviceModule &module, unsigned weight, DotTile tile);
LaunchPlan emitLinearSimt(const LinearLayer &layer, DeviceModule &module, unsigned weight, SimtTile tile);

/// The emitter of linear kernels. The kernel has the weight once for each packing: as the layer's own operand and its
/// alternatives.
EmitResult emitLinear(plan::KernelOp kernel, DeviceModule &module);

} // namespace reckon::nvptx

#endif // RECKON_LIB_CODEGEN_NVPTX_LINEARKERNELS_H
