//===- Compile.cpp - Loads a model and runs the phases on it ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "dialects/Rec/Rec.h"
#include "lib/Codegen/Host/Target.h"
#include "lib/Compiler/EmitTargets.h"
#include "lib/Compiler/OptionTable.h"
#include "lib/Compiler/PassInstruments.h"
#include "lib/Compiler/Phases.h"
#include "lib/Compiler/Recipe.h"
#include "lib/Compiler/Register.h"
#include "lib/Import/ONNX/Import.h"
#include "lib/Support/Statistic.h"
#include "passes/Import/Passes.h"
#include "passes/Normalize/AppendTopK.h"
#include "reckon/Compiler/Compiler.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

#include <chrono>

using namespace reckon;

void reckon::initializeCompiler(mlir::MLIRContext &context) {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  context.appendDialectRegistry(registry);
}

static bool isMlirFile(llvm::StringRef path) { return path.ends_with(".mlir") || path.ends_with(".mlirbc"); }

/// Frees the batch as the options say; warns where nothing does and the model takes one size alone.
static bool handleFixedBatch(mlir::ModuleOp module, const CompileOptions &options) {
  auto func = *module.getOps<mlir::func::FuncOp>().begin();
  int64_t axis = 0;
  if (!options.batchDim.empty())
    return !llvm::StringRef(options.batchDim).getAsInteger(10, axis) &&
           mlir::succeeded(importer::freeBatch(func, axis));
  for (mlir::BlockArgument argument : func.getArguments())
    if (auto type = mlir::dyn_cast<mlir::RankedTensorType>(argument.getType()); !type || !type.hasStaticShape())
      return true;
  for (mlir::BlockArgument argument : func.getArguments())
    if (auto type = mlir::cast<mlir::RankedTensorType>(argument.getType()); type.getRank() > 0) {
      mlir::emitWarning(argument.getLoc())
          << "input '" << func.getArgAttrOfType<mlir::StringAttr>(argument.getArgNumber(), "rec.name").getValue()
          << "' fixes the batch at " << type.getDimSize(0)
          << ", as all inputs do: the engine takes no other; --batch-dim=0 frees it";
      return true;
    }
  return true;
}

/// Text or bytecode, by what the file holds. Null after a diagnostic.
static mlir::OwningOpRef<mlir::ModuleOp> parseModule(const std::string &path, llvm::SourceMgr &sources,
                                                     mlir::MLIRContext &context) {
  std::string error;
  // Bytecode lies at the alignment of the constants in it.
  std::unique_ptr<llvm::MemoryBuffer> file = mlir::openInputFile(path, llvm::Align(4096), &error);
  if (!file) {
    mlir::emitError(mlir::FileLineColLoc::get(&context, path, 0, 0)) << error;
    return nullptr;
  }
  sources.AddNewSourceBuffer(std::move(file), llvm::SMLoc());
  return mlir::parseSourceFile<mlir::ModuleOp>(sources, &context);
}

/// What `read` gives of an ONNX model, made ready for the phases. Null after a diagnostic.
static mlir::OwningOpRef<mlir::ModuleOp> importModel(
    llvm::function_ref<mlir::OwningOpRef<mlir::ModuleOp>(const importer::ImportOptions &, importer::ImportFailure &)>
        read,
    const CompileOptions &options, CompileReport &report) {
  importer::ImportOptions importOptions;
  for (llvm::StringRef entry : options.frozenInputs) {
    auto [name, file] = entry.rsplit('=');
    importOptions.frozenInputs.push_back({name.str(), file.str()});
  }
  importOptions.keptTensors = options.keptTensors;
  importer::ImportFailure failure = importer::ImportFailure::Wrong;
  mlir::OwningOpRef<mlir::ModuleOp> module = read(importOptions, failure);
  if (module)
    module->walk([&](rec::OnnxOp) { ++report.importedNodes; });
  if (module && !handleFixedBatch(*module, options))
    module = nullptr;
  if (!module)
    report.error = failure == importer::ImportFailure::Unsupported ? ErrorKind::Unsupported : ErrorKind::BadInput;
  return module;
}

