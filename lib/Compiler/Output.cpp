//===- Output.cpp - What a compilation writes ----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#include "lib/Compiler/Output.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/ToolOutputFile.h"

std::string reckon::checkOutput(const std::string &path, const std::string &model) {
  return llvm::sys::fs::equivalent(path, model) ? "the output '" + path + "' is the model itself" : "";
}

/// How a module is written so that it can be read again, with its locations.
static mlir::OpPrintingFlags getFlags(mlir::ModuleOp module) {
  mlir::OpPrintingFlags flags;
  flags.enableDebugInfo();
  // MLIR takes the location behind a barrier in its own form for the attribute that may stand there.
  if (module.walk([](mlir::NVVM::BarrierOp) { return mlir::WalkResult::interrupt(); }).wasInterrupted())
    flags.printGenericOpForm();
  return flags;
}

std::string reckon::writeOutput(const std::string &path, const std::string &emit, mlir::ModuleOp module, bool bytecode,
                                const std::vector<uint8_t> &engine, const std::string &ptx) {
  std::string error;
  std::unique_ptr<llvm::ToolOutputFile> output = mlir::openOutputFile(path, &error);
  if (!output)
    return error;
  llvm::raw_fd_ostream &os = output->os();
  if (emit == "engine")
    os.write(reinterpret_cast<const char *>(engine.data()), engine.size());
  else if (emit == "ptx")
    os << ptx;
  else if (!bytecode)
    module.print(os, getFlags(module));
  else if (mlir::failed(mlir::writeBytecodeToFile(module, os)))
    return "cannot write the module as bytecode";
  os.flush();
  if (os.has_error()) {
    error = "cannot write " + path + ": " + os.error().message();
    os.clear_error();
    return error;
  }
  output->keep();
  return "";
}
