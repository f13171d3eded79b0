//===- CompilerC.cpp - The C interface of the compiler --------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "reckon/Compiler/CompilerC.h"
#include "lib/Compiler/OptionTable.h"
#include "lib/Compiler/Phases.h"
#include "lib/Support/Diagnostics.h"
#include "reckon/Compiler/Compiler.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

#include <cstring>

using namespace reckon;

struct ReckonCompilation {
  std::vector<uint8_t> engine;
};

static thread_local std::string lastError;

static_assert(RECKON_COMPILER_MISMATCH == int(ErrorKind::Mismatch) &&
                  RECKON_COMPILER_INVALID == int(ErrorKind::BadInput) &&
                  RECKON_COMPILER_UNSUPPORTED == int(ErrorKind::Unsupported) &&
                  RECKON_COMPILER_UNAVAILABLE == int(ErrorKind::Environment),
              "statuses are exit codes");

namespace {
/// Options that are no members of CompileOptions.
struct Request {
  CompileOptions options;
  bool verify = false;
};

struct ExtraOption {
  const char *name, *metavar, *help;
  bool repeats;
};
} // namespace

static constexpr ExtraOption freezeInput = {"freeze-input", "NAME=FILE",
                                            "make an input a constant, with the value in a .npy or .pb file", true};
static constexpr ExtraOption verifyFlag = {
    "verify", nullptr, "run the engine on random inputs and compare with the reference evaluator", false};
static constexpr const ExtraOption *extraOptions[] = {&freezeInput, &verifyFlag};

static ReckonCompilerStatus fail(ReckonCompilerStatus status, std::string message) {
  lastError = std::move(message);
  return status;
}

/// What is wrong with a flag's value; empty when it is set.
static std::string setFlag(llvm::StringRef name, const char *value, bool &flag) {
  llvm::StringRef text = value ? value : "true";
  if (text != "true" && text != "false")
    return ("the option '" + name + "' is true or false, not '" + text + "'").str();
  flag = text == "true";
  return "";
}

/// What is wrong with an option; empty when it is set.
static std::string setOption(const ReckonCompilerOption &option, llvm::StringRef name, Request &request) {
  if (name == verifyFlag.name)
    return setFlag(name, option.value, request.verify);
  std::string noValue = ("the option '" + name + "' has no value").str();
  if (name == freezeInput.name) {
    auto [input, file] = llvm::StringRef(option.value ? option.value : "").rsplit('=');
    if (input.empty() || file.empty())
      return option.value ? "freeze-input is NAME=FILE, not '" + std::string(option.value) + "'" : noValue;
    request.options.frozenInputs.push_back({input.str(), file.str()});
    return "";
  }
  for (const CompileOption &known : getCompileOptions()) {
    if (name != known.name)
      continue;
    if (auto *flag = std::get_if<bool CompileOptions::*>(&known.member))
      return setFlag(name, option.value, request.options.**flag);
    if (!option.value)
      return noValue;
    if (auto *list = std::get_if<std::vector<std::string> CompileOptions::*>(&known.member))
      (request.options.**list).push_back(option.value);
    else
      request.options.*std::get<std::string CompileOptions::*>(known.member) = option.value;
    return "";
  }
  return ("there is no option '" + name + "'").str();
}

static std::string setOptions(const ReckonCompilerOption *options, size_t count, Request &request) {
  if (!options && count != 0)
    return "no options are given where there should be " + std::to_string(count);
  for (size_t i = 0; i < count; ++i) {
    if (!options[i].name)
      return "option " + std::to_string(i) + " has no name";
    if (std::string error = setOption(options[i], options[i].name, request); !error.empty())
      return error;
  }
  if (!request.options.stopAfter.empty() && request.options.stopAfter != getPhases().back().name)
    return "stop-after=" + request.options.stopAfter + " leaves no engine";
  request.options.keepReference = request.verify;
  return checkOptions(request.options);
}