mlir::OwningOpRef<mlir::ModuleOp> reckon::loadModelFromMemory(llvm::StringRef bytes, llvm::StringRef name,
                                                              mlir::MLIRContext &context, const CompileOptions &options,
                                                              CompileReport &report) {
  auto read = [&](const importer::ImportOptions &importOptions, importer::ImportFailure &failure) {
    return importer::importOnnxBuffer(bytes, name, context, importOptions, &failure);
  };
  return importModel(read, options, report);
}

mlir::OwningOpRef<mlir::ModuleOp> reckon::loadModel(const std::string &path, mlir::MLIRContext &context,
                                                    const CompileOptions &options, CompileReport &report) {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  if (isMlirFile(path) || !options.startAfter.empty()) {
    if (!options.frozenInputs.empty() || !options.keptTensors.empty()) {
      mlir::emitError(mlir::FileLineColLoc::get(&context, path, 0, 0))
          << "only "
          << (options.frozenInputs.empty() ? "tensors of an ONNX model can be kept"
                                           : "the inputs of an ONNX model can be frozen")
          << ", and this is a module in MLIR";
    } else {
      // The parser wants a source manager to show the line of an error.
      llvm::SourceMgr sources;
      mlir::SourceMgrDiagnosticHandler handler(sources, &context);
      module = parseModule(path, sources, context);
      if (!module && !options.startAfter.empty())
        mlir::emitError(mlir::FileLineColLoc::get(&context, path, 0, 0))
            << "--start-after=" << options.startAfter
            << " takes a module, text or bytecode, that --stop-after=" << options.startAfter << " wrote";
      if (module && module->getBody()->empty()) {
        mlir::emitError(module->getLoc()) << "the module is empty; expected a function @main";
        module = nullptr;
      }
    }
  } else {
    auto read = [&](const importer::ImportOptions &importOptions, importer::ImportFailure &failure) {
      return importer::importOnnxFile(path, context, importOptions, &failure);
    };
    return importModel(read, options, report);
  }
  if (!module)
    report.error = ErrorKind::BadInput;
  return module;
}

namespace {
/// Adds the time from here to the end of the scope to the report.
class PhaseTimer {
public:
  PhaseTimer(const Phase &phase, const CompileOptions &options, CompileReport &report) : phase(phase), report(report) {
    if (options.onPhase)
      options.onPhase(phase.name);
  }
  ~PhaseTimer() {
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    report.phases.push_back({phase.name, seconds.count()});
  }

private:
  const Phase &phase;
  CompileReport &report;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};
} // namespace

static void setTarget(PhaseOptions &options, const ProgramTarget &target) {
  options.target = target.device;
  if (target.gpu)
    options.arch = target.gpu->arch;
}

/// Runs the passes of one phase for a program, with their statistics in the report.
static mlir::LogicalResult runPasses(const Phase &phase, mlir::ModuleOp module, PhaseOptions &options,
                                     const ProgramTarget &target, PassInstruments &instruments, CompileReport &report) {
  setTarget(options, target);
  std::vector<StatisticValue> values;
  mlir::PassManager pm(module.getContext(), mlir::ModuleOp::getOperationName());
  phase.build(pm, options);
  if (mlir::failed(instruments.attach(pm, phase.name, phase.isPerDevice ? target.name() : ""))) {
    report.error = ErrorKind::Environment;
    return mlir::failure();
  }
  collectStatistics(pm, values);
  mlir::LogicalResult result = pm.run(module);
  for (const StatisticValue &value : values)
    if (value.value != 0)
      report.statistics.push_back({value.pass, value.name, value.description, value.value});
  return result;
}

namespace {
/// Notices errors whose place is not in the model: a file or an option that is given beside it.
class BlameWatch {
public:
  BlameWatch(mlir::MLIRContext *context, const CompileOptions &options)
      : handler(context, [this, &options](mlir::Diagnostic &diagnostic) {
          if (auto place = mlir::dyn_cast<mlir::FileLineColLoc>(diagnostic.getLocation()))
            isOutside |= (!options.timingCache.empty() && place.getFilename() == options.timingCache) ||
                         (!options.appendTopK.empty() && place.getFilename() == getTopKOption(options.appendTopK));
          return mlir::failure(); // others print it
        }) {}
  bool isOutside = false;

private:
  mlir::ScopedDiagnosticHandler handler;
};
} // namespace

