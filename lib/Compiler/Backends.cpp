//===- Backends.cpp - The one table of devices ---------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#include "lib/Compiler/Backends.h"
#include "lib/Codegen/Host/Target.h"
#include "passes/Codegen/Passes.h"
#include "passes/Fuse/Passes.h"
#include "passes/Schedule/Passes.h"

using namespace reckon;

//===--- Host ---===//

static void fuseForHost(mlir::OpPassManager &pm, const PhaseOptions &) { buildFusePipeline(pm, FuseOptions()); }

static void scheduleForHost(mlir::OpPassManager &pm, const PhaseOptions &options) {
  HostScheduleOptions schedule;
  schedule.shareSlots = !options.checkKernels;
  // Weights are packed for the register tile of the code to come. Codegen reports a name that is no CPU.
  if (std::optional<host::Target> target = host::Target::get(options.cpu, nullptr))
    schedule.panelWidth = target->tileColumns();
  buildHostSchedulePipeline(pm, schedule);
}

static void generateForHost(mlir::OpPassManager &pm, const PhaseOptions &options) {
  buildHostCodegenPipeline(pm, options.cpu, options.checkKernels);
}

//===--- Cuda ---===//

static void fuseForCuda(mlir::OpPassManager &pm, const PhaseOptions &) {
  FuseOptions fuse;
  // Kernels for GPUs write and read rows in vectors of 16 bytes; those for CPUs do not mind where a row begins.
  fuse.alignConcats = true;
  // The kernels of linear layers are fast enough to pay for windows in memory and two transposes, which the layers
  // around them absorb.
  fuse.linearConvs = true;
  // One thread would write all updates of a scatter in order.
  fuse.gatherScatters = true;
  // Blocks of a kernel of rows would each have all keys of a sample, and all queries.
  fuse.tiledAttention = true;
  // On a GPU every linear layer is a kernel: two in one would share too little of the chip.
  fuse.lowRank = false;
  buildFusePipeline(pm, fuse);
}

static void scheduleForCuda(mlir::OpPassManager &pm, const PhaseOptions &options) {
  CudaScheduleOptions schedule;
  schedule.shareSlots = !options.checkKernels;
  schedule.arch = options.arch;
  schedule.allCandidates = options.allCandidates;
  schedule.timingCache = options.timingCache;
  buildCudaSchedulePipeline(pm, schedule);
}

static void generateForCuda(mlir::OpPassManager &pm, const PhaseOptions &options) {
  buildCudaCodegenPipeline(pm, options.arch, options.checkKernels);
}

//===--- The table ---===//

static const Backend table[] = {
    {DeviceKind::Host, fuseForHost, scheduleForHost, generateForHost,
     [](ProgramEmitter &emitter, mlir::ModuleOp module, const ProgramTarget &) { return emitter.addHost(module); }},
    {DeviceKind::Cuda, fuseForCuda, scheduleForCuda, generateForCuda,
     [](ProgramEmitter &emitter, mlir::ModuleOp module, const ProgramTarget &target) {
       return emitter.addCuda(module, *target.gpu);
     }},
};

llvm::ArrayRef<Backend> reckon::getBackends() { return table; }

const Backend &reckon::getBackend(DeviceKind device) { return table[static_cast<size_t>(device)]; }