namespace {
/// Passes the context's diagnostics on, and keeps the first error.
class DiagnosticSink {
public:
  DiagnosticSink(mlir::MLIRContext &context, const ReckonCompilerCallbacks &callbacks)
      : callbacks(callbacks), handler(&context, [this](mlir::Diagnostic &diagnostic) {
          tell(diagnostic);
          for (const mlir::Diagnostic &note : diagnostic.getNotes())
            tell(note);
          return mlir::success();
        }) {}
  std::string firstError;

private:
  static ReckonSeverity getSeverity(const mlir::Diagnostic &diagnostic) {
    switch (diagnostic.getSeverity()) {
    case mlir::DiagnosticSeverity::Note:
      return RECKON_NOTE;
    case mlir::DiagnosticSeverity::Warning:
      return RECKON_WARNING;
    case mlir::DiagnosticSeverity::Remark:
      return RECKON_REMARK;
    case mlir::DiagnosticSeverity::Error:
      break;
    }
    return RECKON_ERROR;
  }

  void tell(const mlir::Diagnostic &diagnostic) {
    std::string where = describe(diagnostic.getLocation()), message = diagnostic.str();
    ReckonSeverity severity = getSeverity(diagnostic);
    if (severity == RECKON_ERROR && firstError.empty())
      firstError = where + (where.empty() ? "" : ": ") + message;
    ReckonDiagnostic told = {severity, where.c_str(), message.c_str()};
    if (callbacks.diagnostic)
      callbacks.diagnostic(callbacks.user, &told);
  }

  const ReckonCompilerCallbacks &callbacks;
  mlir::ScopedDiagnosticHandler handler;
};
} // namespace

/// Whether the engine agrees with the reference; what does not is an error.
static bool verify(const Request &request, const CompileReport &report, const std::vector<uint8_t> &engine) {
  constexpr int64_t batch = 64;
  constexpr uint64_t seed = 0;
  mlir::ModuleOp reference = *report.reference;
  std::optional<VerifyResult> result =
      verifyEngine(reference, engine, batch, getVerifyTolerance(request.options.precision), seed);
  if (!result)
    return false;
  for (const VerifyResult::Output &output : result->outputs)
    if (!output.matches)
      mlir::emitError(reference.getLoc())
          << "output '" << output.name << "' differs from the reference: " << output.difference;
  if (!result->skipped.empty())
    mlir::emitWarning(reference.getLoc()) << "nothing was compared: " << result->skipped;
  return result->matches;
}

static ReckonCompilerStatus
compile(llvm::function_ref<mlir::OwningOpRef<mlir::ModuleOp>(mlir::MLIRContext &, CompileReport &)> load,
        Request &request, const ReckonCompilerCallbacks &callbacks, ReckonCompilation **result) {
  mlir::MLIRContext context;
  context.printOpOnDiagnostic(false); // an op may hold a whole table
  initializeCompiler(context);
  DiagnosticSink sink(context, callbacks);
  size_t phase = 0;
  bool isCancelled = false;
  request.options.onPhase = [&](const std::string &name) {
    if (callbacks.progress)
      callbacks.progress(callbacks.user, name.c_str(), phase++, getPhases().size());
  };
  request.options.isCancelled = [&] {
    isCancelled = isCancelled || (callbacks.is_cancelled && callbacks.is_cancelled(callbacks.user) != 0);
    return isCancelled;
  };
  CompileReport report;
  auto failed = [&] {
    if (isCancelled)
      return fail(RECKON_COMPILER_CANCELLED, "the compilation was cancelled");
    return fail(static_cast<ReckonCompilerStatus>(report.error), sink.firstError);
  };
  mlir::OwningOpRef<mlir::ModuleOp> module = load(context, report);
  if (!module)
    return failed();
  std::optional<std::vector<uint8_t>> engine = compileModule(*module, request.options, report);
  if (!engine)
    return failed();
  bool isVerified = !request.verify || verify(request, report, *engine);
  *result = new ReckonCompilation{std::move(*engine)};
  return isVerified ? RECKON_COMPILER_OK : fail(RECKON_COMPILER_MISMATCH, sink.firstError);
}

