//===- Passes.h - Passes of the schedule phase -----------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef RECKON_PASSES_SCHEDULE_PASSES_H
#define RECKON_PASSES_SCHEDULE_PASSES_H

#include "lib/Target/GpuTarget.h"

#include "mlir/Pass/Pass.h"

#include <string>

namespace mlir {
class ModuleOp;
class OpPassManager;
} // namespace mlir

namespace reckon {
namespace plan {
class ProgramOp;
} // namespace plan

namespace schedule {

#define GEN_PASS_DECL
#include "passes/Schedule/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Schedule/Passes.h.inc"

} // namespace schedule

struct ScheduleOptions {
  /// "host" or "cuda": whether weights are packed, dispatches chained and rows kept in local memory, or padded.
  std::string device = "host";
  /// The GPU architecture that linear layers choose their kernels for.
  std::string arch = GpuTarget::defaultArch();
  /// Whether linear layers get launches that only measuring can choose, too.
  bool allCandidates = false;
  /// A file of reckon-tune, by which launches are chosen; empty: none.
  std::string timingCache;
  /// Columns of the register tile that the device's GEMM kernels use.
  int64_t panelWidth = 32;
};

/// The schedule phase, on a module: regions to a plan.
void buildSchedulePipeline(mlir::OpPassManager &pm, const ScheduleOptions &options = {});

} // namespace reckon

#endif // RECKON_PASSES_SCHEDULE_PASSES_H
