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

static ReckonCompilerStatus fail(ReckonCompilerStatus status, std::string message) {
  lastError = std::move(message);
  return status;
}

static std::string setOptions(const ReckonCompilerOption *given, size_t count, CompileOptions &options) {
  if (!given && count != 0)
    return "no options are given where there should be " + std::to_string(count);
  for (size_t i = 0; i < count; ++i) {
    if (!given[i].name)
      return "option " + std::to_string(i) + " has no name";
    if (std::string error = setCompileOption(given[i].name, given[i].value, options); !error.empty())
      return error;
  }
  if (!options.stopAfter.empty() && options.stopAfter != getPhases().back().name)
    return "stop-after=" + options.stopAfter + " leaves no engine";
  return checkOptions(options);
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

namespace {
using Loader =
    llvm::function_ref<mlir::OwningOpRef<mlir::ModuleOp>(mlir::MLIRContext &, const CompileOptions &, CompileReport &)>;
} // namespace

static ReckonCompilerStatus compile(Loader load, CompileOptions &options, const ReckonCompilerCallbacks &callbacks,
                                    ReckonCompilation **result) {
  mlir::MLIRContext context;
  context.printOpOnDiagnostic(false); // an op may hold a whole table
  initializeCompiler(context);
  DiagnosticSink sink(context, callbacks);
  size_t phase = 0;
  bool isCancelled = false;
  options.onPhase = [&](const std::string &name) {
    if (callbacks.progress)
      callbacks.progress(callbacks.user, name.c_str(), phase++, getPhases().size());
  };
  options.isCancelled = [&] {
    isCancelled = isCancelled || (callbacks.is_cancelled && callbacks.is_cancelled(callbacks.user) != 0);
    return isCancelled;
  };
  CompileReport report;
  auto failed = [&] {
    if (isCancelled)
      return fail(RECKON_COMPILER_CANCELLED, "the compilation was cancelled");
    return fail(static_cast<ReckonCompilerStatus>(report.error), sink.firstError);
  };
  mlir::OwningOpRef<mlir::ModuleOp> module = load(context, options, report);
  if (!module)
    return failed();
  std::optional<std::vector<uint8_t>> engine = compileModule(*module, options, report);
  if (!engine)
    return failed();
  bool isVerified = !options.verify || verifyWithErrors(options, report, *engine);
  *result = new ReckonCompilation{std::move(*engine)};
  return isVerified ? RECKON_COMPILER_OK : fail(RECKON_COMPILER_MISMATCH, sink.firstError);
}

/// Checks what a caller gives, fills in what an older one does not know, and compiles what `load` reads. `missing`
/// names what there is to load where the caller gave none; it is null otherwise.
static ReckonCompilerStatus check(const ReckonCompilerOption *given, size_t count,
                                  const ReckonCompilerCallbacks *callbacks, const char *missing, Loader load,
                                  ReckonCompilation **result) {
  lastError.clear();
  if (!result)
    return fail(RECKON_COMPILER_INVALID, "there is no place for the result");
  *result = nullptr;
  ReckonCompilerCallbacks known = RECKON_COMPILER_CALLBACKS_INIT;
  if (callbacks) {
    if (callbacks->struct_size < sizeof(size_t) || callbacks->struct_size > sizeof(known))
      return fail(RECKON_COMPILER_INVALID,
                  "the callbacks have a struct_size of " + std::to_string(callbacks->struct_size));
    std::memcpy(&known, callbacks, callbacks->struct_size);
  }
  CompileOptions options;
  if (std::string error = setOptions(given, count, options); !error.empty())
    return fail(RECKON_COMPILER_INVALID, error);
  if (missing)
    return fail(RECKON_COMPILER_INVALID, std::string("there is no ") + missing);
  return compile(load, options, known, result);
}

ReckonCompilerStatus reckon_compile_file(const char *path, const ReckonCompilerOption *options, size_t num_options,
                                         const ReckonCompilerCallbacks *callbacks, ReckonCompilation **result) {
  auto load = [&](mlir::MLIRContext &context, const CompileOptions &read, CompileReport &report) {
    return loadModel(path, context, read, report);
  };
  return check(options, num_options, callbacks, path ? nullptr : "path", load, result);
}

// NOLINTNEXTLINE(readability-function-size): the interface's parameters
ReckonCompilerStatus reckon_compile_buffer(const void *data, size_t size, const char *name,
                                           const ReckonCompilerOption *options, size_t num_options,
                                           const ReckonCompilerCallbacks *callbacks, ReckonCompilation **result) {
  auto load = [&](mlir::MLIRContext &context, const CompileOptions &read, CompileReport &report) {
    return loadModelFromMemory({static_cast<const char *>(data), size}, name ? name : "model", context, read, report);
  };
  return check(options, num_options, callbacks, data || size == 0 ? nullptr : "model", load, result);
}

const void *reckon_compilation_engine(const ReckonCompilation *compilation, size_t *size) {
  if (size)
    *size = compilation ? compilation->engine.size() : 0;
  return compilation ? compilation->engine.data() : nullptr;
}

void reckon_compilation_destroy(ReckonCompilation *compilation) { delete compilation; }

const char *reckon_compiler_last_error(void) { return lastError.c_str(); }

const char *reckon_compiler_version(void) { return "reckon " RECKON_VERSION; }

size_t reckon_compiler_num_options(void) { return getCompileOptions().size(); }

ReckonCompilerStatus reckon_compiler_option(size_t index, ReckonCompilerOptionInfo *info) {
  lastError.clear();
  if (!info || index >= reckon_compiler_num_options())
    return fail(RECKON_COMPILER_INVALID, "there is no option " + std::to_string(index));
  const CompileOption &option = getCompileOptions()[index];
  bool repeats = std::holds_alternative<std::vector<std::string> CompileOptions::*>(option.member);
  *info = {option.name, option.metavar, option.help.c_str(), repeats};
  return RECKON_COMPILER_OK;
}
