//===- PassInstruments.cpp - What is to be seen of the passes ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------------===//

#include "lib/Compiler/PassInstruments.h"
#include "lib/Support/Diagnostics.h"

#include "mlir/IR/Remarks.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/PrettyStackTrace.h"

#include <mutex>

using namespace reckon;

namespace {
/// The line of a crash report about the pass that runs.
class PassTraceEntry : public llvm::PrettyStackTraceEntry {
public:
  PassTraceEntry(std::string phase, mlir::Pass *pass, mlir::Operation *op)
      : phase(std::move(phase)), pass(pass), op(op) {}

  void print(llvm::raw_ostream &os) const override {
    mlir::ModuleOp module = llvm::dyn_cast<mlir::ModuleOp>(op);
    if (!module)
      module = op->getParentOfType<mlir::ModuleOp>();
    os << "Compiling " << (module ? describe(module.getLoc()) : "a module") << ", phase " << phase << ": pass "
       << (pass->getArgument().empty() ? pass->getName() : pass->getArgument());
    if (auto symbol = llvm::dyn_cast<mlir::SymbolOpInterface>(op); symbol && symbol.getNameAttr())
      os << " on @" << symbol.getName();
    os << "\n\tTo reproduce: the command above with --reproducer=FILE, then reckon-opt --run-reproducer FILE\n";
  }

private:
  std::string phase;
  mlir::Pass *pass;
  mlir::Operation *op;
};

/// Keeps a PassTraceEntry on the thread of each pass that runs.
class CrashTrace : public mlir::PassInstrumentation {
public:
  explicit CrashTrace(std::string phase) : phase(std::move(phase)) {}

  void runBeforePass(mlir::Pass *pass, mlir::Operation *op) override {
    // A pass manager inside another is an adaptor without a name; its passes are said.
    entries().push_back(isAdaptor(pass) ? nullptr : std::make_unique<PassTraceEntry>(phase, pass, op));
  }
  void runAfterPass(mlir::Pass *, mlir::Operation *) override { entries().pop_back(); }
  void runAfterPassFailed(mlir::Pass *, mlir::Operation *) override { entries().pop_back(); }

private:
  static bool isAdaptor(mlir::Pass *pass) { return pass->getName().contains("OpToOpPassAdaptor"); }
  static std::vector<std::unique_ptr<PassTraceEntry>> &entries() {
    static thread_local std::vector<std::unique_ptr<PassTraceEntry>> stack;
    return stack;
  }

  std::string phase;
};

/// Puts remarks into the report.
class RemarkCollector : public mlir::remark::detail::MLIRRemarkStreamerBase {
public:
  explicit RemarkCollector(CompileReport &report) : report(report) {}

  void streamOptimizationRemark(const mlir::remark::detail::Remark &remark) override {
    std::string message;
    for (const mlir::remark::detail::Remark::Arg &arg : remark.getArgs())
      message += arg.val;
    std::scoped_lock lock(mutex); // passes run on functions in parallel
    report.remarks.push_back(
        {remark.getCategoryName().str(), getKind(remark), describe(remark.getLocation()), std::move(message)});
  }

private:
  static const char *getKind(const mlir::remark::detail::Remark &remark) {
    switch (remark.getRemarkType()) {
    case llvm::remarks::Type::Passed:
      return "passed";
    case llvm::remarks::Type::Missed:
      return "missed";
    case llvm::remarks::Type::Failure:
      return "failed";
    default:
      return "analysis";
    }
  }

  CompileReport &report;
  std::mutex mutex;
};
} // namespace

PassInstruments::PassInstruments(mlir::MLIRContext &context, const CompileOptions &options, CompileReport &report)
    : context(context), options(options) {
  if (options.timing) {
    timing.setEnabled(true);
    timing.setOutput(mlir::createOutputStrategy(mlir::DefaultTimingManager::OutputFormat::Text, llvm::errs()));
    total = timing.getRootScope();
  }
  if (!options.remarks)
    return;
  mlir::remark::RemarkCategories categories;
  categories.passed = categories.missed = categories.failed = categories.analysis = ".*";
  // Fails only when the context has an engine already, whose owner then gets the remarks.
  [[maybe_unused]] mlir::LogicalResult isFirst =
      mlir::remark::enableOptimizationRemarks(context, std::make_unique<RemarkCollector>(report),
                                              std::make_unique<mlir::remark::RemarkEmittingPolicyAll>(), categories);
}

PassInstruments::~PassInstruments() {
  part.stop();
  total.stop();
  if (options.remarks)
    context.setRemarkEngine(nullptr);
}

/// Prints the module after every pass of `pm` that changes it to a file below `folder`.
static mlir::LogicalResult printToFolder(mlir::PassManager &pm, const std::string &folder) {
  if (std::error_code error = llvm::sys::fs::create_directories(folder))
    return mlir::emitError(mlir::FileLineColLoc::get(pm.getContext(), folder, 0, 0))
           << "cannot make the folder: " << error.message();
  auto always = [](mlir::Pass *, mlir::Operation *) { return true; };
  auto never = [](mlir::Pass *, mlir::Operation *) { return false; };
  constexpr int64_t mostElements = 16;
  mlir::OpPrintingFlags flags;
  flags.elideLargeElementsAttrs(mostElements).elideLargeResourceString(mostElements);
  pm.getContext()->disableMultithreading(); // a module that passes rewrite in parallel cannot be printed
  pm.enableIRPrintingToFileTree(never, always, /*printModuleScope=*/true, /*printAfterOnlyOnChange=*/true,
                                /*printAfterOnlyOnFailure=*/false, folder, flags);
  return mlir::success();
}

mlir::LogicalResult PassInstruments::attach(mlir::PassManager &pm, llvm::StringRef phase, llvm::StringRef device) {
  std::string name = phase.str() + (device.empty() ? "" : "-" + device.str());
  pm.addInstrumentation(std::make_unique<CrashTrace>(name));
  if (!options.reproducer.empty())
    pm.enableCrashReproducerGeneration(options.reproducer);
  // Folders sort in the order of the phases.
  std::string folder = options.printIrTreeDir + "/" + std::to_string(attached++) + "-" + name;
  if (!options.printIrTreeDir.empty() && mlir::failed(printToFolder(pm, folder)))
    return mlir::failure();
  if (options.timing) {
    part = total.nest(name);
    pm.enableTiming(part);
  }
  return mlir::success();
}
