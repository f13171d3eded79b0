//===- Main.cpp - The engine against the evaluator on random modules ----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//
//
//   reckon-fuzz-graph [--seed=S] [--count=N] [--jobs=N] [--time-limit=SECONDS] [--out=DIR] [--print] [--export=DIR]
//   reckon-fuzz-graph --sizes=RUNS [--target=host|cuda] ... the same
//   reckon-fuzz-graph [--sizes=RUNS] ... MODULE.mlir...
//
// Makes a module from each of N seeds from S on (or reads one), compiles it, and compares what the engine answers with
// the reference evaluator, at several batch sizes and thread counts, each module in a process of its own, --jobs of
// them at a time. A failing module is made smaller and written to DIR. The last line sums up; the exit code is 1 when
// there were findings. With --export, modules that pass are written with inputs and answers, for machines without a
// compiler; for each a line says its name and how far beyond the usual an answer may be off.
//
// With --sizes each module, half of them such as have a meaning at some sizes only, is compiled once, with kernels that
// check themselves, and run RUNS times at sizes around those limits: engine and evaluator must refuse the same ones.
// Sizes at which the evaluator would take too long are skipped and counted. --export then writes the inputs of each run
// with its answer, or with refused.txt: onnx_judge.py asks onnxruntime about them.
//
//===--------------------------------------------------------------------------------===//

#include "test/fuzz/differential/GraphBuilder.h"
#include "test/fuzz/differential/Trial.h"

#include "mlir/IR/Verifier.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <list>
#include <map>
#include <poll.h>

using namespace reckon;
using namespace reckon::fuzz;

namespace {
struct Options {
  uint64_t seed = 0, count = 100, jobs = 1, timeLimit = 0;
  SizeOptions sizes;
  std::string outDir, exportDir;
  bool print = false;
  std::vector<std::string> files;

  /// False with a message for what is no option.
  bool parse(int argc, char **argv) {
    const std::pair<const char *, uint64_t *> numbers[] = {{"--seed=", &seed},
                                                           {"--count=", &count},
                                                           {"--jobs=", &jobs},
                                                           {"--time-limit=", &timeLimit},
                                                           {"--sizes=", &sizes.runs}};
    const std::pair<const char *, std::string *> texts[] = {
        {"--target=", &sizes.target}, {"--out=", &outDir}, {"--export=", &exportDir}};
    for (llvm::StringRef argument : llvm::ArrayRef(argv, argc).drop_front()) {
      llvm::StringRef value = argument;
      auto names = [&](const auto &option) { return value.consume_front(option.first); };
      if (auto *number = llvm::find_if(numbers, names); number != std::end(numbers)) {
        if (value.getAsInteger(10, *number->second)) {
          llvm::errs() << "not a number: " << argument << "\n";
          return false;
        }
      } else if (auto *text = llvm::find_if(texts, names); text != std::end(texts)) {
        *text->second = value.str();
      } else if (argument == "--print") {
        print = true;
      } else if (!argument.starts_with("--")) {
        files.push_back(argument.str());
      } else {
        llvm::errs() << "unknown option: " << argument << "\n";
        return false;
      }
    }
    bool isGpu = sizes.target == "cuda" || llvm::StringRef(sizes.target).starts_with("cuda:");
    if (sizes.target != "host" && !(isGpu && sizes.runs)) {
      llvm::errs() << "--target is host or, with --sizes, cuda\n";
      return false;
    }
    return true;
  }
};

class Session {
public:
  explicit Session(const Options &options) : options(options) { initializeCompiler(context); }

  /// Whether there is time for another module.
  bool hasTime() const { return !options.timeLimit || secondsSoFar() < static_cast<double>(options.timeLimit); }

  void start(mlir::OwningOpRef<mlir::ModuleOp> module, const std::string &name, uint64_t seed) {
    while (running.size() >= std::max<uint64_t>(options.jobs, 1))
      collectOne();
    running.push_back({std::move(module), name, seed, std::nullopt});
    Running &added = running.back();
    added.child.emplace(*added.module, [&](mlir::ModuleOp tried) { return run(tried, added); });
  }

  /// Waits for all that run, sums up, and gives the exit code.
  int finish() {
    while (!running.empty())
      collectOne();
    uint64_t modules = 0, findings = 0;
    for (auto [kind, number] : counts) {
      llvm::outs() << number << " " << getName(kind) << "\n";
      modules += number;
      findings += Outcome{kind, ""}.isFailure() ? number : 0;
    }
    llvm::outs() << "modules " << modules << ", runs " << runs << ", refused " << refused << ", skipped " << skipped
                 << ", findings " << findings << ", " << llvm::format("%.0f", secondsSoFar()) << " s\n";
    return findings != 0;
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED}; // children are forked

private:
  struct Running {
    mlir::OwningOpRef<mlir::ModuleOp> module;
    std::string name;
    uint64_t seed;
    std::optional<Child> child;
  };