/// Checks what both ways have in common, and fills in what an older caller does not know.
static ReckonCompilerStatus begin(const ReckonCompilerOption *options, size_t count,
                                  const ReckonCompilerCallbacks *callbacks, ReckonCompilation **result,
                                  Request &request, ReckonCompilerCallbacks &known) {
  lastError.clear();
  if (!result)
    return fail(RECKON_COMPILER_INVALID, "there is no place for the result");
  *result = nullptr;
  known = RECKON_COMPILER_CALLBACKS_INIT;
  if (callbacks) {
    if (callbacks->struct_size < sizeof(size_t) || callbacks->struct_size > sizeof(known))
      return fail(RECKON_COMPILER_INVALID,
                  "the callbacks have a struct_size of " + std::to_string(callbacks->struct_size));
    std::memcpy(&known, callbacks, callbacks->struct_size);
  }
  if (std::string error = setOptions(options, count, request); !error.empty())
    return fail(RECKON_COMPILER_INVALID, error);
  return RECKON_COMPILER_OK;
}

ReckonCompilerStatus reckon_compile_file(const char *path, const ReckonCompilerOption *options, size_t num_options,
                                         const ReckonCompilerCallbacks *callbacks, ReckonCompilation **result) {
  Request request;
  ReckonCompilerCallbacks known;
  if (ReckonCompilerStatus status = begin(options, num_options, callbacks, result, request, known);
      status != RECKON_COMPILER_OK)
    return status;
  if (!path)
    return fail(RECKON_COMPILER_INVALID, "there is no path");
  auto load = [&](mlir::MLIRContext &context, CompileReport &report) {
    return loadModel(path, context, request.options, report);
  };
  return compile(load, request, known, result);
}

// NOLINTNEXTLINE(readability-function-size): the interface's parameters
ReckonCompilerStatus reckon_compile_buffer(const void *data, size_t size, const char *name,
                                           const ReckonCompilerOption *options, size_t num_options,
                                           const ReckonCompilerCallbacks *callbacks, ReckonCompilation **result) {
  Request request;
  ReckonCompilerCallbacks known;
  if (ReckonCompilerStatus status = begin(options, num_options, callbacks, result, request, known);
      status != RECKON_COMPILER_OK)
    return status;
  if (!data && size != 0)
    return fail(RECKON_COMPILER_INVALID, "there is no model");
  auto load = [&](mlir::MLIRContext &context, CompileReport &report) {
    return loadModelFromMemory({static_cast<const char *>(data), size}, name ? name : "model", context, request.options,
                               report);
  };
  return compile(load, request, known, result);
}

const void *reckon_compilation_engine(const ReckonCompilation *compilation, size_t *size) {
  if (size)
    *size = compilation ? compilation->engine.size() : 0;
  return compilation ? compilation->engine.data() : nullptr;
}

void reckon_compilation_destroy(ReckonCompilation *compilation) { delete compilation; }

const char *reckon_compiler_last_error(void) { return lastError.c_str(); }

const char *reckon_compiler_version(void) { return "reckon " RECKON_VERSION; }

size_t reckon_compiler_num_options(void) { return getCompileOptions().size() + std::size(extraOptions); }

ReckonCompilerStatus reckon_compiler_option(size_t index, ReckonCompilerOptionInfo *info) {
  lastError.clear();
  const std::vector<CompileOption> &known = getCompileOptions();
  if (!info || index >= reckon_compiler_num_options())
    return fail(RECKON_COMPILER_INVALID, "there is no option " + std::to_string(index));
  if (index < known.size()) {
    const CompileOption &option = known[index];
    bool repeats = std::holds_alternative<std::vector<std::string> CompileOptions::*>(option.member);
    *info = {option.name, option.metavar, option.help.c_str(), repeats};
  } else {
    const ExtraOption &option = *extraOptions[index - known.size()];
    *info = {option.name, option.metavar, option.help, option.repeats};
  }
  return RECKON_COMPILER_OK;
}