/// A table of the options that the model has nothing for; empty when it has all.
static std::string findMissingTable(mlir::ModuleOp module, const CompileOptions &options) {
  llvm::StringSet<> names;
  module.walk([&](rec::ConstantOp constant) {
    if (std::optional<llvm::StringRef> name = constant.getName())
      names.insert(*name);
  });
  for (llvm::StringRef entry : options.tableFormats)
    if (llvm::StringRef name = entry.rsplit('=').first; !names.contains(name))
      return name.str();
  return "";
}

/// Whether the module that a compilation begins with behind a phase has what the phase guarantees.
static bool isLeftBy(const Phase &phase, mlir::ModuleOp module, const PhaseOptions &options,
                     const ProgramTarget &target) {
  mlir::PassManager pm(module.getContext(), mlir::ModuleOp::getOperationName());
  phase.verify(pm, options);
  if (mlir::succeeded(pm.run(module)))
    return true;
  mlir::emitError(module.getLoc()) << "this is not what the phase " << phase.name << " leaves for " << target.name();
  return false;
}

std::optional<std::vector<uint8_t>> reckon::compileModule(mlir::ModuleOp module, const CompileOptions &options,
                                                          CompileReport &report) {
  std::string error = checkOptions(options);
  if (std::string table = findMissingTable(module, options); error.empty() && !table.empty())
    error = "the model has no table '" + table + "' to give a format";
  if (!error.empty()) {
    mlir::emitError(module.getLoc()) << error;
    report.error = ErrorKind::BadInput;
    return std::nullopt;
  }
  std::optional<host::Target> cpu = host::Target::get(options.cpu, nullptr);
  std::optional<Targets> targets = Targets::parse(options.target, options.archs, nullptr);
  const Phase *last = options.stopAfter.empty() ? &getPhases().back() : findPhase(options.stopAfter);
  std::vector<ProgramTarget> programs = targets->programs();

  // The first program takes the module itself, others a copy from where their ways part.
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> copies;
  llvm::SmallVector<mlir::ModuleOp> modules{module};
  PhaseOptions phaseOptions;
  phaseOptions.cpu = options.cpu;
  phaseOptions.precision = *parsePrecision(options.precision);
  phaseOptions.allCandidates = options.candidates == "all";
  phaseOptions.timingCache = options.timingCache;
  phaseOptions.checkKernels = options.checkKernels;
  phaseOptions.tableFormats = options.tableFormats;
  phaseOptions.wrapNegativeIds = options.negativeIds == "wrap";
  phaseOptions.appendTopK = options.appendTopK;
  // Before the first phase, while constants are those of the model.
  if (options.startAfter.empty())
    noteRecipe(module, options);
  BlameWatch blamed(module.getContext(), options);
  PassInstruments instruments(*module.getContext(), options, report);
  llvm::ArrayRef<Phase> phases = getPhases();
  auto keepReference = [&](const Phase &phase) {
    if (options.verify && llvm::StringRef(phase.name) == "normalize")
      report.reference = mlir::OwningOpRef<mlir::ModuleOp>(module.clone());
  };
  if (const Phase *start = findPhase(options.startAfter)) {
    setTarget(phaseOptions, programs.front());
    if (!isLeftBy(*start, module, phaseOptions, programs.front())) {
      report.error = ErrorKind::BadInput;
      return std::nullopt;
    }
    keepReference(*start);
    phases = phases.drop_front(start - phases.begin() + 1);
  }
  for (const Phase &phase : phases) {
    if (options.isCancelled && options.isCancelled())
      return std::nullopt;
    PhaseTimer timer(phase, options, report);
    if (!phase.rewrite)
      return emitTargets(modules, *targets, *cpu, options, report);
    while (phase.isPerDevice && modules.size() < programs.size()) {
      copies.push_back(module.clone());
      modules.push_back(*copies.back());
    }
    for (auto [each, target] : llvm::zip(modules, programs)) {
      if (mlir::succeeded(runPasses(phase, each, phaseOptions, target, instruments, report)))
        continue;
      // A model that was read but cannot be taken further is one the compiler does not support; the import phase itself
      // fails only on a model that is wrong.
      if (report.error == ErrorKind::Environment)
        return std::nullopt;
      bool isInput = llvm::StringRef(phase.name) == "import" || blamed.isOutside;
      report.error = isInput ? ErrorKind::BadInput : ErrorKind::Unsupported;
      return std::nullopt;
    }
    keepReference(phase);
    if (&phase == last)
      break;
  }
  return std::vector<uint8_t>();
}
