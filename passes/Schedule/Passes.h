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

struct HostScheduleOptions {
  /// Columns of the register tile that GEMM kernels use.
  int64_t panelWidth = 32;
  /// Whether buffers that do not live at the same time may have the same memory.
  bool shareSlots = true;
};

struct CudaScheduleOptions {
  /// The GPU architecture that linear layers choose their kernels for.
  std::string arch = GpuTarget::defaultArch();
  /// Whether linear layers get launches that only measuring can choose, too.
  bool allCandidates = false;
  /// A file of reckon-tune, by which launches are chosen; empty: none.
  std::string timingCache;
  /// Whether buffers that do not live at the same time may have the same memory.
  bool shareSlots = true;
};

/// The schedule phase, on a module: regions to a plan. On the host dispatches are chained and rows kept in local
/// memory.
void buildHostSchedulePipeline(mlir::OpPassManager &pm, const HostScheduleOptions &options = {});
/// On a GPU every dispatch is a chain, and rows are padded.
void buildCudaSchedulePipeline(mlir::OpPassManager &pm, const CudaScheduleOptions &options = {});

} // namespace reckon

#endif // RECKON_PASSES_SCHEDULE_PASSES_H
