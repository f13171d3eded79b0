//===- reckon-opt.cpp - Runs passes and phases on MLIR text ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "lib/Compiler/Register.h"
#include "lib/Support/Statistic.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ToolOutputFile.h"

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  mlir::DialectRegistry registry;
  reckon::registerDialects(registry);
  mlir::registerAllExtensions(registry);
  reckon::registerPasses();
  auto [inputName, outputName] = mlir::registerAndParseCLIOptions(
      argc, argv, "Reckon: passes and phases of the compiler on MLIR text\n", registry);

  // --mlir-pass-statistics also shows the statistics of our passes, which Debian's MLIR leaves out.
  mlir::MlirOptMainConfig fromFlags = mlir::MlirOptMainConfig::createFromCLOptions(), config = fromFlags;
  bool statistics = llvm::cl::getRegisteredOptions().lookup("mlir-pass-statistics")->getNumOccurrences() != 0;
  config.setPassPipelineSetupFn([&](mlir::PassManager &pm) {
    if (statistics)
      reckon::printStatisticsAtExit(pm);
    return fromFlags.setupPassPipeline(pm);
  });

  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> input = mlir::openInputFile(inputName, &error);
  std::unique_ptr<llvm::ToolOutputFile> output = input ? mlir::openOutputFile(outputName, &error) : nullptr;
  if (!output) {
    llvm::errs() << "reckon-opt: " << error << '\n';
    return 2;
  }
  if (mlir::failed(mlir::MlirOptMain(output->os(), std::move(input), registry, config)))
    return 1;
  output->keep();
  return 0;
}
