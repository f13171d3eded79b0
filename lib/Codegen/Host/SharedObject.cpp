//===- SharedObject.cpp - LLVM dialect to an ELF shared object --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Codegen/Host/HostCode.h"
#include "lib/Codegen/Machine/MachineCode.h"

#include "lld/Common/Driver.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/TargetParser/Triple.h"

#include <cmath>
#include <dlfcn.h>
#include <mutex>
#include <tuple>

using namespace mlir;

LLD_HAS_DRIVER(elf)

static std::unique_ptr<llvm::TargetMachine> makeTargetMachine(const reckon::host::Target &target, std::string &error) {
  static std::once_flag once;
  std::call_once(once, [] { llvm::InitializeNativeTargetAsmPrinter(); }); // Target::get() has registered the target
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  const llvm::Target *llvmTarget = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!llvmTarget)
    return nullptr;
  llvm::TargetOptions options;
  // Contraction only where the IR allows it: a fused multiply-add is written as one.
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  return std::unique_ptr<llvm::TargetMachine>(llvmTarget->createTargetMachine(
      triple, target.cpu, "", options, llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Default));
}

static void setAttributes(llvm::Module &module, const reckon::host::Target &target) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", target.cpu);
    function.addFnAttr("tune-cpu", target.tuneCpu);
    // LLVM prefers 256-bit vectors on most AVX-512 parts; these kernels are dense enough to gain from whole registers.
    std::string bits = std::to_string(target.vectorBits);
    function.addFnAttr("prefer-vector-width", bits);
    function.addFnAttr("min-legal-vector-width", bits);
    function.setDoesNotThrow();
  }
}

/// Links one object in memory to a shared object in memory, through files that lld can name: it has no other interface.
static std::optional<std::string> link(llvm::StringRef object, llvm::ArrayRef<std::string> exports,
                                       std::string &error) {
  llvm::SmallString<128> folder;
  if (auto code = llvm::sys::fs::createUniqueDirectory("reckon-link", folder)) {
    error = "cannot make a folder for the linker: " + code.message();
    return std::nullopt;
  }
  auto path = [&](llvm::StringRef name) { return (folder + "/" + name).str(); };
  auto write = [&](llvm::StringRef name, llvm::StringRef text) {
    std::error_code code;
    llvm::raw_fd_ostream stream(path(name), code);
    stream << text;
    return !code;
  };
  std::string script = "{ global:";
  for (const std::string &name : exports)
    script += " " + name + ";";
  script += " local: *; };\n";

  std::optional<std::string> result;
  std::string input = path("kernels.o"), output = path("kernels.so"),
              versionFlag = "--version-script=" + path("exports");
  std::vector<const char *> arguments = {
      "ld.lld",        "-shared", "-o",          output.c_str(),      input.c_str(),    "-O1",
      "--gc-sections", "-z",      "noexecstack", versionFlag.c_str(), "--build-id=none"};
  // libm by the path this process uses it from: the object must name it, for nothing else may have loaded it.
  Dl_info libm;
  if (dladdr(reinterpret_cast<void *>(static_cast<double (*)(double)>(&std::exp)), &libm) && libm.dli_fname) {
    arguments.push_back("--as-needed");
    arguments.push_back(libm.dli_fname);
  }
  if (!write("kernels.o", object) || !write("exports", script)) {
    error = "cannot write to " + folder.str().str();
  } else {
    llvm::raw_string_ostream messages(error);
    // lld keeps its state in globals: one compilation links at a time.
    static std::mutex linker;
    std::lock_guard<std::mutex> lock(linker);
    lld::Result status = lld::lldMain(arguments, messages, messages, {{lld::Gnu, &lld::elf::link}});
    if (status.retCode == 0)
      if (auto buffer = llvm::MemoryBuffer::getFile(output))
        result = (*buffer)->getBuffer().str();
  }
  std::ignore = llvm::sys::fs::remove_directories(folder); // a leftover in the temporary folder harms nobody
  return result;
}

/// The conversions of loops leave a loop's annotation on its back edge as a discardable attribute, which the
/// translation does not look at.
static void annotateBackEdges(ModuleOp module) {
  module.walk([](LLVM::BrOp branch) {
    if (auto annotation = branch->getAttrOfType<LLVM::LoopAnnotationAttr>("llvm.loop_annotation"))
      branch.setLoopAnnotationAttr(annotation);
  });
}

std::optional<std::string> reckon::host::compileToSharedObject(ModuleOp module, const Target &target) {
  auto fail = [&](const Twine &what) {
    module.emitError() << "host code: " << what;
    return std::nullopt;
  };
  registerBuiltinDialectTranslation(*module.getContext());
  registerLLVMDialectTranslation(*module.getContext());
  annotateBackEdges(module);
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> llvmModule = translateModuleToLLVMIR(module, context, "kernels");
  if (!llvmModule)
    return fail("translation to LLVM IR failed");

  std::string error;
  std::unique_ptr<llvm::TargetMachine> machine = makeTargetMachine(target, error);
  if (!machine)
    return fail(error);
  std::vector<std::string> exports;
  for (llvm::Function &function : *llvmModule)
    if (!function.isDeclaration() && function.hasExternalLinkage())
      exports.push_back(function.getName().str());
  setAttributes(*llvmModule, target);
  reckon::optimizeModule(*llvmModule, *machine, llvm::OptimizationLevel::O2);

  std::optional<std::string> object = generateCode(*llvmModule, *machine, llvm::CodeGenFileType::ObjectFile);
  if (!object)
    return fail("this LLVM cannot write object files");
  auto shared = link(*object, exports, error);
  if (!shared)
    return fail("linking failed: " + error);
  return shared;
}
