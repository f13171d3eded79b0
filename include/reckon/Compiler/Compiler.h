//===- Compiler.h - From a model to an engine ----------------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//
//
// The compiler as a library:
//
//   mlir::MLIRContext context;
//   reckon::initializeCompiler(context);
//   reckon::CompileReport report;
//   auto module = reckon::loadModel("model.onnx", context, {}, report);
//   auto engine = module ? reckon::compileModule(*module, {}, report) : std::nullopt;
//   if (!engine) return int(report.error);
//
// What went wrong is told through MLIR's diagnostics (the context's handlers), and its kind in CompileReport::error.
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_COMPILER_COMPILER_H
#define RECKON_COMPILER_COMPILER_H

#include "reckon/Engine/DeviceKind.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace reckon {

/// What kind of thing went wrong; the value is the exit code of every tool.
enum class ErrorKind : int {
  None = ExitOk,
  Mismatch = ExitMismatch,       ///< the compiled result differs from the reference
  BadInput = ExitUsage,          ///< a file or an argument is not what it must be
  Unsupported = ExitUnsupported, ///< a valid model that the compiler has no code for
  Environment = ExitUnavailable  ///< the machine: an unwritable file, no linker, a CPU without a needed feature
};

struct CompileOptions {
  /// The devices: "host", "cuda", "cuda:sm_80,sm_90", "host,cuda", ...
  std::string target = deviceName(DeviceKind::Host);
  /// GPU architectures for a target "cuda" that names none itself, each "sm_80" or a list "sm_80,sm_90a"; empty: the
  /// default. Each gets a program of its own.
  std::vector<std::string> archs;
  /// The CPU to generate code for: "native", or a name that LLVM knows ("x86-64-v3", "sapphirerapids").
  std::string cpu = "native";
  /// What the model computes in: "fp32" (the model's own types), "tf32", "fp16" or "bf16" (docs/precision.md).
  std::string precision = "fp32";
  /// The dimension of the inputs whose size, the same in all, becomes any batch: "0"; empty: sizes stay as they are.
  std::string batchDim;
  /// What a negative id of a lookup is: "error", which fails the run, or "wrap", the row so far from the end of the
  /// table.
  std::string negativeIds = "error";
  /// "K" or "K:OUTPUT": the engine gives the K best of these scores, OUTPUT_values and OUTPUT_indices, instead of all;
  /// empty: the model's outputs as they are.
  std::string appendTopK;
  /// NAME=FORMAT of tables whose rows are bound when the engine is loaded, and are not taken from the model: "plain" or
  /// another encoding of reckon/Engine/RowFormat.h.
  std::vector<std::string> tableFormats;
  /// The launches of linear layers on cuda: "chosen", those that the cost model picks, or "all", those that reckon-tune
  /// should time, with the weights that they read.
  std::string candidates = "chosen";
  /// A file of reckon-tune, by which the launches on cuda are chosen instead; empty: none.
  std::string timingCache;
  /// The phase that left the module that is given, text or bytecode as a run with `stopAfter` wrote it; the phases
  /// behind it run. Empty: the model is read from its beginning.
  std::string startAfter;
  /// The last phase to run; empty for all of them.
  std::string stopAfter;
  /// Write a module as bytecode.
  bool emitBytecode = false;
  /// Kernels check every access to memory, and runs check what lies around buffers (docs/checked-kernels.md).
  bool checkKernels = false;
  /// NAME=FILE of inputs that become constants: the ONNX name and a .npy or .pb file.
  std::vector<std::string> frozenInputs;
  /// ONNX names of tensors between nodes that become outputs behind the model's own, "*" for all that nodes read. What
  /// they are in the middle of is computed less closely together.
  std::vector<std::string> keptTensors;
  /// Where the rows of tables are: "inline", in the engine; "separate", each in a file beside `engineFile`;
  /// "reference", in the model's own external data, which stays where it is.
  std::string tables = "inline";
  /// A file that the engine is written to instead of being given as bytes: large tables then go through memory in
  /// parts.
  std::string engineFile;
  /// A folder that gets the module after every pass that changed it, a file a pass; empty: none. Large constants are
  /// left out.
  std::string printIrTreeDir;
  /// Print to the error stream how long each pass took.
  bool timing = false;
  /// A file that gets, when a pass fails or crashes, the module before it and the pipeline from it on, for
  /// `reckon-opt --run-reproducer`; empty: none.
  std::string reproducer;
  /// Keep the remarks of the passes in the report.
  bool remarks = false;
  /// The caller will compare the engine with the reference: keep the module as it is after the normalize phase, for
  /// verifyEngine().
  bool verify = false;
  /// Told when a phase begins, for progress.
  std::function<void(const std::string &phase)> onPhase;
  /// Asked before each phase whether to stop; compileModule() then fails without a diagnostic.
  std::function<bool()> isCancelled;
};

