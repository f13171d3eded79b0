//===- Main.cpp - The engine against the evaluator on random modules ----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//
//
//   reckon-fuzz-graph [--first=SEED] [--count=N] [--out=DIR] [--print] [--export=DIR]
//   reckon-fuzz-graph --sizes=RUNS [--first=SEED] [--count=N] [--out=DIR] [--print]
//   reckon-fuzz-graph [--sizes=RUNS] MODULE.mlir...
//
// Makes a module from each seed (or reads one), compiles it, and compares what the engine answers with the reference
// evaluator, at several batch sizes and thread counts. A failing module is made smaller and written to DIR. Exit code 1
// when any failed. With --export, modules that pass are written with inputs and answers, for machines without a
// compiler; for each a line says its name and how far beyond the usual an answer may be off.
//
// With --sizes each module, half of them such as have a meaning at some sizes only, is compiled once, with kernels that
// check themselves, and run RUNS times at sizes around those limits: engine and evaluator must refuse the same ones.
//
//===--------------------------------------------------------------------------------===//

#include "reckon/Compiler/Compiler.h"
#include "test/fuzz/differential/GraphBuilder.h"
#include "test/fuzz/differential/Trial.h"

#include "mlir/IR/Verifier.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <map>

using namespace reckon;
using namespace reckon::fuzz;

namespace {
struct Session {
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED}; // children are forked
  std::string outDir, exportDir;
  uint64_t sizes = 0; ///< sets of sizes for each module; 0: the usual batch sizes
  uint64_t runs = 0, refusals = 0;
  std::map<Outcome::Kind, unsigned> counts;

  void test(mlir::ModuleOp module, const std::string &name, uint64_t seed) {
    auto trial = [&](mlir::ModuleOp tried) { return sizes ? trySizes(tried, seed, sizes) : tryModule(tried, seed); };
    Outcome outcome = tryInChild(module, trial);
    ++counts[outcome.kind];
    runs += outcome.runs;
    refusals += outcome.refusals;
    double tolerance;
    if (outcome.kind == Outcome::Ok && !exportDir.empty() && exportModule(module, seed, exportDir, name, tolerance))
      llvm::outs() << "exported " << name << " " << llvm::format("%.3g", tolerance) << "\n";
    if (!outcome.isFailure())
      return;
    llvm::outs() << name << ": " << getName(outcome.kind) << ": " << outcome.message << "\n";
    llvm::outs().flush();
    if (outDir.empty())
      return;
    mlir::OwningOpRef<mlir::ModuleOp> small = minimise(module, trial, outcome);
    std::string path = outDir + "/" + name + ".mlir";
    std::error_code error;
    llvm::raw_fd_ostream os(path, error);
    std::string message = outcome.message;
    for (size_t at = 0; (at = message.find('\n', at)) != std::string::npos; at += 4)
      message.replace(at, 1, "\n// ");
    os << "// " << getName(outcome.kind) << ", seed " << seed << ": " << message << "\n";
    small->print(os);
    llvm::outs() << "  reduced: " << path << ": " << outcome.message << "\n";
    llvm::outs().flush();
  }
};
} // namespace

int main(int argc, char **argv) {
  Session session;
  initializeCompiler(session.context);
  uint64_t first = 0, count = 100;
  bool print = false;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef argument = argv[i];
    if (argument.consume_front("--first=")   ? argument.getAsInteger(10, first)
        : argument.consume_front("--count=") ? argument.getAsInteger(10, count)
        : argument.consume_front("--sizes=") ? argument.getAsInteger(10, session.sizes)
                                             : false) {
      llvm::errs() << "not a number: " << argv[i] << "\n";
      return 2;
    }
    argument = argv[i];
    if (argument.consume_front("--out="))
      session.outDir = argument.str();
    else if (argument.consume_front("--export="))
      session.exportDir = argument.str();
    else if (argument == "--print")
      print = true;
    else if (!argument.starts_with("--"))
      files.push_back(argument.str());
    else if (!argument.starts_with("--first=") && !argument.starts_with("--count=") &&
             !argument.starts_with("--sizes=")) {
      llvm::errs() << "unknown option: " << argument << "\n";
      return 2;
    }
  }
  if (!session.exportDir.empty())
    llvm::sys::fs::create_directories(session.exportDir);
  if (!session.outDir.empty())
    llvm::sys::fs::create_directories(session.outDir);

  for (const std::string &file : files) {
    CompileReport report;
    mlir::OwningOpRef<mlir::ModuleOp> module = loadModel(file, session.context, {}, report);
    if (!module)
      return 2;
    session.test(*module, llvm::StringRef(file).rsplit('/').second.str(), 0);
  }
  for (uint64_t seed = first; files.empty() && seed < first + count; ++seed) {
    mlir::OwningOpRef<mlir::ModuleOp> module =
        session.sizes && seed % 2 ? makeSizeModule(session.context, seed) : makeRandomModule(session.context, seed);
    if (print)
      module->print(llvm::outs());
    if (mlir::failed(mlir::verify(*module))) {
      llvm::errs() << "seed " << seed << " makes an invalid module\n";
      return 2;
    }
    session.test(*module, "seed-" + std::to_string(seed), seed);
    if ((seed - first + 1) % 100 == 0)
      llvm::errs() << (seed - first + 1) << " of " << count << " modules\n";
  }
  if (session.sizes)
    llvm::outs() << session.runs << " runs, of which " << session.refusals << " refused\n";
  bool failed = false;
  for (auto [kind, number] : session.counts) {
    llvm::outs() << number << " " << getName(kind) << "\n";
    failed |= Outcome{kind, ""}.isFailure();
  }
  return failed;
}
