//===- EmitCudaKernels.cpp - rec-emit-cuda-kernels --------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "dialects/Plan/Plan.h"
#include "lib/Codegen/NVPTX/Emitters.h"
#include "lib/Codegen/NVPTX/PtxCode.h"
#include "passes/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace reckon::codegen {
#define GEN_PASS_DEF_EMITCUDAKERNELS
#include "passes/Codegen/Passes.h.inc"

static constexpr StringLiteral cudaCodeName = "cuda_code";

ModuleOp getCudaCode(ModuleOp plan) { return plan.lookupSymbol<ModuleOp>(cudaCodeName); }

namespace {
struct EmitCudaKernels : impl::EmitCudaKernelsBase<EmitCudaKernels> {
  using EmitCudaKernelsBase::EmitCudaKernelsBase;

  void runOnOperation() override {
    ModuleOp plan = getOperation();
    const GpuTarget *gpu = GpuTarget::find(arch);
    if (!gpu) {
      plan.emitError() << GpuTarget::unknown(arch);
      return signalPassFailure();
    }
    nvptx::DeviceModule code(plan.getContext(), *gpu);
    bool failedAny = false;
    // Every kernel is tried, so that a model's unsupported layers are all told at once.
    plan.walk([&](plan::KernelOp kernel) {
      StringRef emitter;
      FailureOr<nvptx::KernelPlan> launches = nvptx::emitKernel(kernel, code, &emitter);
      if (failed(launches)) {
        failedAny = true;
        return;
      }
      SmallVector<Attribute> attributes;
      for (nvptx::LaunchPlan &launch : launches->launches) {
        launch.usesPdl = code.usesPdl(launch.function);
        attributes.push_back(launch.toAttribute(plan.getContext(), cudaCodeName));
      }
      kernel.setLaunchesAttr(ArrayAttr::get(plan.getContext(), attributes));
      ++numKernels;
      numGeneric += emitter == "generic";
      numLaunches += launches->launches.size();
    });
    if (failedAny)
      return signalPassFailure();
    OwningOpRef<ModuleOp> module = code.take();
    module->setSymName(cudaCodeName);
    plan.push_back(module.release());
  }
};
} // namespace
} // namespace reckon::codegen
