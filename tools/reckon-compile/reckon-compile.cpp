//===- reckon-compile.cpp - From a model to an engine file --------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "lib/Compiler/OptionTable.h"
#include "lib/Compiler/Output.h"
#include "lib/Compiler/Phases.h"
#include "lib/Compiler/Summary.h"
#include "lib/Compiler/Targets.h"
#include "lib/Support/Diagnostics.h"
#include "lib/Support/Progress.h"
#include "reckon/Compiler/Compiler.h"
#include "tools/Support/ArgParser.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/PrettyStackTrace.h"

using namespace reckon;

namespace {
struct Flags : CompileOptions {
  std::string output, emit = "engine";
  bool stats = false, progress = false, phases = false;
  double atol = -1, rtol = -1; // by the precision when not given
};
} // namespace

static void declare(tools::ArgParser &args, Flags &flags) {
  args.group("Files");
  args.option("o", "FILE", "where the engine, or the MLIR text, goes; '-' for standard output", flags.output);
  args.option("emit", "KIND", "what to write: engine (default), mlir: the module after the last phase, or ptx",
              flags.emit);
  llvm::StringRef group;
  for (const CompileOption &option : getCompileOptions()) {
    if (group != option.group)
      args.group(option.group);
    group = option.group;
    CompileOptions &options = flags;
    if (auto *text = std::get_if<std::string CompileOptions::*>(&option.member))
      args.option(option.name, option.metavar, option.help.c_str(), options.**text);
    else if (auto *list = std::get_if<std::vector<std::string> CompileOptions::*>(&option.member))
      args.option(option.name, option.metavar, option.help.c_str(), options.**list);
    else
      args.flag(option.name, option.help.c_str(), options.*std::get<bool CompileOptions::*>(option.member));
  }
  // Under the last heading of the table, that of --verify.
  args.option("atol", "X", "absolute tolerance of --verify (fp32 2e-6; fp16, tf32 1e-3; bf16 8e-3)", flags.atol, 0.0);
  args.option("rtol", "X", "relative tolerance of --verify (fp32 2e-5; fp16, tf32 5e-3; bf16 4e-2)", flags.rtol, 0.0);
  args.flag("stats", "print what was imported, what each pass did, and what the engine holds", flags.stats);
  args.flag("progress", "name every phase as it begins, not only those that take over two seconds", flags.progress);
  args.flag("phases", "print the table of phases in Markdown and exit; needs no model", flags.phases);
}

/// What is wrong with the flags together, or with them and the model's file; empty when nothing is.
static std::string check(Flags &flags, const std::string &model) {
  if (std::string error = checkOptions(flags); !error.empty())
    return error;
  const Phase &last = getPhases().back();
  std::optional<Targets> targets = Targets::parse(flags.target, flags.archs, nullptr);
  if (flags.emit != "engine" && flags.emit != "mlir" && flags.emit != "ptx")
    return "--emit is engine, mlir or ptx, not '" + flags.emit + "'";
  if (flags.emit == "ptx" && targets->gpus.size() != 1)
    return targets->gpus.empty() ? "--emit=ptx needs a GPU: add --target=cuda"
                                 : "--emit=ptx writes the code of one architecture: name one";
  if (flags.emit == "mlir" && targets->programs().size() > 1 && flags.stopAfter.empty())
    return "--emit=mlir writes the module of one device: name one target, or an earlier phase with --stop-after";
  if (flags.verify && !targets->host)
    return "--verify runs the engine on this machine's CPU: compile for it, too, with --target=host," + flags.target;
  if (flags.stopAfter.empty())
    flags.stopAfter = last.name;
  if (flags.stopAfter != last.name)
    flags.emit = "mlir";
  if (flags.emitBytecode && flags.emit != "mlir")
    return "--emit-bytecode is for a module: add --emit=mlir or --stop-after";
  if (flags.verify && flags.stopAfter != last.name)
    return "--verify needs all phases, --stop-after=" + flags.stopAfter + " leaves some out";
  if (flags.output.empty() && flags.emit == "engine")
    return "no output file; use -o FILE.rkn";
  if (flags.output.empty())
    flags.output = "-";
  return checkOutput(flags.output, model);
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::setBugReportMsg("reckon-compile: internal error. This is a fault of the compiler, whatever the model; please "
                        "report it with the lines below.\n");
  Flags flags;
  tools::ArgParser args("reckon-compile", "Compiles a recommender model to an engine.", "MODEL.onnx|MODEL.mlir");
  declare(args, flags);
  if (argc == 2 && llvm::StringRef(argv[1]) == "--phases") {
    printPhases(llvm::outs());
    return 0;
  }
  if (!args.parse(argc, argv))
    return args.exitCode();
  if (std::string wrong = check(flags, args.positional()); !wrong.empty())
    return args.error(wrong);

  Progress progress("reckon-compile", flags.progress);
  CompileOptions &options = flags;
  options.remarks = flags.stats;
  // Reports and the reference look at the engine in memory.
  if (flags.emit == "engine" && !flags.verify && !flags.stats && flags.output != "-")
    options.engineFile = flags.output;
  else if (flags.tables == "separate")
    return args.error("--tables=separate goes with -o FILE.rkn, and not with --verify, --stats or --emit");
  options.onPhase = [&](const std::string &phase) { progress.begin(phase); };

  mlir::MLIRContext context;
  printDiagnostics(context, "reckon-compile");
  context.printOpOnDiagnostic(false); // an op may hold a whole table
  initializeCompiler(context);
  CompileReport report;
  mlir::OwningOpRef<mlir::ModuleOp> module = loadModel(args.positional(), context, options, report);
  if (!module)
    return int(report.error);
  std::optional<std::vector<uint8_t>> engine = compileModule(*module, options, report);
  if (!engine)
    return int(report.error);
  std::string error;
  if (options.engineFile.empty())
    error = writeOutput(flags.output, flags.emit, *module, flags.emitBytecode, *engine, report.ptx);
  if (!error.empty())
    return args.error(error, int(ErrorKind::Environment));

  // Reports do not mix with what goes to standard output.
  llvm::raw_ostream &os = flags.output == "-" ? llvm::errs() : llvm::outs();
  if (flags.stats)
    printStatistics(report, *engine, os);
  printSummary(flags.output, report, os);
  if (!flags.verify)
    return 0;
  progress.begin("verify");
  VerifyTolerance tolerance = getVerifyTolerance(flags.precision);
  tolerance.atol = flags.atol < 0 ? tolerance.atol : flags.atol;
  tolerance.rtol = flags.rtol < 0 ? tolerance.rtol : flags.rtol;
  return int(verifyAndPrint(*report.reference, *engine, tolerance, os));
}