  double secondsSoFar() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  Outcome run(mlir::ModuleOp module, const Running &of) const {
    if (!options.sizes.runs)
      return tryModule(module, of.seed);
    SizeOptions sizes = options.sizes;
    if (!options.exportDir.empty())
      sizes.exportDir = options.exportDir + "/" + of.name;
    return trySizes(module, of.seed, sizes);
  }

  void collectOne() {
    std::vector<pollfd> ends;
    for (Running &one : running)
      ends.push_back({one.child->handle(), POLLIN, 0});
    poll(ends.data(), ends.size(), -1);
    auto done = running.begin();
    for (size_t i = 0; i < ends.size() && !ends[i].revents; ++i)
      ++done;
    if (done == running.end())
      return;
    note(*done, done->child->collect());
    running.erase(done);
  }

  void note(const Running &done, Outcome outcome) {
    unsigned number = 0;
    for (auto [kind, count] : counts)
      number += count;
    if ((number + 1) % 100 == 0)
      llvm::errs() << (number + 1) << " modules, " << llvm::format("%.0f", secondsSoFar()) << " s\n";
    ++counts[outcome.kind];
    runs += outcome.runs;
    refused += outcome.refused;
    skipped += outcome.skipped;
    double tolerance;
    bool isExported = outcome.kind == Outcome::Ok && !options.exportDir.empty() && !options.sizes.runs &&
                      exportModule(*done.module, done.seed, options.exportDir, done.name, tolerance);
    if (isExported)
      llvm::outs() << "exported " << done.name << " " << llvm::format("%.3g", tolerance) << "\n";
    if (!outcome.isFailure())
      return;
    llvm::outs() << done.name << ": " << getName(outcome.kind) << ": " << outcome.message << "\n";
    llvm::outs().flush();
    if (options.outDir.empty())
      return;
    auto trial = [&](mlir::ModuleOp tried) { return run(tried, done); };
    mlir::OwningOpRef<mlir::ModuleOp> small = minimise(*done.module, trial, outcome);
    std::string path = options.outDir + "/" + done.name + ".mlir";
    std::error_code error;
    llvm::raw_fd_ostream os(path, error);
    std::string message = outcome.message;
    for (size_t at = 0; (at = message.find('\n', at)) != std::string::npos; at += 4)
      message.replace(at, 1, "\n// ");
    os << "// " << getName(outcome.kind) << ", seed " << done.seed << ": " << message << "\n";
    small->print(os);
    llvm::outs() << "  reduced: " << path << ": " << outcome.message << "\n";
    llvm::outs().flush();
  }

  const Options &options;
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
  std::list<Running> running;
  std::map<Outcome::Kind, unsigned> counts;
  uint64_t runs = 0, refused = 0, skipped = 0;
};
} // namespace

int main(int argc, char **argv) {
  Options options;
  if (!options.parse(argc, argv))
    return 2;
  for (const std::string &directory : {options.exportDir, options.outDir}) {
    std::error_code error = directory.empty() ? std::error_code() : llvm::sys::fs::create_directories(directory);
    if (error) {
      llvm::errs() << "cannot make " << directory << ": " << error.message() << "\n";
      return 2;
    }
  }
  Session session(options);

  for (const std::string &file : options.files) {
    CompileReport report;
    mlir::OwningOpRef<mlir::ModuleOp> module = loadModel(file, session.context, {}, report);
    if (!module)
      return 2;
    session.start(std::move(module), llvm::sys::path::stem(file).str(), options.seed);
  }
  uint64_t count = options.files.empty() ? options.count : 0;
  for (uint64_t seed = options.seed; seed < options.seed + count && session.hasTime(); ++seed) {
    mlir::OwningOpRef<mlir::ModuleOp> module = options.sizes.runs && seed % 2 ? makeSizeModule(session.context, seed)
                                                                              : makeRandomModule(session.context, seed);
    if (options.print)
      module->print(llvm::outs());
    if (mlir::failed(mlir::verify(*module))) {
      llvm::errs() << "seed " << seed << " makes an invalid module\n";
      return 2;
    }
    session.start(std::move(module), "seed-" + std::to_string(seed), seed);
  }
  return session.finish();
}
