//===- KernelNames.h - Names that tell people what a kernel does -----*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_SCHEDULE_KERNELNAMES_H
#define RECKON_PASSES_SCHEDULE_KERNELNAMES_H

#include "dialects/Rec/Rec.h"

#include <string>

namespace reckon::schedule {

/// A C identifier from the kind of a region and what it works on: `gemm_bot_0` for the layer with the weight
/// `bot.0.weight`, `rows_dot_interaction` for the most telling layer of a region of rows. Not yet unique.
std::string getKernelStem(rec::FusionOp fusion);

/// The ONNX nodes that a region's layers came from, in their order, once each.
llvm::SmallVector<mlir::StringRef> getNodeNames(rec::FusionOp fusion);

} // namespace reckon::schedule

#endif // RECKON_PASSES_SCHEDULE_KERNELNAMES_H