/// What a compilation did.
struct CompileReport {
  struct Phase {
    std::string name;
    double seconds;
  };
  /// A nonzero pass statistic.
  struct Statistic {
    std::string pass, name, description;
    uint64_t value;
  };

  /// What a pass did with a layer, or why it did not.
  struct Remark {
    std::string pass;
    /// "passed", "missed", "failed" or "analysis".
    std::string kind;
    /// The ONNX nodes, and what is said of them.
    std::string where, message;
  };

  ErrorKind error = ErrorKind::None;
  /// Of the engine, without tables outside of it.
  uint64_t engineBytes = 0;
  /// Nodes of the model as imported; 0 for a model given in MLIR.
  uint64_t importedNodes = 0;
  std::vector<Phase> phases;
  std::vector<Statistic> statistics;
  /// With CompileOptions::remarks, in the order in which the passes made them.
  std::vector<Remark> remarks;
  /// The PTX of the first architecture.
  std::string ptx;
  /// With CompileOptions::verify.
  mlir::OwningOpRef<mlir::ModuleOp> reference;
};

/// Registers the dialects and translations that compilation needs.
void initializeCompiler(mlir::MLIRContext &context);

/// Reads an ONNX model, or a module from a file that ends in .mlir or .mlirbc or that CompileOptions::startAfter is
/// for. Null on error.
mlir::OwningOpRef<mlir::ModuleOp> loadModel(const std::string &path, mlir::MLIRContext &context,
                                            const CompileOptions &options, CompileReport &report);

/// Reads an ONNX model from memory; `name` stands for the file in diagnostics. External data is refused: there is no
/// folder to find it in. Null on error.
mlir::OwningOpRef<mlir::ModuleOp> loadModelFromMemory(llvm::StringRef bytes, llvm::StringRef name,
                                                      mlir::MLIRContext &context, const CompileOptions &options,
                                                      CompileReport &report);

/// Runs the phases behind CompileOptions::startAfter up to stopAfter on `module`, which is rewritten. Gives the bytes
/// of the engine file, empty when a phase before `emit` was the last and with CompileOptions::engineFile; nothing on
/// error.
std::optional<std::vector<uint8_t>> compileModule(mlir::ModuleOp module, const CompileOptions &options,
                                                  CompileReport &report);

/// How far the engine's outputs are from the reference evaluator's.
struct VerifyResult {
  struct Output {
    std::string name;
    /// The largest absolute and relative error, or the first mismatch, for people.
    std::string difference;
    bool matches;
  };
  std::vector<Output> outputs;
  bool matches = true;
  /// Why nothing was compared; empty when something was.
  std::string skipped;
};

/// What an engine may be off by: |a - b| <= atol + rtol * |b|, and where terms cancel `noiseFactor` times what
/// roundings of the relative size `rounding`, imitated, do to the reference (lib/Reference/Expectation.h).
struct VerifyTolerance {
  double atol = 2e-6, rtol = 2e-5;
  double rounding = 0x1p-23;
  double noiseFactor = 16;
};

/// The tolerance of engines of a precision; that of fp32 for another name.
VerifyTolerance getVerifyTolerance(const std::string &precision);

/// Runs `engine` on random inputs and compares with the reference evaluator on `reference`
/// (CompileReport::reference): floating-point outputs under the tolerance; equality for others except in rows where
/// rounding or a top-k between values closer than the tolerance decides. Every named dimension is `batch`, but for the
/// flat ids of bags, which get three a bag, and those that the model's requirements allow no such size for. Nothing on
/// error, which is told on `reference`'s context.
std::optional<VerifyResult> verifyEngine(mlir::ModuleOp reference, const std::vector<uint8_t> &engine, int64_t batch,
                                         const VerifyTolerance &tolerance, uint64_t seed);

/// The same for bindings, with the tolerance of the precision: outputs that differ are errors on the reference's
/// context. Whether all match; false also when nothing could be compared.
bool verifyWithErrors(const CompileOptions &options, const CompileReport &report, const std::vector<uint8_t> &engine);

} // namespace reckon

#endif // RECKON_COMPILER_COMPILER_H
