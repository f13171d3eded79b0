//===- EmitTargets.cpp - Machine code and engine of a model's programs ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#include "lib/Compiler/EmitTargets.h"
#include "lib/Codegen/Host/HostCode.h"
#include "lib/Codegen/NVPTX/PtxCode.h"
#include "lib/Compiler/Backends.h"
#include "lib/Compiler/Recipe.h"
#include "lib/Compiler/TablePlaces.h"
#include "passes/Codegen/Passes.h"

using namespace reckon;

bool ProgramEmitter::fail(mlir::ModuleOp module, ErrorKind kind, const llvm::Twine &message) {
  if (!message.isTriviallyEmpty())
    mlir::emitError(module.getLoc()) << message;
  report.error = kind;
  return false;
}

void ProgramEmitter::addSection(CodeKind kind, std::string name, std::string bytes) {
  const std::string &kept = storage.emplace_back(std::move(bytes));
  CodeSpec section;
  section.kind = kind;
  section.name = std::move(name);
  section.data = {reinterpret_cast<const uint8_t *>(kept.data()), kept.size()};
  code.push_back(std::move(section));
}

static constexpr char noCode[] = "there is no code in this module: run the codegen phase";

bool ProgramEmitter::addHost(mlir::ModuleOp module) {
  mlir::ModuleOp kernels = codegen::getHostCode(module);
  if (!kernels)
    return fail(module, ErrorKind::BadInput, noCode);
  std::optional<std::string> object = host::compileToSharedObject(kernels, cpu);
  if (!object)
    return fail(module, ErrorKind::Environment);
  ProgramInput input;
  input.plan = module;
  input.target = {DeviceKind::Host, cpu.tuneCpu, cpu.requiredFeatures};
  programs.push_back(std::move(input));
  addSection(CodeKind::Host, cpu.tuneCpu.empty() ? deviceName(DeviceKind::Host) : cpu.tuneCpu, std::move(*object));
  return true;
}

bool ProgramEmitter::addCuda(mlir::ModuleOp module, const GpuTarget &gpu) {
  mlir::ModuleOp kernels = codegen::getCudaCode(module);
  if (!kernels)
    return fail(module, ErrorKind::BadInput, noCode);
  std::optional<std::string> ptx = nvptx::compileToPtx(kernels, gpu);
  if (!ptx)
    return fail(module, ErrorKind::Unsupported);
  if (report.ptx.empty())
    report.ptx = *ptx;
  ProgramInput input;
  input.plan = module;
  input.target = {DeviceKind::Cuda, gpu.arch, {}};
  addSection(CodeKind::Ptx, gpu.arch, *ptx + '\0');
  // Without an assembler the driver compiles the PTX when the engine is loaded.
  if (std::string ptxas = nvptx::findPtxas(); !ptxas.empty()) {
    std::string error;
    std::optional<nvptx::Cubin> cubin = nvptx::assemblePtx(ptxas, *ptx, gpu.arch, &error);
    if (!cubin && !error.empty())
      return fail(module, ErrorKind::Environment, llvm::Twine("cannot assemble the PTX of ") + gpu.arch + ": " + error);
    if (cubin) {
      input.figures = std::move(cubin->kernels);
      addSection(CodeKind::Cubin, gpu.arch, std::move(cubin->code));
    } else {
      mlir::emitWarning(module.getLoc()) << ptxas << " does not know " << gpu.arch
                                         << ": the engine has no machine code for it";
    }
  }
  programs.push_back(std::move(input));
  return true;
}

std::optional<std::vector<uint8_t>> reckon::emitTargets(llvm::ArrayRef<mlir::ModuleOp> modules, const Targets &targets,
                                                        const host::Target &cpu, const CompileOptions &options,
                                                        CompileReport &report) {
  ProgramEmitter emitter(cpu, report);
  for (auto [module, target] : llvm::zip(modules, targets.programs()))
    if (!getBackend(target.device).emit(emitter, module, target))
      return std::nullopt;
  std::optional<EngineSpec> spec = makeEngineSpec(emitter.programs, emitter.code);
  if (!spec) {
    report.error = ErrorKind::Unsupported;
    return std::nullopt;
  }
  mlir::ModuleOp module = modules.front();
  spec->recipe = getRecipe(module);
  if (std::string wrong = placeTables(*spec, options, report); !wrong.empty()) {
    mlir::emitError(module.getLoc()) << wrong;
    return std::nullopt;
  }
  if (options.engineFile.empty()) {
    std::optional<std::vector<uint8_t>> engine = emitEngine(module, *spec);
    if (!engine)
      report.error = ErrorKind::Unsupported;
    report.engineBytes = engine ? engine->size() : 0;
    return engine;
  }
  std::string error = validateEngine(*spec);
  report.error = error.empty() ? ErrorKind::Environment : ErrorKind::Unsupported;
  if (!error.empty())
    error = "the plan makes no valid engine: " + error;
  else if (writeEngine(*spec, options.engineFile, &error, &report.engineBytes))
    report.error = ErrorKind::None;
  if (report.error == ErrorKind::None)
    return std::vector<uint8_t>();
  mlir::emitError(module.getLoc()) << error;
  return std::nullopt;
}
