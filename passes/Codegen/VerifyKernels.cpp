//===- VerifyKernels.cpp - The invariant of the codegen phase ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "dialects/Plan/Plan.h"
#include "passes/Codegen/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;

namespace reckon::codegen {
#define GEN_PASS_DEF_VERIFYKERNELS
#include "passes/Codegen/Passes.h.inc"

using plan::KernelOp;
using plan::LaunchAttr;

namespace {
struct VerifyKernels : impl::VerifyKernelsBase<VerifyKernels> {
  using VerifyKernelsBase::VerifyKernelsBase;

  LogicalResult initialize(MLIRContext *context) override {
    if (arch.empty())
      return success();
    gpu = GpuTarget::find(arch);
    return gpu ? success() : emitError(UnknownLoc::get(context)) << GpuTarget::unknown(arch);
  }

  void runOnOperation() override {
    ModuleOp code = gpu ? getCudaCode(getOperation()) : getHostCode(getOperation());
    if (!code) {
      getOperation().emitError("has no code for ") << (gpu ? gpu->arch : "the CPU");
      return signalPassFailure();
    }
    for (KernelOp kernel : getOperation().getOps<KernelOp>())
      if (failed(gpu ? verifyCudaKernel(kernel) : verifyHostKernel(kernel, code)))
        return signalPassFailure();
    if (!gpu)
      return;
    WalkResult result = getOperation().walk([&](plan::DispatchOp dispatch) {
      return failed(verifyCudaDispatch(dispatch)) ? WalkResult::interrupt() : WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

private:
  LogicalResult verifyHostKernel(KernelOp kernel, ModuleOp code);
  LogicalResult verifyCudaKernel(KernelOp kernel);
  LogicalResult verifyFunction(KernelOp kernel, LaunchAttr launch);
  LogicalResult verifyCudaDispatch(plan::DispatchOp dispatch);

  bool isChecked() {
    return llvm::any_of(getOperation().getOps<plan::ProgramOp>(),
                        [](plan::ProgramOp program) { return program.getChecked(); });
  }

  const GpuTarget *gpu = nullptr;
};
} // namespace

LogicalResult VerifyKernels::verifyHostKernel(KernelOp kernel, ModuleOp code) {
  auto function = code.lookupSymbol<LLVM::LLVMFuncOp>(kernel.getSymName());
  if (!function || function.isExternal())
    return kernel.emitError("has no function in the code for the host");
  // reckon/Runtime/KernelABI.h: ReckonKernel, or ReckonCheckedKernel.
  unsigned numParameters = isChecked() ? 6 : 5;
  if (function.getNumArguments() != numParameters)
    return kernel.emitError("has a function of ")
           << function.getNumArguments() << " parameters, expected " << numParameters;
  if (!kernel.getScratchBytes())
    return kernel.emitError("does not say how much scratch memory a thread needs");
  return success();
}

/// The code has the parameters that the runtime passes, and is made for as many threads as it is launched with.
LogicalResult VerifyKernels::verifyFunction(KernelOp kernel, LaunchAttr launch) {
  SymbolRefAttr name = launch.getFunction();
  auto function = dyn_cast_or_null<LLVM::LLVMFuncOp>(SymbolTable::lookupSymbolIn(getOperation(), name));
  if (!function || function.isExternal())
    return kernel.emitError("is launched as ") << name << ", which is no function";
  unsigned numOperands = kernel.getNumInputs() + kernel.getNumOutputs();
  SmallVector<plan::TensorMapAttr> maps = launch.getMaps();
  // reckon/Runtime/CudaKernelABI.h: operands, tensor maps, dimensions, rows, scratch memory, status, extents.
  size_t numParameters = numOperands + maps.size() + kernel.getDims().size() + 3 + (isChecked() ? numOperands + 1 : 0);
  if (function.getNumArguments() != numParameters)
    return kernel.emitError("is launched as ")
           << name << ", which takes " << function.getNumArguments() << " parameters, expected " << numParameters;
  for (plan::TensorMapAttr map : maps)
    if (map.getOperand() >= numOperands)
      return kernel.emitError("has a tensor map of operand ")
             << map.getOperand() << ", and there are " << numOperands << " operands";
  auto threads = function->getAttrOfType<DenseI32ArrayAttr>(NVVM::NVVMDialect::getReqntidAttrName());
  if (!threads || threads.empty() || threads[0] != static_cast<int64_t>(launch.getThreads()))
    return kernel.emitError("is launched as ")
           << name << " with " << launch.getThreads() << " threads, which is made for another number";
  return success();
}

LogicalResult VerifyKernels::verifyCudaKernel(KernelOp kernel) {
  ArrayAttr launches = kernel.getLaunchesAttr();
  if (!launches || launches.empty())
    return kernel.emitError("has no launches");
  for (auto launch : launches.getAsRange<LaunchAttr>()) {
    if (failed(verifyFunction(kernel, launch)))
      return failure();
    GpuLaunch wanted;
    wanted.blockThreads = launch.getThreads();
    wanted.clusterBlocks = launch.getCluster();
    wanted.blocksPerSm = launch.getBlocksPerSm();
    wanted.sharedBytes = launch.getSharedBytes();
    wanted.usesTensorMaps = !launch.getMaps().empty();
    wanted.usesPdl = launch.getUsesPdl();
    if (std::string problem = gpu->checkLaunch(wanted); !problem.empty())
      return kernel.emitError("cannot be launched as ") << launch.getFunction() << ": " << problem;
  }
  return success();
}

/// Only what stands in for others may leave numbers of rows to them.
LogicalResult VerifyKernels::verifyCudaDispatch(plan::DispatchOp dispatch) {
  if (dispatch.coversOthers())
    return success();
  auto last = cast<LaunchAttr>(dispatch.lookupKernel().getLaunchesAttr().getValue().back());
  if (last.getMinRows() != 0 || last.getMaxRows() != UINT64_MAX || last.getNeedsTiming())
    return dispatch.emitError("the last launch of ")
           << dispatch.getKernelAttr() << " is not for every number of rows, and no other dispatch takes its place";
  return success();
}

} // namespace reckon::codegen
