//===- Passes.h - Passes of the fuse phase ---------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_FUSE_PASSES_H
#define RECKON_PASSES_FUSE_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir {
class OpPassManager;
namespace func {
class FuncOp;
} // namespace func
} // namespace mlir

namespace reckon {
namespace fuse {

#define GEN_PASS_DECL
#include "passes/Fuse/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Fuse/Passes.h.inc"

} // namespace fuse

/// What the fuse phase does differently for devices.
struct FuseOptions {
  /// Operands of whole vectors come first in a concat, for kernels that write and read rows in vectors.
  bool alignConcats = false;
  /// Convolutions are linear layers.
  bool linearConvs = false;
  /// Every place of a scatter looks up its update.
  bool gatherScatters = false;
  /// Attention over many keys is a region of its own.
  bool tiledAttention = false;
  /// Pairs of linear layers through few columns are one region.
  bool lowRank = true;
};

/// The fuse phase, on a module: `rec` layers to `rec.fusion` regions.
void buildFusePipeline(mlir::OpPassManager &pm, const FuseOptions &options = {});

} // namespace reckon

#endif // RECKON_PASSES_FUSE_PASSES_H
