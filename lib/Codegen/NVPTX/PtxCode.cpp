//===- PtxCode.cpp - LLVM dialect to PTX -----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------===//

#include "lib/Codegen/NVPTX/PtxCode.h"
#include "lib/Codegen/Machine/MachineCode.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/TargetParser/Triple.h"

#include <mutex>

using namespace mlir;

// llvm/Support/TargetSelect.h only offers all targets or the native one.
extern "C" {
void LLVMInitializeNVPTXTarget();
void LLVMInitializeNVPTXTargetInfo();
void LLVMInitializeNVPTXTargetMC();
void LLVMInitializeNVPTXAsmPrinter();
}

static const llvm::Triple &getTriple() {
  static const llvm::Triple triple("nvptx64-nvidia-cuda");
  return triple;
}

/// Makes addresses of shared memory 32 bits wide, which is what instructions take; as 64 bits ptxas keeps many of them
/// in pairs of registers. LLVM has a command line option for that alone.
static void useShortPointers() {
  auto &known = llvm::cl::getRegisteredOptions();
  if (auto option = known.find("nvptx-short-ptr"); option != known.end())
    static_cast<llvm::cl::opt<bool> *>(option->second)->setValue(true);
}

static const llvm::Target *getTarget(std::string &error) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    useShortPointers();
  });
  return llvm::TargetRegistry::lookupTarget(getTriple(), error);
}

bool reckon::nvptx::isSupported(const GpuTarget &gpu) {
  std::string error;
  const llvm::Target *target = getTarget(error);
  if (!target)
    return false;
  std::unique_ptr<llvm::MCSubtargetInfo> info(target->createMCSubtargetInfo(getTriple(), "", ""));
  return info && info->isCPUStringValid(gpu.arch);
}

std::optional<std::string> reckon::nvptx::compileToPtx(ModuleOp module, const GpuTarget &gpu) {
  auto fail = [&](const Twine &what) {
    module.emitError() << "device code: " << what;
    return std::nullopt;
  };
  registerBuiltinDialectTranslation(*module.getContext());
  registerLLVMDialectTranslation(*module.getContext());
  registerNVVMDialectTranslation(*module.getContext());
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> llvmModule = translateModuleToLLVMIR(module, context, "kernels");
  if (!llvmModule)
    return fail("translation to LLVM IR failed");

  std::string error;
  const llvm::Target *target = getTarget(error);
  if (!target)
    return fail(error);
  llvm::TargetOptions options;
  // Products and sums fuse as nvcc's do: it is the only full-rate form, and rounds once less.
  options.AllowFPOpFusion = llvm::FPOpFusion::Fast;
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      getTriple(), gpu.arch, gpu.ptxFeature, options, std::nullopt, std::nullopt, llvm::CodeGenOptLevel::Aggressive));
  if (!machine)
    return fail("this LLVM has no code generator for " + Twine(gpu.arch));
  optimizeModule(*llvmModule, *machine, llvm::OptimizationLevel::O3);
  for (llvm::Function &function : *llvmModule)
    if (function.isDeclaration() && !function.isIntrinsic() && !function.use_empty())
      return fail("there is no function '" + function.getName() + "' on the device");

  std::optional<std::string> ptx = generateCode(*llvmModule, *machine, llvm::CodeGenFileType::AssemblyFile);
  return ptx ? ptx : fail("this LLVM cannot write PTX");
}
